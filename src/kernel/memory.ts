import type { Iteration } from '../model/run.js';
import type { LedgerEntry } from './ports.js';

/** What earlier runs found out, by the state that they found it in. */
export interface RunMemory {
  /** The change that an earlier run accepted in this state, if any. */
  acceptedFrom(state: string): Iteration | null;
  /** Whether a hypothesis was tried, measured and rejected in this state. One without a measurement may be tried again. */
  triedIn(state: string, hypothesisId: string): boolean;
}

/** Reads the memory out of the ledger; later entries win. */
export function memoryOf(entries: readonly LedgerEntry[]): RunMemory {
  const accepted = new Map<string, Iteration>();
  const rejected = new Set<string>();
  for (const entry of entries) {
    if (entry.type !== 'iteration') continue;
    const { iteration } = entry;
    if (iteration.decision.kind === 'accept') accepted.set(iteration.stateBefore, iteration);
    const measured = iteration.verdict.kind !== 'unverifiable' && iteration.verdict.kind !== 'insufficient';
    if (iteration.decision.kind === 'reject' && measured)
      rejected.add(`${iteration.stateBefore} ${iteration.hypothesis.id}`);
  }
  return {
    acceptedFrom: (state) => accepted.get(state) ?? null,
    triedIn: (state, hypothesisId) => rejected.has(`${state} ${hypothesisId}`),
  };
}
