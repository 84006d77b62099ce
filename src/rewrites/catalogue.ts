// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { RewriteRule } from './define.js';
import aggregateCorrelatedToGroupedJoin from './rules/aggregate/correlated-to-grouped-join.js';
import aggregateCorrelatedToWindow from './rules/aggregate/correlated-to-window.js';
import aggregateCountOnlyToExists from './rules/aggregate/count-only-to-exists.js';
import aggregateDistinctCountToGroups from './rules/aggregate/distinct-count-to-groups.js';
import aggregateDistinctWindowToGroup from './rules/aggregate/distinct-window-to-group.js';
import aggregateFanOutsApart from './rules/aggregate/fan-outs-apart.js';
import aggregateFanOutsToLookups from './rules/aggregate/fan-outs-to-lookups.js';
import aggregateFiltersToWhere from './rules/aggregate/filters-to-where.js';
import aggregateGroupAfterLimit from './rules/aggregate/group-after-limit.js';
import aggregateGroupBeforeJoin from './rules/aggregate/group-before-join.js';
import aggregateGroupPartlyBeforeJoin from './rules/aggregate/group-partly-before-join.js';
import aggregateLateralToGroupedJoin from './rules/aggregate/lateral-to-grouped-join.js';
import aggregateNeighbourToLag from './rules/aggregate/neighbour-to-lag.js';
import aggregateRunningTotal from './rules/aggregate/running-total.js';
import aggregateScansToFilter from './rules/aggregate/scans-to-filter.js';
import aggregateShareOfTotal from './rules/aggregate/share-of-total.js';
import aggregateTotalsToGroupedJoin from './rules/aggregate/totals-to-grouped-join.js';
import aggregateUnionCountsToFilter from './rules/aggregate/union-counts-to-filter.js';
import cteFilterIntoRecursion from './rules/cte/filter-into-recursion.js';
import cteInline from './rules/cte/inline.js';
import distinctDistinctToExists from './rules/distinct/distinct-to-exists.js';
import distinctLooseScan from './rules/distinct/loose-scan.js';
import distinctOuterJoinsToExists from './rules/distinct/outer-joins-to-exists.js';
import distinctRedundantDistinct from './rules/distinct/redundant-distinct.js';
import distinctRedundantGroupBy from './rules/distinct/redundant-group-by.js';
import groupingDifferingPairToBounds from './rules/grouping/differing-pair-to-bounds.js';
import groupingDistinctOnJoinToLateral from './rules/grouping/distinct-on-join-to-lateral.js';
import groupingDistinctOnToLateral from './rules/grouping/distinct-on-to-lateral.js';
import groupingExtremeJoinToLookup from './rules/grouping/extreme-join-to-lookup.js';
import groupingExtremeToLooseScan from './rules/grouping/extreme-to-loose-scan.js';
import groupingHavingCountToExists from './rules/grouping/having-count-to-exists.js';
import groupingHavingExtremeToGroups from './rules/grouping/having-extreme-to-groups.js';
import groupingHavingExtremeToLooseScan from './rules/grouping/having-extreme-to-loose-scan.js';
import groupingHavingToWhere from './rules/grouping/having-to-where.js';
import groupingInExtremesToLookup from './rules/grouping/in-extremes-to-lookup.js';
import groupingJoinedExtremeToLookup from './rules/grouping/joined-extreme-to-lookup.js';
import groupingKeysToLooseScan from './rules/grouping/keys-to-loose-scan.js';
import groupingNoneLaterToWindow from './rules/grouping/none-later-to-window.js';
import groupingRowNumberToLateral from './rules/grouping/row-number-to-lateral.js';
import joinCopyRangeAcrossEquality from './rules/join/copy-range-across-equality.js';
import joinForeignKeyJoin from './rules/join/foreign-key-join.js';
import joinKeyIntoGroupedSubquery from './rules/join/key-into-grouped-subquery.js';
import joinLeftJoinNullToNotExists from './rules/join/left-join-null-to-not-exists.js';
import joinNotDistinctToEquality from './rules/join/not-distinct-to-equality.js';
import joinPartitionsAskedFor from './rules/join/partitions-asked-for.js';
import joinSelfJoinOnKey from './rules/join/self-join-on-key.js';
import joinUnusedLeftJoin from './rules/join/unused-left-join.js';
import orderCoalesceApart from './rules/order/coalesce-apart.js';
import orderCountOverPage from './rules/order/count-over-page.js';
import orderExpressionToColumn from './rules/order/expression-to-column.js';
import orderLimitBeforeJoin from './rules/order/limit-before-join.js';
import orderLimitFence from './rules/order/limit-fence.js';
import orderLimitPerPartner from './rules/order/limit-per-partner.js';
import orderLimitPerValue from './rules/order/limit-per-value.js';
import orderNeedlessLimit from './rules/order/needless-limit.js';
import orderNeedlessOrder from './rules/order/needless-order.js';
import orderNullsApart from './rules/order/nulls-apart.js';
import orderNullsOrder from './rules/order/nulls-order.js';
import orderOffsetByKey from './rules/order/offset-by-key.js';
import orderRowNumberToLimit from './rules/order/row-number-to-limit.js';
import sargableAgeToBounds from './rules/sargable/age-to-bounds.js';
import sargableAnyToContainment from './rules/sargable/any-to-containment.js';
import sargableArrayElementToContainment from './rules/sargable/array-element-to-containment.js';
import sargableArrayPositionToContainment from './rules/sargable/array-position-to-containment.js';
import sargableBoundedColumn from './rules/sargable/bounded-column.js';
import sargableCaseOfConditions from './rules/sargable/case-of-conditions.js';
import sargableCaseToCondition from './rules/sargable/case-to-condition.js';
import sargableCoalesceToOr from './rules/sargable/coalesce-to-or.js';
import sargableColumnArithmetic from './rules/sargable/column-arithmetic.js';
import sargableConcatenatedColumns from './rules/sargable/concatenated-columns.js';
import sargableConcatenationToColumn from './rules/sargable/concatenation-to-column.js';
import sargableDecimalToWhole from './rules/sargable/decimal-to-whole.js';
import sargableElapsedToTime from './rules/sargable/elapsed-to-time.js';
import sargableEpochDayToBounds from './rules/sargable/epoch-day-to-bounds.js';
import sargableEpochToTime from './rules/sargable/epoch-to-time.js';
import sargableExpressionToStoredColumn from './rules/sargable/expression-to-stored-column.js';
import sargableFloatCastToNumeric from './rules/sargable/float-cast-to-numeric.js';
import sargableFormattedTimeToRange from './rules/sargable/formatted-time-to-range.js';
import sargableIlikeToLower from './rules/sargable/ilike-to-lower.js';
import sargableJsonbKeyExists from './rules/sargable/jsonb-key-exists.js';
import sargableJsonbTextInToContainment from './rules/sargable/jsonb-text-in-to-containment.js';
import sargableJsonbTextToContainment from './rules/sargable/jsonb-text-to-containment.js';
import sargableJsonpathToOperator from './rules/sargable/jsonpath-to-operator.js';
import sargableLoweredLike from './rules/sargable/lowered-like.js';
import sargableNeedlessCoalesce from './rules/sargable/needless-coalesce.js';
import sargableNotDistinctToEquality from './rules/sargable/not-distinct-to-equality.js';
import sargableNullifToCondition from './rules/sargable/nullif-to-condition.js';
import sargablePrefixToLike from './rules/sargable/prefix-to-like.js';
import sargableRangeToBounds from './rules/sargable/range-to-bounds.js';
import sargableRoundedColumn from './rules/sargable/rounded-column.js';
import sargableRowComparison from './rules/sargable/row-comparison.js';
import sargableRowListToValues from './rules/sargable/row-list-to-values.js';
import sargableScaledColumn from './rules/sargable/scaled-column.js';
import sargableShiftedTimeBounds from './rules/sargable/shifted-time-bounds.js';
import sargableSignedColumn from './rules/sargable/signed-column.js';
import sargableSkipLeadingColumn from './rules/sargable/skip-leading-column.js';
import sargableTextCastToValue from './rules/sargable/text-cast-to-value.js';
import sargableTimeOfEpoch from './rules/sargable/time-of-epoch.js';
import sargableTimePartsToRange from './rules/sargable/time-parts-to-range.js';
import sargableTimeTextToRange from './rules/sargable/time-text-to-range.js';
import sargableTruncatedTimeBounds from './rules/sargable/truncated-time-bounds.js';
import sargableTruncatedTimeToRange from './rules/sargable/truncated-time-to-range.js';
import sargableTruthTestToColumn from './rules/sargable/truth-test-to-column.js';
import sargableUnequalToRanges from './rules/sargable/unequal-to-ranges.js';
import sargableUnnestExistsToContainment from './rules/sargable/unnest-exists-to-containment.js';
import sargableUnnestedJoinToContainment from './rules/sargable/unnested-join-to-containment.js';
import subqueryAllToExtreme from './rules/subquery/all-to-extreme.js';
import subqueryArrayToIn from './rules/subquery/array-to-in.js';
import subqueryCountAboveToExists from './rules/subquery/count-above-to-exists.js';
import subqueryCountToExists from './rules/subquery/count-to-exists.js';
import subqueryExistsOrToOrExists from './rules/subquery/exists-or-to-or-exists.js';
import subqueryExistsOtherToBounds from './rules/subquery/exists-other-to-bounds.js';
import subqueryFirstOfArray from './rules/subquery/first-of-array.js';
import subqueryFirstRowOnce from './rules/subquery/first-row-once.js';
import subqueryGroupedInToExists from './rules/subquery/grouped-in-to-exists.js';
import subqueryLookupConditionToExists from './rules/subquery/lookup-condition-to-exists.js';
import subqueryLookupToLeftJoin from './rules/subquery/lookup-to-left-join.js';
import subqueryNotInToNotExists from './rules/subquery/not-in-to-not-exists.js';
import subquerySameTableIn from './rules/subquery/same-table-in.js';
import subqueryUnnestToArray from './rules/subquery/unnest-to-array.js';
import unionExceptToNotExists from './rules/union/except-to-not-exists.js';
import unionLimitIntoUnion from './rules/union/limit-into-union.js';
import unionOrToUnionAll from './rules/union/or-to-union-all.js';
import unionPageIntoUnion from './rules/union/page-into-union.js';
import unionUnionInMembership from './rules/union/union-in-membership.js';
import unionUnionToOr from './rules/union/union-to-or.js';
import unionUnionToUnionAll from './rules/union/union-to-union-all.js';
import writeUpdateLookupToFrom from './rules/write/update-lookup-to-from.js';
import writeUpdateTotalToFrom from './rules/write/update-total-to-from.js';

/** Every rule, sorted by id. */
export const catalogue: readonly RewriteRule[] = [
  aggregateCorrelatedToGroupedJoin,
  aggregateCorrelatedToWindow,
  aggregateCountOnlyToExists,
  aggregateDistinctCountToGroups,
  aggregateDistinctWindowToGroup,
  aggregateFanOutsApart,
  aggregateFanOutsToLookups,
  aggregateFiltersToWhere,
  aggregateGroupAfterLimit,
  aggregateGroupBeforeJoin,
  aggregateGroupPartlyBeforeJoin,
  aggregateLateralToGroupedJoin,
  aggregateNeighbourToLag,
  aggregateRunningTotal,
  aggregateScansToFilter,
  aggregateShareOfTotal,
  aggregateTotalsToGroupedJoin,
  aggregateUnionCountsToFilter,
  cteFilterIntoRecursion,
  cteInline,
  distinctDistinctToExists,
  distinctLooseScan,
  distinctOuterJoinsToExists,
  distinctRedundantDistinct,
  distinctRedundantGroupBy,
  groupingDifferingPairToBounds,
  groupingDistinctOnJoinToLateral,
  groupingDistinctOnToLateral,
  groupingExtremeJoinToLookup,
  groupingExtremeToLooseScan,
  groupingHavingCountToExists,
  groupingHavingExtremeToGroups,
  groupingHavingExtremeToLooseScan,
  groupingHavingToWhere,
  groupingInExtremesToLookup,
  groupingJoinedExtremeToLookup,
  groupingKeysToLooseScan,
  groupingNoneLaterToWindow,
  groupingRowNumberToLateral,
  joinCopyRangeAcrossEquality,
  joinForeignKeyJoin,
  joinKeyIntoGroupedSubquery,
  joinLeftJoinNullToNotExists,
  joinNotDistinctToEquality,
  joinPartitionsAskedFor,
  joinSelfJoinOnKey,
  joinUnusedLeftJoin,
  orderCoalesceApart,
  orderCountOverPage,
  orderExpressionToColumn,
  orderLimitBeforeJoin,
  orderLimitFence,
  orderLimitPerPartner,
  orderLimitPerValue,
  orderNeedlessLimit,
  orderNeedlessOrder,
  orderNullsApart,
  orderNullsOrder,
  orderOffsetByKey,
  orderRowNumberToLimit,
  sargableAgeToBounds,
  sargableAnyToContainment,
  sargableArrayElementToContainment,
  sargableArrayPositionToContainment,
  sargableBoundedColumn,
  sargableCaseOfConditions,
  sargableCaseToCondition,
  sargableCoalesceToOr,
  sargableColumnArithmetic,
  sargableConcatenatedColumns,
  sargableConcatenationToColumn,
  sargableDecimalToWhole,
  sargableElapsedToTime,
  sargableEpochDayToBounds,
  sargableEpochToTime,
  sargableExpressionToStoredColumn,
  sargableFloatCastToNumeric,
  sargableFormattedTimeToRange,
  sargableIlikeToLower,
  sargableJsonbKeyExists,
  sargableJsonbTextInToContainment,
  sargableJsonbTextToContainment,
  sargableJsonpathToOperator,
  sargableLoweredLike,
  sargableNeedlessCoalesce,
  sargableNotDistinctToEquality,
  sargableNullifToCondition,
  sargablePrefixToLike,
  sargableRangeToBounds,
  sargableRoundedColumn,
  sargableRowComparison,
  sargableRowListToValues,
  sargableScaledColumn,
  sargableShiftedTimeBounds,
  sargableSignedColumn,
  sargableSkipLeadingColumn,
  sargableTextCastToValue,
  sargableTimeOfEpoch,
  sargableTimePartsToRange,
  sargableTimeTextToRange,
  sargableTruncatedTimeBounds,
  sargableTruncatedTimeToRange,
  sargableTruthTestToColumn,
  sargableUnequalToRanges,
  sargableUnnestExistsToContainment,
  sargableUnnestedJoinToContainment,
  subqueryAllToExtreme,
  subqueryArrayToIn,
  subqueryCountAboveToExists,
  subqueryCountToExists,
  subqueryExistsOrToOrExists,
  subqueryExistsOtherToBounds,
  subqueryFirstOfArray,
  subqueryFirstRowOnce,
  subqueryGroupedInToExists,
  subqueryLookupConditionToExists,
  subqueryLookupToLeftJoin,
  subqueryNotInToNotExists,
  subquerySameTableIn,
  subqueryUnnestToArray,
  unionExceptToNotExists,
  unionLimitIntoUnion,
  unionOrToUnionAll,
  unionPageIntoUnion,
  unionUnionInMembership,
  unionUnionToOr,
  unionUnionToUnionAll,
  writeUpdateLookupToFrom,
  writeUpdateTotalToFrom,
];
