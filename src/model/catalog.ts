import { groupBy } from '../base/group.js';
import { oncePer } from '../base/once-per.js';
import type { FunctionInfo } from './function.js';

/** A relation's name, unquoted. */
export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

export interface Column {
  readonly name: string;
  /** `pg_attribute.attnum`. */
  readonly position: number;
  /** `format_type(atttypid, atttypmod)`, e.g. `character varying(25)`. */
  readonly type: string;
  /** Name of the base type in `pg_type` (domains resolved), e.g. `int4`. */
  readonly baseType: string;
  /** `pg_type.typcategory`: `N` numeric, `S` string, `D` date/time, `A` array, `U` user, ... */
  readonly typeCategory: string;
  /** Whether its texts sort as their bytes do (collation C, POSIX, or one that is built in), so that a plain btree serves LIKE 'abc%' (`pg_locale.c`, `collate_is_c`); false when not collatable. */
  readonly sortsBytes: boolean;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly identity: boolean;
  readonly generated: boolean;
  /** Its own statistics target (`ALTER COLUMN ... SET STATISTICS`); null for `default_statistics_target`. */
  readonly statisticsTarget: number | null;
  /** Its own `n_distinct` (`ALTER COLUMN ... SET (n_distinct = ...)`), which ANALYZE takes over: a count, or minus a fraction of the rows; null where ANALYZE estimates it. */
  readonly distinctSetting: number | null;
  /** The expression of a stored generated column (`pg_get_expr`); null for any other, and where the table was locked. */
  readonly storedAs: string | null;
  /** The expression of a default of its own (`pg_get_expr`); null for none, for one of its domain, and where the table was locked. */
  readonly defaultAs: string | null;
  /** Sequence that fills the column (serial or identity), if any. */
  readonly sequence: SequenceState | null;
}

export interface SequenceState {
  readonly name: RelationName;
  /** Null when it was never used or may not be read. */
  readonly lastValue: bigint | null;
  readonly maxValue: bigint;
  readonly increment: bigint;
}

/** `pg_class.relkind`: `r` table, `p` partitioned table, `m` materialised view, `v` view, `f` foreign table. */
export type RelationKind = 'r' | 'p' | 'm' | 'v' | 'f';

/** `pg_class.relpersistence`: `p` permanent, `u` unlogged (not on standbys, emptied after a crash), `t` temporary. */
export type Persistence = 'p' | 'u' | 't';

export interface Table extends RelationName {
  readonly oid: number;
  readonly kind: RelationKind;
  readonly persistence: Persistence;
  readonly columns: readonly Column[];
  /** `pg_get_viewdef` of a view; null for what is none, and for all views while a table is locked, for which it would wait. */
  readonly viewQuery: string | null;
  /** Whether it is a view with `security_barrier`: conditions from outside stay outside. */
  readonly isBarrier: boolean;
  /** Planner's estimate (`reltuples`); null when never analysed (-1). */
  readonly rowsEstimated: number | null;
  /** Heap only. */
  readonly sizeBytes: number;
  readonly pages: number;
  readonly pagesAllVisible: number;
  /** Parent when it is a partition. */
  readonly partitionOf: RelationName | null;
  /** Whether tables inherit from it that are no partitions: a query on it reads their rows too, for which its keys do not hold. */
  readonly hasChildren: boolean;
  /** Tables whose columns it inherits, when it is no partition. */
  readonly inherits: readonly RelationName[];
  /** Whether it is its parent's DEFAULT partition. */
  readonly isDefaultPartition: boolean;
  /** The columns of the partition key, when it is partitioned. */
  readonly partitionKey: readonly string[];
  /** How often it was read and written, from `pg_stat_all_tables`; null where the role may not see it. */
  readonly activity: TableActivity | null;
}

export interface TableActivity {
  readonly seqScans: number;
  readonly seqTuplesRead: number;
  readonly indexScans: number;
  readonly inserts: number;
  readonly updates: number;
  readonly hotUpdates: number;
  readonly deletes: number;
  readonly liveTuples: number;
  readonly deadTuples: number;
  /** Changes since the last ANALYZE (`n_mod_since_analyze`). */
  readonly modifiedSinceAnalyze: number;
  /** Latest of manual and automatic; null when never. ISO 8601. */
  readonly lastAnalyze: string | null;
  readonly lastVacuum: string | null;
}

/** One key or included column of an index. */
export interface IndexColumn {
  /** Column name, or null for an expression. */
  readonly column: string | null;
  /** `pg_get_indexdef(index, n, true)`: the column or expression as SQL. */
  readonly expression: string;
  /** `schema.opclass` of a key column; null for an included one. */
  readonly opclass: string | null;
  readonly opclassIsDefault: boolean;
  /** Parameters of the operator class, e.g. `siglen=32`; null where none are set. */
  readonly opclassOptions: string | null;
  /** Whether equal keys are the same bytes, so that a btree may merge them (operator class support function 4, deterministic collation). */
  readonly mergesEqual: boolean;
  /** `attlen` of what the index stores: bytes of a fixed width, -1 variable. */
  readonly lengthBytes: number;
  /** 1, 2, 4 or 8. */
  readonly alignmentBytes: number;
  /** `schema.collation`; null when not collatable. */
  readonly collation: string | null;
  /** Whether that is the column's own, or of an expression its type's; true when not collatable. */
  readonly collationIsDefault: boolean;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Index extends RelationName {
  readonly oid: number;
  readonly table: RelationName;
  /** Access method: `btree`, `hash`, `gin`, `gist`, `spgist`, `brin`, or an extension's. */
  readonly method: string;
  readonly keys: readonly IndexColumn[];
  readonly include: readonly IndexColumn[];
  /** WHERE clause as SQL; null for a whole index. */
  readonly predicate: string | null;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  readonly primary: boolean;
  readonly exclusion: boolean;
  readonly valid: boolean;
  /** A session builds it, or holds a lock under which it may: what it lacks may come yet. */
  readonly building: boolean;
  readonly replicaIdentity: boolean;
  readonly clustered: boolean;
  /** The constraint it backs (primary key, unique, exclusion), if any. */
  readonly constraint: string | null;
  /** Names of foreign keys which depend on this index on the referenced side (`pg_constraint.conindid`). */
  readonly referencedByForeignKeys: readonly string[];
  /** Parent index when it is part of a partitioned one. */
  readonly partitionOf: RelationName | null;
  /** `pg_get_indexdef(index)`. */
  readonly definition: string;
  /** What `COMMENT ON` says of it; absent where there is none. Nor is what follows part of its definition. */
  readonly comment?: string;
  /** Where it is not the database's own. */
  readonly tablespace?: string;
  /** `ALTER INDEX ... SET STATISTICS`, by the place of the column from 1 on; absent where none is set. */
  readonly statisticsTargets?: readonly { readonly place: number; readonly target: number }[];
  /** Storage parameters that were set, e.g. `fillfactor`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** 0 for the parent of a partitioned one. */
  readonly sizeBytes: number;
  /** `reltuples`; null when never counted. */
  readonly rowsEstimated: number | null;
  /** `idx_scan` since the statistics reset; null where not visible, and for the parent of a partitioned one, whose parts count. */
  readonly scans: number | null;
  /** `idx_tup_read`: entries that its scans returned; null where not visible. */
  readonly entriesRead: number | null;
  /** `last_idx_scan` (16+); null when never or not known. ISO 8601. */
  readonly lastScan: string | null;
}

export type ConstraintKind = 'primary' | 'unique' | 'foreign' | 'check' | 'exclusion' | 'not-null';

export interface Constraint {
  readonly name: string;
  readonly table: RelationName;
  readonly kind: ConstraintKind;
  readonly columns: readonly string[];
  readonly validated: boolean;
  readonly deferrable: boolean;
  /** Foreign keys only. */
  readonly references: { readonly table: RelationName; readonly columns: readonly string[] } | null;
  /** `ON DELETE` action letter of a foreign key: a no action, r restrict, c cascade, n set null, d set default. */
  readonly onDelete: string | null;
  /** `pg_get_constraintdef`. */
  readonly definition: string;
}

export interface ExtendedStatistics extends RelationName {
  readonly table: RelationName;
  readonly columns: readonly string[];
  /** `d` ndistinct, `f` dependencies, `m` mcv, `e` expressions. */
  readonly kinds: readonly string[];
}

/** A domain. */
export interface DomainInfo extends RelationName {
  /** `format_type` of what it is made on, possibly another domain. */
  readonly type: string;
  /** Whether it, or a domain it is made on, has a CHECK or NOT NULL: then a new column of it is written to every row (`DomainHasConstraints`). */
  readonly constrained: boolean;
}

/** What is defined on a relation's columns, and so stands in the way of a change of them, or goes along with it. */
export interface Dependent {
  readonly kind:
    | 'view'
    | 'materialized view'
    | 'rule'
    | 'policy'
    | 'trigger'
    | 'function'
    | 'generated column'
    | 'publication';
  /** Null for what is named within its table or its database. */
  readonly schema: string | null;
  readonly name: string;
  readonly on: RelationName;
  /** Empty where it is defined on the relation as a whole. Of a function only those of a body that is parsed when it is made (`BEGIN ATOMIC`). */
  readonly columns: readonly string[];
}

/** What DROP ... CASCADE of a thing that is no table takes along. Things that nothing rests on are left out. */
export interface Cascade {
  readonly kind: 'function' | 'type' | 'extension' | 'sequence' | 'schema';
  /** Null for an extension, and for a schema. */
  readonly schema: string | null;
  readonly name: string;
  readonly along: readonly {
    /** `pg_describe_object`, e.g. `column mood of table person`. */
    readonly what: string;
    /** The table or view that it is a part of, or is itself; null for what is neither. */
    readonly relation: RelationName | null;
    readonly isWhole: boolean;
  }[];
}

/** What an index or a constraint has beside its definition, as statements that give it: comment, statistics targets, being the one that CLUSTER or the replica identity goes by. */
export interface Addition {
  readonly kind: 'index' | 'constraint';
  readonly table: RelationName;
  readonly name: string;
  readonly sql: readonly string[];
}

/** What something was before a migration changes it. */
export interface Former {
  /** The question that it answers, as `formerKey` writes it. */
  readonly question: string;
  /** What makes it so again, in order; for a comment its text. Null where there is no such thing. */
  readonly sql: readonly string[] | null;
}

/** The schema as read in one instant. System schemas are left out. */
export interface Catalog {
  readonly schemas: readonly string[];
  readonly extensions: readonly { readonly name: string; readonly version: string; readonly schema: string }[];
  readonly tables: readonly Table[];
  readonly indexes: readonly Index[];
  readonly constraints: readonly Constraint[];
  readonly extendedStatistics: readonly ExtendedStatistics[];
  readonly functions: readonly FunctionInfo[];
  readonly domains: readonly DomainInfo[];
  readonly dependents: readonly Dependent[];
  /** Of what was asked about; null where nothing was: only migrations that drop with CASCADE need it. */
  readonly cascades: readonly Cascade[] | null;
  /** Null where it was not read: only the way back of a migration needs it. */
  readonly additions: readonly Addition[] | null;
  /** Of what was asked about; null where nothing was: only the way back of a migration needs it. */
  readonly formers: readonly Former[] | null;
  /** Every other object kind, counted for the inventory: `view`, `trigger`, `policy`, ... */
  readonly otherCounts: Readonly<Record<string, number>>;
}

/** Same schema and name. */
export function sameRelation(a: RelationName, b: RelationName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

/** One text per relation, for a look-up. */
export function relationKey({ schema, name }: RelationName): string {
  return JSON.stringify([schema, name]);
}

/** `schema.name` for titles and places, unquoted: for people and for comparing, never for SQL. */
export function placeOf({ schema, name }: RelationName, columns: readonly string[] = []): string {
  const relation = `${schema}.${name}`;
  return columns.length === 0 ? relation : `${relation}(${columns.join(', ')})`;
}

/** Looks a table up by name; undefined when the catalog does not hold it. */
export function findTable({ tables }: Catalog, name: RelationName): Table | undefined {
  return tablesByKey(tables).get(relationKey(name))?.[0];
}

// Of thousands of tables one is looked up for each use of each statement.
const tablesByKey = oncePer((tables: Catalog['tables']) => groupBy(tables, relationKey));
const tablesByName = oncePer((tables: Catalog['tables']) => groupBy(tables, ({ name }) => name));
const indexesByTable = oncePer((indexes: Catalog['indexes']) => groupBy(indexes, ({ table }) => relationKey(table)));

/** All indexes on a table. */
export function indexesOf({ indexes }: Catalog, table: RelationName): readonly Index[] {
  return indexesByTable(indexes).get(relationKey(table)) ?? [];
}

/** Looks a table up as a statement names it: without a schema it is the one in `public`, else the only one of that name; undefined when there is none or more than one. */
export function lookupTable(catalog: Catalog, schema: string | null, name: string): Table | undefined {
  if (schema !== null) return findTable(catalog, { schema, name });
  const named = tablesByName(catalog.tables).get(name) ?? [];
  return named.find((table) => table.schema === 'public') ?? (named.length === 1 ? named[0] : undefined);
}
