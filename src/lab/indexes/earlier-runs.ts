import type { IndexWriteCost } from '../../indexes/measured/write-cost.js';
import { isToldByPlan } from '../trial/cases.js';
import type { TrialCase } from '../trial/cases.js';
import type { LabPlan } from '../trial/lab-plan.js';
import type { CaseRecord, PlanFigures } from './case-record.js';
import type { Verified } from './verify.js';

/**
 * What reads did under earlier sets of indexes, on copies of one template: a plan of the same text does the same. What a write
 * takes hangs on all indexes that are there, and what a function does no plan shows: these are measured anew.
 */
export class EarlierRuns {
  /** Pairs of plans that ran side by side, by case and both texts. */
  readonly verified = new Map<string, Verified>();
  /** Names of indexes that went at once for a statement's sake: where they come back, it is with others that may change what that one does. */
  readonly causes = new Set<string>();
  /** What indexes were measured to cost the writes, by `specKey`. */
  readonly writeCosts: Map<string, IndexWriteCost>;
  readonly #figures = new Map<string, Map<string, PlanFigures>>();
  readonly #baseline: ReadonlyMap<string, LabPlan>;

  /** `baseline` is what the lab ran on the same template before any index was built, `writeCosts` what a search measured there. */
  constructor(baseline: readonly LabPlan[] = [], writeCosts: ReadonlyMap<string, IndexWriteCost> = new Map()) {
    this.writeCosts = new Map(writeCosts);
    this.#baseline = new Map(baseline.map((one) => [one.sql, one]));
  }

  /** What a read did in the baseline; null for what is measured anew. */
  baselineOf(oneCase: TrialCase): LabPlan | null {
    return isToldByPlan(oneCase) ? (this.#baseline.get(oneCase.sql) ?? null) : null;
  }

  /** By the plan's text. */
  of(oneCase: TrialCase): ReadonlyMap<string, PlanFigures> {
    return this.#figures.get(oneCase.key) ?? new Map();
  }

  add(records: readonly CaseRecord[]): void {
    for (const { oneCase, figures } of records.filter((one) => isToldByPlan(one.oneCase))) {
      const known = this.#figures.get(oneCase.key) ?? new Map<string, PlanFigures>();
      for (const [text, one] of figures) if (one.runs.length > 0 || one.cutOffMs !== null) known.set(text, one);
      this.#figures.set(oneCase.key, known);
    }
  }
}
