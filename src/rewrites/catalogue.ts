// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { RewriteRule } from './define.js';
import aggregateCorrelatedToGroupedJoin from './rules/aggregate/correlated-to-grouped-join.js';
import distinctRedundantDistinct from './rules/distinct/redundant-distinct.js';
import sargableTruncatedTimeToRange from './rules/sargable/truncated-time-to-range.js';
import subqueryCountToExists from './rules/subquery/count-to-exists.js';
import subqueryNotInToNotExists from './rules/subquery/not-in-to-not-exists.js';

/** Every rule, sorted by id. */
export const catalogue: readonly RewriteRule[] = [
  aggregateCorrelatedToGroupedJoin,
  distinctRedundantDistinct,
  sargableTruncatedTimeToRange,
  subqueryCountToExists,
  subqueryNotInToNotExists,
];
