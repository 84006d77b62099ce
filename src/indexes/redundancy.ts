import { sameRelation, type Catalog, type Index, type IndexColumn } from '../model/catalog.js';
import { reasonToKeep, wholeIndex } from './facts.js';

/** Two indexes that serve the same queries, and which of them can go. */
export interface Repetition {
  readonly redundant: Index;
  readonly keeper: Index;
}

/**
 * The indexes of one table which another repeats. Of two equal ones the one stays that enforces or backs more; else the
 * smaller, else the older. Invalid ones and those that are being built are left out: they serve nothing yet.
 */
export function repetitions(catalog: Catalog, indexes: readonly Index[]): readonly Repetition[] {
  const ranked = indexes
    .filter((index) => index.valid && !index.building)
    .map((index) => ({ index, sizeBytes: wholeIndex(catalog, index).sizeBytes }))
    .toSorted((a, b) => strength(b.index) - strength(a.index) || a.sizeBytes - b.sizeBytes || a.index.oid - b.index.oid)
    .map(({ index }) => index);
  const seen: Index[] = [];
  const found: Repetition[] = [];
  for (const index of ranked) {
    const keeper = seen.find((other) => servesTheSame(other, index));
    if (keeper === undefined) seen.push(index);
    else if (reasonToKeep(index) === null && enforcesNoMore(catalog, index, keeper))
      found.push({ redundant: index, keeper });
  }
  return found.toSorted((a, b) => a.redundant.oid - b.redundant.oid);
}

/**
 * Whether two indexes serve the same queries: same table, method, keys with operator class, its parameters, collation
 * and order, INCLUDE columns and predicate. A btree is read both ways, so that (a DESC, b DESC) is (a, b) where NULLs
 * turn round, too. The order of keys means nothing in GIN and BRIN; a BRIN's range does. Uniqueness is not looked at.
 */
export function servesTheSame(a: Index, b: Index): boolean {
  return (
    sameRelation(a.table, b.table) &&
    a.method === b.method &&
    a.predicate === b.predicate &&
    a.keys.length === b.keys.length &&
    sameTexts(a.include.map(expressionOf), b.include.map(expressionOf)) &&
    rangePages(a) === rangePages(b) &&
    (UNORDERED.has(a.method)
      ? sameTexts(a.keys.map(forwards), b.keys.map(forwards))
      : startsWith(a.keys, b.keys, a.method))
  );
}

/** How an index stands in for another: `prefix` by its first keys, `whole` by rows that the partial one leaves out, `comparison` a btree for a hash index, or for a GIN or GiST index on a scalar. */
export type StandIn = 'prefix' | 'whole' | 'comparison';

/** Whether and how `wider` finds every row that `index` finds, by the same keys; null when it does not, or when both are the same. What it costs more is not weighed. */
export function standsInFor(wider: Index, index: Index): StandIn | null {
  if (wider === index || !wider.valid || wider.building || wider.method !== 'btree') return null;
  if (!sameRelation(wider.table, index.table) || servesTheSame(wider, index)) return null;
  const isWhole = wider.predicate === null && index.predicate !== null;
  if (wider.predicate !== index.predicate && !isWhole) return null;
  if (index.method === 'hash' || isOnScalar(index))
    return isWhole || !comparesTheSame(wider.keys[0], index.keys[0]) ? null : 'comparison';
  const held = new Set([...wider.keys, ...wider.include].map(expressionOf));
  const holdsIncluded = index.include.every((column) => held.has(expressionOf(column)));
  if (index.method !== 'btree' || !holdsIncluded || !startsWith(wider.keys, index.keys, 'btree')) return null;
  return isWhole ? 'whole' : 'prefix';
}

/** Whether a GIN or GiST index holds nothing but one plain column through an operator class of btree_gin or btree_gist: what it finds by comparing, a btree finds. */
export function isOnScalar({ method, keys, include }: Index): boolean {
  const [only] = keys;
  if (keys.length !== 1 || include.length > 0 || !only || only.column === null) return false;
  const name = only.opclass?.split('.').at(-1) ?? '';
  const type = (method === 'gin' ? /^(\w+)_ops$/ : method === 'gist' ? /^gist_(\w+)_ops$/ : null)?.exec(name)?.[1];
  return type !== undefined && SCALARS.has(type);
}

/** Types as the operator classes of btree_gin and btree_gist name them (manual, "btree_gin", "btree_gist"). */
const SCALARS = new Set(
  (
    'int2 int4 int8 float4 float8 oid money timestamp timestamptz time timetz date interval macaddr macaddr8 inet cidr ' +
    'text varchar char bpchar bytea bit varbit numeric enum uuid name bool'
  ).split(' '),
);

/** Whether the first keys of `longer` are all of `keys`, read forwards or, in a btree, backwards. */
export function startsWith(longer: readonly IndexColumn[], keys: readonly IndexColumn[], method: string): boolean {
  const agree = (turn: (key: IndexColumn) => string): boolean =>
    keys.every((key, position) => {
      const other = longer[position];
      return other !== undefined && forwards(other) === turn(key);
    });
  return agree(forwards) || (method === 'btree' && agree(backwards));
}

/** Access methods in which all keys are equal (manual, "Multicolumn Indexes"). */
const UNORDERED = new Set(['gin', 'brin']);

function forwards(key: IndexColumn): string {
  const { expression, opclass, opclassOptions, collation, descending, nullsFirst } = key;
  return JSON.stringify([expression, opclass, opclassOptions, collation, descending, nullsFirst]);
}

function backwards(key: IndexColumn): string {
  return forwards({ ...key, descending: !key.descending, nullsFirst: !key.nullsFirst });
}

function expressionOf(column: IndexColumn): string {
  return column.expression;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

/** Two summaries of the same column at different grain are two indexes. */
function rangePages(index: Index): string | null {
  return index.method === 'brin' ? (index.parameters['pages_per_range'] ?? null) : null;
}

/** Classes of different methods have different names; the default ones of a type agree on what is equal and what is less. */
function comparesTheSame(btree: IndexColumn | undefined, other: IndexColumn | undefined): boolean {
  return (
    btree !== undefined &&
    other !== undefined &&
    btree.expression === other.expression &&
    btree.collation === other.collation &&
    btree.opclassIsDefault &&
    other.opclassIsDefault
  );
}

function strength(index: Index): number {
  if (index.primary) return 5;
  if (index.constraint !== null || index.referencedByForeignKeys.length > 0) return 4;
  if (index.unique) return index.nullsNotDistinct ? 3 : 2;
  return reasonToKeep(index) === null ? 0 : 1;
}

/** Whether all that the index enforces is enforced by another one with the same keys, which holds every row that it holds. */
export function enforcesNoMore(catalog: Catalog, index: Index, keeper: Index): boolean {
  if (!index.unique) return true;
  if (keeper.keys.length !== index.keys.length) return false;
  const backs = catalog.constraints.find(
    (one) => one.name === keeper.constraint && sameRelation(one.table, keeper.table),
  );
  return keeper.unique && (keeper.nullsNotDistinct || !index.nullsNotDistinct) && !(backs?.deferrable ?? false);
}
