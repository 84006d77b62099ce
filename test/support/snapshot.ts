import type {
  Catalog,
  Column,
  Constraint,
  Index,
  IndexColumn,
  SequenceState,
  Table,
  TableActivity,
} from '../../src/model/catalog.js';
import type { IndexSpec } from '../../src/model/action.js';
import type { PlanModes } from '../../src/model/plan-modes.js';
import type { Plan, PlanNode } from '../../src/model/plan.js';
import type { IndexRebuild } from '../../src/model/index-rebuild.js';
import { NO_REPLICATION, type Replication } from '../../src/model/replication.js';
import type { Settings } from '../../src/model/settings.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import type { ColumnStatistics, Statistics } from '../../src/model/statistics.js';
import type { WorkloadStatement } from '../../src/model/workload.js';

/** Facts for advisors' unit tests: each maker fills in an everyday value for all that a test does not name. */
const SCHEMA = 'public';

export function aColumn(name: string, more: Partial<Column> = {}): Column {
  return {
    name,
    position: 1,
    type: 'bigint',
    baseType: 'int8',
    typeCategory: 'N',
    sortsBytes: false,
    notNull: false,
    hasDefault: false,
    identity: false,
    generated: false,
    statisticsTarget: null,
    distinctSetting: null,
    storedAs: null,
    defaultAs: null,
    sequence: null,
    ...more,
  };
}

export function aSequence(name: string, more: Partial<SequenceState> = {}): SequenceState {
  return { name: { schema: SCHEMA, name }, lastValue: 1n, maxValue: 2_147_483_647n, increment: 1n, ...more };
}

export function aTable(name: string, more: Partial<Table> = {}): Table {
  return {
    schema: SCHEMA,
    name,
    oid: 1,
    kind: 'r',
    persistence: 'p',
    columns: [aColumn('id')],
    rowsEstimated: 100_000,
    sizeBytes: 8192 * 1000,
    pages: 1000,
    pagesAllVisible: 0,
    partitionOf: null,
    viewQuery: null,
    isBarrier: false,
    hasChildren: false,
    inherits: [],
    isDefaultPartition: false,
    partitionKey: [],
    activity: anActivity(),
    ...more,
  };
}

export function anActivity(more: Partial<TableActivity> = {}): TableActivity {
  return {
    seqScans: 0,
    seqTuplesRead: 0,
    indexScans: 0,
    inserts: 0,
    updates: 0,
    hotUpdates: 0,
    deletes: 0,
    liveTuples: 100_000,
    deadTuples: 0,
    modifiedSinceAnalyze: 0,
    lastAnalyze: '2026-01-01T00:00:00Z',
    lastVacuum: null,
    ...more,
  };
}

export function aKey(column: string, more: Partial<IndexColumn> = {}): IndexColumn {
  return {
    column,
    expression: column,
    opclass: 'pg_catalog.int8_ops',
    opclassIsDefault: true,
    collationIsDefault: true,
    opclassOptions: null,
    mergesEqual: true,
    lengthBytes: 8,
    alignmentBytes: 8,
    collation: null,
    descending: false,
    nullsFirst: false,
    ...more,
  };
}

let nextOid = 1000;

/** An index on `public.<table>`; keys by column name. Later ones have greater oids. */
export function anIndex(
  name: string,
  table: string,
  keys: readonly (string | IndexColumn)[],
  more: Partial<Index> = {},
): Index {
  const columns = keys.map((key) => (typeof key === 'string' ? aKey(key) : key));
  nextOid += 1;
  return {
    schema: SCHEMA,
    name,
    oid: nextOid,
    table: { schema: SCHEMA, name: table },
    method: 'btree',
    keys: columns,
    include: [],
    predicate: null,
    unique: false,
    nullsNotDistinct: false,
    primary: false,
    exclusion: false,
    valid: true,
    building: false,
    replicaIdentity: false,
    clustered: false,
    constraint: null,
    referencedByForeignKeys: [],
    partitionOf: null,
    definition: `CREATE INDEX ${name} ON public.${table} USING btree (${columns.map((key) => key.expression).join(', ')})`,
    parameters: {},
    sizeBytes: 4 * 1024 * 1024,
    rowsEstimated: 100_000,
    scans: 0,
    entriesRead: 0,
    lastScan: null,
    ...more,
  };
}

export function aForeignKey(
  table: string,
  columns: readonly string[],
  target: string,
  more: Partial<Constraint> = {},
): Constraint {
  return {
    name: `${table}_${columns.join('_')}_fkey`,
    table: { schema: SCHEMA, name: table },
    kind: 'foreign',
    columns,
    validated: true,
    deferrable: false,
    references: { table: { schema: SCHEMA, name: target }, columns: ['id'] },
    onDelete: 'a',
    definition: `FOREIGN KEY (${columns.join(', ')}) REFERENCES ${target}(id)`,
    ...more,
  };
}

export function aStatement(sql: string, more: Partial<WorkloadStatement> = {}): WorkloadStatement {
  return {
    fingerprint: sql,
    name: sql,
    sql,
    kind: 'select',
    calls: 100,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
    ...more,
  };
}

export function aPlan(root: Partial<PlanNode>): Plan {
  return {
    root: { 'Node Type': 'Result', 'Total Cost': 1, 'Plan Rows': 1, ...root },
    planningMs: null,
    executionMs: null,
    triggerMs: null,
  };
}

export function aColumnStatistic(
  table: string,
  column: string,
  more: Partial<ColumnStatistics> = {},
): ColumnStatistics {
  return {
    table: { schema: SCHEMA, name: table },
    column,
    inherited: false,
    nullFraction: 0,
    widthBytes: 8,
    distinct: -1,
    commonValues: [],
    commonFrequencies: [],
    histogram: [],
    correlation: null,
    ...more,
  };
}

/** An index as it could be; a btree unless `more` says otherwise. */
export function anIndexSpec(
  table: string,
  name: string,
  keys: readonly string[],
  more: Partial<IndexSpec> = {},
): IndexSpec {
  return {
    table: { schema: 'public', name: table },
    method: 'btree',
    unique: false,
    keys,
    include: [],
    where: null,
    with: null,
    name,
    ...more,
  };
}

/** What a test gives of a snapshot. */
export interface SnapshotFacts {
  readonly tables?: readonly Table[];
  readonly indexes?: readonly Index[];
  readonly constraints?: readonly Constraint[];
  readonly extensions?: Catalog['extensions'];
  readonly statements?: readonly WorkloadStatement[];
  readonly plans?: ReadonlyMap<string, Plan>;
  readonly settings?: Settings;
  readonly statistics?: Partial<Statistics>;
  readonly replication?: Partial<Replication>;
  readonly rebuilds?: readonly IndexRebuild[];
  readonly planModes?: readonly PlanModes[];
}

export function aCatalog(facts: SnapshotFacts = {}): Catalog {
  return {
    schemas: [SCHEMA],
    extensions: facts.extensions ?? [],
    tables: facts.tables ?? [],
    indexes: facts.indexes ?? [],
    constraints: facts.constraints ?? [],
    extendedStatistics: [],
    domains: [],
    dependents: [],
    functions: [],
    cascades: null,
    additions: null,
    formers: null,
    otherCounts: {},
  };
}

/** A snapshot read on 1 March 2026, with counters since 1 January. */
export function aSnapshot(facts: SnapshotFacts = {}): Snapshot {
  return {
    target: { role: 'lab', label: 'test', database: 'test', serverVersionNum: 180_000, major: 18 },
    catalog: aCatalog(facts),
    workload: { source: 'file', origin: 'test', statements: facts.statements ?? [], unusable: [], since: null },
    settings: facts.settings ?? [],
    statistics: {
      columns: [],
      countersSince: '2026-01-01T00:00:00Z',
      readAt: '2026-03-01T00:00:00Z',
      serverStartedAt: '2025-12-01T00:00:00Z',
      ...facts.statistics,
    },
    plans: facts.plans ?? new Map(),
    replication: { ...NO_REPLICATION, ...facts.replication },
    rebuilds: facts.rebuilds ?? [],
    planModes: facts.planModes ?? [],
    coverage: { examined: [], skipped: [] },
  };
}
