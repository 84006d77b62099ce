import { isToldByPlan } from '../trial/cases.js';
import type { FailedCase } from '../../model/measurement.js';
import { failedCase } from '../trial/measure.js';
import { emptyRecord, figuresOf, isOver, planOfSet, ranOnce, runInTurns, seenUnder, workKey } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import type { ChoiceRules } from './settle.js';
import { slowerWith } from './verified.js';

/** One case under the kept set against none. */
export interface Verified {
  readonly record: CaseRecord;
  readonly before: PlanFigures;
  readonly after: PlanFigures;
}

/** All cases under a set, and those that give no figure. */
export interface VerifiedSet {
  readonly verified: readonly Verified[];
  readonly failed: readonly FailedCase[];
  /** Those that give a figure. */
  readonly records: readonly CaseRecord[];
}

/**
 * Runs every case under a set against none, once each, and puts these figures in the place of the earlier ones. What does the
 * same on both sides is run once, and a read whose two plans ran side by side for an earlier set is not run again. After the deadline only what
 * never ran is run: whatever the time, each side has run.
 */
export async function verify(
  bench: Bench,
  records: readonly CaseRecord[],
  kept: readonly string[],
  known: Map<string, Verified>,
): Promise<VerifiedSet> {
  const verified: Verified[] = [];
  const failed: FailedCase[] = [];
  for (const record of records) {
    bench.runner.check();
    const fresh = emptyRecord(record.oneCase);
    const before = figuresOf(fresh, { ...(await planOfSet(bench, record, [])), present: [] });
    const after = figuresOf(fresh, { ...(await planOfSet(bench, record, kept)), present: kept });
    const pair = JSON.stringify([record.oneCase.key, before.plan.text, after.plan.text]);
    const earlier = isToldByPlan(record.oneCase) ? known.get(pair) : undefined;
    if (earlier) {
      verified.push({ ...earlier, record });
      continue;
    }
    const seen = isOver(bench) ? seenPair(record, kept) : null;
    if (seen !== null) {
      verified.push(seen);
      continue;
    }
    const failure = await runInTurns({ ...bench, deadlineMs: 0 }, fresh, sidesOf({ before, after }));
    if (failure !== null) {
      failed.push(failedCase(record.oneCase, failure));
      continue;
    }
    verified.push({ record, before, after });
    known.set(pair, { record, before, after });
    for (const figures of [before, after]) {
      record.plans.push(figures.plan);
      record.figures.set(workKey(record.oneCase, figures.plan), figures);
    }
  }
  return { verified, failed, records: verified.map((one) => one.record) };
}

/** The same, and what a set makes look too slow as often as its time allows, whatever the deadline: a single run may be chance. */
export async function verifySurely(
  bench: Bench,
  records: readonly CaseRecord[],
  kept: readonly string[],
  { rules, known }: { readonly rules: ChoiceRules; readonly known: Map<string, Verified> },
): Promise<VerifiedSet> {
  const set = await verify(bench, records, kept, known);
  await runAgain(bench, slowerWith(set.verified, { ...rules, onceTolerance: 1 }));
  return set;
}

/** A single run may be chance: what speaks against a set is run as often as its time allows, whatever the deadline. */
export async function runAgain(bench: Bench, slower: readonly Verified[]): Promise<void> {
  const once = slower.filter(({ before, after }) => ranOnce(before) || ranOnce(after));
  await steady({ ...bench, deadlineMs: Number.POSITIVE_INFINITY }, once);
}

/** Runs the cases of a set turn by turn, as often as their time allows, until the deadline. */
export async function steady(bench: Bench, verified: readonly Verified[]): Promise<void> {
  for (const one of verified) {
    if (isOver(bench)) return;
    await runInTurns(bench, one.record, sidesOf(one));
  }
}

function sidesOf({ before, after }: Pick<Verified, 'before' | 'after'>): readonly PlanFigures[] {
  return before === after ? [before] : [before, after];
}

/** A case under a set against none by what ran; null where one of them never did. */
function seenPair(record: CaseRecord, kept: readonly string[]): Verified | null {
  const before = seenUnder(record, []);
  const after = seenUnder(record, kept);
  return before && after ? { record, before, after } : null;
}

/** The statements under a set, as far as they ran. */
export function seenPairs(records: readonly CaseRecord[], kept: readonly string[]): readonly Verified[] {
  return records.flatMap((record) => seenPair(record, kept) ?? []);
}
