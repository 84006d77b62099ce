import type { Random } from '../../stats/random.js';
import { pick } from './draw.js';
import type { GeneratedRow } from './generate.js';
import { seriesValue } from './series.js';
import type { FilledColumn, FilledTable } from './tables.js';
import { valuesOf } from './taken.js';

/** Far enough that a copy's key is none of the keys that a small database counts through. */
const STEP = 17;

/**
 * A database with, beside a chain of rows that belong together, another such chain which differs in a value: a second area with its country, its vendor and his offer of the same product. One
 * table's key is renewed; each table that holds it gets copies of its rows with the new one, and with keys of their own renewed, and so on.
 */
export function withSibling(rows: readonly GeneratedRow[], random: Random): readonly GeneratedRow[] {
  const single = rows.filter(({ repeat }) => repeat === undefined);
  const tables = [...new Set(single.map(({ table }) => table))];
  const first = pick(random, tables);
  if (!first) return rows;
  const renewed = new Set<number>();
  const copied = new Set<FilledTable>();
  const renewKey = (table: FilledTable): void => {
    copied.add(table);
    const own = table.columns.filter(({ link }) => renewed.has(link));
    const keys = table.keys.filter((key) => !own.some(({ name }) => key.includes(name)));
    for (const key of keys) {
      const column = pick(
        random,
        table.columns.filter(({ name }) => key.includes(name)),
      );
      if (column) renewed.add(column.link);
    }
  };
  renewKey(first);
  for (let grown = true; grown;) {
    const next = tables.find((table) => !copied.has(table) && table.columns.some(({ link }) => renewed.has(link)));
    grown = next !== undefined;
    if (next) renewKey(next);
  }
  const copies = single
    .filter(({ table }) => copied.has(table))
    .map((row) => copyOf(row, { renewed, changes: row.table === first ? 1 : CHANGED }, random));
  return [...rows, ...copies];
}

/** So often a row of a copied chain differs from its original in one more value. */
const CHANGED = 0.4;

function copyOf(
  row: GeneratedRow,
  { renewed, changes }: { readonly renewed: ReadonlySet<number>; readonly changes: number },
  random: Random,
): GeneratedRow {
  const values = new Map(row.values);
  const free: FilledColumn[] = [];
  for (const column of row.table.columns) {
    const value = values.get(column.name);
    if (!renewed.has(column.link)) {
      if (column.matters && !column.key) free.push(column);
    } else if (value !== undefined && value !== 'NULL') {
      values.set(column.name, seriesValue(column, value, STEP) ?? value);
    }
  }
  const column = random() < changes ? pick(random, free) : undefined;
  const value = column ? pick(random, valuesOf(column)) : undefined;
  if (column && value !== undefined) values.set(column.name, value);
  return { ...row, values };
}
