import { quoteIdent, quoteQualified } from '../base/quote.js';
import type { Action } from '../model/action.js';
import {
  findTable,
  placeOf,
  sameRelation,
  type Catalog,
  type Column,
  type Constraint,
  type RelationName,
} from '../model/catalog.js';

/** Greatest value of each integer type (manual, "Numeric Types"). */
const INTEGER_MAX: Readonly<Record<string, bigint>> = {
  int2: 32_767n,
  int4: 2_147_483_647n,
  int8: 9_223_372_036_854_775_807n,
};

/** The greatest value that a column of this base type holds; null for one that is not an integer type. */
export function integerMax(baseType: string): bigint | null {
  return INTEGER_MAX[baseType] ?? null;
}

/** One column's change of type. */
export interface TypeChange {
  readonly table: RelationName;
  readonly column: string;
  /** As `format_type` writes them. */
  readonly from: string;
  readonly to: string;
}

/** The action that changes the types of these columns, in order; its revert goes back in the opposite order. `also` are statements that belong to it. */
export function alterTypesAction(
  title: string,
  changes: readonly TypeChange[],
  also: { readonly up: readonly string[]; readonly down: readonly string[] } = { up: [], down: [] },
): Action {
  const tables = changes
    .map((change) => change.table)
    .filter((table, position, all) => all.findIndex((other) => sameRelation(other, table)) === position);
  return {
    kind: 'alter-column-type',
    title,
    up: [...changes.map((change) => alterSql(change, change.to)), ...also.up],
    down: [...also.down, ...changes.toReversed().map((change) => alterSql(change, change.from))],
    lock: `takes ACCESS EXCLUSIVE on ${tables.map((table) => placeOf(table)).join(', ')}, which blocks reads and writes while the table and its indexes are written anew`,
    transactional: true,
    tables: tables.map(({ schema, name }) => ({ schema, name })),
    index: null,
    rewrite: null,
  };
}

/** The foreign keys that point at the column, each with the referencing column that holds its values. Those of partitions are left to their parents. */
export function referencesTo(
  catalog: Catalog,
  table: RelationName,
  column: string,
): readonly { readonly foreignKey: Constraint; readonly table: RelationName; readonly column: Column }[] {
  return catalog.constraints.flatMap((foreignKey) => {
    const { references } = foreignKey;
    if (foreignKey.kind !== 'foreign' || references === null || !sameRelation(references.table, table)) return [];
    const referencing = findTable(catalog, foreignKey.table);
    const name = foreignKey.columns[references.columns.indexOf(column)];
    const found = referencing?.columns.find((one) => one.name === name);
    return found && referencing && referencing.partitionOf === null
      ? [{ foreignKey, table: referencing, column: found }]
      : [];
  });
}

function alterSql(change: TypeChange, type: string): string {
  return `ALTER TABLE ${quoteQualified(change.table.schema, change.table.name)} ALTER COLUMN ${quoteIdent(change.column)} TYPE ${type}`;
}
