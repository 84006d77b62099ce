import type { Coverage, Examined, Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Workload } from '../model/workload.js';
import { readCatalog } from '../postgres/read/catalog.js';
import { readSettings } from '../postgres/read/settings.js';
import { readStatistics } from '../postgres/read/statistics.js';
import { readTarget } from '../postgres/read/target.js';
import type { TargetFacts } from '../postgres/read/target.js';
import { readWorkloadFromStatements } from '../postgres/read/workload.js';
import type { Session } from '../postgres/session.js';
import { readIndexFill } from '../postgres/read/index-fill.js';
import type { ConnectionSettings } from '../postgres/session.js';
import type { CommandContext } from './command.js';
import { lookAtReplicas } from './replicas.js';
import { intakeFiles } from './intake.js';

/** A snapshot of a target, with who looked. */
export interface Examination {
  readonly snapshot: Snapshot;
  readonly facts: TargetFacts;
}

/** A workload that a command was given, and what of its source could not be used. */
export interface GivenWorkload {
  readonly workload: Workload;
  readonly skipped: readonly Skipped[];
}

/** The workload that a command was given as a file of any kind; null for that of `pg_stat_statements`. Says what the file was taken for. Throws `input/workload`. */
export async function givenWorkload(
  source: string | undefined,
  { watch, signal }: Pick<CommandContext, 'watch' | 'signal'>,
): Promise<GivenWorkload | null> {
  if (source === undefined || source === 'pg_stat_statements') return null;
  const { workload, files, skipped } = await intakeFiles({ files: [source], prefix: null, difference: false, signal });
  for (const file of files)
    watch({ type: 'note', text: `${file.name}: ${file.said}, ${workload.statements.length} statement shapes` });
  return { workload, skipped };
}

/** What else to look at beside the target itself. */
export interface Beyond {
  /** Its standbys. */
  readonly replicas: readonly ConnectionSettings[];
  /** Whether to read every page of its large indexes for how full they are. */
  readonly exactBloat: boolean;
  readonly signal: AbortSignal;
}

/** Reads a target through a read-only session, its `pg_stat_statements` where no workload was given, and what `beyond` asks for. */
export async function examineTarget(
  session: Session,
  given: GivenWorkload | null,
  beyond: Beyond,
): Promise<Examination> {
  const facts = await readTarget(session, 'production');
  const { catalog, skipped: catalogSkipped } = await readCatalog(session);
  const { statistics, skipped: statisticsSkipped } = await readStatistics(session);
  const settings = await readSettings(session);
  const replicas = await lookAtReplicas(session, beyond.replicas, beyond.signal);
  const fill = beyond.exactBloat ? await readIndexFill(session, catalog) : { rebuilds: [], skipped: [] };
  const { workload: read, skipped: workloadSkipped } = given ?? (await readWorkloadFromStatements(session));
  const coverage: Coverage = {
    examined: [
      count('tables', catalog.tables.length),
      count('indexes', catalog.indexes.length),
      count('constraints', catalog.constraints.length),
      count('functions', catalog.functions.length),
      count('column statistics', statistics.columns.length),
      count('settings', settings.length),
      ...replicas.examined,
      ...(fill.rebuilds.length > 0 ? [count('indexes read page by page', fill.rebuilds.length)] : []),
      count(`statements from ${read.origin}`, read.statements.length),
    ],
    skipped: [
      ...catalogSkipped,
      ...statisticsSkipped,
      ...workloadSkipped,
      ...replicas.skipped,
      ...fill.skipped,
      ...rightsSkipped(facts),
      ...read.unusable.map(unusable),
    ],
  };
  const { rights: _rights, inRecovery: _inRecovery, ...target } = facts;
  return {
    facts,
    snapshot: {
      target,
      catalog,
      workload: read,
      settings,
      statistics,
      plans: new Map(),
      replication: replicas.replication,
      rebuilds: fill.rebuilds,
      planModes: [],
      coverage,
    },
  };
}

/** What a lesser role can not see, said once each. */
function rightsSkipped(facts: TargetFacts): readonly Skipped[] {
  const { superuser, monitor, readsAllData, user } = facts.rights;
  if (superuser) return [];
  const gaps: Skipped[] = [];
  if (!monitor) {
    gaps.push({
      what: "other roles' statements and some settings",
      reason: `role ${user} is not a member of pg_monitor`,
      remedy: `GRANT pg_monitor TO "${user}"`,
    });
  }
  if (!readsAllData) {
    gaps.push({
      what: 'rows and column statistics of tables that the role may not read',
      reason: `role ${user} is not a member of pg_read_all_data`,
      remedy: `GRANT pg_read_all_data TO "${user}"`,
    });
  }
  return gaps;
}

function count(what: string, n: number): Examined {
  return { what, count: n };
}

function unusable(row: Workload['unusable'][number]): Skipped {
  return { what: `statement ${row.name}`, reason: row.reason, remedy: null };
}
