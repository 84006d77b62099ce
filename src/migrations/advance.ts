import { quoteIdent } from '../base/quote.js';
import { bodiesOf, bodyOf, field, list, names, textOf, treeText } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { constraintName, indexName, takenKey } from './chosen-name.js';
import {
  afterDrop,
  afterInherit,
  afterRename,
  created,
  namesFreed,
  parentOf,
  withPart,
  withoutPart,
} from './advance-names.js';
import { rehung } from './advance-hanging.js';
import { columnKey, keyOf } from './context.js';
import { newTransaction } from './script-state.js';
import type { MigrationContext } from './context.js';
import type { ScriptState } from './script-state.js';
import { dependentKey } from './dependents.js';
import { droppedBy } from './dropped.js';
import { partitionOf } from './effects/attach.js';
import { effectOf } from './effects/of.js';
import { afterDomain, typeParts, typeText } from './effects/types.js';
import { isAtLeast } from './locks.js';
import { afterMaking } from './made.js';
import { columnBody, constraintBody } from './operation.js';
import type { Operation } from './operation.js';
import { relationOf } from './relation.js';
import type { Relation } from './relation.js';
import { indexColumns } from './shapes.js';

/** The state after an operation. */
export function advance(operation: Operation, context: MigrationContext): ScriptState {
  const { state } = context;
  if (operation.type === 'TransactionStmt') return afterTransactionControl(operation.body, context);
  if (operation.type === 'VariableSetStmt') return afterSet(operation.body, state);
  const next = withDropped((CHANGES[operation.type] ?? same)(operation, context), operation, context);
  const changed = {
    ...next,
    rehung: rehung(next, operation, context),
    made: afterMaking(next, operation, context),
    domains: afterDomain(next, operation, context),
  };
  if (!changed.transaction) return changed;
  const held = effectOf(operation, context)
    .locks.filter(({ mode }) => isAtLeast(mode, 'SHARE'))
    .map((claim) => ({ ...claim, line: context.line }));
  return { ...changed, transaction: { ...changed.transaction, held: [...changed.transaction.held, ...held] } };
}

function withDropped(state: ScriptState, operation: Operation, context: MigrationContext): ScriptState {
  const keys = droppedBy(operation, context).map(dependentKey);
  return keys.length === 0 ? state : { ...state, dropped: keys.reduce((so, key) => so.with(key, true), state.dropped) };
}

type Change = (operation: Operation, context: MigrationContext) => ScriptState;

const same: Change = (_, { state }) => state;

const CHANGES: Readonly<Record<string, Change>> = {
  CreateStmt: ({ body, relation }, context) => afterCreate(body, relation, context),
  CreateTableAsStmt: ({ body }, context) => {
    const into = relationOf(field(field(body, 'into') ?? {}, 'rel'));
    return into && body['if_not_exists'] !== true ? created(into, context) : context.state;
  },
  ViewStmt: ({ relation, body }, context) =>
    relation && body['replace'] !== true ? created(relation, context) : context.state,
  CreateSeqStmt: ({ body }, context) => {
    const sequence = relationOf(field(body, 'sequence'));
    return sequence && body['if_not_exists'] !== true ? created(sequence, context) : context.state;
  },
  AlterTableStmt: afterAlter,
  IndexStmt: ({ relation, body }, context) => {
    if (!relation) return context.state;
    const { state } = context;
    const name = textOf(body, 'idxname') ?? indexName(relation, body, context);
    const index = { name, table: keyOf(context, relation), columns: indexColumns(body) };
    const named = state.named.with(takenKey(relation, name, context), true);
    return { ...state, named, indexes: [...state.indexes, index] };
  },
  RenameStmt: afterRename,
  DropStmt: afterDrop,
  AlterEnumStmt: ({ body }, { state }) => {
    const label = textOf(body, 'newVal');
    if (!state.transaction || label === null || textOf(body, 'oldVal') !== null) return state;
    const { transaction } = state;
    return { ...state, transaction: { ...transaction, enumLabels: [...transaction.enumLabels, label] } };
  },
};

function afterTransactionControl(body: TreeNode, { state, line }: MigrationContext): ScriptState {
  switch (textOf(body, 'kind')) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return state.transaction ? state : { ...state, transaction: newTransaction(line) };
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
    case 'TRANS_STMT_PREPARE':
      return { ...state, transaction: null };
    default:
      return state;
  }
}

function afterSet(body: TreeNode, state: ScriptState): ScriptState {
  const name = textOf(body, 'name');
  const [value] = bodiesOf(list(body, 'args'), 'A_Const');
  const text = value ? textOf(field(value, 'sval') ?? {}, 'sval') : null;
  const number = value ? field(value, 'ival') : null;
  if (name === 'search_path') return { ...state, searchPath: pathOf(body) };
  if (name !== 'lock_timeout' && name !== 'statement_timeout') return state;
  if (name === 'statement_timeout') return state;
  const set = value !== undefined && text !== '0' && !(number && number['ival'] === undefined);
  if (body['is_local'] === true)
    return state.transaction ? { ...state, transaction: { ...state.transaction, localTimeout: set } } : state;
  return { ...state, lockTimeout: set };
}

/** Null for DEFAULT and RESET, and for one text that holds several. */
function pathOf(body: TreeNode): readonly string[] | null {
  const schemas = bodiesOf(list(body, 'args'), 'A_Const').map((one) => textOf(field(one, 'sval') ?? {}, 'sval') ?? '');
  return schemas.length === 0 || schemas.includes('') ? null : schemas;
}

function afterCreate(body: TreeNode, relation: Relation | null, context: MigrationContext): ScriptState {
  if (!relation || body['if_not_exists'] === true) return context.state;
  const columns = bodiesOf(list(body, 'tableElts'), 'ColumnDef');
  const types = columns.reduce((so, column) => withType(so, relation, column, context), context.state.types);
  const parts = bodiesOf(list(field(body, 'partspec') ?? {}, 'partParams'), 'PartitionElem').map(
    (part) => textOf(part, 'name') ?? '',
  );
  const partitionKeys = new Map([
    ...context.state.partitionKeys,
    [keyOf(context, relation), parts.includes('') ? [] : parts] as const,
  ]);
  const parent = parentOf(body);
  const joined = parent ? withPart(parent, relation, context) : context.state.joined;
  return { ...created(relation, context), types, partitionKeys, joined };
}

function withType(
  types: ScriptState['types'],
  relation: Relation,
  column: TreeNode,
  context: MigrationContext,
): ScriptState['types'] {
  const parts = typeParts(field(column, 'typeName'));
  const name = textOf(column, 'colname');
  return parts && name !== null ? types.with(columnKey(context, relation, name), typeText(parts)) : types;
}

function afterAlter({ relation, command }: Operation, context: MigrationContext): ScriptState {
  const { state } = context;
  if (!relation || !command) return state;
  const column = command.name === null ? null : columnKey(context, relation, command.name);
  switch (command.subtype) {
    case 'AT_AddColumn':
    case 'AT_AlterColumnType': {
      const definition = columnBody(command.body);
      const name = command.name ?? textOf(definition ?? {}, 'colname');
      if (!definition || name === null) return state;
      const types = withType(state.types, relation, { ...definition, colname: name }, context);
      if (command.subtype !== 'AT_AddColumn' || command.missingOk) return { ...state, types };
      const key = columnKey(context, relation, name);
      return {
        ...state,
        types,
        columnsBefore: state.columnsBefore.with(key, ''),
        defaults: state.defaults.with(key, defaultOf(definition)),
      };
    }
    case 'AT_DetachPartition': {
      const partition = partitionOf(command);
      return partition ? withoutPart(relation, partition, context) : state;
    }
    case 'AT_AddInherit':
    case 'AT_DropInherit': {
      const parent = relationOf(field(field(command.body, 'def') ?? {}, 'RangeVar'));
      return parent ? afterInherit(relation, parent, command.subtype === 'AT_AddInherit', context) : state;
    }
    case 'AT_AttachPartition': {
      const partition = partitionOf(command);
      return partition ? { ...state, joined: withPart(relation, partition, context) } : state;
    }
    case 'AT_SetLogged':
    case 'AT_SetUnLogged': {
      const now = command.subtype === 'AT_SetLogged' ? 'p' : 'u';
      return { ...state, persistence: new Map([...state.persistence, [keyOf(context, relation), now]]) };
    }
    case 'AT_ColumnDefault':
      if (column === null) return state;
      return { ...state, defaults: state.defaults.with(column, field(command.body, 'def')) };
    case 'AT_SetNotNull':
      return column === null ? state : { ...state, notNull: state.notNull.with(column, true) };
    case 'AT_DropNotNull': {
      if (column === null) return state;
      const named = namesFreed(relation, command.name ?? '', 'not-null', context);
      return { ...state, named, notNull: state.notNull.with(column, false) };
    }
    case 'AT_DropColumn':
      return { ...state, named: namesFreed(relation, command.name ?? '', null, context) };
    case 'AT_AlterConstraint': {
      const def = field(field(command.body, 'def') ?? {}, 'ATAlterConstraint') ?? {};
      const name = textOf(def, 'conname');
      if (name === null || def['alterEnforceability'] !== true) return state;
      const key = columnKey(context, relation, name);
      return { ...state, enforced: state.enforced.with(key, def['is_enforced'] === true) };
    }
    case 'AT_AddConstraint':
      return afterAddConstraint(relation, constraintBody(command.body) ?? {}, context);
    case 'AT_DropConstraint':
      return { ...state, named: state.named.with(takenKey(relation, command.name ?? '', context), false) };
    case 'AT_ValidateConstraint':
      return afterValidate(relation, column ?? '', context);
    default:
      return state;
  }
}

function afterAddConstraint(relation: Relation, constraint: TreeNode, context: MigrationContext): ScriptState {
  const { state } = context;
  const name = constraintName(relation, constraint, context) ?? '';
  const key = columnKey(context, relation, name);
  const valid = constraint['skip_validation'] !== true;
  const type = textOf(constraint, 'contype');
  const notNullColumn =
    type === 'CONSTR_NOTNULL' ? (names(list(constraint, 'keys'))[0] ?? null) : isNotNull(constraint);
  const keys = type === 'CONSTR_PRIMARY' ? names(list(constraint, 'keys')) : [];
  const proved = [...keys, ...(valid && notNullColumn !== null ? [notNullColumn] : [])];
  const checks = new Map(state.checks);
  if (type === 'CONSTR_CHECK') checks.set(key, { condition: treeText(constraint['raw_expr']), valid });
  const unvalidated = new Map(state.unvalidated);
  if (!valid) unvalidated.set(key, { notNullColumn });
  const { transaction } = state;
  return {
    ...state,
    checks,
    constraints: state.constraints.with(key, constraint),
    unvalidated,
    named: state.named.with(takenKey(relation, name, context), true),
    notNull: proved.reduce((so, column) => so.with(columnKey(context, relation, column), true), state.notNull),
    transaction:
      transaction && !valid ? { ...transaction, notValid: new Set([...transaction.notValid, key]) } : transaction,
  };
}

function afterValidate(relation: Relation, key: string, context: MigrationContext): ScriptState {
  const { state } = context;
  const found = state.unvalidated.get(key);
  const check = state.checks.get(key);
  const column = found?.notNullColumn ?? null;
  return {
    ...state,
    validated: new Set([...state.validated, key]),
    checks: check ? new Map([...state.checks, [key, { ...check, valid: true }]]) : state.checks,
    notNull: column === null ? state.notNull : state.notNull.with(columnKey(context, relation, column), true),
  };
}

function defaultOf(definition: TreeNode): TreeNode | null {
  const found = bodiesOf(list(definition, 'constraints'), 'Constraint').find(
    (one) => textOf(one, 'contype') === 'CONSTR_DEFAULT',
  );
  return found ? field(found, 'raw_expr') : null;
}

/** The column of a CHECK that is nothing but IS NOT NULL. */
function isNotNull(constraint: TreeNode): string | null {
  const test = bodyOf(constraint['raw_expr'], 'NullTest');
  if (!test || textOf(test, 'nulltesttype') !== 'IS_NOT_NULL') return null;
  const reference = bodyOf(test['arg'], 'ColumnRef');
  const path = reference ? names(list(reference, 'fields')) : [];
  return path.length === 1 ? (path[0] ?? null) : null;
}

/** `column IS NOT NULL` as SQL. */
export function notNullCondition(column: string): string {
  return `${quoteIdent(column)} IS NOT NULL`;
}
