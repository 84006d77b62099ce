import { quoteQualified } from '../../base/quote.js';
import { formatMs } from '../../base/units.js';
import { chooseMeasured, measuredValue } from '../../indexes/measured/measured-choice.js';
import type { ChoiceProblem, MeasuredChoice } from '../../indexes/measured/measured-choice.js';
import type { IndexWriteCost, TableWrite } from '../../indexes/measured/write-cost.js';
import { writesTo } from '../../indexes/measured/write-cost.js';
import type { FailedCase } from '../../model/measurement.js';
import type { PreparedCases, TrialCase } from '../trial/cases.js';
import { failedCase, inOrder, reasonOf } from '../trial/measure.js';
import type { IndexBuild } from './build.js';
import type { EarlierRuns } from './earlier-runs.js';
import { barePlan, emptyRecord, figuresOf, msOf, planOfSet, runInTurns, runOnce, timeoutFor } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import type { MeasureSetOptions } from './measured-set.js';
import type { Runner } from './runner.js';
import { problemOf, settle, verify } from './settle.js';
import type { ChoiceRules, Verified } from './settle.js';
import type { Subsets } from './subset.js';
import { culpritOf } from './verified.js';

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
  /** False when the time ran out first. */
  readonly complete: boolean;
}

/** Every affected case with all indexes and with none, then with each index that its plan uses left out. The most expensive statements come first; writes last, for their dead rows would disturb reads. */
export async function measureCases(loop: OuterLoop): Promise<Measured> {
  const bench = benchOf(loop, MEASURING_SHARE);
  const { records, unaffected, failed } = await affectedCases(loop, bench);
  let steps = 0;
  const told = (): void => {
    steps += 1;
    loop.options.progress?.('measure', steps, PASSES * records.length);
  };
  const measured: CaseRecord[] = [];
  for (const record of inOrder(records, (one) => one.oneCase)) {
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
  // Each plan once before any of them again: where the time is short, it shows of every index what it does by itself.
  const plans = new Map<CaseRecord, readonly PlanFigures[]>();
  for (const record of order) {
    if (isOver(bench)) break;
    plans.set(record, await leaveOneOut(bench, record));
    told();
  }
  let done = 0;
  for (const [record, figures] of plans) {
    if (isOver(bench)) break;
    await runInTurns(bench, record, figures);
    done += 1;
    told();
  }
  await tidy(loop, order);
  return { records: order, unaffected, failed, complete: done === order.length && !isOver(bench) };
}

/** Over the statements: with all and with none, with one left out, and these turn by turn. */
const PASSES = 3;

/** A set that was verified as it is. */
export interface Standing {
  readonly kept: readonly string[];
  readonly records: readonly CaseRecord[];
  readonly verified: readonly Verified[];
  readonly failed: readonly FailedCase[];
  /** Indexes that the last verification spoke against, and why. */
  readonly banned: ReadonlyMap<string, string>;
  readonly proved: boolean;
  readonly complete: boolean;
}

/** Chooses by the figures, runs the chosen set against none, and chooses again with what that showed, until a set stands. */
export async function findStanding(
  loop: OuterLoop,
  measured: readonly CaseRecord[],
  rules: ChoiceRules,
): Promise<Standing> {
  const bench = benchOf(loop, 1);
  const banned = new Map<string, string>();
  const failed: FailedCase[] = [];
  const known = loop.earlier.verified;
  const stood: Stood[] = [];
  let records = measured;
  for (let attempt = 1; ; attempt += 1) {
    loop.options.progress?.('verify', attempt, MOST_ATTEMPTS);
    const choice = await settle(bench, records, withoutBanned(rules, banned));
    const { verified, failed: more } = await verify(bench, records, choice.kept, known);
    failed.push(...more);
    records = verified.map((one) => one.record);
    await tidy(loop, records);
    const culprit = culpritOf(verified, choice.kept, rules);
    if (culprit === null) stood.push({ choice, verified });
    const problem = problemOf(records, withoutBanned(rules, banned), rules.objective);
    const again = chooseMeasured(problem);
    const stands = again.kept.join() === choice.kept.join();
    const isSettled = culprit === null && stands;
    const isLast = attempt >= MOST_ATTEMPTS || isOver(bench);
    // What is proved is the best but for indexes that gain too little to count: an earlier set with one of them is none better.
    const proved = isSettled && again.proved ? { choice, verified } : null;
    const best = proved ?? (isSettled || isLast ? bestOf(problem, stood) : null);
    if (best !== null) {
      const isChosen = stands && best.choice === choice;
      if (!isChosen)
        loop.note('by the last figures another set looks better still; the best that was verified is given');
      return {
        ...best,
        kept: best.choice.kept,
        records,
        failed,
        banned,
        proved: isChosen && choice.proved,
        complete: !isOver(bench),
      };
    }
    // When nothing has stood by the last attempt, one after another goes: in the end nothing is left to speak against.
    if (culprit !== null && (stands || isLast)) banned.set(culprit.index, culprit.reason);
  }
}

interface Stood {
  readonly choice: MeasuredChoice;
  readonly verified: readonly Verified[];
}

/** Of the sets that stood their verification the best by what is known now. */
function bestOf(problem: ChoiceProblem, stood: readonly Stood[]): Stood | null {
  const totals = stood.map((one) => ({ one, total: measuredValue(problem, one.choice.kept).total }));
  return totals.toSorted((a, b) => a.total - b.total)[0]?.one ?? null;
}

function benchOf({ runner, subsets, options, startedMs }: OuterLoop, share: number): Bench {
  const timeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return { runner, subsets, timeoutMs, deadlineMs: startedMs + options.timeBudgetMs * share };
}

const STATEMENT_TIMEOUT_MS = 10_000;
/** The rest is for choosing and verifying. */
const MEASURING_SHARE = 0.7;
/** Sets that are verified; what ran side by side once is not run again, so that later ones cost little. */
const MOST_ATTEMPTS = 10;
/** Indexes on the same columns, one wider than the other, are seldom more. */
const MOST_STAND_INS = 4;
/** More than any budget. */
const NEVER_FITS = Number.MAX_SAFE_INTEGER;

function isOver(bench: Bench): boolean {
  return performance.now() > bench.deadlineMs;
}

function withoutBanned(rules: ChoiceRules, banned: ReadonlyMap<string, string>): ChoiceRules {
  const indexes = rules.indexes.map((index) => (banned.has(index.name) ? { ...index, sizeBytes: NEVER_FITS } : index));
  return { ...rules, indexes };
}

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

/** None against all, once. Gives the reason when that gives no figure. */
async function measureEnds(bench: Bench, record: CaseRecord): Promise<string | null> {
  bench.runner.check();
  if (isOver(bench)) return 'the time ran out before it was measured';
  const bare = figuresOf(record, await barePlan(bench, record));
  const full = figuresOf(record, await planOfSet(bench, record, bench.subsets.all));
  for (const figures of new Set([bare, full])) {
    if (figures.runs.length > 0 || figures.cutOffMs !== null) continue;
    const reason = await runOnce(bench, record, figures, bench.timeoutMs);
    if (reason !== null) return reason;
  }
  if (bare.cutOffMs !== null && full.cutOffMs !== null)
    return `timed out after ${formatMs(bench.timeoutMs)}, with the indexes and without`;
  return null;
}

/**
 * Runs the plans with one index left out, those that never ran, once. What stands in for an index that is left out is left out as well: the one
 * after it may be much smaller, and no plan would show it while others are there. Gives all plans, the one without any index first.
 */
async function leaveOneOut(bench: Bench, record: CaseRecord): Promise<readonly PlanFigures[]> {
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
      const standIns = plan.uses.filter((one) => !full.uses.includes(one));
      if (standIns.length === 0) break;
      for (const one of standIns) gone.add(one);
    }
  }
  for (const one of figures) {
    if (one.runs.length > 0 || one.cutOffMs !== null || isOver(bench)) continue;
    // What fails now fails in its turn as well, where the reason is told.
    await runOnce(bench, record, one, timeoutFor(bench, bare, one));
  }
  return [...figures];
}

/** Takes away the dead rows of writes that were rolled back. */
async function tidy(loop: OuterLoop, records: readonly CaseRecord[]): Promise<void> {
  const ran = new Set(records.filter((record) => record.oneCase.soils).map((record) => record.oneCase.fingerprint));
  const tables = new Set(
    loop.writes
      .filter((write) => ran.has(write.fingerprint))
      .map(({ table }) => quoteQualified(table.schema, table.name)),
  );
  for (const table of tables) await loop.runner.use((session) => session.run(`VACUUM ${table}`));
}
