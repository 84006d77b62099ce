import { lookupTable, relationKey, sameRelation } from '../model/catalog.js';
import type { Catalog, Constraint, Index, Table } from '../model/catalog.js';
import type { Relation } from './relation.js';
import type { FileFacts, ScriptState } from './script-state.js';

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

/** The relation in the target's catalog; undefined where there is no catalog, no such relation, or the file has made another by its name. */
export function tableOf({ catalog, state }: Known, { schema, name }: Relation): Table | undefined {
  if (!catalog) return undefined;
  const isOther = (one: string): boolean => {
    const key = relationKey({ schema: one, name });
    return state.created.has(key) || state.gone.has(key);
  };
  const path = schema === null ? state.searchPath : [schema];
  if (!path) {
    const table = isOther('public') ? undefined : lookupTable(catalog, null, name);
    return table && !isOther(table.schema) ? table : undefined;
  }
  for (const one of path) {
    const table = lookupTable(catalog, one, name);
    if (table || isOther(one)) return isOther(one) ? undefined : table;
  }
  return undefined;
}

/** The table in the target's catalog, also under the name that the file gave it. */
export function formerTable(known: Known, relation: Relation): Table | undefined {
  return known.state.formerly.get(keyOf(known, relation)) ?? tableOf(known, relation);
}

/** Whether the file added the column. */
export function isNewColumn(known: Known, relation: Relation, column: string): boolean {
  return known.state.columnsBefore.get(columnKey(known, relation, column)) === '' || isNew(known, relation);
}

/** The name that a column has in the target's catalog. */
export function formerColumn(known: Known, relation: Relation, column: string): string {
  return known.state.columnsBefore.get(columnKey(known, relation, column)) ?? column;
}

/** The column's type as `format_type` or the file writes it; null where it is not known. */
export function columnType(known: Known, relation: Relation, column: string): string | null {
  return (
    known.state.types.get(columnKey(known, relation, column)) ??
    formerTable(known, relation)?.columns.find(({ name }) => name === formerColumn(known, relation, column))?.type ??
    null
  );
}

/** Whether PostgreSQL itself knows that a column holds no NULL, so that it need not look: NOT NULL, or a valid CHECK. */
export function isKnownNotNull(known: Known, relation: Relation, column: string): boolean {
  const key = columnKey(known, relation, column);
  const said = known.state.notNull.get(key);
  if (said !== undefined) return said;
  const before = formerColumn(known, relation, column);
  const table = formerTable(known, relation);
  if (table?.columns.find(({ name }) => name === before)?.notNull === true) return true;
  return constraintsOfTable(known, table).some(
    ({ kind, validated, columns, definition, name }) =>
      kind === 'check' &&
      validated &&
      columns.length === 1 &&
      columns[0] === before &&
      IS_NOT_NULL.test(definition) &&
      known.state.named.get(keyOf(known, { schema: table?.schema ?? null, name })) !== false,
  );
}

/** `pg_get_constraintdef` of a CHECK that is nothing but IS NOT NULL. */
const IS_NOT_NULL = /^CHECK \(\((?:[^\s()"]+|"(?:[^"]|"")+") IS NOT NULL\)\)$/;

/** Constraints of a relation in the target's catalog; empty where there is none. */
export function constraintsOf(known: Known, relation: Relation): readonly Constraint[] {
  return constraintsOfTable(known, tableOf(known, relation));
}

function constraintsOfTable({ catalog }: Known, table: Table | undefined): readonly Constraint[] {
  return table && catalog ? catalog.constraints.filter((constraint) => sameRelation(constraint.table, table)) : [];
}

/** The index in the target's catalog by the name a statement uses; undefined where it is not known, and where the file dropped it or its table, or made another. */
export function indexNamed({ catalog, state }: Known, { schema, name }: Relation): Index | undefined {
  const isOther = (index: Index): boolean => {
    const isRenamed = [...state.formerly.values()].some((one) => sameRelation(one, index.table));
    return state.named.has(relationKey(index)) || (state.gone.get(relationKey(index.table)) === true && !isRenamed);
  };
  const named = (catalog?.indexes ?? []).filter((index) => index.name === name && !isOther(index));
  const path = schema === null ? state.searchPath : [schema];
  if (path) return path.map((one) => named.find((index) => index.schema === one)).find((index) => index !== undefined);
  return named.find((index) => index.schema === 'public') ?? (named.length === 1 ? named[0] : undefined);
}

/** Partitions of a table in the target's catalog, with those of its tables that the file attached and without those that it detached or dropped. */
export function partitionsOf(known: Known, relation: Relation): readonly Table[] {
  const table = formerTable(known, relation);
  const own = (known.catalog?.tables ?? []).filter(
    (one) =>
      table !== undefined &&
      one.partitionOf !== null &&
      sameRelation(one.partitionOf, table) &&
      !known.state.detached.has(keyOf(known, one)) &&
      known.state.gone.get(keyOf(known, one)) !== true,
  );
  const joined = (known.state.joined.get(keyOf(known, relation)) ?? []).flatMap((one) => formerTable(known, one) ?? []);
  return [...own, ...joined];
}

/** The same, and theirs. */
export function descendantsOf(known: Known, relation: Relation): readonly Table[] {
  return partitionsOf(known, relation).flatMap((partition) => [partition, ...descendantsOf(known, partition)]);
}

/** Whether the file made a partition of a table, or of one of its partitions: the catalog knows nothing of it. */
export function hasNewPartitions(known: Known, relation: Relation): boolean {
  return [relation, ...descendantsOf(known, relation)].some((parent) =>
    known.state.joined.get(keyOf(known, parent))?.some((one) => isNew(known, one)),
  );
}

/** Whether the catalog, or the file itself, shows the table to be a partitioned one. */
export function isPartitioned(context: Known & { readonly file: FileFacts }, relation: Relation): boolean {
  if (context.state.partitionKeys.has(keyOf(context, relation))) return true;
  const table = tableOf(context, relation);
  return table ? table.kind === 'p' : context.catalog === null && context.file.parents.includes(relation.name);
}

/** The partitioned tables that a table is a part of in the target's catalog, the nearest first. */
export function ancestorsOf(known: Known, relation: Relation): readonly Table[] {
  const parent = tableOf(known, relation)?.partitionOf;
  const table = parent ? tableOf(known, parent) : undefined;
  return table ? [table, ...ancestorsOf(known, table)] : [];
}

/** Partitions of a table, tables that inherit from it, and theirs. */
export function heirsOf(known: Known, relation: Relation): readonly Table[] {
  const table = formerTable(known, relation);
  const own = (known.catalog?.tables ?? []).filter(({ inherits }) =>
    inherits.some((parent) => table !== undefined && sameRelation(parent, table)),
  );
  const key = keyOf(known, relation);
  const given = (known.state.heirs.get(key) ?? []).flatMap((one) => formerTable(known, one) ?? []);
  const children = [...own, ...given].filter(
    (one) => known.state.inheriting.get(`${key} ${keyOf(known, one)}`) !== false,
  );
  const heirs = [...children, ...partitionsOf(known, relation)].flatMap((heir) => [heir, ...heirsOf(known, heir)]);
  return [...new Set(heirs)];
}

/** Whether there is no such relation, because the file dropped it or the database that was given has none: then IF EXISTS does nothing. */
export function isKnownAbsent(known: Known, relation: Relation): boolean {
  if (known.state.gone.get(keyOf(known, relation)) === true) return true;
  return known.catalog !== null && !formerTable(known, relation) && !isNew(known, relation);
}

/** Whether the file made and validated a constraint of that name on every partition: then one on the parent takes them over without reading a row. */
export function isValidBelow(context: MigrationContext, parent: Relation, constraint: string): boolean {
  const leaves = descendantsOf(context, parent).filter(({ kind }) => kind === 'r');
  return leaves.every((leaf) => context.state.validated.has(columnKey(context, leaf, constraint)));
}
