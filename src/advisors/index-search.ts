import { z } from 'zod';
import type { ChangeBounds } from '../model/change-bounds.js';
import type { IndexSpec } from '../model/action.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';
import { proposeIndexes } from '../indexes/proposals/proposals.js';
import type { ProposedIndex, Proposals } from '../indexes/proposals/proposals.js';

/** Options of the advisors that share a search: with the same ones it is made once. `mostPerTable` limits the findings of an advisor, not the search. */
export function searchOptions(mostPerTable: number) {
  return z.object({
    minRows: z.number().int().nonnegative().default(1000),
    minPages: z.number().int().nonnegative().default(10),
    minFall: z.number().min(0).max(1).default(0.2),
    minShare: z.number().min(0).max(1).default(0.01),
    mostPerTable: z.number().int().positive().default(mostPerTable),
    minBrinPages: z.number().int().nonnegative().default(10_000),
  });
}

type SearchOptions = z.output<ReturnType<typeof searchOptions>>;

/** What an advisor's `examine` is handed. */
export interface Examined {
  readonly snapshot: Snapshot;
  readonly options: SearchOptions;
  readonly whatIf: IndexWhatIf | null;
  readonly bounds: ChangeBounds;
}

/** Classes of index by the advisor that speaks for them: a condition comes before an expression. */
type IndexClass = 'plain' | 'partial' | 'expression';

/** The search's answer, and those of its indexes that are of a class and worth a finding, the greatest gain in the set first. */
export async function searchClass(
  wanted: IndexClass,
  { snapshot, options, whatIf, bounds }: Examined,
): Promise<{ readonly proposals: Proposals; readonly found: readonly ProposedIndex[] }> {
  const proposals = await proposeIndexes(snapshot, whatIf, { ...options, ...bounds });
  const perTable = new Map<number, number>();
  const found = proposals.indexes.filter((one) => {
    const { spec, table } = one.candidate;
    if (classOf(spec) !== wanted || !isWorthwhile(one, options)) return false;
    const rank = (perTable.get(table.oid) ?? 0) + 1;
    perTable.set(table.oid, rank);
    return rank <= options.mostPerTable;
  });
  return { proposals, found };
}

function classOf({ keys, where }: IndexSpec): IndexClass {
  if (where !== null) return 'partial';
  return keys.some((key) => key.startsWith('(')) ? 'expression' : 'plain';
}

/** A deep fall of one statement, or a gain that the whole workload feels. */
function isWorthwhile({ changes, gainInSet }: ProposedIndex, { minFall, minShare }: SearchOptions): boolean {
  const deepest = Math.max(0, ...changes.map((change) => 1 - change.after / change.before));
  return (deepest >= minFall && gainInSet >= minShare / 100) || gainInSet >= minShare;
}
