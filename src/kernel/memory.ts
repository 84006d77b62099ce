import { createHash } from 'node:crypto';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Iteration } from '../model/run.js';
import type { LedgerEntry } from './ports.js';

/** What earlier runs found out, by the state that they found it in. */
export interface RunMemory {
  /** The change that an earlier run accepted in this state, if any. */
  acceptedFrom(state: string): Iteration | null;
  /** Whether a hypothesis was tried, measured and rejected in this state, or withdrawn in any. One without a measurement may be tried again. */
  triedIn(state: string, hypothesisId: string): boolean;
}

/** Reads the memory out of the ledger; later entries win. */
export function memoryOf(entries: readonly LedgerEntry[]): RunMemory {
  const accepted = new Map<string, Iteration>();
  const rejected = new Set<string>();
  const withdrawn = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'withdrawn') {
      accepted.delete(entry.state);
      withdrawn.add(entry.hypothesis);
    }
    if (entry.type !== 'iteration') continue;
    const { iteration } = entry;
    // It holds for the data as they were, which no state tells.
    if (iteration.hypothesis.action.kind === 'hint') continue;
    if (iteration.decision.kind === 'accept') accepted.set(iteration.stateBefore, iteration);
    const measured = iteration.verdict.kind !== 'unverifiable' && iteration.verdict.kind !== 'insufficient';
    if (iteration.decision.kind === 'reject' && measured)
      rejected.add(`${iteration.stateBefore} ${iteration.hypothesis.id}`);
  }
  return {
    acceptedFrom: (state) => accepted.get(state) ?? null,
    triedIn: (state, hypothesisId) => withdrawn.has(hypothesisId) || rejected.has(`${state} ${hypothesisId}`),
  };
}

/** The accepted state after a change: a chain of hashes from the base state, the same in every run that goes the same way. */
export function stateAfter(state: string, hypothesis: Hypothesis): string {
  return createHash('sha256').update(`${state}\n${hypothesis.id}`).digest('hex').slice(0, 16);
}
