import { formatBytes, formatCount, formatCounted, formatMs } from '../../base/units.js';
import { isWorthwhile } from './gain.js';
import { measuredValue } from './measured-choice.js';
import type { ChoiceProblem, SetValue } from './measured-choice.js';
import { guardOf } from './measured-index-set.js';
import type {
  DroppedIndex,
  IndexEffect,
  KeptIndex,
  MeasuredIndex,
  MeasuredTotals,
  Objective,
} from './measured-index-set.js';

/** The same choice by time, by blocks, and by what decided it. */
export interface Problems {
  readonly time: ChoiceProblem;
  readonly buffers: ChoiceProblem;
  readonly decisive: ChoiceProblem;
}

/** What a kept index is worth within the kept set. */
export function keptIndex(problems: Problems, kept: readonly string[], index: MeasuredIndex): KeptIndex {
  const without = values(
    problems,
    kept.filter((name) => name !== index.spec.name),
  );
  const now = values(problems, kept);
  const assumed = assumedIn(without, now).size;
  return { ...index, worth: difference(without, now), assumed, effects: effectsOf(problems, without, now) };
}

/** Why an index that was built was not kept: what it would do if it were added to the kept ones, by what was measured. */
export function droppedIndex(
  problems: Problems,
  kept: readonly string[],
  index: MeasuredIndex,
  objective: Objective,
): DroppedIndex {
  const { name } = index.spec;
  const now = values(problems, kept);
  const added = values(problems, [...kept, name]);
  const change = difference(added, now);
  const effects = effectsOf(problems, now, added);
  const assumed = assumedIn(added, now);
  const facts = { spec: index.spec, built: index, change, effects, assumed: assumed.size };
  const isUsed = problems.time.statements.some(({ cases }) =>
    cases.some(({ plans }) => plans.some((plan) => plan.uses.includes(name))),
  );
  const upkeep = index.writes === null ? '' : `, and writes pay ${formatMs(index.writes.ms)} for it`;
  if (!isUsed) return { ...facts, assumed: 0, why: 'unused', reason: `no plan uses it${upkeep}` };
  const worst = slowest(problems, now, added, objective);
  if (worst !== null) {
    const isAssumed = assumed.has(worst.position) ? 1 : 0;
    return { ...facts, assumed: isAssumed, why: 'slower', reason: worst.words + notSeen(isAssumed) };
  }
  const sizes = new Map(problems.time.indexes.map((one) => [one.name, one.sizeBytes]));
  const free = problems.time.budgetBytes - kept.reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0);
  const changed = `with it the statements ${changeWords(change)}${notSeen(assumed.size)}`;
  const measuredGain = now.decisive.total - added.decisive.total;
  if (measuredGain > 0 && index.sizeBytes > free)
    return {
      ...facts,
      why: 'budget',
      reason: `its ${formatBytes(index.sizeBytes)} do not fit in the ${formatBytes(Math.max(0, free))} that are left; ${changed}`,
    };
  const { statements, leastGain } = problems.decisive;
  const limits = { leastGain: Math.max(leastGain, 0.001) };
  if (isWorthwhile(statements, now.decisive.perStatement, added.decisive.perStatement, limits))
    return { ...facts, why: 'not-verified', reason: `${changed}, but no set with it stood its verification` };
  const little = measuredGain > 0 ? ': less than an index is worth keeping for' : '';
  return { ...facts, why: 'no-gain', reason: `${changed}${upkeep}${little}` };
}

/** The verdict where the time ran out first: of an index that plans use, but beside the kept ones with no change at all, nothing was seen. */
export function openVerdict(dropped: DroppedIndex): DroppedIndex {
  const { why, change } = dropped;
  if (why !== 'no-gain' || change === null || change.ms !== 0 || change.buffers !== 0) return dropped;
  const reason =
    'a plan uses it together with others that were not kept; the time ran out before it was measured without them';
  return { ...dropped, why: 'not-measured', reason, assumed: 0 };
}

/** What follows figures that rest on what nobody saw: ` (of 3 statements the plan with or without it was not looked up, or the timeout ended it)`; empty where there are none. */
export function notSeen(statements: number): string {
  if (statements === 0) return '';
  return ` (of ${formatCounted(statements, 'statement')} the plan with or without it was not looked up, or the timeout ended it)`;
}

/** The verdict where only statements that gave no figure use it. */
export function unseenVerdict(dropped: DroppedIndex): DroppedIndex {
  if (dropped.why !== 'unused') return dropped;
  const reason = 'no plan of what was measured uses it, but one of a statement that was not measured does';
  return { ...dropped, why: 'not-measured', reason };
}

interface Values {
  readonly time: SetValue;
  readonly buffers: SetValue;
  readonly decisive: SetValue;
}

/** Under this share of a statement's figures nothing is said to have changed. */
const SAME = 0.01;

function values(problems: Problems, set: readonly string[]): Values {
  return {
    time: measuredValue(problems.time, set),
    buffers: measuredValue(problems.buffers, set),
    decisive: measuredValue(problems.decisive, set),
  };
}

/** Statements whose figures under one of the sets are of a plan that was not seen there, or of a run that the timeout ended, as positions. */
function assumedIn(one: Values, other: Values): ReadonlySet<number> {
  return new Set([...one.time.unsure, ...other.time.unsure]);
}

function difference(one: Values, other: Values): MeasuredTotals {
  return { ms: one.time.total - other.time.total, buffers: one.buffers.total - other.buffers.total };
}

function effectsOf(problems: Problems, without: Values, added: Values): readonly IndexEffect[] {
  return problems.time.statements
    .map(({ name }, i): IndexEffect => {
      const at = (both: Values): MeasuredTotals => ({
        ms: both.time.perStatement[i] ?? 0,
        buffers: both.buffers.perStatement[i] ?? 0,
      });
      return { statement: name, without: at(without), with: at(added) };
    })
    .filter(
      (effect) =>
        isChanged(effect.without.ms, effect.with.ms) || isChanged(effect.without.buffers, effect.with.buffers),
    )
    .toSorted((a, b) => gainMs(b) - gainMs(a));
}

function gainMs(effect: IndexEffect): number {
  return effect.without.ms - effect.with.ms;
}

function isChanged(before: number, after: number): boolean {
  return Math.abs(after - before) > SAME * Math.max(before, after);
}

/** The statement that would suffer most of those beyond their tolerance. */
function slowest(
  problems: Problems,
  now: Values,
  added: Values,
  objective: Objective,
): { readonly position: number; readonly words: string } | null {
  const unit = guardOf(objective);
  const at = (all: Values, position: number): number => all[unit].perStatement[position] ?? 0;
  const beyond = added[unit].slower
    .filter((position) => !now[unit].slower.includes(position))
    .map((position) => ({ position, ratio: at(added, position) / at(now, position) }))
    .toSorted((a, b) => b.ratio - a.ratio)[0];
  if (beyond === undefined) return null;
  const words = (value: number): string => (unit === 'time' ? formatMs(value) : `${formatCount(value)} blocks`);
  const name = problems[unit].statements[beyond.position]?.name ?? '';
  return {
    position: beyond.position,
    words: `with it ${name} takes ${words(at(added, beyond.position))} instead of ${words(at(now, beyond.position))}`,
  };
}

/** `take 1.20 s more and touch 5,000 blocks less`. Totals are not told: those of one verdict are not those of another, nor of what was verified. */
export function changeWords({ ms, buffers }: MeasuredTotals): string {
  const by = (value: number, words: string): string => `${words} ${value < 0 ? 'less' : 'more'}`;
  return `take ${by(ms, formatMs(Math.abs(ms)))} and touch ${by(buffers, `${formatCount(Math.abs(buffers))} blocks`)}`;
}
