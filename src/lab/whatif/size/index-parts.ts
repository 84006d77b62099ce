import { groupRows } from './sample-keys.js';
import type { IndexParts } from './sample-keys.js';
import { columnParts, conditionPart, isRefused, partKey } from './sample-parts.js';
import type { FoundPart, Part, PartWanted } from './sample-parts.js';
import type { RefusedByRows } from './sample-refusal.js';
import type { SampledExpression } from './sample-expressions.js';
import type { SampleWanted } from './sample.js';

/** Parts by key. */
export type Parts = ReadonlyMap<string, FoundPart>;

/** Whether it matters to an index's size how values repeat. */
export function repeats({ layout, deduplicates }: SampleWanted): boolean {
  return deduplicates || layout.method === 'hash';
}

/** Its columns in order, and what its rows must fulfil. */
export function partsOf(one: SampleWanted): readonly PartWanted[] {
  const condition = conditionPart(one.layout);
  return [...columnParts(one.layout, repeats(one)), ...(condition === null ? [] : [condition])];
}

/** What was read of an index; null where something of it could not be. */
export function indexParts(one: SampleWanted, from: Parts): IndexParts | RefusedByRows | null {
  const found = partsOf(one).map((part) => from.get(partKey(part)) ?? null);
  const refused = found.find(isRefused);
  if (refused) return refused;
  const parts = found.flatMap((part) => (part === null || isRefused(part) ? [] : [part]));
  if (parts.length < found.length) return null;
  const columns = one.layout.columns.length;
  return { columns: parts.slice(0, columns), condition: parts[columns] ?? null };
}

/** An expression among an index's columns. */
export interface ExpressionOf {
  readonly sql: string;
  /** Of its statistics. */
  readonly key: string;
  readonly attribute: string;
  /** Position among the index's columns. */
  readonly at: number;
}

export function expressionsOf({ layout }: SampleWanted): readonly ExpressionOf[] {
  return layout.columns.flatMap(({ column, sql, attribute }, at) =>
    column === null ? [{ sql, attribute, at, key: JSON.stringify([sql, layout.predicate]) }] : [],
  );
}

/** Values of an expression among the rows of an index; zeros for a type that nothing compares. */
export function countValues(part: Part, rows: Int32Array): Omit<SampledExpression, 'statistics'> {
  const notNull = rows.filter((row) => (part.bytes[row] ?? -1) >= 0);
  if (part.values === null) return { distinct: 0, once: 0, notNull: 0 };
  const { counts } = groupRows([part], notNull);
  return { distinct: counts.length, once: counts.filter((count) => count === 1).length, notNull: notNull.length };
}
