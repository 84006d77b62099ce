import { tmpdir } from 'node:os';
import { WizardError } from '../base/errors.js';
import { formatBytes } from '../base/units.js';
import type { Watch } from '../kernel/ports.js';
import type { Action } from '../model/action.js';
import type { Catalog } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import { openLab } from '../lab/lab.js';
import type { OpenLab } from '../lab/open-lab.js';
import { startLabServer } from '../lab/server.js';
import type { LabServer } from '../lab/server.js';
import { readInstance } from '../lab/trial/instance.js';
import type { Instance } from '../lab/trial/instance.js';
import { createStatisticsClone } from '../lab/whatif/clone.js';
import type { StatisticsClone } from '../lab/whatif/clone.js';
import { carryPlanner, exportPlanner } from '../postgres/clone/planner.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import { extractSchema } from '../postgres/extract/extract.js';
import { readIndexSize } from '../postgres/read/index-size.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { toPlanned } from './what-if.js';
import type { Cleanup } from './cleanup.js';
import { untilAborted } from './interruption.js';
import { copyToLab, freeLabBytes } from './lab-copy.js';

/** What staging is made from. */
export interface StagingOptions {
  readonly source: ConnectionSettings;
  readonly session: ReadOnlySession;
  readonly snapshot: Snapshot;
  /** `auto`, or how to reach a staging server. */
  readonly lab: 'auto' | ConnectionSettings;
  readonly signal: AbortSignal;
  readonly watch: Watch;
  readonly cleanup: Cleanup;
  /** Milliseconds that one trial and the baseline may measure; the lab's own defaults when not given. */
  readonly trialBudgetMs?: number | undefined;
  readonly baselineBudgetMs?: number | undefined;
  /** Milliseconds after which the baseline begins no further statement; none when not given. */
  readonly baselineLimitMs?: number | undefined;
  /** Milliseconds after which an execution of the baseline counts as timed out. */
  readonly statementTimeoutMs: number;
}

/** A staging copy with what goes with it. */
export interface Staging {
  readonly lab: OpenLab;
  /** Where its databases are: the accepted state is `database`. */
  readonly place: Place & { readonly database: string; readonly target: Instance };
  readonly whatIf: StatisticsClone | null;
  /** Brings the what-if engine to the accepted state after a change was accepted. */
  readonly adopt: (action: Action) => Promise<void>;
  readonly skipped: readonly Skipped[];
}

/** Copies the target to a lab and makes a statistics clone of that; everything made is handed to `cleanup`. Closes `session`, so that no more than two connections are open on the target. */
export async function stage(options: StagingOptions): Promise<Staging> {
  const { session, watch, snapshot } = options;
  const note = (text: string): void => watch({ type: 'note', text });
  watch({ type: 'phase', phase: 'copy', text: 'copying the target to the lab' });
  const planner = await untilAborted(options.signal, exportPlanner(session));
  const target = await untilAborted(options.signal, readInstance(session));
  await session.close();
  const { source, signal, cleanup } = options;
  const { catalog, target: facts } = snapshot;
  const place = await openPlace(
    { lab: options.lab, major: facts.major, catalog, copies: COPIES, settings: LAB_SETTINGS },
    { signal, cleanup, note },
  );
  const { database, skipped } = await copyToLab({ source, lab: place.connection, planner, signal, watch });
  const lab = await openLab({
    connection: place.connection,
    server: place.server,
    database,
    target,
    signal: options.signal,
    statementTimeoutMs: options.statementTimeoutMs,
    restoreStatistics: async (session) => void (await carryPlanner(session, planner)),
    ...(options.trialBudgetMs === undefined ? {} : { trialBudgetMs: options.trialBudgetMs }),
    ...(options.baselineBudgetMs === undefined ? {} : { baselineBudgetMs: options.baselineBudgetMs }),
    ...(options.baselineLimitMs === undefined ? {} : { baselineLimitMs: options.baselineLimitMs }),
    note,
    progress: (phase, done, total) =>
      watch({
        type: 'work',
        phase,
        text: phase === 'baseline' ? 'workload, A against A' : 'measuring, A against B',
        done,
        total,
      }),
  });
  options.cleanup.add(() => lab.close());
  const whatIf = await openWhatIf(options, lab, note);
  const workload = new WhatIfWorkload(whatIf.clone, snapshot.workload.statements);
  return {
    lab,
    place: { ...place, database, target },
    whatIf: whatIf.clone,
    adopt: (action) => follow(action, lab, whatIf.clone, workload),
    skipped: [...planner.skipped, ...skipped, ...whatIf.skipped],
  };
}

/** Brings the statistics clone to the lab's accepted state: what it knows of other tables and candidates stays. */
async function follow(
  action: Action,
  lab: OpenLab,
  clone: StatisticsClone | null,
  workload: WhatIfWorkload,
): Promise<void> {
  if (!clone) return;
  if (action.rewrite) return workload.replace(action.rewrite.fingerprint, action.rewrite.to);
  if (action.kind === 'create-index' && action.index) {
    const { index } = action;
    const size = await lab.withAccepted((session) => readIndexSize(session, index));
    return clone.adopt(size ? { add: { spec: index, ...size, level: null } } : { sql: action.up });
  }
  // The copy's indexes were built anew when it was made, and so were the clone's sizes.
  if (action.kind === 'reindex') return;
  if (action.kind !== 'setting' && action.kind !== 'analyze') await clone.adopt({ sql: action.up });
  if (action.kind !== 'drop-index') await lab.withAccepted((session) => clone.refresh(session));
}

/** The statements that the clone plans, with accepted rewrites in place. */
class WhatIfWorkload {
  private readonly statements: Map<string, WorkloadStatement>;

  constructor(
    private readonly clone: StatisticsClone | null,
    statements: readonly WorkloadStatement[],
  ) {
    this.statements = new Map(statements.map((statement) => [statement.fingerprint, statement]));
    this.tell();
  }

  replace(fingerprint: string, sql: string): void {
    const statement = this.statements.get(fingerprint);
    if (statement) this.statements.set(fingerprint, { ...statement, sql });
    this.tell();
  }

  private tell(): void {
    this.clone?.setWorkload([...this.statements.values()].map(toPlanned));
  }
}

/** A server for a lab; null where it is the user's own staging server. */
export interface Place {
  readonly connection: ConnectionSettings;
  readonly server: LabServer | null;
}

/** What a lab's server is opened for. */
export interface PlaceOptions {
  readonly lab: 'auto' | ConnectionSettings;
  readonly major: number;
  readonly catalog: Catalog;
  /** Copies of the data that exist at once at most. */
  readonly copies: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** The user's own server, or one that is started and stopped at the end. Throws `lab/` codes. */
export async function openPlace(
  { lab, major, catalog, copies, settings }: PlaceOptions,
  starting: Starting,
): Promise<Place> {
  if (lab !== 'auto') return { connection: lab, server: null };
  await assertRoom(catalog, copies);
  const server = await startServer(major, settings, starting);
  starting.note(`lab: PostgreSQL ${server.major} (${server.binariesFrom}) in a private folder`);
  return { connection: server.connection, server };
}

interface Starting extends Pick<StagingOptions, 'signal' | 'cleanup'> {
  readonly note: (text: string) => void;
}

/** Starts a server of the target's major which is stopped at the end; an abort does not wait for it. */
async function startServer(
  major: number,
  settings: Readonly<Record<string, string>>,
  { signal, cleanup, note }: Starting,
): Promise<LabServer> {
  const server = await untilAborted(signal, startLabServer({ major, settings, note }), (late) => late.stop());
  cleanup.add(() => server.stop());
  return server;
}

/** Small logs: a lab needs no crash safety beyond its own process, and the disk is the user's. */
const LAB_SETTINGS = { wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '128MB', min_wal_size: '32MB' };

/** Copies of the data that exist at once at most: accepted, before, after; and room for what is built in them. */
const COPIES = 4;

/** Throws `lab/disk-full` where so many copies have no room. */
async function assertRoom({ tables, indexes }: Catalog, copies: number): Promise<void> {
  const bytes = [...tables, ...indexes].reduce((sum, relation) => sum + relation.sizeBytes, 0);
  const freeBytes = await freeLabBytes();
  if (bytes * copies < freeBytes) return;
  throw new WizardError(
    'lab/disk-full',
    `${formatBytes(bytes)} of data need ${formatBytes(bytes * copies)} for trials; ${tmpdir()} has ${formatBytes(freeBytes)} free`,
    {
      hint: 'Set TMPDIR to a larger disk, or give a staging server with --lab.',
    },
  );
}

async function openWhatIf(
  options: StagingOptions,
  lab: OpenLab,
  note: (text: string) => void,
): Promise<{ clone: StatisticsClone | null; skipped: readonly Skipped[] }> {
  try {
    // Ends with its server, whatever it is asked just then.
    const { signal, cleanup, snapshot } = options;
    const server = await startServer(snapshot.target.major, { shared_buffers: '32MB' }, { signal, cleanup, note });
    const clone = await untilAborted(
      options.signal,
      lab.withAccepted(async (source) =>
        createStatisticsClone({
          server,
          source,
          schema: await extractSchema(source),
          sampler: (work) => lab.withAccepted(work),
          note,
        }),
      ),
    );
    return { clone, skipped: clone.skipped };
  } catch (thrown) {
    if (options.signal.aborted) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return {
      clone: null,
      skipped: [{ what: 'what-if engine', reason, remedy: 'Predictions read `unknown`; trials are not affected.' }],
    };
  }
}
