import { findTable, sameRelation, placeOf } from '../model/catalog.js';
import type { Catalog, Constraint, Index, Table } from '../model/catalog.js';
import { hasGroupingSets } from './shapes.js';
import type { ColumnOrigin } from './view.js';

/** A precondition, proved by what the catalog says, or not: then `says` is the fact that is missing. */
export interface Fact {
  readonly holds: boolean;
  /** Plain words with the object and the catalog column. */
  readonly says: string;
}

/** What the catalog can prove. Deferrable and unvalidated constraints prove nothing: within a transaction, or for old rows, they may not hold. */
export interface Facts {
  readonly catalog: Catalog;
  /** The column of a table is never NULL where it is read. */
  notNull(origin: ColumnOrigin): Fact;
  /** No two rows of the table are equal in these columns. Where the columns are compared by `=` (`byEquality`), rows with NULL do not matter; else the columns have to be NOT NULL too. */
  unique(table: Table, columns: readonly string[], byEquality?: boolean): Fact;
  /** Each row of the child with no NULL in these columns has a row of the parent. */
  foreignKey(child: Table, columns: readonly string[], parent: Table, references: readonly string[]): Fact;
  /** Texts are equal only when their bytes are: no collation could have been made that says otherwise. */
  textsAsWritten(): Fact;
}

/** The facts of one catalog. */
export function factsOf(catalog: Catalog): Facts {
  return {
    catalog,
    notNull: (origin) => notNull(catalog, origin),
    unique: (table, columns, byEquality = false) => unique(catalog, table, { columns, byEquality }),
    foreignKey: (child, columns, parent, references) => foreignKey(catalog, { child, columns, parent, references }),
    textsAsWritten: () =>
      hasOwnCollations(catalog)
        ? missing(
            'the database has collations of its own, and under one that is not deterministic different texts may be equal',
          )
        : seen('texts are compared as they are written: the database has no collation of its own (pg_collation)'),
  };
}

/** A fact that the rule sees in the statement itself. */
export function seen(says: string): Fact {
  return { holds: true, says };
}

/** A fact that would be needed. */
export function missing(says: string): Fact {
  return { holds: false, says };
}

function notNull(catalog: Catalog, { query, source, name, column }: ColumnOrigin): Fact {
  const { table } = source;
  const where = table ? `${placeOf(table)}.${name}` : `${source.alias}.${name}`;
  if (!table || !column || !['r', 'p'].includes(table.kind)) {
    return missing(`${where} is not a column of a table, so nothing says that it is never NULL`);
  }
  if (table.hasChildren) return missing(inherited(table));
  if (hasGroupingSets(query.body))
    return missing(`the totals of ROLLUP, CUBE and GROUPING SETS have NULL in place of ${where}`);
  if (source.nullable) return missing(`an outer join may fill ${where} with NULL`);
  if (!isDeclaredNotNull(catalog, table, name)) return missing(`${where} is not declared NOT NULL`);
  return seen(`${where} is NOT NULL (pg_attribute.attnotnull)`);
}

function unique(
  catalog: Catalog,
  table: Table,
  { columns, byEquality }: { readonly columns: readonly string[]; readonly byEquality: boolean },
): Fact {
  if (table.hasChildren) return missing(inherited(table));
  const able = catalog.indexes.filter(
    (one) =>
      sameRelation(one.table, table) &&
      one.unique &&
      one.valid &&
      !one.building &&
      one.predicate === null &&
      one.keys.every((key) => key.column !== null && columns.includes(key.column)) &&
      !catalog.constraints.some(
        (constraint) =>
          sameRelation(constraint.table, table) && constraint.name === one.constraint && constraint.deferrable,
      ),
  );
  const [collated] = able;
  const plain = hasOwnCollations(catalog)
    ? able.filter(({ keys }) => keys.every((key) => key.collation === null))
    : able;
  const good = plain.find((index) => byEquality || index.nullsNotDistinct || nullableKey(catalog, index) === null);
  if (good) return seen(`${placeOf(table, columns)} is unique by ${good.name} (pg_index.indisunique)`);
  const [any] = plain;
  if (!any && collated)
    return missing(
      `${collated.name} has texts for keys, which may be equal under another collation that the database has`,
    );
  if (!any) return missing(`no valid unique index, not deferrable, on columns of ${placeOf(table, columns)}`);
  return missing(`${any.name} lets several rows have NULL in ${placeOf(table)}.${nullableKey(catalog, any)}`);
}

/** Under one of them that is not deterministic, texts that a unique index holds apart may be equal. */
function hasOwnCollations({ otherCounts }: Catalog): boolean {
  return (otherCounts['collation'] ?? 0) > 0;
}

/** Keys and checks of a table that others inherit from say nothing of their rows, which a query on it reads too. */
function inherited(table: Table): string {
  return `other tables inherit from ${placeOf(table)}, and its keys do not hold for their rows (pg_inherits)`;
}

function nullableKey(catalog: Catalog, index: Index): string | null {
  const table = findTable(catalog, index.table);
  const key = index.keys.find(({ column }) => column === null || !table || !isDeclaredNotNull(catalog, table, column));
  return key ? key.expression : null;
}

function isDeclaredNotNull(catalog: Catalog, table: Table, name: string): boolean {
  const column = table.columns.find((one) => one.name === name);
  return (
    column?.notNull === true &&
    !catalog.constraints.some(
      (one) =>
        one.kind === 'not-null' && !one.validated && sameRelation(one.table, table) && one.columns.includes(name),
    )
  );
}

interface Reference {
  readonly child: Table;
  readonly columns: readonly string[];
  readonly parent: Table;
  readonly references: readonly string[];
}

function foreignKey(catalog: Catalog, { child, columns, parent, references }: Reference): Fact {
  const pairs = columns.map((column, i) => `${column}=${references[i]}`).toSorted();
  const found = catalog.constraints.filter(
    (one) =>
      one.kind === 'foreign' &&
      !/\bPERIOD\b/.test(one.definition) &&
      sameRelation(one.table, child) &&
      one.references !== null &&
      sameRelation(one.references.table, parent) &&
      one.columns
        .map((column, i) => `${column}=${one.references?.columns[i]}`)
        .toSorted()
        .join() === pairs.join(),
  );
  const good = found.find(isDependable);
  const [any] = found;
  for (const table of [child, parent]) if (table.hasChildren) return missing(inherited(table));
  if ((catalog.otherCounts['policy'] ?? 0) > 0)
    return missing('the database has row security policies, which may hide the row that a foreign key points to');
  if (good)
    return seen(`${good.name} is a validated foreign key from ${placeOf(child, columns)} to ${placeOf(parent)}`);
  if (any)
    return missing(
      `${any.name} is ${any.validated ? 'deferrable' : 'not validated'}, so a row without parent may exist`,
    );
  return missing(`no foreign key from ${placeOf(child, columns)} to ${placeOf(parent, references)}`);
}

function isDependable(constraint: Constraint): boolean {
  return constraint.validated && !constraint.deferrable;
}
