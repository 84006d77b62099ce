import { quoteQualified } from '../base/quote.js';
import type { Examiner } from '../kernel/ports.js';
import type { Action } from '../model/action.js';
import type { Catalog, Column, Index, RelationName, Table } from '../model/catalog.js';
import { sameRelation, relationKey } from '../model/catalog.js';
import type { IndexRebuild } from '../model/index-rebuild.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { PlanModes } from '../model/plan-modes.js';
import type { Plan } from '../model/plan.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Workload } from '../model/workload.js';
import { readCatalog } from '../postgres/read/catalog.js';
import { readSettings } from '../postgres/read/settings.js';
import { readStatistics } from '../postgres/read/statistics.js';
import type { Session } from '../postgres/session.js';

/** What the examiner of a lab needs. */
export interface LabExaminerOptions {
  /** What was read of the target itself: the lab has no history of its own. */
  readonly origin: Snapshot;
  /** Runs something on the lab's accepted state. */
  readonly onAccepted: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  /** Plans of the last baseline, by fingerprint. */
  readonly plans: () => ReadonlyMap<string, Plan>;
  /** Generic against custom plans of a workload in that state. */
  readonly planModes: (session: Session, workload: Workload) => Promise<readonly PlanModes[]>;
  /** The changes that were accepted so far. */
  readonly accepted: () => readonly Action[];
}

/**
 * Examines the lab's accepted state. Structure, sizes, settings and planner statistics are the lab's; counters (scans,
 * changes since ANALYZE, sequence positions, their age) are the target's, for nobody but us ever used the lab.
 */
export function createLabExaminer(options: LabExaminerOptions): Examiner {
  return {
    examine: (workload, measured) =>
      options.onAccepted(async (session) => {
        const { catalog } = await readCatalog(session);
        const { statistics } = await readStatistics(session);
        const { origin } = options;
        const work = withMeasurement(workload, measured, options.accepted());
        return {
          target: { ...origin.target, role: 'lab' },
          catalog: withHistory(catalog, origin.catalog, options.accepted()),
          workload: work,
          settings: await readSettings(session),
          statistics: {
            ...statistics,
            countersSince: origin.statistics.countersSince,
            serverStartedAt: origin.statistics.serverStartedAt,
            readAt: origin.statistics.readAt,
          },
          plans: options.plans(),
          replication: origin.replication,
          rebuilds: rebuildsOf(catalog, origin.catalog, options.accepted()),
          planModes: await options.planModes(session, work),
          coverage: origin.coverage,
        } satisfies Snapshot;
      }),
  };
}

function withHistory(lab: Catalog, origin: Catalog, accepted: readonly Action[]): Catalog {
  const tables = new Map(origin.tables.map((table) => [relationKey(table), table]));
  const indexes = new Map(origin.indexes.map((index) => [relationKey(index), index]));
  const analyzed = accepted.filter((action) => action.kind === 'analyze').flatMap((action) => action.tables);
  return {
    ...lab,
    tables: lab.tables.map((table) => tableWithHistory(table, tables.get(relationKey(table)), analyzed)),
    indexes: lab.indexes.map((index) => indexWithHistory(index, indexes.get(relationKey(index)))),
  };
}

function tableWithHistory(table: Table, origin: Table | undefined, analyzed: readonly RelationName[]): Table {
  if (!origin) return { ...table, activity: null };
  const fresh = analyzed.some((name) => sameRelation(name, table));
  const activity =
    origin.activity && fresh
      ? { ...origin.activity, modifiedSinceAnalyze: 0, lastAnalyze: new Date().toISOString() }
      : origin.activity;
  const columns = new Map(origin.columns.map((column) => [column.name, column]));
  return {
    ...table,
    activity,
    columns: table.columns.map((column) => columnWithHistory(column, columns.get(column.name))),
  };
}

function columnWithHistory(column: Column, origin: Column | undefined): Column {
  return column.sequence && origin?.sequence
    ? { ...column, sequence: { ...column.sequence, lastValue: origin.sequence.lastValue } }
    : column;
}

/** What the target knows of an index, and the lab does not: how it was used, and what no definition brings along. */
export function indexWithHistory(index: Index, origin: Index | undefined): Index {
  const { comment, tablespace, statisticsTargets } = origin ?? {};
  return {
    ...index,
    scans: origin?.scans ?? null,
    lastScan: origin?.lastScan ?? null,
    entriesRead: origin?.entriesRead ?? null,
    ...(comment !== undefined && { comment }),
    ...(tablespace !== undefined && { tablespace }),
    ...(statisticsTargets && { statisticsTargets }),
  };
}

/** The copy's indexes are built anew: what each takes there is what REINDEX would leave of it. Accepted changes that build it or write its table anew end the comparison. */
function rebuildsOf(lab: Catalog, origin: Catalog, accepted: readonly Action[]): readonly IndexRebuild[] {
  const earlier = new Map(origin.indexes.map((index) => [relationKey(index), index]));
  const rewritten = accepted.filter((action) => action.kind === 'alter-column-type').flatMap((action) => action.tables);
  const rebuilt = accepted.filter((action) => action.kind === 'reindex').flatMap((action) => action.up);
  return lab.indexes.flatMap((index) => {
    const before = earlier.get(relationKey(index));
    const isOther = !before?.valid || before.definition !== index.definition || before.sizeBytes === 0;
    const isAnew =
      rewritten.some((table) => sameRelation(table, index.table)) ||
      rebuilt.some((sql) => sql.endsWith(` ${quoteQualified(index.schema, index.name)}`));
    if (isOther || isAnew) return [];
    return [{ index, sizeBytes: before.sizeBytes, rebuiltBytes: index.sizeBytes, how: 'built' as const }];
  });
}

/** Times as measured on the accepted state, and accepted rewrites in place of what they replace. */
function withMeasurement(workload: Workload, measured: WorkloadSummary | null, accepted: readonly Action[]): Workload {
  const rows = new Map(measured?.perStatement.map((row) => [row.fingerprint, row]));
  const rewrites = new Map(
    accepted.flatMap((action) => (action.rewrite ? [[action.rewrite.fingerprint, action.rewrite.to] as const] : [])),
  );
  return {
    ...workload,
    statements: workload.statements.map((statement) => {
      const row = rows.get(statement.fingerprint);
      const sql = rewrites.get(statement.fingerprint) ?? statement.sql;
      return row
        ? { ...statement, sql, meanMs: row.meanMs, totalMs: row.meanMs * row.calls, walBytes: row.walBytes }
        : { ...statement, sql };
    }),
  };
}
