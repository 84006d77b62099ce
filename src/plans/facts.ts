import type { Catalog } from '../model/catalog.js';
import type { Settings } from '../model/settings.js';
import type { ColumnStatistics } from '../model/statistics.js';

/** What a database says beside a plan. */
export interface PlanFacts {
  readonly catalog: Catalog;
  readonly columns: readonly ColumnStatistics[];
  readonly settings: Settings;
}
