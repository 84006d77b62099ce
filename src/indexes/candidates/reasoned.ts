import type { Candidate, TableUse } from './candidates.js';
import { indexSpec, isDuplicate, mergeCandidates } from './candidates.js';
import { btreeCandidates, coveringCandidate, partsByArm } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { combinedCandidates } from './combined-candidates.js';
import { expressionCandidates, partialExpressionCandidates } from './expression-candidates.js';
import { hashCandidates, nearestCandidates, otherCandidates } from './method-candidates.js';
import { partialCandidates } from './partial-candidates.js';
import { permutationCandidates } from './permutations.js';

/** Which classes of index may be created; everything by default. */
export interface ClassLimits {
  readonly mostKeys?: number;
  readonly include?: boolean;
  readonly partial?: boolean;
  readonly expression?: boolean;
  /** GIN, GiST, BRIN and hash. */
  readonly otherMethods?: boolean;
  /** A table of fewer pages gets no BRIN index: `LEAST_BRIN_PAGES` by default. */
  readonly leastBrinPages?: number;
  /** All orders of the columns that a statement names of a table, up to so many keys, beside the reasoned ones; none by default. */
  readonly everyOrder?: number;
}

/**
 * Candidates of every kind for a workload, reasoned from how each statement uses each table: equality first, then one range
 * or the order, joins before or behind; with all that is read included where that is narrow; only the rare rows; on
 * expressions; by other methods. The beginnings of all btrees are candidates too; none is an index that is there. Needs `loadParser()`.
 */
export function reasonedCandidates(
  basis: CandidateBasis,
  uses: readonly TableUse[],
  limits: ClassLimits,
): readonly Candidate[] {
  const { mostKeys = MOST_KEYS, include = true, partial = true, expression = true, otherMethods = true } = limits;
  const { leastBrinPages = LEAST_BRIN_PAGES } = limits;
  const found = uses.flatMap((one): readonly Candidate[] => {
    if (one.use.role === 'insert') return [];
    const expressions = expressionCandidates(basis, one);
    const others = [...otherCandidates(basis, one, leastBrinPages), ...nearestCandidates(basis, one)];
    const rare = partial ? partialCandidates(basis, one) : [];
    const plain = partsByArm(basis, one)
      .flatMap((parts) => btreeCandidates(basis, one, parts, MOST_FOR_A_USE))
      .filter(({ spec }) => spec.keys.length <= mostKeys);
    return [
      ...plain,
      ...plain.flatMap((candidate) => beginnings(basis, candidate)),
      ...(include ? plain.flatMap((candidate) => coveringCandidate(basis, one, candidate) ?? []) : []),
      ...rare.map(({ candidate }) => candidate),
      ...(include
        ? rare.flatMap(({ candidate, rows }) => coveringCandidate(basis, one, candidate, rows.nulls) ?? [])
        : []),
      ...(expression ? expressions : []),
      ...(expression && partial ? partialExpressionCandidates(basis, one) : []),
      ...(otherMethods ? [...others, ...hashCandidates(basis, one), ...combinedCandidates(basis, one, others)] : []),
      ...(expression && otherMethods ? combinedCandidates(basis, one, expressions) : []),
    ];
  });
  const orders = limits.everyOrder === undefined ? [] : permutationCandidates(basis.catalog, uses, limits.everyOrder);
  return mergeCandidates([...found, ...orders]).filter(({ spec }) => !isDuplicate(basis.catalog, spec));
}

/** Wider keys hardly ever narrow further. */
const MOST_KEYS = 4;
/** The most promising come first; more of them cost questions and win nothing. */
const MOST_FOR_A_USE = 16;
/** `pages_per_range` is 128 by default: below some ranges a BRIN index tells nothing. */
const LEAST_BRIN_PAGES = 1024;

function beginnings(basis: CandidateBasis, { spec, table, for: statements }: Candidate): readonly Candidate[] {
  return spec.keys.slice(1).map((_, at) => ({
    spec: indexSpec(basis.catalog, table, { keys: spec.keys.slice(0, at + 1) }),
    table,
    for: statements,
  }));
}
