import type { Sample } from '../../model/measurement.js';
import type { Plan } from '../../model/plan.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { reasonOf } from './measure.js';
import { executeOnce } from './sampling.js';
import { troubleOf } from './sessions.js';

/** How many pairs a statement gets, by its expected time. */
export interface PairLimits {
  readonly wanted: (ms: number) => number;
  readonly minimum: (ms: number) => number;
}

/** Trials: enough for a 95 % interval by bootstrap where time permits; three pairs are the fewest that a verdict takes. */
export const TRIAL_PAIRS: PairLimits = {
  wanted: (ms) => (ms < 20 ? 20 : ms < 200 ? 12 : ms < 1000 ? 7 : 4),
  minimum: (ms) => (ms < 1000 ? 5 : 3),
};

/** The baseline: every statement is measured, so that slow ones get a single pair where time is short. */
export const BASELINE_PAIRS: PairLimits = {
  wanted: (ms) => (ms < 20 ? 20 : ms < 200 ? 8 : ms < 1000 ? 4 : 3),
  minimum: (ms) => (ms < 20 ? 5 : ms < 1000 ? 3 : 1),
};

/** What a statement is expected to cost: milliseconds of one execution of each of its cases, added up, and how many they are. */
export interface Expected {
  readonly totalMs: number;
  readonly cases: number;
}

/** Pairs for each statement, so that all of them together stay within the budget; never under the minimum. */
export function planPairs(statements: readonly Expected[], budgetMs: number, limits: PairLimits): readonly number[] {
  const at = (share: number): readonly number[] =>
    statements.map(({ totalMs, cases }) => {
      const ms = totalMs / Math.max(1, cases);
      const least = limits.minimum(ms);
      return Math.round(least + share * Math.max(0, limits.wanted(ms) - least));
    });
  const cost = (pairs: readonly number[]): number =>
    statements.reduce((sum, one, i) => sum + 2 * (pairs[i] ?? 0) * (one.totalMs + one.cases * ROUND_TRIP_MS), 0);
  for (let share = 1; share > 0; share -= 0.1) {
    const pairs = at(share);
    if (cost(pairs) <= budgetMs) return pairs;
  }
  return at(0);
}

/** Which side runs first: A B, B A, A B, ... so that drift and warmth fall on both alike. */
export function firstSide(pair: number, start: number): 'before' | 'after' {
  return (pair + start) % 2 === 0 ? 'before' : 'after';
}

/**
 * Whether more pairs could change nothing: at least five, and every one shows a factor of 1.5 in the same direction.
 * Under no effect five such pairs in a row are out of reach of noise, so that stopping here does not bend the interval.
 */
export function isDecisive(beforeMs: readonly number[], afterMs: readonly number[]): boolean {
  if (beforeMs.length < DECISIVE_PAIRS) return false;
  const logs = beforeMs.map((before, i) => Math.log((afterMs[i] ?? before) / before));
  return logs.every((log) => log > Math.log(DECISIVE_FACTOR)) || logs.every((log) => log < -Math.log(DECISIVE_FACTOR));
}

/** One case on both sides; they differ in text only for a rewrite. */
export interface PairedCase {
  readonly before: TrialCase;
  readonly after: TrialCase;
  readonly timeoutMs: number;
  /** Of one execution. */
  readonly expectedMs: number;
  /** The side with the change already timed out once. */
  readonly timedOut: boolean;
  /** What the unchanged side had cost when it was cut off: it is not run again. Null where it finishes. */
  readonly beforeCutOff: Sample | null;
}

/** The pairs of one case: `before[i]` and `after[i]` ran next to each other. */
export interface CasePairs {
  readonly before: readonly Sample[];
  readonly after: readonly Sample[];
  readonly planBefore: Plan | null;
  readonly planAfter: Plan | null;
  /** The side with the change ran into the timeout: its times are that timeout, a lower bound; its counters repeat the other side's. */
  readonly censored: boolean;
  /** The unchanged side did not finish: each of its samples is what it had cost when it was cut off, a lower bound. */
  readonly beforeCutOff: boolean;
  /** Why the statement's pairs ended early: an error on either side, or a timeout on the unchanged one. */
  readonly failure: {
    readonly side: 'before' | 'after';
    readonly reason: string;
    readonly timedOut: boolean;
  } | null;
}

/** The two sides of a trial. */
export interface Sides {
  readonly before: Session;
  readonly after: Session;
  /** Called between pairs; throws to end the trial. */
  readonly check: () => void;
}

/** Runs the pairs of one statement, all of its cases in turn within each pair; a failure ends them. Throws for trouble that is not the statement's. */
export async function runPairs(
  sides: Sides,
  cases: readonly PairedCase[],
  pairs: number,
  start: number,
): Promise<readonly CasePairs[]> {
  if (cases.every((one) => one.expectedMs < WARM_BELOW_MS)) {
    const warmed = await runPairs(
      sides,
      cases.map((one) => ({ ...one, expectedMs: Number.POSITIVE_INFINITY })),
      1,
      start,
    );
    if (warmed.some((result) => result.failure !== null)) return warmed;
  }
  const runs = cases.map((one) => new CaseRun(one));
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const run of runs) {
      sides.check();
      await run.pair(sides, firstSide(pair, start));
      if (run.failure) return runs.map((each) => each.result());
    }
    if (runs.every((run) => run.decisive())) break;
  }
  return runs.map((run) => run.result());
}

/** The first run under EXPLAIN ANALYZE still pays for caches which the warm-up did not touch; where it is cheap, one more pair is run and thrown away. */
const WARM_BELOW_MS = 50;
const ROUND_TRIP_MS = 1.5;
const DECISIVE_PAIRS = 5;
const DECISIVE_FACTOR = 1.5;

/** A timeout is run into twice at most; later pairs repeat it. */
const TIMEOUTS_SEEN = 2;

/** Rolled-back rows that pile up on both sides before they are vacuumed away. */
const DEAD_ROWS_KEPT = 20_000;

class CaseRun {
  failure: CasePairs['failure'] = null;
  private readonly before: Sample[] = [];
  private readonly after: Sample[] = [];
  private planBefore: Plan | null = null;
  private planAfter: Plan | null = null;
  private timeouts: number;
  private deadRows = 0;

  constructor(private readonly one: PairedCase) {
    this.timeouts = one.timedOut ? 1 : 0;
  }

  async pair(sides: Sides, first: 'before' | 'after'): Promise<void> {
    const early = first === 'after' ? await this.runAfter(sides) : undefined;
    if (this.failure) return;
    const before = await this.runBefore(sides);
    const after = early === undefined && !this.failure ? await this.runAfter(sides) : (early ?? null);
    if (!before || this.failure) return;
    this.push(before, after);
    await this.tidy(sides);
  }

  decisive(): boolean {
    const times = (samples: readonly Sample[]): readonly number[] => samples.map((sample) => sample.executionMs);
    if (this.timeouts >= TIMEOUTS_SEEN) return this.before.length >= 3;
    return isDecisive(times(this.before), times(this.after));
  }

  result(): CasePairs {
    const { before, after, planBefore, planAfter, failure } = this;
    const beforeCutOff = this.one.beforeCutOff !== null;
    return { before, after, planBefore, planAfter, censored: this.timeouts > 0, beforeCutOff, failure };
  }

  private async runBefore(sides: Sides): Promise<Sample | null> {
    if (this.one.beforeCutOff) return this.one.beforeCutOff;
    try {
      const { sample, plan } = await executeOnce(sides.before, this.one.before, this.one.timeoutMs);
      this.planBefore = plan;
      return sample;
    } catch (thrown) {
      sides.check();
      this.failure = this.failureOf('before', thrown);
      return null;
    }
  }

  /** Null when it ran into the timeout, or failed. */
  private async runAfter(sides: Sides): Promise<Sample | null> {
    if (this.timeouts >= TIMEOUTS_SEEN) return null;
    try {
      const { sample, plan } = await executeOnce(sides.after, this.one.after, this.one.timeoutMs);
      this.planAfter = plan;
      return sample;
    } catch (thrown) {
      sides.check();
      if (troubleOf(thrown) === 'timeout' && !this.one.beforeCutOff) this.timeouts += 1;
      else this.failure = this.failureOf('after', thrown);
      return null;
    }
  }

  private failureOf(side: 'before' | 'after', thrown: unknown): CasePairs['failure'] {
    return { side, reason: reasonOf(thrown, this.one.timeoutMs), timedOut: troubleOf(thrown) === 'timeout' };
  }

  private push(before: Sample, after: Sample | null): void {
    this.before.push(before);
    this.after.push(after ?? { ...before, executionMs: Math.max(this.one.timeoutMs, before.executionMs) });
    if (this.one.before.kind !== 'select') this.deadRows += before.rows;
  }

  private async tidy(sides: Sides): Promise<void> {
    if (this.deadRows < DEAD_ROWS_KEPT) return;
    this.deadRows = 0;
    for (const session of [sides.before, sides.after]) await session.run('VACUUM');
  }
}
