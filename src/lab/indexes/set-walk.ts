import { betterSet } from './better-set.js';
import type { CaseRecord } from './case-record.js';
import { fittingSet } from './fitting-set.js';
import { mendSet } from './mend-set.js';
import { WALKING_SHARE, benchOf } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { Outlook } from './outlook.js';
import type { ChoiceRules } from './settle.js';
import type { Verified } from './verify.js';

/**
 * Goes from all indexes down to a set that fits and makes no statement too slow, one index at a time, and from there to sets that are better; what has another plan under a set
 * on the way runs, once. Where statements use several indexes each, what they do with all of them and with one left out says nothing of a set that lacks several; and since what
 * is not known is feared, next to nothing would be chosen. Writes are not run: each set is another to them; what they pay for an index counts as measured by itself. Fills the records. Gives the best set that fits and makes
 * no statement too slow; null where the time ended it before. From a set that is known to be such it only goes on to better ones.
 */
export async function walkSets(
  loop: OuterLoop,
  {
    records,
    rules,
    from,
  }: {
    readonly records: readonly CaseRecord[];
    readonly rules: ChoiceRules;
    readonly from: readonly string[] | null;
  },
): Promise<readonly string[] | null> {
  const walk: Walk = {
    until: (share) => new Outlook(benchOf(loop, share), records, rules),
    sides: loop.earlier.verified,
  };
  const found = from === null ? await fromAll(walk) : await betterSet(walk.until(WALKING_SHARE), from, STRICT);
  return found && onceMore(walk, found);
}

interface Walk {
  /** Until so much of the time. */
  readonly until: (share: number) => Outlook;
  /** Pairs of plans that ran side by side before. */
  readonly sides: Map<string, Verified>;
}

async function fromAll({ until, sides }: Walk): Promise<readonly string[] | null> {
  const fitting = await fittingSet(until(WALKING_SHARE));
  if (fitting === null) return null;
  let better = fitting;
  for (const { price, share } of PASSES) better = await betterSet(until(share), better, { price });
  const found = await mendSet(until(MENDING_SHARE), better, sides);
  return found && betterSet(until(WALKING_SHARE), found, STRICT);
}

/** What no single step makes better may be left by way of sets that make statements too slow, which cost nothing at first. Gives the better of both. */
async function onceMore({ until, sides }: Walk, found: readonly string[]): Promise<readonly string[]> {
  const outlook = until(WALKING_SHARE);
  let better = await betterSet(outlook, found, { price: 0 });
  for (const { price } of PASSES) better = await betterSet(outlook, better, { price });
  const mended = await mendSet(outlook, better, sides);
  if (mended === null) return found;
  const other = await betterSet(outlook, mended, STRICT);
  const worth = async (set: readonly string[]): Promise<number> => outlook.worth(await outlook.under(set));
  return (await worth(other)) < (await worth(found)) ? other : found;
}

/** Of the time, for a set that makes no statement too slow: whatever else is not known by then, there is one to be run as a whole. */
const MENDING_SHARE = 0.8;
/** No step may make more statements too slow. */
const STRICT = { price: null };
/** What a millisecond beyond what a statement may take counts as, and until which share of the time: first over sets that are good for the rest, at last to one that makes next to no statement too slow. */
const PASSES = [
  { price: 3, share: 0.4 },
  { price: 30, share: 0.47 },
  { price: 300, share: 0.54 },
];
