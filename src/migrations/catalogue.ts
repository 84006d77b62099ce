// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { MigrationRule } from './define.js';
import columnAddColumnVolatileDefault from './rules/column/add-column-volatile-default.js';
import columnSetNotNull from './rules/column/set-not-null.js';
import constraintAddCheck from './rules/constraint/add-check.js';
import constraintAddForeignKey from './rules/constraint/add-foreign-key.js';
import constraintAddPrimaryKey from './rules/constraint/add-primary-key.js';
import constraintAddUnique from './rules/constraint/add-unique.js';
import indexCreateIndex from './rules/index/create-index.js';
import indexDropIndex from './rules/index/drop-index.js';
import tableVacuumFull from './rules/table/vacuum-full.js';

/** Every rule, sorted by id. */
export const catalogue: readonly MigrationRule[] = [
  columnAddColumnVolatileDefault,
  columnSetNotNull,
  constraintAddCheck,
  constraintAddForeignKey,
  constraintAddPrimaryKey,
  constraintAddUnique,
  indexCreateIndex,
  indexDropIndex,
  tableVacuumFull,
];
