import { WizardError, asWizardError } from '../../base/errors.js';
import { formatBytes } from '../../base/units.js';
import type { Skipped } from '../../model/coverage.js';
import { connect, exportSnapshot } from '../../postgres/connect.js';
import { extractSchema, type SchemaScript, type SchemaStatement } from '../../postgres/extract/extract.js';
import { withTextSettings } from '../../postgres/extract/texts.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';
import { dropDatabase, inLab } from '../databases.js';
import { applyByTable, applyStatements } from './apply.js';
import { createLike } from './locale.js';
import { Meter, type CopyProgress } from './meter.js';
import { copyTable, type CopiedTable, type Lane } from './rows.js';
import { readPositions, setPositions } from './sequences.js';
import { readShapes, restoreShapes } from './shapes.js';
import { planCopy, type CopyPlan, type TableToCopy } from './tables.js';

export interface CopyOptions {
  readonly source: ConnectionSettings;
  /** A superuser of the lab, or a role that may create databases; its database is the maintenance one. */
  readonly lab: ConnectionSettings;
  /** The database to create in the lab; must not be there yet. */
  readonly database: string;
  /** `statistics`: the schema without rows. */
  readonly mode: 'data' | 'statistics';
  /** To the source, and as many to the lab; 2 when not given. */
  readonly maxConnections?: number;
  /** Refuse to begin when tables and indexes of the source are larger. */
  readonly budgetBytes?: number;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
  /** Runs in the new database when rows, indexes and constraints are there, before materialised views are filled. */
  readonly afterData?: (lab: Session) => Promise<void>;
}

export interface CopyReport {
  readonly database: string;
  readonly tables: readonly CopiedTable[];
  /** What the copy lacks or has otherwise than the source, with the reason. */
  readonly skipped: readonly Skipped[];
  /** Bytes that crossed the wire. */
  readonly bytes: number;
  readonly milliseconds: {
    readonly schema: number;
    readonly rows: number;
    readonly indexes: number;
    readonly total: number;
  };
}

/**
 * Copies a database into a new one of the lab, as of one instant: schema, rows (frozen, so that pages count as all-visible),
 * sequence positions, planner's row counts. Never writes to the source. On any error the half-made database is dropped.
 * Throws `target/connection-lost`, `lab/disk-full`, `lab/died`, `run/interrupted`.
 */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const copy = new Copy(options);
  const signal = options.signal ?? new AbortController().signal;
  const stopCancelling = cancelOnAbort(signal, copy);
  try {
    return await copy.run(signal);
  } catch (error) {
    await copy.dropHalfMade();
    if (signal.aborted)
      throw new WizardError('run/interrupted', 'The copy was stopped before it was complete', { cause: error });
    throw asWizardError(error);
  } finally {
    stopCancelling();
    await copy.close();
  }
}

/** A cancel that falls between two statements is lost, so it is said again until the copy has ended. */
function cancelOnAbort(signal: AbortSignal, copy: Copy): () => void {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    copy.cancel();
    timer = setInterval(() => copy.cancel(), 150);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return () => {
    signal.removeEventListener('abort', start);
    clearInterval(timer);
  };
}

/** Statements that come after the statistics: they run queries, or would fire. */
const LAST: ReadonlySet<string> = new Set(['refresh', 'trigger', 'event trigger']);

class Copy {
  readonly #sessions: Session[] = [];
  readonly #skipped: Skipped[] = [];
  #cleanup: Session | null = null;
  #isCreated = false;

  constructor(readonly options: CopyOptions) {}

  async run(signal: AbortSignal): Promise<CopyReport> {
    const startedMs = performance.now();
    const { options } = this;
    signal.throwIfAborted();
    const sources = await this.#openSources();
    const source = first(sources);
    const script = await extractSchema(source, { quoteAll: true });
    const plan = await planCopy(source, script.tables);
    this.#skipped.push(...script.skipped);
    this.#refuseOverBudget(plan);
    signal.throwIfAborted();
    const labs = await this.#createDatabase(source, sources.length);
    const lab = first(labs);
    signal.throwIfAborted();
    this.#skipped.push(...(await applyStatements(lab, withoutPublic(script), signal)));
    const schemaMs = performance.now();
    const lanes = sources.map((session, at) => ({ source: session, lab: labs[at] ?? lab }));
    const tables = options.mode === 'data' ? await this.#copyRows(lanes, plan, signal) : [];
    const positions = options.mode === 'data' ? await readPositions(source) : [];
    const shapes = options.mode === 'data' ? await readShapes(source) : [];
    await Promise.all(sources.map((session) => session.close()));
    const rowsMs = performance.now();
    await this.#finish(labs, script.postData, signal, async () => {
      this.#skipped.push(...(await inLab(() => setPositions(lab, positions))));
      this.#skipped.push(...(await inLab(() => restoreShapes(lab, shapes))));
    });
    const endMs = performance.now();
    return {
      database: options.database,
      tables,
      skipped: this.#skipped,
      bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
      milliseconds: {
        schema: schemaMs - startedMs,
        rows: rowsMs - schemaMs,
        indexes: endMs - rowsMs,
        total: endMs - startedMs,
      },
    };
  }

  cancel(): void {
    for (const session of this.#sessions) session.cancel().catch(() => {});
  }

  async dropHalfMade(): Promise<void> {
    const admin = this.#cleanup;
    if (this.#isCreated && admin !== null) await dropDatabase(admin, this.options.database).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#sessions, ...(this.#cleanup === null ? [] : [this.#cleanup])].map((session) => session.close()),
    );
  }

  /** Sessions on the source that all see what the first one sees. */
  async #openSources(): Promise<Session[]> {
    const settings = withTextSettings(this.options.source, true);
    const options = { readOnly: true, statementTimeoutMs: 0 } as const;
    const leading = this.#keep(await connect(settings, options));
    const sessions = [leading];
    const snapshot = await exportSnapshot(leading);
    while (sessions.length < (this.options.maxConnections ?? 2)) {
      sessions.push(this.#keep(await connect(settings, { ...options, snapshot })));
    }
    return sessions;
  }

  async #createDatabase(source: Session, connections: number): Promise<Session[]> {
    const { lab, database } = this.options;
    const labs: Session[] = [];
    await inLab(async () => {
      this.#cleanup = await connect(lab);
      this.#skipped.push(...(await createLike(source, this.#cleanup, database, () => (this.#isCreated = true))));
      while (labs.length < connections) labs.push(this.#keep(await connect({ ...lab, database })));
      for (const session of labs) await session.run(LAB_SETTINGS);
    });
    return labs;
  }

  async #copyRows(lanes: readonly Lane[], plan: CopyPlan, signal: AbortSignal): Promise<CopiedTable[]> {
    const [sourceMajor, labMajor] = [await majorOf(first(lanes).source), await majorOf(first(lanes).lab)];
    this.#skipped.push(...plan.skipped);
    const meter = new Meter(plan, this.options.onProgress);
    const queue = [...plan.tables];
    const copied: CopiedTable[] = [];
    const work = async (lane: Lane): Promise<void> => {
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        signal.throwIfAborted();
        const result = await copyTable(lane, table, {
          asText: sourceMajor !== labMajor,
          trim: labMajor >= 16,
          signal,
          onBytes: (which, bytes) => meter.moved(which, bytes),
        });
        if ('reason' in result) this.#skipped.push(result);
        else copied.push(result);
        meter.complete(table, 'rows' in result ? result.rows : 0);
      }
    };
    await Promise.all(lanes.map((lane) => work(lane).catch((error: unknown) => stopAll(queue, error))));
    return copied;
  }

  async #finish(
    labs: readonly Session[],
    statements: readonly SchemaStatement[],
    signal: AbortSignal,
    afterRows: () => Promise<void>,
  ): Promise<void> {
    const lab = first(labs);
    const at = statements.findIndex(({ kind }) => LAST.has(kind));
    const early = at < 0 ? statements : statements.slice(0, at);
    for (const run of runsOf(early)) {
      signal.throwIfAborted();
      const apply = run.byTable
        ? applyByTable(labs, run.statements, signal)
        : applyStatements(lab, run.statements, signal);
      this.#skipped.push(...(await apply));
    }
    await afterRows();
    signal.throwIfAborted();
    await inLab(async () => this.options.afterData?.(lab));
    const late = at < 0 ? [] : statements.slice(at);
    this.#skipped.push(...(await applyStatements(lab, late, signal)), ...noteRefreshed(late));
  }

  #refuseOverBudget(plan: CopyPlan): void {
    const { budgetBytes, mode } = this.options;
    if (mode !== 'data' || budgetBytes === undefined || plan.totalBytes <= budgetBytes) return;
    throw new WizardError(
      'lab/disk-full',
      `The copy needs about ${formatBytes(plan.totalBytes)}, and may take ${formatBytes(budgetBytes)}`,
      {
        hint: 'Allow it more, or copy the statistics only.',
      },
    );
  }

  #keep(session: Session): Session {
    this.#sessions.push(session);
    return session;
  }
}

/** Index builds get memory and workers; nothing is checked that the source has checked. */
const LAB_SETTINGS = `
  SET statement_timeout = 0; SET lock_timeout = 0; SET check_function_bodies = off; SET client_min_messages = warning;
  SET row_security = off; SET maintenance_work_mem = '256MB'; SET max_parallel_maintenance_workers = 1; SET synchronous_commit = off;
  SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET xmloption = content`;

/** template0 brings a schema `public`; a source that dropped it has it not. */
function withoutPublic(script: SchemaScript): readonly SchemaStatement[] {
  const has = script.preData.some(({ kind, identity }) => kind === 'schema' && identity === '"public"');
  if (has) return script.preData;
  return [{ kind: 'schema', identity: '"public"', sql: 'DROP SCHEMA IF EXISTS public' }, ...script.preData];
}

/** Nothing can be copied into a materialised view. */
function noteRefreshed(statements: readonly SchemaStatement[]): Skipped[] {
  const count = statements.filter(({ kind }) => kind === 'refresh').length;
  if (count === 0) return [];
  const reason =
    'They were computed anew from the copied tables: where the source was not refreshed since, they differ.';
  return [{ what: `rows of ${count} materialised view(s)`, reason, remedy: null }];
}

/** Consecutive index builds, which may run side by side, and all between them. */
function runsOf(statements: readonly SchemaStatement[]): { byTable: boolean; statements: SchemaStatement[] }[] {
  const runs: { byTable: boolean; statements: SchemaStatement[] }[] = [];
  for (const statement of statements) {
    const byTable = statement.on !== undefined;
    const last = runs.at(-1);
    if (last?.byTable === byTable) last.statements.push(statement);
    else runs.push({ byTable, statements: [statement] });
  }
  return runs;
}

/** One lane's failure leaves the others nothing to begin. */
function stopAll(queue: TableToCopy[], error: unknown): never {
  queue.length = 0;
  throw error;
}

async function majorOf(session: Session): Promise<number> {
  const [row] = await session.query<{ version: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version`,
  );
  return Math.floor((row?.version ?? 0) / 10_000);
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new WizardError('internal', 'A copy needs at least one connection');
  return item;
}
