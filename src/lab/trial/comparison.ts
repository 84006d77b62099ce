import type { FailedCase } from '../../model/measurement.js';
import type { StatementEffect } from '../../model/verdict.js';
import type { TrialCase } from './cases.js';
import { failedCase, inOrder, reasonOf } from './measure.js';
import { planCase } from './planned.js';
import { TRIAL_PAIRS, planPairs, runPairs } from './rounds.js';
import type { CasePairs, PairedCase, Sides } from './rounds.js';
import { byStatement, caseMs, effectOf, isUnchanged } from './summary.js';
import type { CaseRecord, MeasuredCase } from './summary.js';
import { timeoutFor, warmUp } from './warm-up.js';
import type { PlannedPair, WarmPair, WarmUpRules } from './warm-up.js';

/** What came out of running cases on both sides. */
export interface Comparison {
  readonly effects: readonly StatementEffect[];
  /** Records of the side with the change, for the statements on which it had any effect. */
  readonly records: readonly CaseRecord[];
  /** The same cases on the unchanged side, as measured beside them. */
  readonly unchanged: readonly CaseRecord[];
  readonly failed: readonly FailedCase[];
  /** Statements whose results differ, or that fail with the change, in words. */
  readonly differences: readonly string[];
  /** What was left out of the comparison of results, and why. */
  readonly notes: readonly string[];
  /** Statements from whose results nothing follows, and why. */
  readonly uncompared: readonly string[];
  /** Cases whose results were compared and found equal. */
  readonly equal: number;
  /** Cases from which nothing follows: SQL leaves their result open, or one side timed out. */
  readonly undecided: number;
}

export interface ComparisonOptions {
  readonly rules: WarmUpRules;
  readonly budgetMs: number;
  readonly progress: (done: number, total: number) => void;
}

/** Plans every case on both sides. A case that can not be planned with the change is a difference. */
export async function planSides(
  sides: Sides,
  records: readonly CaseRecord[],
  rewritten: (oneCase: TrialCase) => TrialCase,
): Promise<{ readonly planned: readonly PlannedPair[]; readonly failed: readonly FailedCase[] }> {
  const planned: PlannedPair[] = [];
  const failed: FailedCase[] = [];
  for (const record of records) {
    sides.check();
    const afterCase = rewritten(record.oneCase);
    const before = await planCase(sides.before, record.oneCase);
    try {
      planned.push({ record, afterCase, before, after: await planCase(sides.after, afterCase) });
    } catch (thrown) {
      sides.check();
      failed.push(failedCase(record.oneCase, `${reasonOf(thrown, 0)} with the change`));
    }
  }
  return { planned, failed };
}

/** Warms up, compares the results of, and measures statements on both sides, one after the other, reads before writes. */
export async function compareSides(
  sides: Sides,
  chosen: readonly PlannedPair[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const groups = byStatement(inOrder(chosen, caseOf), caseOf);
  const expected = groups.map((group) => ({
    totalMs: group.reduce((sum, pair) => sum + caseMs(pair.record), 0),
    cases: group.length,
  }));
  const pairs = planPairs(expected, options.budgetMs, TRIAL_PAIRS);
  const found: MutableComparison = {
    effects: [],
    records: [],
    unchanged: [],
    failed: [],
    differences: [],
    notes: [],
    uncompared: [],
    equal: 0,
    undecided: 0,
  };
  for (const [number, group] of groups.entries()) {
    await compareStatement(sides, group, { ...options, number, pairs: pairs[number] ?? 0 }, found);
    options.progress(number + 1, groups.length);
  }
  return found;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };
type MutableComparison = Mutable<Comparison>;

function caseOf(pair: PlannedPair): TrialCase {
  return pair.record.oneCase;
}

async function compareStatement(
  sides: Sides,
  group: readonly PlannedPair[],
  options: ComparisonOptions & { readonly number: number; readonly pairs: number },
  found: MutableComparison,
): Promise<void> {
  const name = group[0]?.record.oneCase.name ?? '';
  const warm: WarmPair[] = [];
  for (const pair of group) {
    sides.check();
    const result = await warmUp(sides, pair, options.rules);
    if (result.failed) found.failed.push(result.failed);
    if (result.difference !== null) found.differences.push(`${name}: ${result.difference}`);
    if (result.warm) warm.push(result.warm);
    if (result.warm?.equality.result === 'equal') found.equal += 1;
    else if (result.warm && result.difference === null) found.undecided += 1;
    const { result: outcome, note } = result.warm?.equality ?? NOT_WARM;
    if (outcome !== 'different' && note !== null) found.notes.push(`${name}: results ${note}`);
    if (outcome === 'undecided' && note !== null) found.uncompared.push(`${name}: ${note}`);
  }
  if (warm.length === 0) return;
  const results = await runPairs(sides, warm.map(pairedCase), pairsFor(warm, options.pairs), options.number);
  const failure = results.find((result) => result.failure !== null)?.failure ?? null;
  if (failure) {
    const reason = failure.side === 'after' ? `${failure.reason} with the change` : failure.reason;
    found.failed.push(...warm.map((item) => failedCase(item.pair.record.oneCase, reason)));
    // One that is too slow with the change on either side gives no other result.
    if (failure.side === 'after' && !failure.timedOut) found.differences.push(`${name}: ${reason}`);
    return;
  }
  const measured = warm.map((item, i) => measuredCase(item, results[i] as CasePairs));
  const effect = effectOf(measured);
  found.effects.push(effect);
  if (isUnchanged(effect, measured)) return;
  found.records.push(...measured.map((one) => one.after));
  found.unchanged.push(...measured.map((one) => one.before));
}

const NOT_WARM = { result: 'undecided', note: null } as const;

/** As planned by the accepted state's time; fewer when the slower side turned out to be that slow. */
function pairsFor(warm: readonly WarmPair[], planned: number): number {
  const ms = warm.reduce((sum, item) => sum + item.ms, 0) / warm.length;
  return Math.max(TRIAL_PAIRS.minimum(ms), Math.min(planned, TRIAL_PAIRS.wanted(ms)));
}

function pairedCase(item: WarmPair): PairedCase {
  const { record, afterCase } = item.pair;
  return {
    before: record.oneCase,
    after: afterCase,
    timeoutMs: timeoutFor(record),
    expectedMs: item.ms,
    timedOut: item.timedOut === 'after',
    beforeCutOff: item.timedOut === 'before' ? (record.samples[0] ?? null) : null,
  };
}

function measuredCase(item: WarmPair, pairs: CasePairs): MeasuredCase {
  const { record, before, after, afterCase } = item.pair;
  return {
    before: {
      ...record,
      samples: pairs.before,
      planned: before,
      plan: pairs.planBefore ?? record.plan,
      timedOutMs: pairs.beforeCutOff ? record.timedOutMs : null,
    },
    after: {
      oneCase: afterCase,
      samples: pairs.after,
      planned: after,
      plan: pairs.planAfter,
      carriedOver: false,
      timedOutMs: null,
    },
    pairs,
  };
}
