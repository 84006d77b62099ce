import { specKey } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import { writesTo } from '../indexes/measured/write-cost.js';
import type { TableWrite } from '../indexes/measured/write-cost.js';
import { selectIndexes } from '../indexes/selection/selection.js';
import type { IndexSelection } from '../indexes/selection/selection-types.js';
import type { OpenLab } from '../lab/open-lab.js';
import type { IndexSpec } from '../model/action.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';

/** What a search of a set of indexes stands on. */
export interface IndexSearchOptions {
  /** With the workload as measured in the lab. */
  readonly snapshot: Snapshot;
  readonly whatIf: IndexWhatIf;
  readonly lab: OpenLab;
  /** Of the workload, as measured, milliseconds: what the cost of writes is a share of. */
  readonly workloadMs: number;
  readonly storageBytes: number | null;
  /** The budget that the curve marks. */
  readonly shownBytes: number | null;
  readonly writeWeight: number;
  readonly timeMs: number;
  /** EXPLAINs that one search may make; no limit when not given. */
  readonly plannerCalls?: number;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** Shares of the budget at which the curve is drawn; without a budget, of what the unlimited set takes. */
const CURVE_SHARES = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5];

/** What a search is made over beside its options. */
export interface Searched {
  readonly candidates: readonly Candidate[];
  readonly writes: readonly TableWrite[];
  /** Milliseconds that an index adds to the workload's writes, by `specKey`. */
  readonly costs: ReadonlyMap<string, number>;
  /** Whether the search ends with this choice: its curve is drawn then, and for no other. */
  readonly isFinal: (best: Pick<IndexSelection, 'chosen'>) => boolean;
  /** Bytes that an index takes of the storage; null for what the what-if engine says. */
  readonly sizeBytes?: (spec: IndexSpec) => number | null;
}

/** One search over the whole workload, with what is known of the cost of writes. */
export async function searchOnce(
  options: Omit<IndexSearchOptions, 'lab'>,
  { candidates, writes, costs, isFinal, sizeBytes }: Searched,
  timeMs: number,
): Promise<IndexSelection> {
  const { snapshot, whatIf, storageBytes, signal, writeWeight, workloadMs } = options;
  const known = [...costs.values()];
  // An index that was not measured yet is taken to cost what the cheapest measured one does, so that it is not shut out.
  const least = known.length > 0 ? Math.min(...known) : 0;
  const writeShare = (index: IndexSpec | { readonly existing: string }): number => {
    if ('existing' in index || workloadMs <= 0 || writesTo(writes, index.table).length === 0) return 0;
    return (writeWeight * (costs.get(specKey(index)) ?? least)) / workloadMs;
  };
  const base = {
    snapshot,
    whatIf,
    candidates,
    objective: 'robust',
    // The budget is for new ones alone, and what is there goes only once a trial has shown that nothing misses it.
    keepExisting: true,
    writeShare,
    ...(sizeBytes && { sizeBytes }),
    now: () => performance.now(),
    signal,
  } as const;
  const limits = { timeMs, plannerCalls: options.plannerCalls ?? null };
  const reference = options.shownBytes ?? storageBytes;
  const curveBytes = reference === null ? [] : CURVE_SHARES.map((one) => one * reference);
  const freeShares = CURVE_SHARES.filter((one) => one <= 1);
  return selectIndexes({
    ...base,
    storageBytes: reference === null ? null : storageBytes,
    curveBytes,
    curveOf: (best) => {
      if (!isFinal(best)) return [];
      return reference === null ? freeShares.map((one) => one * best.usedBytes) : curveBytes;
    },
    allowance: limits,
  });
}
