import { quoteLiteral } from '../../base/quote.js';
import type { Random } from '../../stats/random.js';
import { pick } from './draw.js';
import type { GeneratedRow } from './generate.js';
import { bulkSeries, negated, seriesValue } from './series.js';
import type { FilledColumn, FilledTable } from './tables.js';
import { valuesOf } from './taken.js';

/** Rows up to here are inserted one by one, so that each may be refused, changed or left out by itself; beyond it by one statement. */
export const MOST_SINGLE = 24;

/** So often a value meets the conditions on its column in every second database; in the others it does so by chance, else conditions that differ would be told apart nowhere. */
const PASSING = 0.85;

/** So often numbers that are added up are one and the same with both signs in turn. */
const CANCELLING = 0.15;

/** So many of the columns that may be NULL are so in some rows, in a database that has NULLs; in the others each row is whole there. */
const WITH_NULLS = 0.6;

/** So often the times of one row are as far from each other as an interval of the statement says, or nearly so, where it has one. */
const APART = 0.3;
const NEARLY = ['0', '0', '1 microsecond', '-1 microsecond', '-30 minutes'];

/** How one group of tied columns is filled in one database: the same value in every row, another one in each row, or two, of which the second comes once in so many rows. */
type Mode = 'constant' | 'distinct' | { readonly every: 2 | 3 | 4 };

/**
 * A database in which conditions meet: columns that statements compare hold the same value, row by row where that value changes, and one or more tables hold as many rows as a statement counts
 * (`counts`), one fewer, or one or two more. Few such rows make a chain of joins give something which rows drawn one by one hardly ever do.
 */
export function matchedRows(
  tables: readonly FilledTable[],
  random: Random,
  counts: readonly number[],
): readonly GeneratedRow[] {
  return new Matched(tables, random, counts).rows();
}

const PERIODS = [2, 2, 3, 4] as const;

class Matched {
  private readonly modes = new Map<number, Mode>();
  private readonly bases = new Map<number, readonly [string | undefined, string | undefined]>();
  private readonly steps = new Map<number, string | undefined>();
  private readonly sizes = new Map<FilledTable, number>();
  private readonly members = new Map<number, FilledColumn[]>();
  private readonly chained: boolean;
  private readonly eager: boolean;
  private readonly apart: boolean;
  private readonly cancelling: boolean;

  constructor(
    private readonly tables: readonly FilledTable[],
    private readonly random: Random,
    counts: readonly number[],
  ) {
    for (const column of tables.flatMap((table) => table.columns))
      this.members.set(column.link, [...(this.members.get(column.link) ?? []), column]);
    this.cancelling = this.chance(CANCELLING);
    for (const [link, members] of this.members) this.modes.set(link, this.mode(members));
    this.chained = this.chance(0.7);
    this.eager = this.chance(0.5);
    this.apart = this.chance(APART);
    const size = this.size(counts);
    for (const table of tables)
      this.sizes.set(table, size <= MOST_SINGLE && this.chance(0.4) ? size : this.chance(0.08) ? 0 : 1);
    const many = pick(random, tables);
    if (many) this.sizes.set(many, size);
    this.keepKeys();
    this.keepParents();
  }

  rows(): readonly GeneratedRow[] {
    const withNulls = this.chance(0.4);
    return this.tables.flatMap((table) => {
      const size = this.sizes.get(table) ?? 1;
      if (size > MOST_SINGLE) return [this.bulk(table, size)];
      const nulls = table.columns.map(() => (withNulls && this.chance(WITH_NULLS) ? 0.25 : 0));
      return Array.from({ length: size }, (_, i) => ({
        table,
        values: this.timesApart(
          table,
          new Map(table.columns.flatMap((column, at) => this.cell(table, column, i, nulls[at] ?? 0))),
        ),
      }));
    });
  }

  private cell(
    table: FilledTable,
    column: FilledColumn,
    at: number,
    nulls: number,
  ): readonly (readonly [string, string])[] {
    const row = this.chained && this.pointsBack(table, column) ? at - 1 : at;
    if (row < 0 && column.mayBeNull) return [[column.name, 'NULL']];
    if (column.mayBeNull && this.chance(nulls)) return [[column.name, 'NULL']];
    const [base, second] = this.basesOf(column);
    const mode = this.modes.get(column.link) ?? 'constant';
    const value =
      mode === 'distinct'
        ? seriesValue(column, base, Math.max(0, row), this.stepOf(column))
        : mode !== 'constant' && row % mode.every === mode.every - 1
          ? second
          : base;
    if (value !== undefined) return [[column.name, value]];
    return column.mayBeNull ? [[column.name, 'NULL']] : [];
  }

  /** The values of a row, in which a later time follows the one before by an interval of the statement. */
  private timesApart(table: FilledTable, values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    if (!this.apart) return values;
    const changed = new Map(values);
    let before: string | undefined;
    for (const { name, matters, steps } of table.columns) {
      const value = changed.get(name);
      if (!matters || steps.length < 2 || value === undefined || value === 'NULL') continue;
      const [step, more] = [pick(this.random, steps.slice(1)), pick(this.random, NEARLY)];
      const after = `CAST(${before} AS timestamptz) + interval ${quoteLiteral(step ?? '0')} + interval '${more}'`;
      if (before !== undefined) changed.set(name, after);
      before ??= value;
    }
    return changed;
  }

  /** Of two tied columns of one table the one that holds what the other held a row before: `mentor_id` and `id` make a chain so, `a` and `b` of edges a path. */
  private pointsBack(table: FilledTable, column: FilledColumn): boolean {
    const tied = table.columns.filter(({ link }) => link === column.link);
    const leading = tied.find(({ key }) => key) ?? tied.at(-1);
    return tied.length > 1 && leading !== column;
  }

  private bulk(table: FilledTable, size: number): GeneratedRow {
    const cells = table.columns.flatMap((column): readonly (readonly [string, string])[] => {
      const [base, second] = this.basesOf(column);
      if (base === undefined) return column.mayBeNull ? [[column.name, 'NULL']] : [];
      const mode = this.modes.get(column.link) ?? 'constant';
      if (mode === 'distinct') return [[column.name, bulkSeries(column, base, this.stepOf(column))]];
      if (mode === 'constant') return [[column.name, base]];
      return [[column.name, `CASE WHEN s.n % ${mode.every} = 0 THEN ${base} ELSE ${second ?? base} END`]];
    });
    return { table, values: new Map(cells), repeat: size };
  }

  /** The same for all columns that are tied. */
  private stepOf(column: FilledColumn): string | undefined {
    if (!this.steps.has(column.link)) this.steps.set(column.link, pick(this.random, column.steps));
    return this.steps.get(column.link);
  }

  /** One or two values for all columns that are tied: such as all of them take, where there are any. */
  private basesOf(column: FilledColumn): readonly [string | undefined, string | undefined] {
    const known = this.bases.get(column.link);
    const own = valuesOf(column);
    if (known && known.every((value) => value === undefined || own.includes(value))) return known;
    const members = this.members.get(column.link) ?? [column];
    const shared = (values: readonly string[]): readonly string[] => {
      const all = values.filter((value) => members.every((member) => valuesOf(member).includes(value)));
      return all.length > 0 ? all : values;
    };
    const exact = shared(members.flatMap((member) => member.exact));
    const near = shared(members.flatMap((member) => member.near));
    const plain = shared(column.plain.length > 0 ? column.plain : own);
    const passing = shared(members.flatMap((member) => member.passing)).filter((value) => own.includes(value));
    const draw = (): string | undefined => {
      if (this.eager && passing.length > 0 && this.chance(PASSING)) return pick(this.random, passing);
      const chosen = this.random();
      const from = exact.length > 0 && chosen < 0.45 ? exact : near.length > 0 && chosen < 0.7 ? near : plain;
      return (
        pick(
          this.random,
          from.filter((value) => own.includes(value)),
        ) ?? pick(this.random, own)
      );
    };
    const signed = this.cancels(members) ? own.filter((value) => negated(column, value) !== undefined) : [];
    const base = pick(this.random, signed);
    const bases = base === undefined ? ([draw(), draw()] as const) : ([base, negated(column, base)] as const);
    if (!known) this.bases.set(column.link, bases);
    return bases;
  }

  /** Without a column that changes, a key lets one row in. */
  private keepKeys(): void {
    for (const table of this.tables) {
      if ((this.sizes.get(table) ?? 1) < 2) continue;
      for (const key of table.keys) {
        const columns = table.columns.filter((column) => key.includes(column.name));
        if (columns.some((column) => this.modes.get(column.link) === 'distinct') || this.chance(0.1)) continue;
        const free = columns.filter(({ link }) => !this.isGrouped(link));
        const changing = pick(this.random, free.length > 0 ? free : columns);
        if (changing) this.modes.set(changing.link, 'distinct');
      }
    }
  }

  /** Children that point to as many parents need those. Children come after their parents, so they are looked at first. */
  private keepParents(): void {
    for (const table of this.tables.toReversed()) {
      const size = this.sizes.get(table) ?? 1;
      for (const { columns, parent } of table.foreignKeys) {
        const changes = table.columns.some(
          ({ name, link }) => columns.includes(name) && this.modes.get(link) !== 'constant',
        );
        const other = this.tables.find((one) => one.schema === parent.schema && one.name === parent.name);
        if (other && this.chance(0.95)) this.sizes.set(other, Math.max(this.sizes.get(other) ?? 1, changes ? size : 1));
      }
    }
  }

  private size(counts: readonly number[]): number {
    if (counts.length === 0 || this.chance(0.25)) return 2 + Math.floor(this.random() * 3);
    return Math.max(1, (pick(this.random, counts) ?? 2) - 1 + Math.floor(this.random() * 4));
  }

  private mode(members: readonly FilledColumn[]): Mode {
    // What no statement names only has to be taken, and a check may refuse what changes from row to row.
    if (!members.some(({ matters }) => matters)) return 'constant';
    if (this.cancels(members)) return { every: 2 };
    const spread = members.some(({ role }) => role === 'spread');
    const alike = spread ? 0.3 : members.some(({ role }) => role === 'grouped') ? 0.75 : 0.55;
    if (this.chance(alike)) return 'constant';
    if (this.chance(spread ? 0.8 : 0.5)) return 'distinct';
    return { every: pick(this.random, PERIODS) ?? 2 };
  }

  private cancels(members: readonly FilledColumn[]): boolean {
    return this.cancelling && members.some(({ role }) => role === 'summed');
  }

  private isGrouped(link: number): boolean {
    return this.members.get(link)?.some(({ role }) => role === 'grouped') === true;
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }
}
