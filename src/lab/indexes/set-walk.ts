import { betterSet } from './better-set.js';
import type { CaseRecord } from './case-record.js';
import { fittingSet } from './fitting-set.js';
import { mendSet } from './mend-set.js';
import { FIRST_WALK_SHARE, WALKING_SHARE, benchOf } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { Outlook } from './outlook.js';
import type { ChoiceRules } from './settle.js';
import type { Verified } from './verify.js';

/** What a walk goes by, and from which set; null for from all of them. */
interface WalkFrom {
  readonly records: readonly CaseRecord[];
  readonly rules: ChoiceRules;
  readonly from: readonly string[] | null;
}

/**
 * Goes from all indexes down to a set that fits and makes no statement too slow, one index at a time, and from there to sets that are better; what has another plan under a set
 * on the way runs, once. Where statements use several indexes each, what they do with all of them and with one left out says nothing of a set that lacks several; and since what
 * is not known is feared, next to nothing would be chosen. Writes are not run: each set is another to them; what they pay for an index counts as measured by itself. Fills the records. Gives the best set that fits and makes
 * no statement too slow; null where the time ended it before. From a set that is known to be such it only goes on to better ones. Leaves time for indexes that are asked for after it.
 */
export function walkSets(loop: OuterLoop, { from, ...known }: WalkFrom): Promise<readonly string[] | null> {
  const walk = walkIn(loop, known, FIRST_WALK_SHARE);
  return from === null ? fromAll(walk) : betterSet(walk.until(walk.end), from, STRICT);
}

/** Goes on from where a first walk ended, with what was built since: over sets that make statements too slow, as long as the time goes. */
export async function walkOn(loop: OuterLoop, { from, ...known }: WalkFrom): Promise<readonly string[] | null> {
  const walk = walkIn(loop, known, WALKING_SHARE);
  const found = from ?? (await fromAll(walk));
  if (found === null) return null;
  const priced = PASSES.map(({ price }) => ({ price, share: walk.end }));
  let best = found;
  // What no single step makes better may be left where nothing is paid for at first.
  for (const passes of [priced, [{ price: 0, share: walk.end }, ...priced]]) {
    for await (const mended of mendedSets(walk, { from: best, passes, isNeeded: false }))
      best = await betterOf(walk, best, mended);
    best = await betterSet(walk.until(walk.end), best, STRICT);
  }
  return best;
}

interface Walk {
  /** Until so much of the time. */
  readonly until: (share: number) => Outlook;
  /** When it ends, as such a share. */
  readonly end: number;
  /** Pairs of plans that ran side by side before. */
  readonly sides: Map<string, Verified>;
}

function walkIn(loop: OuterLoop, { records, rules }: Omit<WalkFrom, 'from'>, end: number): Walk {
  return {
    until: (share) => new Outlook(benchOf(loop, share), records, rules),
    end,
    sides: loop.earlier.verified,
  };
}

async function fromAll(walk: Walk): Promise<readonly string[] | null> {
  const fitting = await fittingSet(walk.until(walk.end));
  if (fitting === null) return null;
  let best: readonly string[] | null = null;
  for await (const mended of mendedSets(walk, { from: fitting, passes: PASSES, isNeeded: true }))
    best = best === null ? mended : await betterOf(walk, best, mended);
  return best;
}

/**
 * Goes on to better sets at one price after another for what is too slow, and gives each of them mended: what one statement loses may keep the steps of a high price from all that the others gain, where another
 * index in its plan would do. What the time ends is not given; where one is needed the last has time of its own.
 */
async function* mendedSets(
  walk: Walk,
  {
    from,
    passes,
    isNeeded,
  }: { readonly from: readonly string[]; readonly passes: readonly Pass[]; readonly isNeeded: boolean },
): AsyncGenerator<readonly string[]> {
  let better = from;
  let before: readonly string[] | null = null;
  let isMissing = isNeeded;
  for (const { price, share } of passes) {
    better = await betterSet(walk.until(share), better, { price });
    const isDue = isMissing && price === passes.at(-1)?.price;
    if (price === 0 || (before === better && !isDue)) continue;
    before = better;
    const mended = await mendSet(walk.until(isDue ? MENDING_SHARE : walk.end), better, walk.sides);
    if (mended === null) continue;
    isMissing = false;
    yield mended;
  }
}

/** By what ran. */
async function betterOf(
  { until, end }: Walk,
  one: readonly string[],
  other: readonly string[],
): Promise<readonly string[]> {
  const outlook = until(end);
  const worth = async (set: readonly string[]): Promise<number> => outlook.worth(await outlook.under(set));
  return (await worth(other)) < (await worth(one)) ? other : one;
}

interface Pass {
  /** What a millisecond beyond what a statement may take counts as. */
  readonly price: number;
  /** Until which share of the time. */
  readonly share: number;
}

/** Of the time, for a set that makes no statement too slow: whatever else is not known by then, there is one to be run as a whole. */
const MENDING_SHARE = 0.8;
/** No step may make more statements too slow. */
const STRICT = { price: null };
/** First over sets that are good for the rest, at last to one that makes next to no statement too slow. */
const PASSES: readonly Pass[] = [
  { price: 3, share: 0.36 },
  { price: 30, share: 0.4 },
  { price: 300, share: 0.44 },
];
