// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { Advisor } from './define.js';
import indexBloatedIndex from './index/bloated-index.js';
import indexBrinWithoutOrder from './index/brin-without-order.js';
import indexBtreeOnDocument from './index/btree-on-document.js';
import indexDuplicateIndex from './index/duplicate-index.js';
import indexExpressionIndex from './index/expression-index.js';
import indexGinOnScalar from './index/gin-on-scalar.js';
import indexGistOnScalar from './index/gist-on-scalar.js';
import indexHashOnFewValues from './index/hash-on-few-values.js';
import indexInvalidIndex from './index/invalid-index.js';
import indexMergeableIndexes from './index/mergeable-indexes.js';
import indexMissingIndex from './index/missing-index.js';
import indexOverlappingIndex from './index/overlapping-index.js';
import indexPartialIndex from './index/partial-index.js';
import indexUnindexedForeignKey from './index/unindexed-foreign-key.js';
import indexUnusedIndex from './index/unused-index.js';
import queryMisplannedStatement from './query/misplanned-statement.js';
import queryRewritableStatement from './query/rewritable-statement.js';
import querySlowGenericPlan from './query/slow-generic-plan.js';
import schemaForeignKeyTypeMismatch from './schema/foreign-key-type-mismatch.js';
import schemaIntegerKeyExhaustion from './schema/integer-key-exhaustion.js';
import schemaUnloggedWithStandbys from './schema/unlogged-with-standbys.js';
import schemaUnvalidatedConstraint from './schema/unvalidated-constraint.js';
import settingsLossyBitmap from './settings/lossy-bitmap.js';
import settingsPlannerMethodDisabled from './settings/planner-method-disabled.js';
import settingsSortSpillsToDisk from './settings/sort-spills-to-disk.js';
import settingsTooFewWorkers from './settings/too-few-workers.js';
import statisticsCoarseStatistics from './statistics/coarse-statistics.js';
import statisticsCorrelatedColumns from './statistics/correlated-columns.js';
import statisticsStaleStatistics from './statistics/stale-statistics.js';
import statisticsUnderestimatedGroups from './statistics/underestimated-groups.js';

/** Every advisor, sorted by id. */
export const catalogue: readonly Advisor[] = [
  indexBloatedIndex,
  indexBrinWithoutOrder,
  indexBtreeOnDocument,
  indexDuplicateIndex,
  indexExpressionIndex,
  indexGinOnScalar,
  indexGistOnScalar,
  indexHashOnFewValues,
  indexInvalidIndex,
  indexMergeableIndexes,
  indexMissingIndex,
  indexOverlappingIndex,
  indexPartialIndex,
  indexUnindexedForeignKey,
  indexUnusedIndex,
  queryMisplannedStatement,
  queryRewritableStatement,
  querySlowGenericPlan,
  schemaForeignKeyTypeMismatch,
  schemaIntegerKeyExhaustion,
  schemaUnloggedWithStandbys,
  schemaUnvalidatedConstraint,
  settingsLossyBitmap,
  settingsPlannerMethodDisabled,
  settingsSortSpillsToDisk,
  settingsTooFewWorkers,
  statisticsCoarseStatistics,
  statisticsCorrelatedColumns,
  statisticsStaleStatistics,
  statisticsUnderestimatedGroups,
];
