// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { PlanFindingKind } from './define.js';
import estimatesGenericPlan from './findings/estimates/generic-plan.js';
import estimatesLargerSideHashed from './findings/estimates/larger-side-hashed.js';
import estimatesMisestimatedRows from './findings/estimates/misestimated-rows.js';
import estimatesNestedLoopUnderestimated from './findings/estimates/nested-loop-underestimated.js';
import joinInnerSequentialScan from './findings/join/inner-sequential-scan.js';
import joinJoinFilterDiscards from './findings/join/join-filter-discards.js';
import joinMemoizeMisses from './findings/join/memoize-misses.js';
import joinMostRowsUnmatched from './findings/join/most-rows-unmatched.js';
import memoryAggregateOnDisk from './findings/memory/aggregate-on-disk.js';
import memoryHashBatches from './findings/memory/hash-batches.js';
import memoryKeptRowsOnDisk from './findings/memory/kept-rows-on-disk.js';
import memorySortOnDisk from './findings/memory/sort-on-disk.js';
import memoryTemporaryBlocks from './findings/memory/temporary-blocks.js';
import overheadCompilationDominates from './findings/overhead/compilation-dominates.js';
import overheadDisabledNode from './findings/overhead/disabled-node.js';
import overheadLockWait from './findings/overhead/lock-wait.js';
import overheadPlanningDominates from './findings/overhead/planning-dominates.js';
import overheadSerializationDominates from './findings/overhead/serialization-dominates.js';
import overheadTriggerDominates from './findings/overhead/trigger-dominates.js';
import parallelSerialScan from './findings/parallel/serial-scan.js';
import parallelSkewedWorkers from './findings/parallel/skewed-workers.js';
import parallelWorkersMissing from './findings/parallel/workers-missing.js';
import rowsLimitDiscards from './findings/rows/limit-discards.js';
import rowsManyRowsDeduplicated from './findings/rows/many-rows-deduplicated.js';
import rowsTopNOverMany from './findings/rows/top-n-over-many.js';
import scanBitmapAnd from './findings/scan/bitmap-and.js';
import scanEmptyPartitions from './findings/scan/empty-partitions.js';
import scanHeapFetches from './findings/scan/heap-fetches.js';
import scanLossyBitmap from './findings/scan/lossy-bitmap.js';
import scanManyIndexSearches from './findings/scan/many-index-searches.js';
import scanOrderedIndexWalk from './findings/scan/ordered-index-walk.js';
import scanReadsBeyondCache from './findings/scan/reads-beyond-cache.js';
import scanRecheckDiscards from './findings/scan/recheck-discards.js';
import scanRowsDiscarded from './findings/scan/rows-discarded.js';
import scanScatteredRows from './findings/scan/scattered-rows.js';
import scanSelectDirtiesBlocks from './findings/scan/select-dirties-blocks.js';
import subqueryCteDiscards from './findings/subquery/cte-discards.js';
import subquerySubplanPerRow from './findings/subquery/subplan-per-row.js';
import subqueryUnhashedNotIn from './findings/subquery/unhashed-not-in.js';
import subqueryWindowDiscards from './findings/subquery/window-discards.js';

/** Every kind of finding, sorted by id. */
export const catalogue: readonly PlanFindingKind[] = [
  estimatesGenericPlan,
  estimatesLargerSideHashed,
  estimatesMisestimatedRows,
  estimatesNestedLoopUnderestimated,
  joinInnerSequentialScan,
  joinJoinFilterDiscards,
  joinMemoizeMisses,
  joinMostRowsUnmatched,
  memoryAggregateOnDisk,
  memoryHashBatches,
  memoryKeptRowsOnDisk,
  memorySortOnDisk,
  memoryTemporaryBlocks,
  overheadCompilationDominates,
  overheadDisabledNode,
  overheadLockWait,
  overheadPlanningDominates,
  overheadSerializationDominates,
  overheadTriggerDominates,
  parallelSerialScan,
  parallelSkewedWorkers,
  parallelWorkersMissing,
  rowsLimitDiscards,
  rowsManyRowsDeduplicated,
  rowsTopNOverMany,
  scanBitmapAnd,
  scanEmptyPartitions,
  scanHeapFetches,
  scanLossyBitmap,
  scanManyIndexSearches,
  scanOrderedIndexWalk,
  scanReadsBeyondCache,
  scanRecheckDiscards,
  scanRowsDiscarded,
  scanScatteredRows,
  scanSelectDirtiesBlocks,
  subqueryCteDiscards,
  subquerySubplanPerRow,
  subqueryUnhashedNotIn,
  subqueryWindowDiscards,
];
