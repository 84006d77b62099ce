import { formatMs, formatPercent } from '../../base/units.js';
import { assess, type Assessment } from './assess.js';
import type { Past } from './compare.js';
import type { WindowFigures } from './figures.js';
import type { PromisedGain } from '../plan.js';
import type { LiveLimits } from './limits.js';
import { comparisonWords, gainWords, riseWords } from './words.js';

/** What follows after a step. `stop` leaves the step and asks. */
export type StageChoice = 'go' | 'stop' | 'revert';

/** What figures that are missing mean: `refuse` does not begin, `ask` stops after each step, `go` goes on. */
export type WithoutFigures = 'refuse' | 'ask' | 'go';

/** What was decided after a step, and on which figures. */
export interface StageDecision {
  readonly choice: StageChoice;
  readonly verdict: 'fine' | 'slower' | 'errors' | 'no-gain' | 'lock-waits' | 'lag' | 'insufficient' | 'unknown';
  /** With the figures. */
  readonly reason: string;
  readonly assessment: Assessment;
  readonly limits: LiveLimits;
}

/** What is decided about. */
export interface StageQuestion {
  /** Windows before the step, latest last. */
  readonly past: Past;
  readonly after: WindowFigures;
  readonly promised: readonly PromisedGain[];
  /** Whether the step has statements that take it back. */
  readonly revertible: boolean;
  readonly withoutFigures: WithoutFigures;
}

/** Stop or go after a step. Pure: the same figures give the same answer. */
export function decideStage(question: StageQuestion, limits: LiveLimits): StageDecision {
  const assessment = assess(question.past, question.after, question.promised, limits);
  const harm = harmIn(assessment, limits);
  const missing = harm ? null : missingIn(assessment, limits);
  if (harm) {
    const choice = harm.revert && question.revertible ? 'revert' : 'stop';
    const way = harm.revert && !question.revertible ? '; there is nothing to take back' : '';
    return { choice, verdict: harm.verdict, reason: `${harm.reason}${way}`, assessment, limits };
  }
  if (missing) {
    const choice = question.withoutFigures === 'go' ? 'go' : 'stop';
    return { choice, verdict: missing.verdict, reason: missing.reason, assessment, limits };
  }
  return { choice: 'go', verdict: 'fine', reason: fineWords(assessment, limits), assessment, limits };
}

/** What is wrong with figures that are certain. */
export interface Harm {
  readonly verdict: 'slower' | 'errors' | 'no-gain' | 'lock-waits' | 'lag';
  readonly revert: boolean;
  readonly reason: string;
}

/** The worst that an assessment shows; null where it shows nothing bad. */
export function harmIn(
  { statements, gain, rollbacks, deadlocks, lockWaits, lagMs }: Assessment,
  limits: LiveLimits,
): Harm | null {
  const slower = statements.filter(({ state }) => state === 'slower');
  if (slower.length > 0) {
    const said = slower.map((one) => comparisonWords(one, limits));
    return { verdict: 'slower', revert: true, reason: `slower beyond tolerance: ${said.join('; ')}` };
  }
  const errors = [
    ...(rollbacks?.risen === true ? [`rollbacks ${riseWords(rollbacks, 'transactions')}`] : []),
    ...(deadlocks?.risen === true ? [`deadlocks ${riseWords(deadlocks, 'transactions')}`] : []),
  ];
  if (errors.length > 0) return { verdict: 'errors', revert: true, reason: `errors rose: ${errors.join('; ')}` };
  if (gain?.state === 'no-gain') return { verdict: 'no-gain', revert: true, reason: gainWords(gain, limits) };
  if (lagMs !== null && limits.lagMs !== null && lagMs > limits.lagMs) {
    const reason = `the slowest standby is ${formatMs(lagMs)} behind, over the limit of ${formatMs(limits.lagMs)}`;
    return { verdict: 'lag', revert: false, reason };
  }
  if (lockWaits?.risen === true)
    return { verdict: 'lock-waits', revert: false, reason: `more waits for locks: ${riseWords(lockWaits, 'looks')}` };
  return null;
}

/** What is missing for a judgement; null where nothing is. */
export function missingIn(
  { statements, judgedShare, gain, rollbacks, unknown }: Assessment,
  limits: LiveLimits,
): { readonly verdict: 'insufficient' | 'unknown'; readonly reason: string } | null {
  if (unknown !== null) return { verdict: 'unknown', reason: `figures are unknown: ${unknown}` };
  if (rollbacks === null)
    return { verdict: 'unknown', reason: 'whether errors rose is unknown: pg_stat_database was reset meanwhile' };
  if (statements.length === 0) return { verdict: 'insufficient', reason: 'no statement was called in the window' };
  if (judgedShare < limits.judgedShare) {
    const open = statements.filter(({ state }) => state !== 'fine').slice(0, 3);
    const said = open.map((one) => `${comparisonWords(one, limits)} (${STATE_WORDS[one.state]})`);
    return {
      verdict: 'insufficient',
      reason: `statements that could be judged hold ${formatPercent(judgedShare)} of the time, ${formatPercent(limits.judgedShare)} are wanted: ${said.join('; ')}`,
    };
  }
  if (gain && gain.state !== 'gained') return { verdict: 'insufficient', reason: gainWords(gain, limits) };
  return null;
}

/** For people. */
export const STATE_WORDS = {
  slower: 'slower',
  fine: 'fine',
  unclear: 'unclear',
  'few-calls': 'too few calls',
  new: 'not called before',
} as const;

/** What speaks for going on. */
export function fineWords({ statements, judgedShare, gain, rollbacks }: Assessment, limits: LiveLimits): string {
  const judged = statements.filter(({ state }) => state === 'fine').length;
  return [
    `${judged} statement${judged === 1 ? '' : 's'} with ${formatPercent(judgedShare)} of the time not slower beyond tolerance`,
    ...(rollbacks ? [`rollbacks ${riseWords(rollbacks, 'transactions')}`] : []),
    gain ? gainWords(gain, limits) : 'the lab promised no statement a gain',
  ].join('; ');
}
