import { median } from '../../stats/quantile.js';
import { reasonOf } from '../trial/measure.js';
import { isToldByPlan } from '../trial/cases.js';
import type { TrialCase } from '../trial/cases.js';
import type { LabPlan } from '../trial/lab-plan.js';
import { bitsOf, isWithin } from './name-bits.js';
import type { Runner } from './runner.js';
import type { SubsetPlan, SubsetRun, Subsets } from './subset.js';

/** One plan of a case with what it did. */
export interface PlanFigures {
  readonly plan: SubsetPlan;
  readonly runs: SubsetRun[];
  /** The timeout that ended a run, milliseconds; null when all came to their end. */
  cutOffMs: number | null;
  /** Blocks that such a run had touched by then, a lower bound; 0 when all came to their end. */
  cutOffBuffers: number;
  /** Whether the runs are of an earlier round: what is held against them is to run beside them. */
  earlier: boolean;
}

/** All that is known of a case. */
export interface CaseRecord {
  readonly oneCase: TrialCase;
  /** Every question asked of the planner. */
  readonly plans: SubsetPlan[];
  /** By what is done: the plan's text, for a write the indexes that it keeps up, for the call of a function those that it may use. */
  readonly figures: Map<string, PlanFigures>;
  /** What earlier rounds ran, in the same form: taken over once a plan turns out to do the same. */
  readonly earlier: ReadonlyMap<string, PlanFigures>;
}

/** What measuring needs. */
export interface Bench {
  readonly runner: Runner;
  readonly subsets: Subsets;
  /** Of one execution. */
  readonly timeoutMs: number;
  /** `performance.now()` after which nothing more is started that is not needed. */
  readonly deadlineMs: number;
}

/** Whether nothing more is started that is not needed. */
export function isOver({ deadlineMs }: Bench): boolean {
  return performance.now() > deadlineMs;
}

export function emptyRecord(oneCase: TrialCase, earlier: CaseRecord['earlier'] = new Map()): CaseRecord {
  return { oneCase, plans: [], figures: new Map(), earlier };
}

/** The plan under a set as far as it is known. A plan seen under more indexes, all of whose own are here, is this one too; those of other tables do not count. */
function knownPlanOf(record: CaseRecord, present: readonly string[]): SubsetPlan | null {
  const asked = bitsOf(present);
  const isIt = ({ uses, present: seen, unrelated }: SubsetPlan): boolean =>
    isWithin(bitsOf(uses), asked) && isWithin(asked, bitsOf(seen) | bitsOf(unrelated));
  return record.plans.find(isIt) ?? null;
}

/** What a case was seen to do under a set; null where its plan there is not known, or never ran. */
export function seenUnder(record: CaseRecord, present: readonly string[]): PlanFigures | null {
  const plan = knownPlanOf(record, present);
  // A write's work hangs on what is there, whatever its plan.
  const figures = plan && record.figures.get(workKey(record.oneCase, { ...plan, present }));
  return figures && hasRun(figures) ? figures : null;
}

/** The plan under a set: what is known, or else asked. */
export async function planOfSet(bench: Bench, record: CaseRecord, present: readonly string[]): Promise<SubsetPlan> {
  const known = knownPlanOf(record, present);
  if (known) return known;
  const plan = await bench.runner.use((session) => bench.subsets.plan(session, record.oneCase, present));
  record.plans.push(plan);
  return plan;
}

/** The plan without any index of the set. For a write what is known of more indexes says how it plans, not what it costs: then it is held apart. */
export async function barePlan(bench: Bench, record: CaseRecord): Promise<SubsetPlan> {
  const known = record.plans.find((plan) => plan.present.length === 0);
  if (known) return known;
  const plan = await planOfSet(bench, record, []);
  if (!record.oneCase.soils || plan.present.length === 0) return plan;
  const bare = { ...plan, present: [] };
  record.plans.push(bare);
  return bare;
}

/** The figures of a plan, to be filled. */
export function figuresOf(record: CaseRecord, plan: SubsetPlan): PlanFigures {
  const key = workKey(record.oneCase, plan);
  const known = record.figures.get(key);
  if (known) return known;
  const ran = record.earlier.get(key);
  const made: PlanFigures = {
    plan,
    runs: [...(ran?.runs ?? [])],
    cutOffMs: ran?.cutOffMs ?? null,
    cutOffBuffers: ran?.cutOffBuffers ?? 0,
    earlier: ran !== undefined,
  };
  record.figures.set(key, made);
  return made;
}

/** Takes over what the same plan did in the baseline, where nothing else is known of it: what is held against it is to run beside it, as of an earlier round. */
export function takeBaseline(figures: PlanFigures, baseline: LabPlan | null, timeoutMs: number): void {
  if (baseline === null || hasRun(figures) || baseline.shape !== figures.plan.shape) return;
  const { ms, buffers, timedOutMs } = baseline;
  if (timedOutMs === null) figures.runs.push({ ms, buffers, walBytes: 0, rows: 0 });
  else if (timedOutMs >= timeoutMs) {
    figures.cutOffMs = timeoutMs;
    figures.cutOffBuffers = buffers;
  } else return;
  figures.earlier = true;
}

/** Whether anything is known of it. */
export function hasRun({ runs, cutOffMs }: PlanFigures): boolean {
  return runs.length > 0 || cutOffMs !== null;
}

/** Two executions with the same key do the same work. */
export function workKey(oneCase: TrialCase, { text, present, uses }: SubsetPlan): string {
  return isToldByPlan(oneCase) ? text : `${text} ${JSON.stringify(oneCase.soils ? present : uses)}`;
}

/** Milliseconds: the least of the runs, or the timeout of one that was cut off. */
export function msOf({ runs, cutOffMs }: PlanFigures): number {
  if (cutOffMs !== null) return cutOffMs;
  return runs.reduce((least, run) => Math.min(least, run.ms), Number.POSITIVE_INFINITY);
}

/** The same by the median, which one lucky run does not move. */
export function medianMsOf({ runs, cutOffMs }: PlanFigures): number {
  return cutOffMs ?? median(runs.map((run) => run.ms));
}

/** Blocks; null when a run was cut off. */
export function buffersOf({ runs, cutOffMs }: PlanFigures): number | null {
  if (cutOffMs !== null || runs.length === 0) return null;
  return runs.reduce((least, run) => Math.min(least, run.buffers), Number.POSITIVE_INFINITY);
}

/** Runs one plan once. Gives a reason when the statement itself fails; a timeout is a figure. */
export async function runOnce(
  bench: Bench,
  record: CaseRecord,
  figures: PlanFigures,
  timeoutMs: number,
): Promise<string | null> {
  try {
    const run = await bench.runner.use((session) =>
      bench.subsets.run(session, record.oneCase, figures.plan.present, timeoutMs),
    );
    if ('cutOffBuffers' in run) {
      // A signal cancels like a timeout does.
      bench.runner.check();
      figures.cutOffMs = timeoutMs;
      figures.cutOffBuffers = Math.max(figures.cutOffBuffers, run.cutOffBuffers);
    } else figures.runs.push(run);
    return null;
  } catch (thrown) {
    bench.runner.check();
    return reasonOf(thrown, timeoutMs);
  }
}

/**
 * Runs plans of a case turn by turn (A B C, C B A, ...), until each has as many runs as its time allows, or the deadline.
 * A plan that looks slower than the first, although it does not touch more blocks to match, is given twice as many: only time speaks against it.
 * Plans that were cut off are not run again, and those of an earlier round only beside new ones. Gives a reason when the statement fails.
 */
export async function runInTurns(
  bench: Bench,
  record: CaseRecord,
  all: readonly PlanFigures[],
): Promise<string | null> {
  const first = all[0];
  if (!first) return null;
  if (all.some((one) => !one.earlier)) for (const one of all) forgetEarlier(one);
  const slowestMs = (): number => Math.max(0, ...all.filter((one) => one.runs.length > 0).map(msOf));
  let wanted = 1;
  for (let turn = 0; turn < wanted; turn += 1) {
    for (const figures of turn % 2 === 0 ? all : all.toReversed()) {
      if (figures.cutOffMs !== null || figures.runs.length >= wanted) continue;
      if (figures.runs.length > 0 && isOver(bench)) return null;
      const failure = await runBeside(bench, record, first, figures);
      if (failure !== null) return failure;
    }
    const doubtful = all.some((one) => one !== first && isDoubtful(first, one));
    wanted = runsFor(slowestMs()) * (doubtful ? 2 : 1);
  }
  return null;
}

/** Other work on the machine makes times of another hour no match; a run that was cut off took its time in any case. */
function forgetEarlier(figures: PlanFigures): void {
  if (figures.earlier && figures.cutOffMs === null) figures.runs.length = 0;
  figures.earlier = false;
}

/** How often, by the time of one run: the least of five steadies short ones; a long one is steadier by itself, and what looks slower is run twice as often. */
function runsFor(ms: number): number {
  return ms < 50 ? 5 : 2;
}

function isDoubtful(first: PlanFigures, one: PlanFigures): boolean {
  const [before, after] = [buffersOf(first), buffersOf(one)];
  return before !== null && after !== null && after <= before * CLEAR && msOf(one) > msOf(first) * DOUBT;
}

/** So many more blocks explain more time. */
const CLEAR = 1.15;
/** The spread that repeated runs of one plan show on a machine with company. */
export const DOUBT = 1.05;

/** Whether there was no time to run it again. */
export function ranOnce({ runs, cutOffMs }: PlanFigures): boolean {
  return cutOffMs === null && runs.length === 1;
}

/**
 * Runs one plan once, no longer than is worth waiting for beside what ran without any index. Where such a run was cut off early and had touched no more blocks than that one by then, the machine may have stood still:
 * it is run once more, with more time.
 */
export async function runBeside(
  bench: Bench,
  record: CaseRecord,
  bare: PlanFigures,
  figures: PlanFigures,
): Promise<string | null> {
  const timeoutMs = timeoutFor(bench, bare, figures);
  const failure = await runOnce(bench, record, figures, timeoutMs);
  const isEarly = figures.cutOffMs === timeoutMs && timeoutMs < Math.min(PATIENT_TIMEOUT_MS, bench.timeoutMs);
  if (!isEarly || figures.cutOffBuffers > (buffersOf(bare) ?? 0)) return failure;
  figures.cutOffMs = null;
  figures.cutOffBuffers = 0;
  return runOnce(bench, record, figures, Math.min(PATIENT_TIMEOUT_MS, bench.timeoutMs));
}

/** Three times as slow as without any index is out of the question however slow it is; so it need not be waited for. */
function timeoutFor(bench: Bench, first: PlanFigures, figures: PlanFigures): number {
  if (figures === first || first.cutOffMs !== null || first.runs.length === 0) return bench.timeoutMs;
  return Math.min(bench.timeoutMs, Math.max(LEAST_TIMEOUT_MS, 3 * msOf(first)));
}

/** A choice: ten times what a statement of 50 ms takes, so that it need not be told from a moment of other work. */
const LEAST_TIMEOUT_MS = 500;
/** A choice: four times as long, for a machine that stood still. */
const PATIENT_TIMEOUT_MS = 2000;
