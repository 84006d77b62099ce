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
