import { createHash } from 'node:crypto';
import type { LabEvidence, PlanStep } from './plan.js';
import type { TouchedState } from './state.js';

/** All that an approval is bound to. */
export interface HashInput {
  /** System identifier and database: an approval for staging is none for production. */
  readonly target: string;
  readonly steps: readonly PlanStep[];
  readonly structure: TouchedState['structure'];
  /** How often steps were withdrawn on this target: after that the same plan asks for another approval. */
  readonly withdrawals: number;
}

/** The first 16 hexadecimal digits of SHA-256 over statements, the catalog state of what they touch, and the lab's evidence. */
export function planHash({ target, steps, structure, withdrawals }: HashInput): string {
  const text = JSON.stringify([
    target,
    steps.map((step) => [
      step.title,
      step.up.map(sqlOf),
      step.down.map(sqlOf),
      evidenceText(step.evidence),
      ...(step.migration ? [step.migration] : []),
    ]),
    Object.entries(structure).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    withdrawals,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function sqlOf({ sql }: { readonly sql: string }): string {
  return sql;
}

function evidenceText({ applyMs, sizeBytes, walBytes, revertVerified, effect, promised = [] }: LabEvidence): unknown {
  return [
    applyMs,
    sizeBytes,
    walBytes,
    revertVerified,
    effect,
    promised.map(({ fingerprint, ratio }) => [fingerprint, ratio]),
  ];
}
