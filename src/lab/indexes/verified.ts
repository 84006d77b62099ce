import { formatCount, formatMs } from '../../base/units.js';
import { measuredValue } from '../../indexes/measured/measured-choice.js';
import { guardOf } from '../../indexes/measured/measured-index-set.js';
import type { MeasuredTotals, VerifiedStatement } from '../../indexes/measured/measured-index-set.js';
import { mostOf } from '../../indexes/measured/statement-guard.js';
import { mean } from '../../stats/quantile.js';
import { byStatement } from '../trial/summary.js';
import { buffersOf, DOUBT, hasRun, medianMsOf, msOf, ranOnce, seenUnder } from './case-record.js';
import type { PlanFigures } from './case-record.js';
import { toleranceFor } from './chance.js';
import { allowedOf, guardFor, problemOf } from './settle.js';
import type { ChoiceRules, Unit } from './settle.js';
import type { Verified } from './verify.js';

/**
 * An index that the verification of a set speaks against, and why; null when it stands. Of several that could be meant one that is in no plan which was seen to be
 * good, and of those the one that is missed least. Time must speak against it by the least and by the median of the runs: either alone may be chance, and so may a single run, where blocks do not speak against it too.
 */
export function culpritOf(verified: readonly Verified[], kept: readonly string[], rules: ChoiceRules): Culprit | null {
  if (kept.length === 0) return null;
  const unit = guardOf(rules.objective);
  const words = (value: number): string => (unit === 'time' ? formatMs(value) : `${formatCount(value)} blocks`);
  const sums = totalsOf(rules).map(() => ({ before: 0, after: 0 }));
  let once = false;
  for (const group of byStatement(verified, (one) => one.record.oneCase)) {
    const { name, calls, soils } = (group[0] as Verified).record.oneCase;
    once ||= group.some((one) => ranOnce(one.before) || ranOnce(one.after));
    for (const [position, { before, after }] of pairsBy(group, totalsOf(rules)).entries()) {
      const sum = sums[position];
      // Where one side was cut off the blocks are not known.
      if (!sum || !Number.isFinite(before + after)) continue;
      sum.before += calls * before;
      sum.after += calls * after;
    }
    if (!isSlower(group, rules)) continue;
    const used = new Set(group.flatMap((one) => one.after.plan.uses));
    const meant = kept.filter((index) => used.has(index) || (soils && isKeptUp(group, index, rules)));
    const index = leastMissed(verified, kept, suspected(group, meant, rules), rules);
    const [shown] = pairsBy(group, MEASURES[unit]);
    if (index !== null && shown)
      return {
        index,
        statement: name,
        reason: `verified with it, ${name} took ${words(shown.after)} instead of ${words(shown.before)}`,
      };
  }
  const [shown] = sums;
  const doubt = once && unit === 'time' ? DOUBT : 1;
  if (!shown || !sums.every(({ before, after }) => after > before * doubt)) return null;
  const index = leastMissed(verified, kept, kept, rules);
  const figures =
    rules.objective === 'both'
      ? 'more time and blocks than without'
      : `${words(shown.after)} instead of ${words(shown.before)}`;
  const reason = `verified with it, the workload took ${figures}`;
  return index === null ? null : { index, statement: null, reason };
}

/** An index that goes. */
export interface Culprit {
  readonly index: string;
  /** Null where the whole workload speaks against it. */
  readonly statement: string | null;
  readonly reason: string;
}

/** Those of `meant` that are in no plan with which the statement was seen to be content; all, where each is in one. */
function suspected(group: readonly Verified[], meant: readonly string[], rules: ChoiceRules): readonly string[] {
  const unit = guardOf(rules.objective);
  const guard = guardFor((group[0] as Verified).record.oneCase, rules, unit);
  const [valueOf] = MEASURES[unit];
  if (!valueOf) return meant;
  const content = group.flatMap(({ record, before }) =>
    [...record.figures.values()].filter(
      (one) => hasRun(one) && one.cutOffMs === null && valueOf(one) <= mostOf(valueOf(before), guard),
    ),
  );
  const cleared = new Set(content.flatMap((one) => one.plan.uses));
  const open = meant.filter((index) => !cleared.has(index));
  return open.length > 0 ? open : meant;
}

/** Cases of the statements that a set makes slower than allowed. */
export function slowerWith(verified: readonly Verified[], rules: ChoiceRules): readonly Verified[] {
  return byStatement(verified, (one) => one.record.oneCase)
    .filter((group) => isSlower(group, rules))
    .flat();
}

/** The only index without which a statement that a set makes too slow would be content, by what ran; null where there is none, or more than one. */
export function soleCause(slower: readonly Verified[], kept: readonly string[], rules: ChoiceRules): string | null {
  const used = new Set(slower.flatMap((one) => one.after.plan.uses));
  const causes = [...used].filter((name) => {
    const without = kept.filter((one) => one !== name);
    const pairs = slower.flatMap(({ record, before }) => {
      const after = seenUnder(record, without);
      return after ? [{ record, before, after }] : [];
    });
    return pairs.length === slower.length && !isSlower(pairs, rules);
  });
  return causes.length === 1 ? (causes[0] ?? null) : null;
}

function isSlower(group: readonly Verified[], rules: ChoiceRules): boolean {
  const unit = guardOf(rules.objective);
  const { oneCase } = (group[0] as Verified).record;
  const allowed = allowedOf(oneCase, rules);
  const [before, after] = [group.map((one) => one.before), group.map((one) => one.after)];
  const tolerance = unit === 'time' ? toleranceFor(before, after, { allowed, once: rules.onceTolerance }) : allowed;
  const guard = { ...guardFor(oneCase, rules, unit), tolerance };
  return pairsBy(group, MEASURES[unit]).every((pair) => pair.after > mostOf(pair.before, guard));
}

/** Means over the parameter sets of a statement, one pair for each measure. */
function pairsBy(
  group: readonly Verified[],
  measures: readonly Measure[],
): readonly { readonly before: number; readonly after: number }[] {
  return measures.map((valueOf) => ({
    before: mean(group.map((one) => valueOf(one.before))),
    after: mean(group.map((one) => valueOf(one.after))),
  }));
}

/** The statements for the report: the least of each side's runs, mean over parameter sets. */
export function verifiedStatements(verified: readonly Verified[]): readonly VerifiedStatement[] {
  return byStatement(verified, (one) => one.record.oneCase).map((group): VerifiedStatement => {
    const { fingerprint, name, kind, calls } = (group[0] as Verified).record.oneCase;
    const over = (side: 'before' | 'after', value: (figures: PlanFigures) => number): number =>
      mean(group.map((one) => value(one[side])));
    const isCut = (side: 'before' | 'after'): boolean => group.some((one) => one[side].cutOffMs !== null);
    const buffers = (side: 'before' | 'after'): number | null =>
      isCut(side) ? null : over(side, (figures) => buffersOf(figures) ?? 0);
    const shown = group.find((one) => one.before.plan.shape !== one.after.plan.shape) ?? group[0];
    return {
      fingerprint,
      name,
      kind,
      calls,
      beforeMs: over('before', msOf),
      afterMs: over('after', msOf),
      beforeBuffers: buffers('before'),
      afterBuffers: buffers('after'),
      beforeWalBytes: over('before', walBytesOf),
      afterWalBytes: over('after', walBytesOf),
      planBefore: shown?.before.plan.shape ?? '',
      planAfter: shown?.after.plan.shape ?? '',
      cutOff: isCut('before') ? (isCut('after') ? 'both' : 'before') : isCut('after') ? 'after' : 'neither',
      rounds: Math.min(...group.flatMap((one) => [one.before.runs.length, one.after.runs.length])),
    };
  });
}

/** Calls times figures; blocks only of statements that came to their end on both sides. */
export function verifiedTotals(statements: readonly VerifiedStatement[], side: 'before' | 'after'): MeasuredTotals {
  const ended = statements.filter((one) => one.beforeBuffers !== null && one.afterBuffers !== null);
  return {
    ms: statements.reduce((sum, one) => sum + one.calls * (side === 'before' ? one.beforeMs : one.afterMs), 0),
    buffers: ended.reduce(
      (sum, one) => sum + one.calls * ((side === 'before' ? one.beforeBuffers : one.afterBuffers) ?? 0),
      0,
    ),
  };
}

type Measure = (figures: PlanFigures) => number;

/** Blocks are the same each time; time is not. Where a run was cut off its blocks are not known. */
const MEASURES: Readonly<Record<Unit, readonly Measure[]>> = {
  time: [msOf, medianMsOf],
  buffers: [(figures) => buffersOf(figures) ?? Number.POSITIVE_INFINITY],
};

/** What the whole workload is held against. */
function totalsOf({ objective, blockMs }: ChoiceRules): readonly Measure[] {
  if (objective !== 'both') return MEASURES[objective];
  return MEASURES.time.map(
    (ms) => (figures: PlanFigures) => ms(figures) + (buffersOf(figures) ?? figures.cutOffBuffers) * blockMs,
  );
}

function walBytesOf({ runs }: PlanFigures): number {
  return runs.length === 0 ? 0 : Math.min(...runs.map((run) => run.walBytes));
}

function isKeptUp(group: readonly Verified[], index: string, rules: ChoiceRules): boolean {
  return group.some((one) => rules.upkeepOf(one.record, guardOf(rules.objective)).has(index));
}

function leastMissed(
  verified: readonly Verified[],
  kept: readonly string[],
  meant: readonly string[],
  rules: ChoiceRules,
): string | null {
  const problem = problemOf(
    verified.map((one) => one.record),
    rules,
    rules.objective,
  );
  const without = (index: string): number =>
    measuredValue(
      problem,
      kept.filter((one) => one !== index),
    ).total;
  return meant.toSorted((a, b) => without(a) - without(b))[0] ?? null;
}
