import { specKey } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import type { DroppedIndex, MeasuredIndexSet } from '../indexes/measured/measured-index-set.js';
import type { IndexSpec } from '../model/action.js';
import { sameRelation } from '../model/catalog.js';

/**
 * Where some index did not fit in the budget: forms with fewer columns of those that did not, and of those that were kept, and what did not fit itself, for which these may make room. The planner
 * holds a wide form that spares reading the table to be the best, and a budget may hold more indexes that nearly do. What would gain most comes first; none that was `built`.
 */
export function narrowerForms(
  { kept, dropped }: Pick<MeasuredIndexSet, 'kept' | 'dropped'>,
  candidates: readonly Candidate[],
  built: ReadonlyMap<string, number>,
): readonly IndexSpec[] {
  const refused = dropped.filter(({ why }) => why === 'budget').toSorted((a, b) => gainOf(b) - gainOf(a));
  if (refused.length === 0) return [];
  const wide = [...refused, ...kept.toSorted((a, b) => b.sizeBytes - a.sizeBytes)].map((one) => one.spec);
  const narrower = wide.flatMap((spec) =>
    candidates
      .map((one) => one.spec)
      .filter((one) => isNarrower(one, spec) && !built.has(specKey(one)))
      .toSorted((a, b) => widthOf(b) - widthOf(a))
      .slice(0, MOST_FORMS),
  );
  const fresh = [...new Map(narrower.map((spec) => [specKey(spec), spec])).values()].slice(0, MOST_NARROWER);
  if (fresh.length === 0) return [];
  const again = refused.map((one) => one.spec).filter((spec) => built.get(specKey(spec)) === 1);
  return [...fresh, ...again.slice(0, MOST_NARROWER)];
}

/** Blocks that it was measured to spare. */
function gainOf({ change }: DroppedIndex): number {
  return -(change?.buffers ?? 0);
}

function widthOf({ keys, include }: IndexSpec): number {
  return keys.length + include.length;
}

/** The same beginning of the keys, and less. */
function isNarrower(one: IndexSpec, wide: IndexSpec): boolean {
  return (
    sameRelation(one.table, wide.table) &&
    one.method === wide.method &&
    one.where === wide.where &&
    one.unique === wide.unique &&
    widthOf(one) < widthOf(wide) &&
    one.keys.length <= wide.keys.length &&
    one.keys.every((key, at) => key === wide.keys[at]) &&
    one.include.every((column) => [...wide.include, ...wide.keys].includes(column))
  );
}

/** Of each wide one: the next narrower ones. */
const MOST_FORMS = 2;
/** Each is built, and measured with what uses it: as many as are seldom more than were chosen. */
const MOST_NARROWER = 10;
