import type { Action } from '../../model/action.js';
import type { FailedCase } from '../../model/measurement.js';
import type { StatementEffect } from '../../model/verdict.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { failedCase, inOrder, reasonOf } from './measure.js';
import { planCase } from './planned.js';
import type { PlannedCase } from './planned.js';
import { compareResults } from './results.js';
import type { Equality, ResultDigest } from './results.js';
import { TRIAL_PAIRS, planPairs, runPairs } from './rounds.js';
import type { CasePairs, PairedCase, Sides } from './rounds.js';
import { digestOnce } from './sampling.js';
import { troubleOf } from './sessions.js';
import { byStatement, caseMs, effectOf, isUnchanged } from './summary.js';
import type { CaseRecord, MeasuredCase } from './summary.js';

/** A case on both sides of a trial, planned. */
export interface PlannedPair {
  readonly record: CaseRecord;
  readonly afterCase: TrialCase;
  readonly before: PlannedCase;
  readonly after: PlannedCase;
}

/** What came out of running cases on both sides. */
export interface Comparison {
  readonly effects: readonly StatementEffect[];
  /** Records of the side with the change, for the statements on which it had any effect. */
  readonly records: readonly CaseRecord[];
  readonly failed: readonly FailedCase[];
  /** Statements whose results differ, or that fail with the change, in words. */
  readonly differences: readonly string[];
  /** What was left out of the comparison of results, and why. */
  readonly notes: readonly string[];
  /** Cases whose results were compared and found equal. */
  readonly equal: number;
  /** Cases from which nothing follows: SQL leaves their result open, or they timed out with the change. */
  readonly undecided: number;
}

export interface ComparisonOptions {
  readonly action: Action;
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
    const before = await planCase(sides.before, record.oneCase.sql);
    try {
      planned.push({ record, afterCase, before, after: await planCase(sides.after, afterCase.sql) });
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
    failed: [],
    differences: [],
    notes: [],
    equal: 0,
    undecided: 0,
  };
  for (const [number, group] of groups.entries()) {
    await compareStatement(sides, group, { ...options, number, pairs: pairs[number] ?? 0 }, found);
    options.progress(number + 1, groups.length);
  }
  return found;
}

/** A statement may take four times as long as last time before it counts as timed out, and 5 s at least. */
export function timeoutFor(record: CaseRecord): number {
  return Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * caseMs(record));
}

const LEAST_TIMEOUT_MS = 5000;
const TIMEOUT_FACTOR = 4;

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
    const result = await warmUp(sides, pair, options.action);
    if (result.failed) found.failed.push(result.failed);
    if (result.difference !== null) found.differences.push(`${name}: ${result.difference}`);
    if (result.warm) warm.push(result.warm);
    if (result.warm?.equality?.result === 'equal') found.equal += 1;
    else if (result.warm && result.difference === null) found.undecided += 1;
    const note = noteOf(result);
    if (note !== null) found.notes.push(`${name}: results ${note}`);
  }
  if (warm.length === 0) return;
  const results = await runPairs(sides, warm.map(pairedCase), pairsFor(warm, options.pairs), options.number);
  const failure = results.find((result) => result.failure !== null)?.failure ?? null;
  if (failure) {
    const reason = failure.side === 'after' ? `${failure.reason} with the change` : failure.reason;
    found.failed.push(...warm.map((item) => failedCase(item.pair.record.oneCase, reason)));
    if (failure.side === 'after') found.differences.push(`${name}: ${reason}`);
    return;
  }
  const measured = warm.map((item, i) => measuredCase(item, results[i] as CasePairs));
  const effect = effectOf(measured);
  found.effects.push(effect);
  if (!isUnchanged(effect, measured)) found.records.push(...measured.map((one) => one.after));
}

/** As planned by the accepted state's time; fewer when the slower side turned out to be that slow. */
function pairsFor(warm: readonly WarmPair[], planned: number): number {
  const ms = warm.reduce((sum, item) => sum + item.ms, 0) / warm.length;
  return Math.max(TRIAL_PAIRS.minimum(ms), Math.min(planned, TRIAL_PAIRS.wanted(ms)));
}

function noteOf({ warm }: WarmResult): string | null {
  if (!warm) return null;
  if (!warm.equality) return 'not compared: it timed out with the change';
  return warm.equality.result === 'different' ? null : warm.equality.note;
}

interface WarmPair {
  readonly pair: PlannedPair;
  /** Null when the side with the change timed out. */
  readonly equality: Equality | null;
  /** Of one execution of the slower side, as this process saw it. */
  readonly ms: number;
}

interface WarmResult {
  readonly warm: WarmPair | null;
  readonly failed: FailedCase | null;
  readonly difference: string | null;
}

async function warmUp(sides: Sides, pair: PlannedPair, action: Action): Promise<WarmResult> {
  const { record, afterCase } = pair;
  const timeoutMs = timeoutFor(record);
  const before = await timed(sides.before, record.oneCase, timeoutMs, pair.before.parallel);
  sides.check();
  if ('thrown' in before) {
    return { warm: null, failed: failedCase(record.oneCase, reasonOf(before.thrown, timeoutMs)), difference: null };
  }
  const after = await timed(sides.after, afterCase, timeoutMs, pair.after.parallel);
  sides.check();
  if ('thrown' in after) {
    if (troubleOf(after.thrown) === 'timeout') {
      return { warm: { pair, equality: null, ms: timeoutMs }, failed: null, difference: null };
    }
    const reason = `${reasonOf(after.thrown, timeoutMs)} with the change`;
    return { warm: null, failed: failedCase(record.oneCase, reason), difference: reason };
  }
  const equality = await compare(sides, pair, { before: before.digest, after: after.digest, timeoutMs, action });
  const warm: WarmPair = { pair, equality, ms: Math.max(before.ms, after.ms) };
  return { warm, failed: null, difference: equality.result === 'different' ? equality.note : null };
}

interface Digests {
  readonly before: ResultDigest;
  readonly after: ResultDigest;
  readonly timeoutMs: number;
  readonly action: Action;
}

/** Where results differ, the unchanged side runs once more: a statement that differs from itself proves nothing. */
async function compare(sides: Sides, pair: PlannedPair, digests: Digests): Promise<Equality> {
  const { shape } = pair.record.oneCase;
  const rules = {
    shape,
    typesMayDiffer: digests.action.kind === 'alter-column-type',
    sameText: digests.action.kind !== 'rewrite',
  };
  const equality = compareResults(digests.before, digests.after, rules);
  if (equality.result !== 'different') return equality;
  const again = await digestOnce(sides.before, pair.record.oneCase, digests.timeoutMs, pair.before.parallel);
  if (compareResults(digests.before, again, rules).result !== 'different') return equality;
  return { result: 'undecided', note: 'not compared: two runs of the unchanged statement differ' };
}

async function timed(
  session: Session,
  oneCase: TrialCase,
  timeoutMs: number,
  parallel: boolean,
): Promise<{ readonly digest: ResultDigest; readonly ms: number } | { readonly thrown: unknown }> {
  const startedMs = performance.now();
  try {
    return { digest: await digestOnce(session, oneCase, timeoutMs, parallel), ms: performance.now() - startedMs };
  } catch (thrown) {
    return { thrown };
  }
}

function pairedCase(item: WarmPair): PairedCase {
  const { record, afterCase } = item.pair;
  return {
    before: record.oneCase,
    after: afterCase,
    timeoutMs: timeoutFor(record),
    expectedMs: item.ms,
    timedOut: item.equality === null,
  };
}

function measuredCase(item: WarmPair, pairs: CasePairs): MeasuredCase {
  const { record, before, after, afterCase } = item.pair;
  return {
    before: { ...record, planned: before },
    after: {
      oneCase: afterCase,
      samples: pairs.after,
      planned: after,
      plan: pairs.planAfter,
      carriedOver: false,
    },
    pairs,
  };
}
