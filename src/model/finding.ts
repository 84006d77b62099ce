import type { Action } from './action.js';

/** `info` worth knowing; `warning` costs something now; `critical` will fail or already fails. */
export type Severity = 'info' | 'warning' | 'critical';

/** How a figure came to be. Every number that is shown carries one. */
export type Provenance = 'measured' | 'estimated' | 'unknown';

/** A fact under a finding. `value` is null exactly when `provenance` is `unknown`. */
export interface Evidence {
  readonly what: string;
  /** The statement that it is of, by its name, where a finding speaks of several things. */
  readonly of?: string;
  readonly value: number | string | null;
  /** `rows`, `bytes`, `ms`, `calls`, `fraction`, ...; empty for text. */
  readonly unit: string;
  /** Where it was read: a catalog column, a statement's fingerprint, a plan. */
  readonly source: string;
  readonly provenance: Provenance;
}

/** A symptom in one place. Without evidence it does not compile. */
export interface Finding {
  /** The advisor's id, e.g. `index/unindexed-foreign-key`. */
  readonly advisor: string;
  readonly severity: Severity;
  /** One sentence: what is wrong, on which object. */
  readonly title: string;
  /** The object: `public.orders`, `public.orders(customer_id)`, a statement's fingerprint. Unique together with the advisor. */
  readonly place: string;
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** Fingerprints of the workload statements it bears on; empty when none is known. */
  readonly statements: readonly string[];
  /** Remedies, each a single change, best first; empty when the finding only informs. */
  readonly actions: readonly Action[];
}
