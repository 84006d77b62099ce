import { BLOCK_BYTES } from '../../base/block.js';
import { quoteIdent, unquoteIdent } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import { findTable, indexesOf, sameRelation, type Index } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Statistics } from '../../model/statistics.js';
import type { IndexWhatIf, WhatIfSize } from '../../model/what-if.js';
import { normalForm } from '../../sql/normal-form.js';
import type { Predicate, SortUse } from '../../sql/use-types.js';
import { tablePages } from './candidates.js';
import type { TableUse } from './candidates.js';
import { bareKey } from './btree-candidates.js';
import { columnStatistics, selectivity } from './selectivity.js';
import { rareRows } from './rare-rows.js';
import { estimatedRows } from '../facts.js';

/**
 * Stands in where no what-if engine could be had: guesses from the statistics how many rows each statement reads per table, by the best index it could use.
 * A cost is that number of rows, random ones weighed by `random_page_cost`'s default of 4; joins count once per table. Good for telling a scan of everything from a look-up, and for no more.
 */
export function heuristicWhatIf(snapshot: Snapshot, uses: readonly TableUse[]): IndexWhatIf {
  const byStatement = new Map<string, TableUse[]>();
  for (const one of uses) {
    const { fingerprint } = one.statement;
    byStatement.set(fingerprint, [...(byStatement.get(fingerprint) ?? []), one]);
  }
  return {
    async cost(fingerprints, { add, drop }) {
      return fingerprints.map((fingerprint) => {
        const mine = byStatement.get(fingerprint) ?? [];
        const used: Used = { added: new Set(), existing: new Set() };
        const cost = mine.reduce((sum, one) => sum + useCost(snapshot, one, { add, drop }, used), 0);
        return {
          fingerprint,
          cost: mine.length > 0 ? cost : null,
          uses: [...used.added],
          usesExisting: [...used.existing],
          planShape: null,
          planned: 1,
        };
      });
    },
    size: async (spec) => guessedSize(snapshot, uses, spec),
    sizes: async (specs) => specs.map((spec) => guessedSize(snapshot, uses, spec)),
  };
}

/** Names of the indexes that a guess rests on. */
interface Used {
  readonly added: Set<string>;
  readonly existing: Set<string>;
}

/** An entry's header and line pointer (manual, "Database Page Layout": 8 bytes and 4). */
const ENTRY_BYTES = 12;
/** Of a column without statistics, and of an expression. */
const COLUMN_BYTES = 8;
/** A BRIN index has an entry for this many pages of the table by default. */
const PAGES_PER_RANGE = 128;

/** Entries times their width: enough to tell a wide index from a narrow one, and no size to show. */
function guessedSize({ catalog, statistics }: Snapshot, uses: readonly TableUse[], spec: IndexSpec): WhatIfSize {
  const table = findTable(catalog, spec.table);
  if (!table) return { pages: 0, sizeBytes: 0, rows: 0 };
  const rows = estimatedRows(catalog, table).rows;
  const width = [...spec.keys, ...spec.include].reduce((sum, key) => {
    const column = unquoteIdent(bareKey(key));
    return sum + (columnStatistics(statistics, table, column)?.widthBytes ?? COLUMN_BYTES);
  }, ENTRY_BYTES);
  const held = spec.where === null ? rows : rows * heldFraction(statistics, uses, spec);
  const entries = spec.method === 'brin' ? tablePages(catalog, table) / PAGES_PER_RANGE : held;
  const pages = Math.max(1, Math.ceil((entries * width) / BLOCK_BYTES));
  return { pages, sizeBytes: pages * BLOCK_BYTES, rows: held };
}

/** Of the table's rows, by the first statement that asks for just these. */
function heldFraction(statistics: Statistics, uses: readonly TableUse[], spec: IndexSpec): number {
  for (const one of uses.filter(({ table }) => sameRelation(table, spec.table))) {
    const rare = rareRows(one, statistics).find(({ where }) => where === spec.where);
    if (rare) return rare.fraction;
  }
  return 1;
}

/** An index as the guess sees it. */
interface Shape {
  /** `schema.name` of one that exists. */
  readonly name: string;
  readonly exists: boolean;
  readonly method: string;
  /** Column names; an expression by its normal form. */
  readonly keys: readonly string[];
  readonly covers: readonly string[];
  readonly where: string | null;
}

function useCost(
  snapshot: Snapshot,
  tableUse: TableUse,
  change: Parameters<IndexWhatIf['cost']>[1],
  used: Used,
): number {
  const { table, rows, use } = tableUse;
  if (use.role === 'insert') return 1;
  const existing = indexesOf(snapshot.catalog, table).filter(
    (index) => index.valid && !change.drop.includes(`${index.schema}.${index.name}`),
  );
  const added = change.add.filter((spec) => sameRelation(spec.table, table));
  let best: { readonly cost: number; readonly shape: Shape | null } = { cost: rows, shape: null };
  for (const shape of [...existing.map(indexShape), ...added.map(specShape)]) {
    const cost = indexCost(snapshot, tableUse, shape);
    if (cost !== null && cost < best.cost) best = { cost, shape };
  }
  if (best.shape !== null) used[best.shape.exists ? 'existing' : 'added'].add(best.shape.name);
  return best.cost;
}

/** A look-up reads a page at random where a scan reads the next row. */
const RANDOM_ROW = 4;
const DESCENT = 10;

function indexCost(snapshot: Snapshot, tableUse: TableUse, shape: Shape): number | null {
  const { table, rows, use } = tableUse;
  const where = partialFraction(snapshot, tableUse, shape);
  if (where === null) return null;
  let fraction = where;
  let matched = 0;
  for (const key of shape.keys) {
    const predicate = use.predicates.find(
      (one) => one.branch === null && nameOf(one) === key && serves(one, shape.method),
    );
    if (!predicate) break;
    fraction *= selectivity(predicate, table, snapshot.statistics, rows);
    matched += 1;
    if (predicate.kind !== 'equality' && predicate.kind !== 'is-null') break;
  }
  const ordered =
    shape.method === 'btree'
      ? use.sorts.find((sort) => sort.limited && follows(sort, shape, use.predicates))
      : undefined;
  if (matched === 0 && where === 1 && !ordered) return null;
  const covered = use.needed.every((column) => shape.covers.includes(column)) && !use.star && use.role === 'read';
  const reading = rows * fraction * (covered ? 1 / 2 : RANDOM_ROW * scatter(snapshot, tableUse, shape));
  const others = otherFraction(snapshot, tableUse, shape, matched);
  const stopping = ordered ? Math.min(1, ((ordered.limit ?? 20) * 2) / Math.max(1, rows * fraction * others)) : 1;
  return DESCENT + reading * stopping;
}

/** Rows in table order are read page by page. */
function scatter(snapshot: Snapshot, { table }: TableUse, shape: Shape): number {
  const correlation = columnStatistics(snapshot.statistics, table, shape.keys[0] ?? '')?.correlation ?? 0;
  return 1 - 0.9 * correlation * correlation;
}

/** What is left after the conditions that the index does not hold: a LIMIT has to read past the rest. */
function otherFraction(snapshot: Snapshot, { table, rows, use }: TableUse, shape: Shape, matched: number): number {
  const held = new Set(shape.keys.slice(0, matched));
  const wanted = shape.where === null ? null : normalForm(shape.where);
  const isHeld = (one: Predicate): boolean =>
    held.has(nameOf(one)) || (wanted !== null && one.sql !== null && normalForm(one.sql) === wanted);
  const others = use.predicates.filter((one) => one.branch === null && one.value.kind !== 'join' && !isHeld(one));
  return others.reduce((product, one) => product * selectivity(one, table, snapshot.statistics, rows), 1);
}

function follows(sort: SortUse, shape: Shape, predicates: readonly Predicate[]): boolean {
  const constant = new Set(
    predicates.filter((one) => one.branch === null && one.kind === 'equality' && one.value.kind !== 'join').map(nameOf),
  );
  const wanted = sort.keys
    .map((key) => key.column ?? normalForm(key.expression ?? ''))
    .filter((key) => !constant.has(key));
  const given = shape.keys.filter((key) => !constant.has(key));
  return wanted.every((key, i) => given[i] === key);
}

/** The fraction of rows in a partial index, 1 for a whole one; null when the statement does not imply its condition. */
function partialFraction(snapshot: Snapshot, tableUse: TableUse, shape: Shape): number | null {
  if (shape.where === null) return 1;
  const { table, rows, use } = tableUse;
  const wanted = normalForm(shape.where);
  const rare = rareRows(tableUse, snapshot.statistics).find((one) => normalForm(one.where) === wanted);
  if (rare) return rare.fraction;
  const same = use.predicates.find((one) => one.branch === null && one.sql !== null && normalForm(one.sql) === wanted);
  if (same) return selectivity(same, table, snapshot.statistics, rows);
  const column = table.columns.find((one) => normalForm(`${quoteIdent(one.name)} IS NOT NULL`) === wanted)?.name;
  const strict = use.predicates.some((one) => one.branch === null && one.kind !== 'is-null' && one.column === column);
  return strict && column !== undefined
    ? 1 - (columnStatistics(snapshot.statistics, table, column)?.nullFraction ?? 0)
    : null;
}

function serves(predicate: Predicate, method: string): boolean {
  if (method === 'btree') return BTREE.has(predicate.kind);
  if (method === 'brin') return predicate.kind === 'range';
  return predicate.kind === 'operator' || predicate.kind === 'contains';
}

const BTREE = new Set<Predicate['kind']>(['equality', 'list', 'is-null', 'range', 'prefix']);

function nameOf(predicate: Predicate): string {
  return predicate.column ?? normalForm(predicate.expression ?? '?');
}

function indexShape(index: Index): Shape {
  return {
    name: `${index.schema}.${index.name}`,
    exists: true,
    method: index.method,
    keys: index.keys.map((key) => key.column ?? normalForm(key.expression)),
    covers: [...index.keys, ...index.include].flatMap((key) => key.column ?? []),
    where: index.predicate,
  };
}

function specShape(spec: IndexSpec): Shape {
  const keys = spec.keys.map((key) => (key.startsWith('"') ? unquoteIdent(bareKey(key)) : normalForm(bareKey(key))));
  return {
    name: spec.name,
    exists: false,
    method: spec.method,
    keys,
    covers: [...keys, ...spec.include.map(unquoteIdent)],
    where: spec.where,
  };
}
