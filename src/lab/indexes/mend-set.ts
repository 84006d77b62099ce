import { mean } from '../../stats/quantile.js';
import { byStatement } from '../trial/summary.js';
import { isOver, msOf, planOfSet, ranOnce, runBeside } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { withoutOne } from './outlook.js';
import type { Change, Known, Outlook } from './outlook.js';
import { slowerWith } from './verified.js';
import { seenPairs, verifySurely } from './verify.js';
import type { Verified } from './verify.js';

/**
 * Goes on from a set that makes statements too slow, down to one that does not. On the statement that loses most it is tried, and on that one alone, without which indexes of its plan
 * it is content; of these ways the one is taken by which all of them are expected to lose least. Only a set with which all that were too slow are content is run
 * as a whole. Null where the time ended it before all statements ran and were content, or there is no way. `sides` are pairs of plans that ran side by side before. Fills the records.
 */
export async function mendSet(
  outlook: Outlook,
  from: readonly string[],
  sides: Map<string, Verified>,
): Promise<readonly string[] | null> {
  const { bench, records, rules } = outlook;
  let present = from;
  let known: readonly Known[] = [];
  for (;;) {
    await outlook.run(present);
    if (isOver(bench)) return isSeenContent(outlook, present) ? present : null;
    // What a single run makes too slow may be chance: both sides run beside each other tell.
    const doubtful = slowerWith(seenPairs(records, present), { ...rules, onceTolerance: 1 });
    const toRun = [...new Set(doubtful.map((one) => one.record))];
    await verifySurely(bench, toRun, present, { rules, known: sides });
    const slower = slowerWith(seenPairs(records, present), rules).map((one) => one.record);
    if (slower.length === 0) return present;
    known = await outlook.under(present, known);
    const next = await withoutCauses(outlook, { present, known, slower });
    if (next.length === present.length) return null;
    present = next;
  }
}

/** Whether all statements ran under a set, and none was too slow. */
function isSeenContent({ records, rules }: Outlook, present: readonly string[]): boolean {
  const pairs = seenPairs(records, present);
  return pairs.length === records.length && slowerWith(pairs, rules).length === 0;
}

/** The set without what keeps these statements from being content; as far as the time goes. */
async function withoutCauses(
  outlook: Outlook,
  {
    slower,
    known,
    ...from
  }: {
    readonly present: readonly string[];
    readonly known: readonly Known[];
    readonly slower: readonly CaseRecord[];
  },
): Promise<readonly string[]> {
  let { present } = from;
  while (!isOver(outlook.bench)) {
    const worst = worstOf(outlook, slower, present);
    if (worst === null) break;
    const ways: (Change & { readonly set: readonly string[] })[] = [];
    for (const way of await waysOut(outlook, worst, present))
      ways.push({ set: way, ...(await outlook.change(known, way)) });
    const [best] = ways.toSorted((a, b) => a.slower - b.slower || a.loss - b.loss);
    if (best === undefined) break;
    present = best.set;
    await outlook.run(present, slower);
  }
  return present;
}

/** The cases of the statement that loses most time of those that a set makes too slow; null where it makes none. */
function worstOf(
  { rules }: Outlook,
  records: readonly CaseRecord[],
  present: readonly string[],
): readonly CaseRecord[] | null {
  const slower = byStatement(slowerWith(seenPairs(records, present), rules), (one) => one.record.oneCase);
  const lost = (group: readonly Verified[]): number =>
    mean(group.map(({ record, before, after }) => record.oneCase.calls * (msOf(after) - msOf(before))));
  const [worst] = slower.toSorted((a, b) => lost(b) - lost(a));
  return worst ? worst.map((one) => one.record) : null;
}

/**
 * Sets without one index that the statement uses under this one, with which it is content; where there is none, from the best of them on without another one. Where that leads nowhere
 * the one without all that it used on the way.
 */
async function waysOut(
  outlook: Outlook,
  statement: readonly CaseRecord[],
  present: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const used = new Set<string>();
  let from = present;
  for (let gone = 1; gone <= MOST_GONE; gone += 1) {
    const ways: (readonly string[])[] = [];
    const others: { readonly set: readonly string[]; readonly ms: number }[] = [];
    for (const name of await usesUnder(outlook, statement, from)) {
      used.add(name);
      const set = withoutOne(from, name);
      const pairs = await tryOn(outlook, statement, set);
      if (pairs.length < statement.length) continue;
      if (slowerWith(pairs, outlook.rules).length === 0) ways.push(set);
      else others.push({ set, ms: mean(pairs.map((one) => msOf(one.after))) });
    }
    if (ways.length > 0) return ways;
    const [nearest] = others.toSorted((a, b) => a.ms - b.ms);
    if (nearest === undefined) break;
    from = nearest.set;
  }
  return used.size > 0 ? [present.filter((name) => !used.has(name))] : [];
}

/** The statement under a set, once; and where that is a little too slow, which may be chance, a second time. */
async function tryOn(
  outlook: Outlook,
  statement: readonly CaseRecord[],
  set: readonly string[],
): Promise<readonly Verified[]> {
  const { bench, rules } = outlook;
  await outlook.run(set, statement);
  const pairs = seenPairs(statement, set);
  const isDoubtful =
    slowerWith(pairs, rules).length === 0 && slowerWith(pairs, { ...rules, onceTolerance: 1 }).length > 0;
  if (!isDoubtful) return pairs;
  for (const { record, before, after } of pairs) if (ranOnce(after)) await runBeside(bench, record, before, after);
  return pairs;
}

async function usesUnder(
  { bench }: Outlook,
  statement: readonly CaseRecord[],
  present: readonly string[],
): Promise<ReadonlySet<string>> {
  const uses = new Set<string>();
  for (const record of statement) for (const name of (await planOfSet(bench, record, present)).uses) uses.add(name);
  return uses;
}

/** Each step runs the statement once for each index of its plan; a plan that three of its indexes must leave has few others. */
const MOST_GONE = 3;
