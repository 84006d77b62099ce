import { specKey } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import type { TableWrite } from '../indexes/measured/write-cost.js';
import type { IndexSelection } from '../indexes/selection/selection-types.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import type { IndexSpec } from '../model/action.js';
import { searchOnce } from './index-search-once.js';
import type { IndexSearchOptions } from './index-search-once.js';

/** The best sets for the shown budget and for others near it need not be part of the one that was searched, and measurement may like them better. */
export async function chosenForBudget(
  { whatIf, shownBytes }: IndexSearchOptions,
  candidates: readonly Candidate[],
  { chosen, curve }: IndexSelection,
): Promise<readonly UnvaluedIndex[]> {
  if (shownBytes === null) return [];
  const known = new Set(chosen.map((one) => specKey(one.spec)));
  const near = NEAR_SHARES.flatMap(
    (share) => curve.find((one) => one.storageBytes === share * shownBytes)?.indexes ?? [],
  );
  const specs = near
    .filter((spec) => !known.has(specKey(spec)) && known.add(specKey(spec)))
    .slice(0, Math.max(LEAST_ALTERNATIVES, chosen.length));
  return sizedFor(whatIf, candidates, specs);
}

/** Of the curve's, the nearest to the budget first. */
const NEAR_SHARES = [1, 0.75, 1.5, 0.5];
/** As many as were chosen may be measured beside them, and so many in any case: building and measuring 36 took 2 minutes on tables of 100 MB. */
const LEAST_ALTERNATIVES = 12;

/** What measurement made of a set, and what the set was searched over. */
export interface MeasuredSoFar {
  readonly candidates: readonly Candidate[];
  readonly writes: readonly TableWrite[];
  readonly kept: readonly IndexSpec[];
  readonly refused: readonly IndexSpec[];
  /** Of the budget, beside the kept ones. */
  readonly leftBytes: number;
  readonly writeCosts: ReadonlyMap<string, number>;
}

/** The best indexes to stand beside those that measurement kept, in what is left of the budget, without those that it refused. */
export async function searchBeside(
  options: Omit<IndexSearchOptions, 'lab'>,
  { kept, refused, leftBytes, writes, writeCosts, ...searched }: MeasuredSoFar,
): Promise<readonly UnvaluedIndex[]> {
  const out = new Set(refused.map(specKey));
  const candidates = searched.candidates.filter((one) => !out.has(specKey(one.spec)));
  const has = new Set(kept.map(specKey));
  const selection = await searchOnce(
    { ...options, storageBytes: leftBytes, shownBytes: null },
    {
      candidates,
      writes,
      costs: writeCosts,
      isFinal: () => false,
      sizeBytes: (spec) => (has.has(specKey(spec)) ? 0 : null),
    },
    options.timeMs,
  );
  const specs = selection.chosen.map((one) => one.spec).filter((spec) => !has.has(specKey(spec)));
  return sizedFor(options.whatIf, candidates, specs);
}

/** Specs with their sizes, and the statements that they were made for. */
export async function sizedFor(
  whatIf: IndexSearchOptions['whatIf'],
  candidates: readonly Candidate[],
  specs: readonly IndexSpec[],
): Promise<readonly UnvaluedIndex[]> {
  if (specs.length === 0) return [];
  const sizes = await whatIf.sizes(specs);
  const wanted = new Map(candidates.map((one) => [specKey(one.spec), one.for]));
  return specs.map((spec, at) => ({
    spec,
    sizeBytes: sizes[at]?.sizeBytes ?? 0,
    for: wanted.get(specKey(spec)) ?? [],
  }));
}
