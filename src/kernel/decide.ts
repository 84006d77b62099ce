import { formatBytes } from '../base/units.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Decision } from '../model/run.js';
import type { Verdict } from '../model/verdict.js';

/** What the decision stands on beside the verdict. */
export interface DecisionBasis {
  /** Storage that accepted changes have added so far, bytes. */
  readonly storageUsedBytes: number;
  /** Most that may be added; null for no limit. */
  readonly storageBudgetBytes: number | null;
  /** What this change adds, measured; negative frees. */
  readonly storageAddedBytes: number;
}

/** Accepts only what improved and fits the budget. */
export function decide(hypothesis: Hypothesis, verdict: Verdict, basis: DecisionBasis): Decision {
  if (verdict.kind !== 'improved')
    return { kind: 'reject', reason: `${verdict.kind}: ${verdict.reason}`, escalation: null };
  const used = basis.storageUsedBytes + Math.max(0, basis.storageAddedBytes);
  if (basis.storageBudgetBytes !== null && basis.storageAddedBytes > 0 && used > basis.storageBudgetBytes) {
    return {
      kind: 'reject',
      reason: `over the storage budget: ${formatBytes(used)} with "${hypothesis.title}", allowed ${formatBytes(basis.storageBudgetBytes)}; ${verdict.reason}`,
      escalation: null,
    };
  }
  return { kind: 'accept', reason: verdict.reason, escalation: null };
}
