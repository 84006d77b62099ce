import { formatPercent } from '../base/units.js';
import type { Iteration, ScorecardRow, Stop } from '../model/run.js';

/** The end of a run that a signal stopped. */
export const INTERRUPTED: Stop = {
  reason: 'interrupted',
  detail: 'stopped by a signal; the next run goes on from the ledger',
};

export interface StopRules {
  /** An iteration that gains less than this counts as small. */
  readonly smallGain: number;
  /** So many small ones in a row end the run. */
  readonly smallGainsInARow: number;
}

/** SPEC L8: three in a row, each under 5 %. */
export const DEFAULT_STOP_RULES: StopRules = { smallGain: 0.05, smallGainsInARow: 3 };

/** Targets which together mean "every target is met" (SPEC L8): p95, concurrency, growth. */
const DECIDING_TARGETS = ['p95-critical', 'linear-concurrency', 'linear-growth'] as const;

/** Where the loop stands after an iteration. */
export interface LoopState {
  readonly history: readonly Iteration[];
  readonly scorecard: readonly ScorecardRow[];
  /** Hypotheses that are left to try. */
  readonly waiting: number;
  readonly budgetLeftMs: number;
}

/** Why the loop ends here; null when it goes on. An unknown target is never a met one. */
export function stopReason(state: LoopState, rules: StopRules): Stop | null {
  const deciding = DECIDING_TARGETS.map((id) => state.scorecard.find((row) => row.id === id));
  if (deciding.every((row) => row?.status === 'met')) {
    return { reason: 'targets-met', detail: deciding.map((row) => `${row?.target}: ${row?.value}`).join('; ') };
  }
  if (state.waiting === 0) return { reason: 'mature', detail: matureDetail(state) };
  const streak = smallStreak(state.history, rules.smallGain);
  if (streak.length >= rules.smallGainsInARow) {
    const gains = streak.map((iteration) => formatPercent(iteration.verdict.gain));
    return {
      reason: 'small-gains',
      detail: `the last ${streak.length} iterations each gained under ${formatPercent(rules.smallGain)} (${gains.join(', ')}); ${state.waiting} hypotheses are left untried`,
    };
  }
  if (state.budgetLeftMs <= 0)
    return { reason: 'budget', detail: `the time given is used up; ${state.waiting} hypotheses are left untried` };
  return null;
}

/**
 * Iterations at the end of the history, in order, which gained less than `smallGain`. Escalations were never tried and do
 * not count.
 */
export function smallStreak(history: readonly Iteration[], smallGain: number): readonly Iteration[] {
  const tried = history.filter((iteration) => iteration.decision.kind !== 'escalate');
  const last = tried.findLastIndex(({ decision, verdict }) => decision.kind === 'accept' && verdict.gain >= smallGain);
  return tried.slice(last + 1);
}

function matureDetail(state: LoopState): string {
  const accepted = state.history.filter((iteration) => iteration.decision.kind === 'accept').length;
  const rejected = state.history.filter((iteration) => iteration.decision.kind === 'reject').length;
  const escalated = state.history.length - accepted - rejected;
  return `every hypothesis was tried: ${accepted} accepted, ${rejected} rejected, ${escalated} escalated; monitoring and alerts are not part of this run`;
}
