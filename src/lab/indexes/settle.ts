import { chooseAmong, chooseKnown, chooseMeasured, measuredValue } from '../../indexes/measured/measured-choice.js';
import type {
  ChoiceCase,
  ChoiceIndex,
  ChoiceProblem,
  ChoiceStatement,
  MeasuredChoice,
} from '../../indexes/measured/measured-choice.js';
import { guardOf } from '../../indexes/measured/measured-index-set.js';
import type { Objective } from '../../indexes/measured/measured-index-set.js';
import { SLACK_MS } from '../../indexes/measured/statement-guard.js';
import type { StatementGuard } from '../../indexes/measured/statement-guard.js';
import { mean } from '../../stats/quantile.js';
import type { TrialCase } from '../trial/cases.js';
import { byStatement } from '../trial/summary.js';
import {
  barePlan,
  buffersOf,
  figuresOf,
  hasRun,
  isOver,
  msOf,
  planOfSet,
  runBeside,
  seenUnder,
} from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import { SLACK_BLOCKS, toleranceFor } from './chance.js';
import type { SubsetPlan } from './subset.js';

/** What a figure is in. */
export type Unit = 'time' | 'buffers';

/** What an index costs one execution of a case: only for writes. */
export type UpkeepOf = (record: CaseRecord, unit: Unit) => ReadonlyMap<string, number>;

export interface ChoiceRules {
  readonly objective: Objective;
  /** Milliseconds that a block counts as where both decide. */
  readonly blockMs: number;
  readonly indexes: readonly ChoiceIndex[];
  readonly budgetBytes: number;
  readonly readTolerance: number;
  readonly writeTolerance: number;
  /** Milliseconds, calls times executions, that a statement may lose in any case: too little of the workload to matter (`StatementGuard`). */
  readonly smallMs: number;
  /** Times as long as without any index that a single run may be chance. */
  readonly onceTolerance: number;
  readonly leastGain: number;
  readonly upkeepOf: UpkeepOf;
}

/** Times as long as without any index that an execution of a case may take. */
export function allowedOf({ soils }: TrialCase, { readTolerance, writeTolerance }: ChoiceRules): number {
  return soils ? writeTolerance : readTolerance;
}

/** What one execution of a case may take, in this unit. */
export function guardFor(oneCase: TrialCase, rules: ChoiceRules, unit: Unit): StatementGuard {
  return { tolerance: allowedOf(oneCase, rules), slack: SLACK[unit], small: smallOf(oneCase, rules, unit) };
}

/** Blocks are the same each time: whatever is more is told. */
function smallOf({ calls }: Pick<TrialCase, 'calls'>, { smallMs }: ChoiceRules, unit: Unit): number {
  return unit === 'time' && calls > 0 ? smallMs / calls : 0;
}

/** The measured records as a choice, by time, by blocks or by both. */
export function problemOf(records: readonly CaseRecord[], rules: ChoiceRules, objective: Objective): ChoiceProblem {
  const groups = byStatement(records, (record) => record.oneCase);
  const statements = groups.map((group): ChoiceStatement => {
    const { oneCase } = group[0] as CaseRecord;
    const { name, calls, kind } = oneCase;
    const allowed = kind === 'select' ? rules.readTolerance : rules.writeTolerance;
    return {
      name,
      calls,
      tolerance: allowed,
      small: smallOf(oneCase, rules, guardOf(objective)),
      cases: group.map((record) => {
        if (objective === 'both') return weighed(record, rules, allowed);
        return plain(record, rules, { unit: objective, allowed });
      }),
    };
  });
  const { indexes, budgetBytes, leastGain } = rules;
  return {
    indexes,
    statements,
    budgetBytes,
    leastGain,
    slack: SLACK[guardOf(objective)],
    starts: setsOf(records),
  };
}

/** Those that the planner was asked about. */
function setsOf(records: readonly CaseRecord[]): readonly (readonly string[])[] {
  return [...new Set(records.flatMap(({ plans }) => plans.map((plan) => plan.present)))];
}

/**
 * Chooses, looks up the plans under what was chosen that were only assumed, runs, once, those never run, and chooses again until nothing is assumed. Once the time is over
 * the best of the sets under which everything ran is chosen, where that gains this share of what the other is believed to: of that one much would be assumed. `good` are such sets beside those that the
 * planner was asked about.
 */
export async function settle(
  bench: Bench,
  records: readonly CaseRecord[],
  {
    rules,
    knownShare,
    good,
  }: { readonly rules: ChoiceRules; readonly knownShare: number; readonly good: readonly (readonly string[])[] },
): Promise<MeasuredChoice> {
  for (let round = 0; ; round += 1) {
    const asked = problemOf(records, rules, rules.objective);
    const problem = { ...asked, starts: [...(asked.starts ?? []), ...good] };
    const isLast = round >= MOST_ROUNDS;
    // On the way from what a thorough look believes to a set of which everything ran, a brief one tells what to run.
    const brief = round === 0 || isLast || isOver(bench) ? null : chooseMeasured(problem, 'brief');
    const isBrief = brief !== null && brief.value.assumed > 0;
    const choice = isBrief ? brief : chooseMeasured(problem);
    bench.runner.check();
    if (!isBrief && (choice.value.assumed === 0 || isLast)) return choice;
    for (const record of records) {
      if (isOver(bench)) {
        if (isBrief) break;
        return knownInstead(problem, choice, knownShare);
      }
      const figures = figuresOf(record, await planOfSet(bench, record, choice.kept));
      if (hasRun(figures)) continue;
      const bare = figuresOf(record, await barePlan(bench, record));
      // What fails was told of when all of them were there; what it takes exactly tells the verification.
      await runBeside(bench, record, bare, figures);
    }
  }
}

function knownInstead(problem: ChoiceProblem, choice: MeasuredChoice, share: number): MeasuredChoice {
  const known = chooseKnown(problem);
  const without = measuredValue(problem, []).total;
  if (known === null || known.kept.length === 0) return choice;
  const isEnough = without - known.value.total >= share * (without - choice.value.total);
  return isEnough ? chooseAmong(problem, known.kept) : choice;
}

/** What one execution more or less can not be told from nothing. */
export const SLACK: Readonly<Record<Unit, number>> = { time: SLACK_MS, buffers: SLACK_BLOCKS };
const MOST_ROUNDS = 10;

function plain(
  record: CaseRecord,
  rules: ChoiceRules,
  { unit, allowed }: { readonly unit: Unit; readonly allowed: number },
): Required<ChoiceCase> {
  const chance = unit === 'time' ? chanceIn(record, rules, allowed) : () => 1;
  const upkeep = rules.upkeepOf(record, unit);
  const values = valuesByPlan(record, upkeep, unit);
  const ended = new Set([...record.figures.values()].filter(isCutOff).map((one) => planKey(one.plan)));
  const plans = record.plans.flatMap((plan) => {
    const { uses, estimatedCost } = plan;
    const value = values.get(planKey(plan));
    const present = [...new Set([...plan.present, ...plan.unrelated])];
    const cutOff = ended.has(planKey(plan));
    return value === undefined ? [] : [{ present, uses, estimatedCost, value, cutOff, guard: value / chance(plan) }];
  });
  return { plans, upkeep, guardUpkeep: seenUpkeep(record, upkeep, unit) };
}

/**
 * The upkeep as the tolerance is held against it: no index costs an execution more than that execution took with the index there,
 * whatever a disturbed measurement elsewhere says. What comes later (VACUUM) is no execution of the statement.
 */
function seenUpkeep(record: CaseRecord, upkeep: ReadonlyMap<string, number>, unit: Unit): ReadonlyMap<string, number> {
  const ran = [...record.figures.values()].filter((one) => one.runs.length > 0);
  return new Map(
    [...upkeep].map(([index, value]) => {
      const seen = ran.filter((one) => one.plan.present.includes(index)).map((one) => valueOf(record, one, unit));
      return [index, Math.min(value, ...seen)];
    }),
  );
}

/** How many times as much as allowed a plan may take, since it may be chance: 1 where it ran more than once, and for what uses no index. */
function chanceIn(
  record: CaseRecord,
  { onceTolerance: once }: ChoiceRules,
  allowed: number,
): (plan: SubsetPlan) => number {
  const ran = [...record.figures.values()].filter(hasRun);
  const bare = ran.filter((one) => one.plan.present.length === 0);
  return (plan) => {
    if (plan.uses.length === 0) return 1;
    const own = ran.filter((one) => planKey(one.plan) === planKey(plan));
    return toleranceFor(bare, own, { allowed, once }) / allowed;
  };
}

/** Time with a price for each block; time alone is what the tolerance is held against. */
function weighed(record: CaseRecord, rules: ChoiceRules, allowed: number): ChoiceCase {
  const time = plain(record, rules, { unit: 'time', allowed });
  const buffers = plain(record, rules, { unit: 'buffers', allowed });
  const added = new Map(time.upkeep);
  for (const [index, blocks] of buffers.upkeep) added.set(index, (added.get(index) ?? 0) + blocks * rules.blockMs);
  return {
    plans: time.plans.map((plan, at) => ({
      ...plan,
      value: plan.value + (buffers.plans[at]?.value ?? 0) * rules.blockMs,
      guard: plan.guard ?? plan.value,
    })),
    upkeep: added,
    guardUpkeep: time.guardUpkeep,
  };
}

/**
 * Milliseconds that a block is to count as, so that all blocks of the statements which come to their end without any index weigh as much as
 * `weight` times their time; 0 where none does.
 */
export function priceOfBlock(records: readonly CaseRecord[], weight: number): number {
  let ms = 0;
  let blocks = 0;
  for (const record of records) {
    const bare = [...record.figures.values()].find((one) => one.plan.present.length === 0);
    const touched = bare ? buffersOf(bare) : null;
    if (!bare || touched === null) continue;
    ms += record.oneCase.calls * msOf(bare);
    blocks += record.oneCase.calls * touched;
  }
  return blocks > 0 ? (weight * ms) / blocks : 0;
}

/** Milliseconds without any index of the statements that come to their end so, calls times the mean over their parameter sets. */
export function bareTotalMs(records: readonly CaseRecord[]): number {
  return byStatement(records, (record) => record.oneCase).reduce((sum, group) => {
    const ended = group.flatMap((record) => seenUnder(record, []) ?? []).filter((one) => !isCutOff(one));
    return sum + (group[0]?.oneCase.calls ?? 0) * (ended.length > 0 ? mean(ended.map(msOf)) : 0);
  }, 0);
}

/**
 * What each plan costs by itself, without the upkeep of the indexes that were there. Upkeep was measured elsewhere, with an
 * error of its own: the run that had the least of it tells most, and of runs that had as much the shortest.
 */
function valuesByPlan(
  record: CaseRecord,
  upkeep: ReadonlyMap<string, number>,
  unit: Unit,
): ReadonlyMap<string, number> {
  const known = new Map<string, { readonly kept: number; readonly value: number }>();
  for (const figures of record.figures.values()) {
    if (figures.runs.length === 0 && figures.cutOffMs === null) continue;
    const key = planKey(figures.plan);
    const kept = figures.plan.present.reduce((sum, index) => sum + (upkeep.get(index) ?? 0), 0);
    const value = Math.max(0, valueOf(record, figures, unit) - kept);
    const best = known.get(key);
    if (!best || kept < best.kept || (kept === best.kept && value < best.value)) known.set(key, { kept, value });
  }
  return new Map([...known].map(([key, { value }]) => [key, value]));
}

function isCutOff({ cutOffMs }: PlanFigures): boolean {
  return cutOffMs !== null;
}

/** The text does not tell which indexes a write's triggers have. */
function planKey({ text, uses }: SubsetPlan): string {
  return JSON.stringify([text, uses]);
}

/** Of a run that was cut off the blocks touched by then; it ranks behind every plan that came to its end, by just enough to be refused. */
function valueOf(record: CaseRecord, figures: PlanFigures, unit: Unit): number {
  if (unit === 'time') return msOf(figures);
  const known = buffersOf(figures);
  if (known !== null) return known;
  const most = [...record.figures.values()].reduce((max, one) => Math.max(max, buffersOf(one) ?? 0), 0);
  return Math.max(figures.cutOffBuffers, most * 2 + 2 * SLACK.buffers);
}
