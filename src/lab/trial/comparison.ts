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
import { byStatement, caseMs, effectOf } from './summary.js';
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
  /** Records of the side with the change, for the cases that were measured. */
  readonly records: readonly CaseRecord[];
  readonly failed: readonly FailedCase[];
  /** Statements whose results differ, or that fail with the change, in words. */
  readonly differences: readonly string[];
  /** What was left out of the comparison of results, and why. */
  readonly notes: readonly string[];
  /** Cases whose results were compared and found equal. */
  readonly equal: number;
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

/** Warms up, compares the results of, and measures cases on both sides, reads before writes. */
export async function compareSides(sides: Sides, chosen: readonly PlannedPair[], options: ComparisonOptions): Promise<Comparison> {
  const startedMs = performance.now();
  const total = chosen.length * 2;
  const failed: FailedCase[] = [];
  const differences: string[] = [];
  const warm: WarmPair[] = [];
  for (const pair of inOrder(chosen, (item) => item.record.oneCase)) {
    sides.check();
    const result = await warmUp(sides, pair, options.action);
    if (result.failed) failed.push(result.failed);
    if (result.difference !== null) differences.push(`${pair.record.oneCase.name}: ${result.difference}`);
    if (result.warm) warm.push(result.warm);
    options.progress(warm.length + failed.length, total);
  }
  const groups = byStatement(warm, (item) => item.pair.record.oneCase);
  const expected = groups.map((group) => ({ totalMs: group.reduce((sum, item) => sum + item.ms, 0), cases: group.length }));
  const pairs = planPairs(expected, options.budgetMs - (performance.now() - startedMs), TRIAL_PAIRS);
  const effects: StatementEffect[] = [];
  const records: CaseRecord[] = [];
  for (const [number, group] of groups.entries()) {
    const results = await runPairs(sides, group.map(pairedCase), pairs[number] ?? 3, number);
    const failure = results.find((result) => result.failure !== null)?.failure ?? null;
    if (failure) {
      const where = failure.side === 'after' ? ' with the change' : '';
      failed.push(...group.map((item) => failedCase(item.pair.record.oneCase, `${failure.reason}${where}`)));
      if (failure.side === 'after') differences.push(`${group[0]?.pair.record.oneCase.name ?? ''}: ${failure.reason}${where}`);
    } else {
      const measured = group.map((item, i) => measuredCase(item, results[i] as CasePairs));
      effects.push(effectOf(measured));
      records.push(...measured.map((one) => one.after));
    }
    options.progress(chosen.length + Math.round(((number + 1) / groups.length) * chosen.length), total);
  }
  const equal = warm.filter((item) => item.equality?.result === 'equal').length;
  const notes = warm.flatMap(({ pair, equality }) =>
    equality === null || (equality.note !== null && equality.result !== 'different')
      ? [`${pair.record.oneCase.name}: results ${equality?.note ?? 'not compared: it timed out with the change'}`]
      : [],
  );
  return { effects, records, failed, differences, notes: [...new Set(notes)], equal };
}

/** A statement may take four times as long as last time before it counts as timed out, and 5 s at least. */
export function timeoutFor(record: CaseRecord): number {
  return Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * caseMs(record));
}

const LEAST_TIMEOUT_MS = 5000;
const TIMEOUT_FACTOR = 4;

interface WarmPair {
  readonly pair: PlannedPair;
  readonly digest: ResultDigest | null;
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
      return { warm: { pair, digest: null, equality: null, ms: timeoutMs }, failed: null, difference: null };
    }
    const reason = `${reasonOf(after.thrown, timeoutMs)} with the change`;
    return { warm: null, failed: failedCase(record.oneCase, reason), difference: reason };
  }
  const equality = compareResults(before.digest, after.digest, {
    shape: record.oneCase.shape,
    typesMayDiffer: action.kind === 'alter-column-type',
    sameText: action.kind !== 'rewrite',
    deterministic: record.deterministic,
  });
  const warm: WarmPair = { pair, digest: after.digest, equality, ms: Math.max(before.ms, after.ms) };
  return { warm, failed: null, difference: equality.result === 'different' ? equality.note : null };
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
    timedOut: item.digest === null,
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
      digest: item.digest,
      deterministic: record.deterministic,
      carriedOver: false,
    },
    pairs,
  };
}
