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

/** The plans of a workload as they ran in the lab. */
export interface PlanReview {
  /** Statements of which a plan was there before, and after. */
  readonly plans: { readonly before: number; readonly after: number };
  /** Above `info`; what is left comes first, then by the share of its statement. */
  readonly findings: readonly ReviewedPlanFinding[];
}
