import { quoteIdent } from '../../base/quote.js';
import { sameRelation } from '../../model/catalog.js';
import type { Catalog, Table } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';
import type { Filled, FilledColumn, FilledTable, TouchedTables } from './tables.js';

/** Leaves only values that the column takes: its declared type, domains and lengths included, and the checks that are about it alone. */
export async function takenValues(
  session: Session,
  { tables: filled, dropped }: Filled,
  { tables, catalog }: { readonly tables: readonly Table[]; readonly catalog: Catalog },
): Promise<TouchedTables> {
  await session.run(TAKES);
  const asked: { readonly value: string; readonly definition: string }[] = [];
  const definitions = (table: FilledTable, column: FilledColumn): readonly [string, string] => {
    const type =
      tables.find((one) => sameRelation(one, table))?.columns.find((one) => one.name === column.name)?.type ?? 'text';
    const plain = `${quoteIdent(column.name)} ${type}`;
    return [plain, [plain, ...checksOf(catalog, table, column)].join(' ')];
  };
  for (const table of filled)
    for (const column of table.columns)
      for (const definition of new Set(definitions(table, column)))
        for (const value of valuesOf(column)) asked.push({ value, definition });
  const [answer] = await session.query<{ taken: boolean[] }>(
    'SELECT pg_temp.wizard_takes($1::text[], $2::text[]) AS taken',
    [asked.map(({ value }) => value), asked.map(({ definition }) => definition)],
  );
  const taken = new Set(
    asked.filter((_, i) => answer?.taken[i] === true).map(({ value, definition }) => `${value}\n${definition}`),
  );
  const result = filled.map((table) => ({
    ...table,
    columns: table.columns.map((column) => {
      const [plain, checked] = definitions(table, column);
      const passes = valuesOf(column).some((value) => taken.has(`${value}\n${checked}`));
      const keep = (values: readonly string[]): readonly string[] =>
        values.filter((value) => taken.has(`${value}\n${passes ? checked : plain}`));
      return { ...column, plain: keep(column.plain), exact: keep(column.exact), near: keep(column.near) };
    }),
  }));
  for (const table of result)
    for (const column of table.columns)
      if (!column.mayBeNull && valuesOf(column).length === 0)
        return { reason: `no value is known for ${table.schema}.${table.name}.${column.name}, which can not be NULL` };
  return { tables: result, dropped };
}

function checksOf(catalog: Catalog, table: FilledTable, column: FilledColumn): readonly string[] {
  return catalog.constraints.flatMap(({ kind, table: of, columns, validated, definition }) =>
    kind === 'check' && validated && sameRelation(of, table) && columns.length === 1 && columns[0] === column.name
      ? [definition]
      : [],
  );
}

/** Every value that a column may be given. */
export function valuesOf({ plain, exact, near }: Pick<FilledColumn, 'plain' | 'exact' | 'near'>): readonly string[] {
  return [...new Set([...plain, ...exact, ...near])];
}

/** Assignment, not an explicit cast: that would cut a text to its length. */
const TAKES = `
CREATE FUNCTION pg_temp.wizard_takes(candidates text[], definitions text[]) RETURNS boolean[] LANGUAGE plpgsql AS $wizard$
DECLARE
  taken boolean[] := '{}';
  one boolean;
  current_definition text := '';
BEGIN
  FOR i IN 1 .. coalesce(array_length(candidates, 1), 0) LOOP
    -- Outside of the block below, which undoes what it did when a value is refused.
    IF current_definition IS DISTINCT FROM definitions[i] THEN
      DROP TABLE IF EXISTS pg_temp.wizard_value;
      EXECUTE format('CREATE TEMP TABLE wizard_value (%s)', definitions[i]);
      current_definition := definitions[i];
    END IF;
    BEGIN
      EXECUTE format('INSERT INTO pg_temp.wizard_value VALUES (%s)', candidates[i]);
      one := true;
    EXCEPTION WHEN OTHERS THEN
      one := false;
    END;
    taken := taken || one;
  END LOOP;
  DROP TABLE IF EXISTS pg_temp.wizard_value;
  RETURN taken;
END $wizard$`;
