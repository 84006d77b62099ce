// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { MigrationRule } from './define.js';
import columnAddColumnDomain from './rules/column/add-column-domain.js';
import columnAddColumnGenerated from './rules/column/add-column-generated.js';
import columnAddColumnIdentity from './rules/column/add-column-identity.js';
import columnAddColumnNotNull from './rules/column/add-column-not-null.js';
import columnAddColumnSerial from './rules/column/add-column-serial.js';
import columnAddColumnVolatileDefault from './rules/column/add-column-volatile-default.js';
import columnAddColumnWithConstraint from './rules/column/add-column-with-constraint.js';
import columnChangeCollation from './rules/column/change-collation.js';
import columnChangeTypeInPlace from './rules/column/change-type-in-place.js';
import columnChangeTypeRewrite from './rules/column/change-type-rewrite.js';
import columnChangeTypeUsed from './rules/column/change-type-used.js';
import columnDropColumn from './rules/column/drop-column.js';
import columnRenameColumn from './rules/column/rename-column.js';
import columnSetDefault from './rules/column/set-default.js';
import columnSetExpression from './rules/column/set-expression.js';
import columnSetNotNull from './rules/column/set-not-null.js';
import columnSetStorage from './rules/column/set-storage.js';
import constraintAddCheck from './rules/constraint/add-check.js';
import constraintAddExclusion from './rules/constraint/add-exclusion.js';
import constraintAddForeignKey from './rules/constraint/add-foreign-key.js';
import constraintAddForeignKeyPartitioned from './rules/constraint/add-foreign-key-partitioned.js';
import constraintAddPrimaryKey from './rules/constraint/add-primary-key.js';
import constraintAddUnique from './rules/constraint/add-unique.js';
import constraintDropConstraint from './rules/constraint/drop-constraint.js';
import constraintForeignKeyWithoutIndex from './rules/constraint/foreign-key-without-index.js';
import constraintValidateInSameTransaction from './rules/constraint/validate-in-same-transaction.js';
import dataCopyAndSwitch from './rules/data/copy-and-switch.js';
import dataDeleteWholeTable from './rules/data/delete-whole-table.js';
import dataLockTable from './rules/data/lock-table.js';
import dataUpdateWholeTable from './rules/data/update-whole-table.js';
import indexConcurrentlyIfNotExists from './rules/index/concurrently-if-not-exists.js';
import indexConcurrentlyInTransaction from './rules/index/concurrently-in-transaction.js';
import indexCreateIndex from './rules/index/create-index.js';
import indexCreateIndexPartitioned from './rules/index/create-index-partitioned.js';
import indexDropIndex from './rules/index/drop-index.js';
import indexReindex from './rules/index/reindex.js';
import indexSetTablespace from './rules/index/set-tablespace.js';
import partitionAttachPartition from './rules/partition/attach-partition.js';
import partitionCreatePartition from './rules/partition/create-partition.js';
import partitionDetachPartition from './rules/partition/detach-partition.js';
import partitionDropPartition from './rules/partition/drop-partition.js';
import tableChangeOwner from './rules/table/change-owner.js';
import tableCluster from './rules/table/cluster.js';
import tableCreatePolicy from './rules/table/create-policy.js';
import tableCreateTrigger from './rules/table/create-trigger.js';
import tableDropCascade from './rules/table/drop-cascade.js';
import tableDropTable from './rules/table/drop-table.js';
import tableInherit from './rules/table/inherit.js';
import tableLikeWithoutNumbers from './rules/table/like-without-numbers.js';
import tableMoveAll from './rules/table/move-all.js';
import tableRefreshMaterializedView from './rules/table/refresh-materialized-view.js';
import tableRenameTable from './rules/table/rename-table.js';
import tableReplaceView from './rules/table/replace-view.js';
import tableReplicaIdentity from './rules/table/replica-identity.js';
import tableRowSecurity from './rules/table/row-security.js';
import tableSetAccessMethod from './rules/table/set-access-method.js';
import tableSetPersistence from './rules/table/set-persistence.js';
import tableSetSchema from './rules/table/set-schema.js';
import tableSetTablespace from './rules/table/set-tablespace.js';
import tableToggleTrigger from './rules/table/toggle-trigger.js';
import tableTruncate from './rules/table/truncate.js';
import tableVacuumFull from './rules/table/vacuum-full.js';
import transactionMissingLockTimeout from './rules/transaction/missing-lock-timeout.js';
import transactionSeveralTablesLocked from './rules/transaction/several-tables-locked.js';
import transactionWorkBehindLock from './rules/transaction/work-behind-lock.js';
import typeAlterComposite from './rules/type/alter-composite.js';
import typeDomainConstraint from './rules/type/domain-constraint.js';
import typeEnumRenameValue from './rules/type/enum-rename-value.js';
import typeEnumValueUsedAtOnce from './rules/type/enum-value-used-at-once.js';

/** Every rule, sorted by id. */
export const catalogue: readonly MigrationRule[] = [
  columnAddColumnDomain,
  columnAddColumnGenerated,
  columnAddColumnIdentity,
  columnAddColumnNotNull,
  columnAddColumnSerial,
  columnAddColumnVolatileDefault,
  columnAddColumnWithConstraint,
  columnChangeCollation,
  columnChangeTypeInPlace,
  columnChangeTypeRewrite,
  columnChangeTypeUsed,
  columnDropColumn,
  columnRenameColumn,
  columnSetDefault,
  columnSetExpression,
  columnSetNotNull,
  columnSetStorage,
  constraintAddCheck,
  constraintAddExclusion,
  constraintAddForeignKey,
  constraintAddForeignKeyPartitioned,
  constraintAddPrimaryKey,
  constraintAddUnique,
  constraintDropConstraint,
  constraintForeignKeyWithoutIndex,
  constraintValidateInSameTransaction,
  dataCopyAndSwitch,
  dataDeleteWholeTable,
  dataLockTable,
  dataUpdateWholeTable,
  indexConcurrentlyIfNotExists,
  indexConcurrentlyInTransaction,
  indexCreateIndex,
  indexCreateIndexPartitioned,
  indexDropIndex,
  indexReindex,
  indexSetTablespace,
  partitionAttachPartition,
  partitionCreatePartition,
  partitionDetachPartition,
  partitionDropPartition,
  tableChangeOwner,
  tableCluster,
  tableCreatePolicy,
  tableCreateTrigger,
  tableDropCascade,
  tableDropTable,
  tableInherit,
  tableLikeWithoutNumbers,
  tableMoveAll,
  tableRefreshMaterializedView,
  tableRenameTable,
  tableReplaceView,
  tableReplicaIdentity,
  tableRowSecurity,
  tableSetAccessMethod,
  tableSetPersistence,
  tableSetSchema,
  tableSetTablespace,
  tableToggleTrigger,
  tableTruncate,
  tableVacuumFull,
  transactionMissingLockTimeout,
  transactionSeveralTablesLocked,
  transactionWorkBehindLock,
  typeAlterComposite,
  typeDomainConstraint,
  typeEnumRenameValue,
  typeEnumValueUsedAtOnce,
];
