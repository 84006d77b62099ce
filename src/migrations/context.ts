import { lookupTable, relationKey, sameRelation } from '../model/catalog.js';
import type { Catalog, Constraint, Index, Table } from '../model/catalog.js';
import type { TreeNode } from '../sql/tree.js';
import { Growing } from './growing.js';
import type { LockClaim } from './locks.js';
import type { Relation } from './relation.js';
import type { ScriptStatement } from './script.js';

/** What the file did before a statement, as far as it matters to the statements after. Immutable: `advance` makes the next one. */
export interface ScriptState {
  /** Keys of relations that the file itself made: new, and nobody else uses them yet. */
  readonly created: Growing<true>;
  /** Whether a name of an index or constraint is taken, where the file says so, by `takenKey`: true of what it made, also of what PostgreSQL chose the name of, false of what it dropped. */
  readonly named: Growing<boolean>;
  /** Types of columns that the file made or changed, by `columnKey`. */
  readonly types: Growing<string>;
  /** Defaults that the file gave to columns, by `columnKey`; null for one that it took away. */
  readonly defaults: Growing<TreeNode | null>;
  /** Columns (`columnKey`) which hold no NULL, proved by the file: a validated CHECK, SET NOT NULL. */
  readonly notNull: ReadonlySet<string>;
  /** Constraints that the file added NOT VALID, by `columnKey` of table and constraint. */
  readonly unvalidated: ReadonlyMap<string, { readonly notNullColumn: string | null }>;
  /** Constraints that the file validated, by `columnKey` of table and constraint. */
  readonly validated: ReadonlySet<string>;
  /** CHECK constraints that the file added and validated, by `columnKey` of table and constraint; the condition as text without positions. */
  readonly checks: ReadonlyMap<string, { readonly condition: string; readonly valid: boolean }>;
  /** Indexes that the file made on tables, with their table's key and key columns (`''` for an expression). */
  readonly indexes: readonly { readonly name: string; readonly table: string; readonly columns: readonly string[] }[];
  /** Tables of the catalog that the file gave another name, by their key of now. */
  readonly formerly: ReadonlyMap<string, Table>;
  /** Columns of the partition keys of tables that the file made, by key; empty for a key with expressions. */
  readonly partitionKeys: ReadonlyMap<string, readonly string[]>;
  /** Tables that the file made logged (`p`) or unlogged (`u`), by key. */
  readonly persistence: ReadonlyMap<string, 'p' | 'u'>;
  /** Keys of partitions that the file detached. */
  readonly detached: ReadonlySet<string>;
  /** What the file dropped of what is defined on relations (`Catalog.dependents`), by `dependentKey`. */
  readonly dropped: Growing<true>;
  /** The transaction that the statement runs in; null for one of its own. */
  readonly transaction: TransactionState | null;
  /** Whether waiting for a lock ends by itself. */
  readonly lockTimeout: boolean;
  /** Schemas in order; null where the file sets none. */
  readonly searchPath: readonly string[] | null;
}

export interface TransactionState {
  /** Of BEGIN; null where the whole file is one. */
  readonly line: number | null;
  /** Locks on tables that were there before, which are held until the end, with the line that took them. */
  readonly held: readonly (LockClaim & { readonly line: number })[];
  /** Labels added to enum types in it. */
  readonly enumLabels: readonly string[];
  /** Names of constraints added NOT VALID in it. */
  readonly notValid: ReadonlySet<string>;
  /** Set with SET LOCAL. */
  readonly localTimeout: boolean;
}

/** What the whole file does, also after a statement. Bare names. */
export interface FileFacts {
  readonly indexes: readonly { readonly table: string; readonly columns: readonly string[] }[];
  readonly views: readonly string[];
  /** Views that are dropped and made again further on, with the statement that drops, those that change types until then, and the line that makes them. */
  readonly remade: readonly {
    readonly view: Relation;
    readonly drop: ScriptStatement;
    readonly changes: readonly ScriptStatement[];
    readonly to: number;
  }[];
  /** Statements that need a table to be one, which a view can not stand for: all but SELECT and INSERT. Each with its line. */
  readonly needing: readonly { readonly table: string; readonly line: number }[];
  /** Columns that come by a name: added, or renamed to it. */
  readonly arriving: readonly { readonly table: string; readonly column: string }[];
  /** Names that something gets that had another, or another schema. */
  readonly renamed: readonly string[];
  /** What the file does about numbers of rows: columns that it gives a default or an identity, sequences that it gives an owner, whether it calls setval. */
  readonly numbered: {
    readonly columns: readonly { readonly table: string; readonly column: string }[];
    readonly sequences: readonly string[];
    readonly calls: boolean;
  };
  /** Tables that get another name or are dropped. */
  readonly switched: readonly { readonly table: string; readonly line: number }[];
}

/** What a rule knows beside the operation. */
export interface MigrationContext {
  readonly major: number;
  /** The target's; null where none was given. */
  readonly catalog: Catalog | null;
  readonly state: ScriptState;
  readonly file: FileFacts;
  /** 1-based, of the statement. */
  readonly line: number;
}

/** Before the first statement; `oneTransaction` where the tool that runs the file opens one around it. */
export function initialState(oneTransaction: boolean): ScriptState {
  return {
    created: new Growing(),
    named: new Growing(),
    types: new Growing(),
    defaults: new Growing(),
    notNull: new Set(),
    unvalidated: new Map(),
    validated: new Set(),
    checks: new Map(),
    indexes: [],
    formerly: new Map(),
    partitionKeys: new Map(),
    persistence: new Map(),
    detached: new Set(),
    dropped: new Growing(),
    transaction: oneTransaction ? newTransaction(null) : null,
    lockTimeout: false,
    searchPath: null,
  };
}

/** A transaction that holds nothing yet. */
export function newTransaction(line: number | null): TransactionState {
  return { line, held: [], enumLabels: [], notValid: new Set(), localTimeout: false };
}

type Known = Pick<MigrationContext, 'catalog' | 'state'>;

/** One text per relation, whether its schema was written or not. */
export function keyOf(known: Known, relation: Relation): string {
  const { state } = known;
  const { schema, name } = relation;
  if (schema !== null) return relationKey({ schema, name });
  const keys = (state.searchPath ?? ['public']).map((one) => relationKey({ schema: one, name }));
  const made = keys.find((key) => state.created.has(key));
  const found = made === undefined ? tableOf(known, relation) : undefined;
  return made ?? (found ? relationKey(found) : (keys[0] ?? ''));
}

/** One text per column, or other thing with a name, of a relation. */
export function columnKey(known: Known, relation: Relation, column: string): string {
  return `${keyOf(known, relation)} ${column}`;
}

/** Whether the file made the relation itself: nobody else waits for it, and it is as small as what the file put in. */
export function isNew(known: Known, relation: Relation): boolean {
  return known.state.created.has(keyOf(known, relation));
}

/** The relation in the target's catalog; undefined where there is no catalog or no such relation. */
export function tableOf({ catalog, state }: Known, { schema, name }: Relation): Table | undefined {
  if (!catalog) return undefined;
  if (schema !== null || state.searchPath === null) return lookupTable(catalog, schema, name);
  return state.searchPath.map((one) => lookupTable(catalog, one, name)).find((table) => table !== undefined);
}

/** The column's type as `format_type` or the file writes it; null where it is not known. */
export function columnType(known: Known, relation: Relation, column: string): string | null {
  return (
    known.state.types.get(columnKey(known, relation, column)) ??
    tableOf(known, relation)?.columns.find(({ name }) => name === column)?.type ??
    null
  );
}

/** Whether PostgreSQL itself knows that a column holds no NULL, so that it need not look: NOT NULL, or a valid CHECK. */
export function isKnownNotNull(known: Known, relation: Relation, column: string): boolean {
  if (known.state.notNull.has(columnKey(known, relation, column))) return true;
  if (tableOf(known, relation)?.columns.find(({ name }) => name === column)?.notNull === true) return true;
  return constraintsOf(known, relation).some(
    ({ kind, validated, columns, definition }) =>
      kind === 'check' && validated && columns.length === 1 && columns[0] === column && IS_NOT_NULL.test(definition),
  );
}

/** `pg_get_constraintdef` of a CHECK that is nothing but IS NOT NULL. */
const IS_NOT_NULL = /^CHECK \(\((?:[^\s()"]+|"(?:[^"]|"")+") IS NOT NULL\)\)$/;

/** Constraints of a relation in the target's catalog; empty where there is none. */
export function constraintsOf(known: Known, relation: Relation): readonly Constraint[] {
  const table = tableOf(known, relation);
  if (!table || !known.catalog) return [];
  return known.catalog.constraints.filter(
    (constraint) => constraint.table.schema === table.schema && constraint.table.name === table.name,
  );
}

/** The index in the target's catalog by the name a statement uses; undefined where it is not known. */
export function indexNamed({ catalog, state }: Known, { schema, name }: Relation): Index | undefined {
  const named = (catalog?.indexes ?? []).filter((index) => index.name === name);
  const path = schema === null ? state.searchPath : [schema];
  if (path) return path.map((one) => named.find((index) => index.schema === one)).find((index) => index !== undefined);
  return named.find((index) => index.schema === 'public') ?? (named.length === 1 ? named[0] : undefined);
}

/** Partitions of a table in the target's catalog, and theirs. */
export function descendantsOf(known: Known, relation: Relation): readonly Table[] {
  const table = tableOf(known, relation);
  if (!table) return [];
  return (known.catalog?.tables ?? [])
    .filter(({ partitionOf }) => partitionOf !== null && sameRelation(partitionOf, table))
    .flatMap((partition) => [partition, ...descendantsOf(known, partition)]);
}

/** The partitioned tables that a table is a part of in the target's catalog, the nearest first. */
export function ancestorsOf(known: Known, relation: Relation): readonly Table[] {
  const parent = tableOf(known, relation)?.partitionOf;
  const table = parent ? tableOf(known, parent) : undefined;
  return table ? [table, ...ancestorsOf(known, table)] : [];
}

/** Partitions of a table, tables that inherit from it, and theirs. */
export function heirsOf(known: Known, relation: Relation): readonly Table[] {
  const table = tableOf(known, relation);
  if (!table) return [];
  const heirs = (known.catalog?.tables ?? [])
    .filter(({ inherits, partitionOf }) =>
      [...inherits, ...(partitionOf ? [partitionOf] : [])].some((parent) => sameRelation(parent, table)),
    )
    .flatMap((heir) => [heir, ...heirsOf(known, heir)]);
  return [...new Set(heirs)];
}

/** Whether a database was given, and it has no such relation: then IF EXISTS does nothing. */
export function isKnownAbsent(known: Known, relation: Relation): boolean {
  return known.catalog !== null && !tableOf(known, relation) && !isNew(known, relation);
}

/** Whether the file made and validated a constraint of that name on every partition: then one on the parent takes them over without reading a row. */
export function isValidBelow(context: MigrationContext, parent: Relation, constraint: string): boolean {
  const leaves = descendantsOf(context, parent).filter(({ kind }) => kind === 'r');
  return leaves.every((leaf) => context.state.validated.has(columnKey(context, leaf, constraint)));
}
