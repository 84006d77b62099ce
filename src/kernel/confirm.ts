import { formatMs } from '../base/units.js';
import type { Load } from '../model/load.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { Together } from '../model/run.js';
import type { StatementEffect } from '../model/verdict.js';
import type { Confirmation, Lab } from './ports.js';
import { regressions } from './regressions.js';
import type { LoopPorts } from './run.js';
import type { Thresholds } from './thresholds.js';

/** The whole of a run, and the two columns that may be compared; null where they were not measured side by side. */
export interface Confirmed {
  readonly together: Together;
  /** Statements that are slower beyond tolerance. */
  readonly slower: readonly StatementEffect[];
  readonly columns: { readonly before: WorkloadSummary; readonly after: WorkloadSummary } | null;
}

/**
 * Holds all accepted changes together against the beginning. Each was measured against its neighbour, at its own minute:
 * small losses could add up unseen, and times of different minutes can not be compared.
 */
export async function confirm(
  lab: Lab,
  facts: { readonly noise: NoiseFloor; readonly thresholds: Thresholds },
): Promise<Confirmed> {
  const measured = await lab.confirm();
  if (measured === null) return unconfirmed('none', 'nothing was accepted');
  if ('failure' in measured) return unconfirmed('unverifiable', measured.failure);
  const { before, after, statements, resultsEqual } = measured;
  const verdict = judge(measured, facts);
  const { slower, ...said } = verdict;
  return { together: { ...said, statements, resultsEqual }, slower, columns: { before, after } };
}

/** A run without a measurement of the whole. */
export function unconfirmed(verdict: 'none' | 'unverifiable', reason: string): Confirmed {
  return { together: { verdict, reason, statements: [], resultsEqual: null }, slower: [], columns: null };
}

/** Throughput under concurrency on both states that a confirmation measured; null where there is none, or it failed, which is told. */
export async function measureLoad(
  { lab, signal, watch }: Pick<LoopPorts, 'lab' | 'signal' | 'watch'>,
  clients: number,
): Promise<Load | null> {
  if (signal.aborted) return null;
  watch({ type: 'phase', phase: 'evaluate', text: `the workload from up to ${clients} clients at once` });
  const load = await lab.load(clients);
  if (load === null || !('failure' in load)) return load;
  watch({ type: 'note', text: `the load was not measured: ${load.failure}` });
  return null;
}

function judge(
  measured: Confirmation,
  { noise, thresholds }: { readonly noise: NoiseFloor; readonly thresholds: Thresholds },
): Pick<Together, 'verdict' | 'reason'> & Pick<Confirmed, 'slower'> {
  const { before, after, statements, resultDifferences, resultsEqual } = measured;
  if (resultsEqual === false)
    return { verdict: 'regressed', reason: `results differ: ${resultDifferences.join('; ')}`, slower: [] };
  const slower = regressions({ statements, noise }, before, thresholds);
  if (slower.said.length > 0)
    return {
      verdict: 'regressed',
      reason: `slower beyond tolerance: ${slower.said.join('; ')}`,
      slower: slower.statements,
    };
  const results = resultsEqual === true ? 'results equal' : 'no result could be compared';
  return {
    verdict: 'confirmed',
    reason: `${statements.length} statements touched, workload ${formatMs(before.totalMs)} -> ${formatMs(after.totalMs)}, ${results}, none slower beyond tolerance`,
    slower: [],
  };
}
