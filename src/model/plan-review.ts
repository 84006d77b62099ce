import type { Severity } from './finding.js';

/** What is wrong in the plan of one statement, before the first change and after the last. */
export interface ReviewedPlanFinding {
  readonly fingerprint: string;
  readonly name: string;
  /** `<family>/<symptom>`. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** What can be done, in plain words or SQL. */
  readonly remedy: string;
  /** Of the statement, 0 to 1; null where the plan does not say. */
  readonly share: number | null;
  /** `open`: still there in the end; `new`: only there in the end. */
  readonly status: 'resolved' | 'open' | 'new';
  /** Iterations that tried a change for the statement. */
  readonly iterations: readonly number[];
  /** Hypotheses for the statement that were not tried. */
  readonly untried: number;
}

/** A hint that an earlier run on the same target accepted, and what this run saw of it. */
export interface EarlierHint {
  readonly fingerprint: string;
  readonly name: string;
  /** `enable_nestloop = off`. */
  readonly settings: string;
  /** When it was accepted. ISO 8601. */
  readonly since: string;
  /** The day after which it was not to be relied on. */
  readonly until: string;
  /** `not-needed`: the plan is right without it; `not-tried`: the run ended before; `not-seen`: the statement has no plan in this run. */
  readonly now: 'confirmed' | 'refuted' | 'not-needed' | 'not-tried' | 'not-seen';
}

/** The plans of a workload as they ran in the lab. */
export interface PlanReview {
  /** Statements of which a plan was there before, and after. */
  readonly plans: { readonly before: number; readonly after: number };
  /** Above `info`; what is left comes first, then by the share of its statement. */
  readonly findings: readonly ReviewedPlanFinding[];
  readonly hints: readonly EarlierHint[];
}
