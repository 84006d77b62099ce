import { formatMs } from '../../base/units.js';
import { familyOf } from '../../indexes/selection/items.js';
import type { IndexWriteCost, TableWrite } from '../../indexes/measured/write-cost.js';
import { writesTo } from '../../indexes/measured/write-cost.js';
import type { FailedCase } from '../../model/measurement.js';
import type { PreparedCases, TrialCase } from '../trial/cases.js';
import { failedCase, inOrder, reasonOf } from '../trial/measure.js';
import type { IndexBuild } from './build.js';
import type { EarlierRuns } from './earlier-runs.js';
import { tidy } from './tidy.js';
import { barePlan, emptyRecord, figuresOf, hasRun, isOver, msOf, planOfSet } from './case-record.js';
import { runBeside, runInTurns, runOnce, takeBaseline } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import type { MeasureSetOptions } from './measured-set.js';
import type { Runner } from './runner.js';
import type { Subsets } from './subset.js';

/** What the choice starts from: everything is built. */
export interface OuterLoop {
  readonly runner: Runner;
  readonly subsets: Subsets;
  readonly prepared: PreparedCases;
  readonly writes: readonly TableWrite[];
  readonly costs: ReadonlyMap<string, IndexWriteCost>;
  readonly builds: readonly IndexBuild[];
  readonly options: MeasureSetOptions;
  readonly earlier: EarlierRuns;
  readonly startedMs: number;
  readonly note: (text: string) => void;
}

/** Cases as measured, and what gave no figure. */
export interface Measured {
  readonly records: readonly CaseRecord[];
  readonly unaffected: readonly string[];
  readonly failed: readonly FailedCase[];
  /** Names of indexes in plans of what gave no figure. */
  readonly unseenUses: ReadonlySet<string>;
  /** A set that fits and makes no statement too slow by what ran, once each; null where none was found in time. */
  readonly walked: readonly string[] | null;
  /** Whether its plans ran as often as their time allows. */
  readonly steadied: boolean;
  /** False when the time ran out first, or a signal stopped the run. */
  readonly complete: boolean;
}

/**
 * Every affected case with all indexes and with none, then with each index that its plan uses left out; after an abort what ran by then. The most expensive statements come first;
 * writes last, for their dead rows would disturb reads. `walk`, until a share of the time, comes between: what is left out takes long where many statements use many indexes, and says little of sets that lack several.
 */
export async function measureCases(
  loop: OuterLoop,
  walk: (records: readonly CaseRecord[]) => Promise<readonly string[] | null>,
  walkShare: number,
): Promise<Measured> {
  const bench = benchOf(loop, MEASURING_SHARE);
  const { records, unaffected, failed } = await affectedCases(loop, bench);
  const measured: CaseRecord[] = [];
  const done = await untilStopped(loop, () =>
    measureRecords(loop, bench, { records, measured, failed, walk, walkShare }),
  );
  if (measured.length === 0) loop.runner.check();
  const seen = new Set(measured);
  const unseen = records.filter((record) => !seen.has(record));
  const unseenUses = new Set(unseen.flatMap(({ plans }) => plans.flatMap((plan) => plan.uses)));
  const none = { walked: null, steadied: false, complete: false };
  return { records: measured, unaffected, failed, unseenUses, ...(done ?? none) };
}

/** Fills `measured` and `failed`. `complete` where every pass came to its end. */
async function measureRecords(
  loop: OuterLoop,
  bench: Bench,
  {
    records,
    measured,
    failed,
    walk,
    walkShare,
  }: {
    readonly records: readonly CaseRecord[];
    readonly measured: CaseRecord[];
    readonly failed: FailedCase[];
    readonly walk: (records: readonly CaseRecord[]) => Promise<readonly string[] | null>;
    readonly walkShare: number;
  },
): Promise<Pick<Measured, 'walked' | 'steadied' | 'complete'>> {
  let steps = 0;
  const told = (): void => {
    steps += 1;
    loop.options.progress?.('measure', steps, PASSES * records.length);
  };
  for (const record of await byPromise(loop, bench, records)) {
    const reason = await measureEnds(bench, record);
    if (reason === null) measured.push(record);
    else failed.push(failedCase(record.oneCase, reason));
    told();
  }
  const weighed: { readonly record: CaseRecord; readonly totalMs: number }[] = [];
  for (const record of measured)
    weighed.push({ record, totalMs: msOf(figuresOf(record, await barePlan(bench, record))) * record.oneCase.calls });
  const order = inOrder(
    weighed.toSorted((a, b) => b.totalMs - a.totalMs).map((one) => one.record),
    (one) => one.oneCase,
  );
  measured.splice(0, measured.length, ...order);
  // Each plan once before any of them again: where the time is short, it shows of every index what it does by itself.
  const plans = new Map<CaseRecord, readonly PlanFigures[]>();
  const families = familiesOf(loop);
  const first = benchOf(loop, LEAVING_OUT_SHARE);
  for (const record of order) {
    if (isOver(first)) break;
    plans.set(record, await leaveOneOut(first, record, families));
    told();
  }
  const done = await inTurns(benchOf(loop, STEADYING_SHARE), plans, told);
  await tidy(loop, order);
  const walked = await walk(order);
  // Where the walk took all of its time, the rest is for running what is chosen.
  const isLeftOut = await leaveRestOut(loop, order, walkShare);
  return { walked, steadied: done === order.length, complete: done === order.length && isLeftOut };
}

/** What leaving out still lacks, once; what ran is not run again. False where the time ended it. */
export async function leaveRestOut(loop: OuterLoop, records: readonly CaseRecord[], share: number): Promise<boolean> {
  const bench = benchOf(loop, share);
  const families = familiesOf(loop);
  for (const record of records) {
    if (isOver(bench)) return false;
    await leaveOneOut(bench, record, families);
  }
  return !isOver(bench);
}

function familiesOf({ builds }: OuterLoop): ReadonlyMap<string, string> {
  return new Map(builds.map(({ spec }) => [spec.name, familyOf(spec)]));
}

/** Over the statements: with all and with none, with one left out, and these turn by turn. */
const PASSES = 3;

/** Gives for how many records the plans came to their end, until the deadline. */
async function inTurns(
  bench: Bench,
  plans: ReadonlyMap<CaseRecord, readonly PlanFigures[]>,
  told: () => void,
): Promise<number> {
  let done = 0;
  for (const [record, figures] of plans) {
    if (isOver(bench)) break;
    await runInTurns(bench, record, figures);
    done += 1;
    told();
  }
  return done;
}

/** The outcome of `work`, or null after an abort. */
export async function untilStopped<T>({ options }: OuterLoop, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (thrown) {
    if (options.signal?.aborted) return null;
    throw thrown;
  }
}

/** `share` is of the time for measuring, after which nothing more is started that is not needed. */
export function benchOf({ runner, subsets, options, startedMs }: OuterLoop, share: number): Bench {
  const timeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return { runner, subsets, timeoutMs, deadlineMs: startedMs + options.timeBudgetMs * share };
}

const STATEMENT_TIMEOUT_MS = 10_000;
/** The rest is for choosing and verifying. */
export const MEASURING_SHARE = 0.7;
/** For walking sets, and after them for what leaving out still lacks: */
export const WALKING_SHARE = 0.69;
/** of a first walk, for what saves an index that it refuses has to be asked for, built, and walked with. */
export const FIRST_WALK_SHARE = 0.46;
/** For leaving out, before sets are walked. */
const LEAVING_OUT_SHARE = 0.15;
/** For runs that only make figures steadier: on 94 statements and 48 indexes they took half of the time, and what was chosen was run as often again when it was verified. */
const STEADYING_SHARE = 0.12;
/** Indexes on the same columns, one wider than the other, are seldom more. */
const MOST_STAND_INS = 4;

/** A case that plans the same with all of the indexes there, and writes to none of their tables, is the same under any of their sets. */
async function affectedCases(
  loop: OuterLoop,
  bench: Bench,
): Promise<{
  readonly records: readonly CaseRecord[];
  readonly unaffected: readonly string[];
  readonly failed: FailedCase[];
}> {
  const records: CaseRecord[] = [];
  const failed: FailedCase[] = [];
  const others = new Set<string>();
  for (const oneCase of loop.prepared.cases) {
    const record = emptyRecord(oneCase, loop.earlier.of(oneCase));
    try {
      const plan = await planOfSet(bench, record, loop.subsets.all);
      if (plan.uses.length > 0 || writesToIndexed(loop, oneCase)) records.push(record);
      else others.add(oneCase.name);
    } catch (thrown) {
      bench.runner.check();
      failed.push(failedCase(oneCase, reasonOf(thrown, 0)));
    }
  }
  const affected = new Set(records.map((record) => record.oneCase.name));
  return { records, failed, unaffected: [...others].filter((name) => !affected.has(name)) };
}

function writesToIndexed({ writes, builds }: OuterLoop, oneCase: TrialCase): boolean {
  const own = writes.filter((write) => write.fingerprint === oneCase.fingerprint);
  return builds.some(({ spec }) => writesTo(own, spec.table).length > 0);
}

/**
 * Reads first, and of them those for which the planner promises the greatest share: where the time is short, it goes where it shows most. What came to no
 * end without the indexes comes last. What the baseline ran is not run again.
 */
async function byPromise(
  { earlier }: OuterLoop,
  bench: Bench,
  records: readonly CaseRecord[],
): Promise<readonly CaseRecord[]> {
  const weighed: { readonly record: CaseRecord; readonly isUnended: boolean; readonly ratio: number }[] = [];
  for (const record of records) {
    bench.runner.check();
    const bare = figuresOf(record, await barePlan(bench, record));
    takeBaseline(bare, earlier.baselineOf(record.oneCase), bench.timeoutMs);
    const full = await planOfSet(bench, record, bench.subsets.all);
    const ratio = full.estimatedCost / Math.max(bare.plan.estimatedCost, Number.MIN_VALUE);
    weighed.push({ record, isUnended: bare.cutOffMs !== null, ratio });
  }
  const order = weighed.toSorted((a, b) => Number(a.isUnended) - Number(b.isUnended) || a.ratio - b.ratio);
  return inOrder(
    order.map((one) => one.record),
    (one) => one.oneCase,
  );
}

/** None against all, once. Gives the reason when that gives no figure. */
async function measureEnds(bench: Bench, record: CaseRecord): Promise<string | null> {
  bench.runner.check();
  if (isOver(bench)) return 'the time ran out before it was measured';
  const bare = figuresOf(record, await barePlan(bench, record));
  const full = figuresOf(record, await planOfSet(bench, record, bench.subsets.all));
  for (const figures of new Set([bare, full])) {
    if (hasRun(figures)) continue;
    const reason = await runOnce(bench, record, figures, bench.timeoutMs);
    if (reason !== null) return reason;
  }
  if (bare.cutOffMs !== null && full.cutOffMs !== null)
    return `timed out after ${formatMs(bench.timeoutMs)}, with the indexes and without`;
  return null;
}

/**
 * Runs the plans with one index left out, those that never ran, once. What stands in for an index that is left out is left out as well: the one
 * after it may be much smaller, and no plan would show it while others are there. One that begins with the same key stands in for it also where the
 * plan with all of them used both. Gives all plans, the one without any index first.
 */
async function leaveOneOut(
  bench: Bench,
  record: CaseRecord,
  families: ReadonlyMap<string, string>,
): Promise<readonly PlanFigures[]> {
  const { all } = bench.subsets;
  const full = await planOfSet(bench, record, all);
  const bare = figuresOf(record, await barePlan(bench, record));
  const figures = new Set([bare, figuresOf(record, full)]);
  for (const name of full.uses) {
    const gone = new Set([name]);
    for (let step = 0; step < MOST_STAND_INS; step += 1) {
      const plan = await planOfSet(
        bench,
        record,
        all.filter((one) => !gone.has(one)),
      );
      figures.add(figuresOf(record, plan));
      const standIns = plan.uses.filter((one) => !full.uses.includes(one) || families.get(one) === families.get(name));
      if (standIns.length === 0) break;
      for (const one of standIns) gone.add(one);
    }
  }
  for (const one of figures) {
    if (hasRun(one) || isOver(bench)) continue;
    // What fails now fails in its turn as well, where the reason is told.
    await runBeside(bench, record, bare, one);
  }
  return [...figures];
}
