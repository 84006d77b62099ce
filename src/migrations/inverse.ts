import { quoteIdent } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import { field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { indexName } from './chosen-name.js';
import {
  columnKey,
  formerColumn,
  formerTable,
  indexNamed,
  isKnownAbsent,
  isNew,
  isPartitioned,
  tableOf,
} from './context.js';
import type { MigrationContext } from './context.js';
import { typeChangeOf } from './effects/alter-table.js';
import { partitionOf } from './effects/attach.js';
import { columnBody, constraintBody } from './operation.js';
import type { AlterCommand, Operation } from './operation.js';
import { questionsOf } from './formers.js';
import { formerAgain } from './inverse-former.js';
import { columnOf, droppedIndex, knowsNames, ofConstraint, ofDroppedConstraint } from './inverse-constraint.js';
import { CREATIONS } from './inverse-create.js';
import { OF_WHAT_IS_MADE } from './inverse-made.js';
import { isOfMade, triggerKey } from './made.js';
import { defaultBefore, targetBefore } from './inverse-column.js';
import { detachedAgain } from './inverse-partition.js';
import { movedBack, renamedBack } from './inverse-rename.js';
import { objectName, relationOf, relationOfNames, written } from './relation.js';
import type { Relation } from './relation.js';
import { statementWords } from './statement-words.js';

/** What takes an operation back: statements (none where nothing is left to take back), or why there are none. */
export type Inverse = { readonly sql: readonly string[] } | { readonly why: string };

/** The statements that bring the schema back to what it was before an operation, as far as its form and the catalog say what that was. */
export function inverseOf(operation: Operation, context: MigrationContext): Inverse {
  const { relation, command, body } = operation;
  if (body['missing_ok'] === true && relation && isKnownAbsent(context, relation)) return { sql: [] };
  if (isOfMade(operation, context)) return { sql: [] };
  const isOwnTrigger = /^AT_(?:Enable|Disable)\w*Trig$/.test(command?.subtype ?? '') && relation !== null;
  if (isOwnTrigger && context.state.made.has(triggerKey(relation, command?.name ?? ''))) return { sql: [] };
  const former = formerAgain(operation, context);
  if (former) return former;
  const inverse = ofForm(operation, context);
  // A table of the file goes on the way back, whatever was changed of it.
  if ('why' in inverse && command && command.subtype !== 'AT_DetachPartition' && relation && isNew(context, relation))
    return { sql: [] };
  const helps = 'why' in inverse && context.catalog === null && questionsOf(operation).length > 0;
  return helps && !inverse.why.includes('--to') ? { why: `${inverse.why}: look with --to` } : inverse;
}

function ofForm(operation: Operation, context: MigrationContext): Inverse {
  const { type, relation, command } = operation;
  // An attribute of a type that goes takes the values of all tables along.
  if (textOf(operation.body, 'objtype') === 'OBJECT_TYPE') return { why: 'how to take back ALTER TYPE is not known' };
  if (command && relation) return ofAlter(relation, command, operation, context);
  return (INVERSES[type] ?? unknown)(operation, context);
}

type Invert = (operation: Operation, context: MigrationContext) => Inverse;

const unknown: Invert = ({ type }) => ({ why: `how to take back ${statementWords(type)} is not known` });
const nothing: Invert = () => ({ sql: [] });
const gone: Invert = () => ({ why: 'what was dropped can not be brought back: restore a backup' });

/** With IF EXISTS nothing has to come back of what was not there. */
const droppedThing: Invert = (operation, context) => {
  const { body } = operation;
  const isOfRelations = /^OBJECT_(?:TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/.test(textOf(body, 'removeType') ?? '');
  const relations = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
  const isIdle = body['missing_ok'] === true && relations.every((one) => isKnownAbsent(context, one));
  return isOfRelations && isIdle ? { sql: [] } : gone(operation, context);
};

const INVERSES: Readonly<Record<string, Invert>> = {
  ...CREATIONS,
  ...OF_WHAT_IS_MADE,
  IndexStmt: ({ relation, body }, context) => {
    const isKnown = relation !== null && knowsNames(relation, context);
    const name = textOf(body, 'idxname') ?? (isKnown ? indexName(relation, body, context) : null);
    if (name === null)
      return { why: 'the index has no name of its own, and what is free is not known: look with --to' };
    const isThere =
      name !== null &&
      indexNamed(context, {
        schema: relation ? (tableOf(context, relation)?.schema ?? relation.schema) : null,
        name,
      }) !== undefined;
    if (body['if_not_exists'] === true && isThere) return { sql: [] };
    if (body['if_not_exists'] === true && context.catalog === null)
      return { why: 'whether the index was there before is not known' };
    // One of a partitioned table can not, and nobody uses one that the file made.
    const plainly = relation !== null && (isNew(context, relation) || isPartitioned(context, relation));
    // An index is in its table's schema; the way back of a constraint that took it over takes it along.
    return {
      sql: [
        `DROP INDEX${plainly ? '' : ' CONCURRENTLY'} IF EXISTS ${written({ schema: relation?.schema ?? null, name })}`,
      ],
    };
  },
  DropStmt: (operation, context) =>
    textOf(operation.body, 'removeType') === 'OBJECT_INDEX'
      ? droppedIndex(operation, context)
      : droppedThing(operation, context),
  CreateTrigStmt: ({ relation, body }) =>
    relation && body['replace'] !== true
      ? { sql: [`DROP TRIGGER ${quoteIdent(textOf(body, 'trigname') ?? '')} ON ${written(relation)}`] }
      : { why: 'what the trigger was before is not known' },
  RuleStmt: ({ relation, body }) =>
    relation && body['replace'] !== true
      ? { sql: [`DROP RULE ${quoteIdent(textOf(body, 'rulename') ?? '')} ON ${written(relation)}`] }
      : { why: 'what the rule was before is not known' },
  CreatePolicyStmt: ({ body }) => {
    const table = relationOf(field(body, 'table'));
    return table
      ? { sql: [`DROP POLICY ${quoteIdent(textOf(body, 'policy_name') ?? '')} ON ${written(table)}`] }
      : { why: 'its table is not known' };
  },
  CreateStatsStmt: ({ body }) => {
    const name = relationOfNames(list(body, 'defnames'));
    return name && body['if_not_exists'] !== true
      ? { sql: [`DROP STATISTICS ${written(name)}`] }
      : { why: 'its name, or whether it was there before, is not known' };
  },
  RenameStmt: renamedBack,
  AlterObjectSchemaStmt: movedBack,
  AlterDomainStmt: ({ body }) => {
    const name = relationOfNames(list(body, 'typeName'));
    const constraint = textOf(field(field(body, 'def') ?? {}, 'Constraint') ?? {}, 'conname');
    if (textOf(body, 'subtype') === 'V') return { sql: [] };
    if (textOf(body, 'subtype') === 'O' && name) return { sql: [`ALTER DOMAIN ${written(name)} DROP NOT NULL`] };
    return textOf(body, 'subtype') === 'C' && name && constraint !== null
      ? { sql: [`ALTER DOMAIN ${written(name)} DROP CONSTRAINT ${quoteIdent(constraint)}`] }
      : { why: 'how to take back this change of a domain is not known' };
  },
  AlterEnumStmt: ({ body }) => {
    const name = relationOfNames(list(body, 'typeName'));
    const [from, to] = [textOf(body, 'oldVal'), textOf(body, 'newVal')];
    if (!name || from === null || to === null) return { why: 'a label can not be taken out of an enum' };
    const label = (text: string): string => `'${text.replaceAll("'", "''")}'`;
    return { sql: [`ALTER TYPE ${written(name)} RENAME VALUE ${label(to)} TO ${label(from)}`] };
  },
  ReindexStmt: nothing,
  VacuumStmt: nothing,
  ClusterStmt: ({ relation, body }, { catalog }) => {
    if (!relation || textOf(body, 'indexname') === null) return { sql: [] };
    const marked = catalog?.indexes.some(({ clustered, table }) => clustered && table.name === relation.name);
    return marked === false
      ? { sql: [`ALTER TABLE ${written(relation)} SET WITHOUT CLUSTER`] }
      : { why: 'by which index the table was clustered before is not known' };
  },
  RefreshMatViewStmt: nothing,
  LockStmt: nothing,
  SelectStmt: nothing,
};

/** Commands that another command takes back whatever was before. */
const OPPOSITES: Readonly<Record<string, string>> = {
  AT_SetLogged: 'SET UNLOGGED',
  AT_SetUnLogged: 'SET LOGGED',
  AT_EnableRowSecurity: 'DISABLE ROW LEVEL SECURITY',
  AT_DisableRowSecurity: 'ENABLE ROW LEVEL SECURITY',
  AT_ForceRowSecurity: 'NO FORCE ROW LEVEL SECURITY',
  AT_DisableTrigAll: 'ENABLE TRIGGER ALL',
  AT_EnableTrigAll: 'DISABLE TRIGGER ALL',
  AT_DisableTrigUser: 'ENABLE TRIGGER USER',
  AT_EnableTrigUser: 'DISABLE TRIGGER USER',
};

function ofAlter(relation: Relation, command: AlterCommand, operation: Operation, context: MigrationContext): Inverse {
  const alter = `ALTER TABLE ${operation.body['missing_ok'] === true ? 'IF EXISTS ' : ''}${written(relation)}`;
  const { subtype, name, body } = command;
  const opposite = OPPOSITES[subtype];
  if (opposite !== undefined) return { sql: [`${alter} ${opposite}`] };
  const named = name === null ? '' : quoteIdent(name);
  switch (subtype) {
    case 'AT_AddColumn':
      if (command.missingOk && !tableOf(context, relation) && !isNew(context, relation))
        return { why: 'whether the column was there before is not known' };
      if (command.missingOk && tableOf(context, relation)?.columns.some((one) => one.name === columnNameOf(body)))
        return { sql: [] };
      return { sql: [`${alter} DROP COLUMN ${quoteIdent(columnNameOf(body))}`] };
    case 'AT_AddConstraint':
      return ofConstraint(relation, constraintBody(body) ?? {}, alter, context);
    case 'AT_ValidateConstraint':
      return { sql: [] };
    case 'AT_AddIdentity':
      return { sql: [`${alter} ALTER COLUMN ${named} DROP IDENTITY`] };
    case 'AT_SetNotNull':
      return {
        sql: columnOf(context, relation, name)?.notNull ? [] : [`${alter} ALTER COLUMN ${named} DROP NOT NULL`],
      };
    case 'AT_DropNotNull':
      return columnOf(context, relation, name)?.notNull === false
        ? { sql: [] }
        : { sql: [`${alter} ${notNullAgain(relation, name ?? '', context)}`] };
    case 'AT_AlterColumnType': {
      const before = columnOf(context, relation, name);
      if (!before || typeChangeOf(relation, command, context) !== 'no-rewrite')
        return { why: 'the values before are not kept' };
      return { sql: [`${alter} ALTER COLUMN ${named} TYPE ${before.type}`] };
    }
    case 'AT_SetStatistics':
      return name === null
        ? { why: 'what it was before is not known' }
        : targetBefore(relation, name, operation, context);
    case 'AT_ColumnDefault':
      return defaultBefore(relation, name ?? '', operation, context);
    case 'AT_DisableTrig':
      return { sql: [`${alter} ENABLE TRIGGER ${named}`] };
    case 'AT_EnableTrig':
      return { sql: [`${alter} DISABLE TRIGGER ${named}`] };
    case 'AT_AttachPartition':
      if (textOf(operation.body, 'objtype') === 'OBJECT_INDEX')
        return { why: 'an index that is a part of another can not be taken out of it' };
      if (context.catalog === null && !isNew(context, partitionOf(command) ?? relation))
        return { why: 'which indexes and keys of the parent it is given is not known: look with --to' };
      return { sql: [detachedAgain(relation, partitionOf(command) ?? relation, context)] };
    case 'AT_DetachPartition':
      return { why: 'the bounds that it had are not known' };
    case 'AT_AddInherit': {
      const parent = relationOf(field(field(body, 'def') ?? {}, 'RangeVar'));
      return parent ? { sql: [`${alter} NO INHERIT ${written(parent)}`] } : { why: 'its parent is not known' };
    }
    case 'AT_DropInherit':
      return { why: 'INHERIT would not make its columns those of the parent again' };
    case 'AT_DropConstraint':
      return ofDroppedConstraint(relation, command, alter, context);
    case 'AT_DropColumn': {
      const known = command.missingOk ? formerTable(context, relation) : undefined;
      const before = formerColumn(context, relation, name ?? '');
      const isThere =
        known?.columns.some((column) => column.name === before) === true ||
        context.state.types.has(columnKey(context, relation, name ?? ''));
      if (known && !isThere) return { sql: [] };
      return { why: 'the values of a dropped column can not be brought back: restore a backup' };
    }
    default:
      return { why: 'what it was before is not known' };
  }
}

/** From 18 on NOT NULL has a name, which is not the one that SET NOT NULL gives where the table or column had another name once. */
function notNullAgain(relation: Relation, column: string, context: MigrationContext): string {
  const before = formerColumn(context, relation, column);
  const table = formerTable(context, relation);
  const known = context.catalog?.constraints.find(
    (one) => table && sameRelation(one.table, table) && one.kind === 'not-null' && one.columns[0] === before,
  );
  return known && known.name !== objectName(relation.name, column, 'not_null')
    ? `ADD CONSTRAINT ${quoteIdent(known.name)} NOT NULL ${quoteIdent(column)}`
    : `ALTER COLUMN ${quoteIdent(column)} SET NOT NULL`;
}

function columnNameOf(command: TreeNode): string {
  return textOf(columnBody(command) ?? {}, 'colname') ?? '';
}
