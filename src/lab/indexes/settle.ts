import { chooseMeasured } from '../../indexes/measured/measured-choice.js';
import type {
  ChoiceIndex,
  ChoiceProblem,
  ChoiceStatement,
  MeasuredChoice,
} from '../../indexes/measured/measured-choice.js';
import type { Objective } from '../../indexes/measured/measured-index-set.js';
import type { FailedCase } from '../../model/measurement.js';
import { failedCase } from '../trial/measure.js';
import { byStatement } from '../trial/summary.js';
import { barePlan, buffersOf, emptyRecord, figuresOf, msOf, planOfSet, runInTurns, workKey } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import type { SubsetPlan } from './subset.js';

/** What an index costs one execution of a case: only for writes. */
export type UpkeepOf = (record: CaseRecord, objective: Objective) => ReadonlyMap<string, number>;

export interface ChoiceRules {
  readonly objective: Objective;
  readonly indexes: readonly ChoiceIndex[];
  readonly budgetBytes: number;
  readonly readTolerance: number;
  readonly writeTolerance: number;
  readonly leastGain: number;
  readonly upkeepOf: UpkeepOf;
}

/** The measured records as a choice, by time or by blocks. */
export function problemOf(records: readonly CaseRecord[], rules: ChoiceRules, objective: Objective): ChoiceProblem {
  const groups = byStatement(records, (record) => record.oneCase);
  const statements = groups.map((group): ChoiceStatement => {
    const { name, calls, kind } = (group[0] as CaseRecord).oneCase;
    const tolerance = kind === 'select' ? rules.readTolerance : rules.writeTolerance;
    return {
      name,
      calls,
      tolerance,
      cases: group.map((record) => {
        const upkeep = rules.upkeepOf(record, objective);
        const values = valuesByPlan(record, upkeep, objective);
        const plans = record.plans.flatMap((plan) => {
          const { present, uses, estimatedCost } = plan;
          const value = values.get(planKey(plan));
          return value === undefined ? [] : [{ present, uses, estimatedCost, value }];
        });
        return { plans, upkeep };
      }),
    };
  });
  const { indexes, budgetBytes, leastGain } = rules;
  return { indexes, statements, budgetBytes, leastGain, slack: SLACK[objective] };
}

/** Chooses, looks up the plans under what was chosen that were only assumed, runs those never run, and chooses again until nothing is assumed or the time is over. */
export async function settle(
  bench: Bench,
  records: readonly CaseRecord[],
  rules: ChoiceRules,
): Promise<MeasuredChoice> {
  for (let round = 0; ; round += 1) {
    const choice = chooseMeasured(problemOf(records, rules, rules.objective));
    bench.runner.check();
    if (choice.value.assumed === 0 || round >= MOST_ROUNDS || performance.now() > bench.deadlineMs) return choice;
    for (const record of records) {
      if (performance.now() > bench.deadlineMs) return choice;
      const figures = figuresOf(record, await planOfSet(bench, record, choice.kept));
      if (figures.runs.length === 0 && figures.cutOffMs === null)
        await runInTurns(bench, record, [figuresOf(record, await barePlan(bench, record)), figures]);
    }
  }
}

/** One case under the kept set against none. */
export interface Verified {
  readonly record: CaseRecord;
  readonly before: PlanFigures;
  readonly after: PlanFigures;
}

/**
 * Runs every case under a set against none, turn by turn, and puts these figures in the place of the earlier ones. What does the
 * same on both sides is run once, and a read whose two plans ran side by side for an earlier set is not run again. Each side is
 * run once at least, whatever the time.
 */
export async function verify(
  bench: Bench,
  records: readonly CaseRecord[],
  kept: readonly string[],
  known: Map<string, Verified>,
): Promise<{ readonly verified: readonly Verified[]; readonly failed: readonly FailedCase[] }> {
  const verified: Verified[] = [];
  const failed: FailedCase[] = [];
  for (const record of records) {
    bench.runner.check();
    const fresh = emptyRecord(record.oneCase);
    const before = figuresOf(fresh, { ...(await planOfSet(bench, record, [])), present: [] });
    const after = figuresOf(fresh, { ...(await planOfSet(bench, record, kept)), present: kept });
    const pair = JSON.stringify([record.oneCase.key, before.plan.text, after.plan.text]);
    const earlier = record.oneCase.soils ? undefined : known.get(pair);
    if (earlier) {
      verified.push({ ...earlier, record });
      continue;
    }
    const failure = await runInTurns(bench, fresh, before === after ? [before] : [before, after]);
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
  return { verified, failed };
}

/**
 * What one execution more or less can not be told from nothing: a tenth of a millisecond is what the server's own timing
 * varies by, four blocks are one descent of a btree.
 */
export const SLACK: Readonly<Record<Objective, number>> = { time: 0.1, buffers: 4 };
const MOST_ROUNDS = 10;

/**
 * What each plan costs by itself, without the upkeep of the indexes that were there. Upkeep was measured elsewhere, with an
 * error of its own: the run that had the least of it tells most, and of runs that had as much the shortest.
 */
function valuesByPlan(
  record: CaseRecord,
  upkeep: ReadonlyMap<string, number>,
  objective: Objective,
): ReadonlyMap<string, number> {
  const known = new Map<string, { readonly kept: number; readonly value: number }>();
  for (const figures of record.figures.values()) {
    if (figures.runs.length === 0 && figures.cutOffMs === null) continue;
    const key = planKey(figures.plan);
    const kept = figures.plan.present.reduce((sum, index) => sum + (upkeep.get(index) ?? 0), 0);
    const value = Math.max(0, valueOf(record, figures, objective) - kept);
    const best = known.get(key);
    if (!best || kept < best.kept || (kept === best.kept && value < best.value)) known.set(key, { kept, value });
  }
  return new Map([...known].map(([key, { value }]) => [key, value]));
}

/** The text does not tell which indexes a write's triggers have. */
function planKey({ text, uses }: SubsetPlan): string {
  return JSON.stringify([text, uses]);
}

/** Blocks of a run that was cut off are not known: it ranks behind every plan that came to its end, by just enough to be refused. */
function valueOf(record: CaseRecord, figures: PlanFigures, objective: Objective): number {
  if (objective === 'time') return msOf(figures);
  const known = buffersOf(figures);
  if (known !== null) return known;
  const most = [...record.figures.values()].reduce((max, one) => Math.max(max, buffersOf(one) ?? 0), 0);
  return most * 2 + 2 * SLACK.buffers;
}
