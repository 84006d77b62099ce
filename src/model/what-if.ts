import type { IndexSpec } from './action.js';

/** One statement's cost as the planner sees it. */
export interface WhatIfCost {
  readonly fingerprint: string;
  /** Planner's total cost, mean over parameter sets; null when the statement can not be planned. */
  readonly cost: number | null;
  /** Names of the hypothetical indexes that the plan uses. */
  readonly uses: readonly string[];
  readonly planShape: string | null;
}

/** Expected size of an index that does not exist. `estimated`, never measured. */
export interface WhatIfSize {
  readonly pages: number;
  readonly sizeBytes: number;
  readonly rows: number;
  /** Why the index can not be, in words; pages and rows are 0 then. Absent for one that can. */
  readonly refused?: string;
}

/** Plans statements as if indexes existed or were gone; nothing is executed, nothing outside the clone changes. */
export interface WhatIf {
  /**
   * Plans every statement of the workload given under the accepted state plus `add` minus `drop` (index names as `schema.name`).
   * An index that can not be counts as not asked for; `size` says why.
   */
  cost(
    fingerprints: readonly string[],
    change: { readonly add: readonly IndexSpec[]; readonly drop: readonly string[] },
  ): Promise<readonly WhatIfCost[]>;
  size(spec: IndexSpec): Promise<WhatIfSize>;
}

/** One statement's cost with all that a search needs to infer others from it. */
export interface PlannedCost extends WhatIfCost {
  /** Existing indexes (`schema.name`) that a plan uses; for one of a partition, the index of the whole tree. */
  readonly usesExisting: readonly string[];
  /** EXPLAINs that this answer took: 0 for one from memory, one for each parameter set otherwise. */
  readonly planned: number;
}

/** What index selection asks: answers say which existing indexes they rest on, and many sizes are had at once. */
export interface IndexWhatIf extends WhatIf {
  cost(
    fingerprints: readonly string[],
    change: { readonly add: readonly IndexSpec[]; readonly drop: readonly string[] },
  ): Promise<readonly PlannedCost[]>;
  /** In the order of the specs. One that can not be created is an answer, not an error. */
  sizes(specs: readonly IndexSpec[]): Promise<readonly WhatIfSize[]>;
}

/** What the loop asks: of indexes, and of other texts for a statement. */
export interface LoopWhatIf extends IndexWhatIf {
  /** The planner's total cost of statements under the accepted state, the mean over them; null when one can not be planned. */
  costOf(queries: readonly string[]): Promise<number | null>;
}
