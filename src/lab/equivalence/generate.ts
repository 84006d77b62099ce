import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { Random } from '../../stats/random.js';
import type { Constants } from './constants.js';
import { pick } from './draw.js';
import { matchedRows } from './matched.js';
import type { FilledColumn, FilledTable } from './tables.js';
import { withExtreme } from './extremes.js';
import { negated } from './series.js';
import { withSibling } from './siblings.js';
import { varied } from './vary.js';

/** One row to insert; the server may refuse it, which keeps every constraint. */
export interface GeneratedRow {
  readonly table: FilledTable;
  /** SQL by column. */
  readonly values: ReadonlyMap<string, string>;
  /** So many rows by one statement, whose values may count with `s.n`; one row when not given. */
  readonly repeat?: number;
}

/** What databases are made from. */
export interface Ground {
  readonly tables: readonly FilledTable[];
  readonly constants: Pick<Constants, 'rows' | 'counts'>;
}

/**
 * A small database: its rows, parents first. The first one of a stream is empty; half of the others are drawn value by value, half so that conditions meet; where `witnesses` are known, databases on
 * which a statement gave rows, a third are variations of those. In some a number that is calculated with is the largest or smallest of its type.
 */
export function generateRows(
  { tables, constants }: Ground,
  number: number,
  random: Random,
  witnesses: readonly (readonly GeneratedRow[])[],
): readonly GeneratedRow[] {
  if (number === 0) return [];
  const rows = ordinaryRows({ tables, constants }, number, random, witnesses);
  return number % EXTREME === 0 ? withExtreme(rows, random) : rows;
}

/** In so many databases the first has a value at the end of its type. */
const EXTREME = 10;

/** In so many databases one is a witness with a second chain of rows beside its own; of those that are made of a witness at all, half. */
const SIBLING = 6;

function ordinaryRows(
  { tables, constants }: Ground,
  number: number,
  random: Random,
  witnesses: readonly (readonly GeneratedRow[])[],
): readonly GeneratedRow[] {
  const witness = number % 3 === 0 ? pick(random, witnesses) : undefined;
  if (witness && number % SIBLING === 0) return withSibling(witness, random);
  if (witness) return varied(witness, random);
  if (number % 2 === 0) {
    const rows = matchedRows(tables, random, constants.counts);
    return random() < 0.4 ? varied(rows, random) : rows;
  }
  const world = new World(random, constants.rows);
  return tables.flatMap((table) => world.fill(table));
}

/** The row as SQL. */
export function insertSql({ table, values, repeat }: GeneratedRow): string {
  const names = [...values.keys()].map(quoteIdent).join(', ');
  const target = quoteQualified(table.schema, table.name);
  if (values.size === 0) return `INSERT INTO ${target} DEFAULT VALUES`;
  const given = [...values.values()].join(', ');
  const into = `INSERT INTO ${target} (${names}) OVERRIDING SYSTEM VALUE`;
  if (repeat === undefined) return `${into} VALUES (${given})`;
  return `${into} SELECT ${given} FROM generate_series(1, ${repeat}) AS s(n) ON CONFLICT DO NOTHING`;
}

/** How many rows are inserted if the server refuses none. */
export function sizeOf(rows: readonly GeneratedRow[]): number {
  return rows.reduce((sum, { repeat }) => sum + (repeat ?? 1), 0);
}

/** Groups of so many come by themselves. */
const FEW_ROWS = 4;

const NULL_SHARES = [0, 0, 0.3, 0.6];

/** So often a value meets the conditions on its column, in every second database. */
const PASSING = 0.55;

/** So often a number that is added up has the other sign of the one before it. */
const CANCELLING = 0.15;

/** What is the same in one database: how often NULL comes, which few values each group of types and each column draws from. */
class World {
  private readonly groups = new Map<string, readonly string[]>();
  private readonly made = new Map<string, GeneratedRow[]>();
  private readonly nullShare: number;
  private readonly many: boolean;
  private readonly eager: boolean;
  /** As many rows as the statement counts, of few different values: a group is large enough only so. */
  private readonly crowded: boolean;

  constructor(
    private readonly random: Random,
    private readonly mostRows: number,
  ) {
    this.nullShare = this.pick(NULL_SHARES) ?? 0;
    this.many = this.chance(0.25);
    this.eager = this.chance(0.5);
    this.crowded = mostRows > FEW_ROWS && this.chance(0.15);
  }

  fill(table: FilledTable): readonly GeneratedRow[] {
    const pools = new Map(table.columns.map((column) => [column.name, this.pool(column)]));
    const rows: GeneratedRow[] = [];
    this.made.set(key(table), rows);
    for (let left = this.count(); left > 0; left -= 1) rows.push({ table, values: this.row(table, pools, rows) });
    return rows;
  }

  private count(): number {
    if (this.crowded) return this.mostRows + 1 + Math.floor(this.random() * 2);
    if (this.chance(0.1)) return 0;
    return 1 + Math.floor(this.random() * (this.many ? Math.max(8, this.mostRows + 1) : 5));
  }

  private row(
    table: FilledTable,
    pools: ReadonlyMap<string, readonly string[]>,
    earlier: readonly GeneratedRow[],
  ): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    const twin = !this.crowded && this.chance(0.25) ? this.pick(earlier) : undefined;
    for (const column of table.columns) {
      const kept = twin && this.chance(0.7) ? twin.values.get(column.name) : undefined;
      const value = kept ?? this.value(column, pools.get(column.name) ?? [], earlier.length);
      if (value !== null) values.set(column.name, value);
    }
    for (const { columns, parent, references } of table.foreignKeys)
      this.refer(values, { columns, references }, this.made.get(key(parent)) ?? []);
    return values;
  }

  /** A child row takes the key of a row of its parent, unless it is NULL. */
  private refer(
    values: Map<string, string>,
    { columns, references }: { readonly columns: readonly string[]; readonly references: readonly string[] },
    parents: readonly GeneratedRow[],
  ): void {
    if (columns.some((column) => values.get(column) === 'NULL')) return;
    // The first of a crowd, so that one parent has many; the last one as often as not, so that rows that point to rows of their own table make chains.
    const parent = this.crowded ? parents[0] : this.chance(0.3) ? parents.at(-1) : this.pick(parents);
    columns.forEach((column, i) => {
      const value = parent?.values.get(references[i] ?? '');
      if (value !== undefined) values.set(column, value);
    });
  }

  private value(column: FilledColumn, pool: readonly string[], row: number): string | null {
    // Keys drawn at random would soon be refused as duplicates.
    if (this.crowded && column.key && pool.length > 0) return [...new Set(pool)][row % new Set(pool).size] ?? null;
    if (column.mayBeNull && (pool.length === 0 || this.chance(this.nullShare))) return 'NULL';
    return this.pick(pool) ?? null;
  }

  private pool(column: FilledColumn): readonly string[] {
    if (!column.matters) return column.plain.slice(0, 1);
    const shared = this.group(column);
    if (column.key) {
      const reach = this.many || this.crowded ? column.plain.length : 4;
      return [
        ...shared,
        ...column.plain.slice(0, reach),
        ...(this.chance(0.5) ? [...column.exact, ...column.near].slice(0, 4) : []),
      ];
    }
    const pool: string[] = [];
    const size = this.crowded ? 1 : this.many ? 4 : 1 + Math.floor(this.random() * 3);
    while (pool.length < size) {
      const draw = this.random();
      const passing = this.eager && column.passing.length > 0 && this.chance(PASSING);
      const opposite = column.role === 'summed' && this.chance(CANCELLING) ? negated(column, pool.at(-1)) : undefined;
      const from = opposite
        ? [opposite]
        : passing
          ? column.passing
          : column.exact.length > 0 && draw < 0.4
            ? column.exact
            : column.near.length > 0 && draw < (column.exact.length > 0 ? 0.65 : 0.1)
              ? column.near
              : shared;
      const value = this.pick(from) ?? this.pick(column.plain) ?? this.pick(column.exact) ?? this.pick(column.near);
      if (value === undefined) break;
      pool.push(value);
    }
    return pool;
  }

  private group(column: FilledColumn): readonly string[] {
    const known = this.groups.get(column.group)?.filter((value) => column.plain.includes(value));
    if (known && known.length > 0) return known;
    const size = this.many ? 6 : 1 + Math.floor(this.random() * 3);
    const start = this.chance(0.7) ? 0 : Math.floor(this.random() * column.plain.length);
    const drawn = column.plain.slice(start, start + size);
    this.groups.set(column.group, drawn);
    return drawn;
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private pick<T>(from: readonly T[]): T | undefined {
    return pick(this.random, from);
  }
}

function key(name: { readonly schema: string; readonly name: string }): string {
  return `${name.schema}\n${name.name}`;
}
