import { quoteIdent } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import type { Addition, Column, Index } from '../model/catalog.js';
import { field, list, names, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { constraintName, indexName, takenKey } from './chosen-name.js';
import { columnKey, constraintsOf, indexNamed, isNew, keyOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { typeChangeOf } from './effects/alter-table.js';
import { partitionOf } from './effects/attach.js';
import { columnBody, constraintBody } from './operation.js';
import type { AlterCommand, Operation } from './operation.js';
import { CREATIONS } from './inverse-create.js';
import { OF_WHAT_IS_MADE } from './inverse-made.js';
import { defaultBefore, targetBefore } from './inverse-column.js';
import { movedBack, renamedBack } from './inverse-rename.js';
import { relationOf, relationOfNames, written } from './relation.js';
import type { Relation } from './relation.js';
import { statementWords } from './statement-words.js';

/** What takes an operation back: statements (none where nothing is left to take back), or why there are none. */
export type Inverse = { readonly sql: readonly string[] } | { readonly why: string };

/** The statements that bring the schema back to what it was before an operation, as far as its form and the catalog say what that was. */
export function inverseOf(operation: Operation, context: MigrationContext): Inverse {
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
    const plainly = relation !== null && (isNew(context, relation) || tableOf(context, relation)?.kind === 'p');
    // An index is in its table's schema; the way back of a constraint that took it over takes it along.
    return {
      sql: [
        `DROP INDEX${plainly ? '' : ' CONCURRENTLY'} IF EXISTS ${written({ schema: relation?.schema ?? null, name })}`,
      ],
    };
  },
  DropStmt: dropped,
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

/** An index that the catalog knows can be built again. */
function dropped({ body }: Operation, context: MigrationContext): Inverse {
  if (textOf(body, 'removeType') !== 'OBJECT_INDEX') return gone({} as Operation, context);
  const indexes = list(body, 'objects').map((object) => {
    const name = relationOfNames(object);
    return name ? indexNamed(context, name) : undefined;
  });
  if (body['missing_ok'] === true && context.catalog && indexes.every((index) => index === undefined))
    return { sql: [] };
  const sql = indexes.flatMap((index) => (index ? [[builtAgain(index), ...additionsOf('index', index, context)]] : []));
  return sql.length === indexes.length
    ? { sql: sql.flat() }
    : { why: 'the definition of the index is not known: look with --to' };
}

/** Whether a primary key makes the column NOT NULL, and no statement of the file did before. */
function isMadeNotNull(column: string, relation: Relation, context: MigrationContext): boolean {
  return (
    columnOf(context, relation, column)?.notNull === false &&
    !context.state.notNull.has(columnKey(context, relation, column))
  );
}

function builtAgain({ definition }: Index): string {
  // Of a partitioned table it says ON ONLY, and can not be built beside its use.
  return / ON ONLY /.test(definition)
    ? definition.replace(' ON ONLY ', ' ON ')
    : definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ');
}

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
  const alter = `ALTER TABLE ${written(relation)}`;
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
        : { sql: [`${alter} ALTER COLUMN ${named} SET NOT NULL`] };
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
      return { sql: [`${alter} DETACH PARTITION ${written(partitionOf(command) ?? relation)}`] };
    case 'AT_DetachPartition':
      return { why: 'the bounds that it had are not known' };
    case 'AT_DropConstraint':
      return ofDroppedConstraint(relation, command, alter, context);
    case 'AT_DropColumn':
      return { why: 'the values of a dropped column can not be brought back: restore a backup' };
    default:
      return { why: 'what it was before is not known' };
  }
}

function ofConstraint(relation: Relation, constraint: TreeNode, alter: string, context: MigrationContext): Inverse {
  const own = textOf(constraint, 'conname') ?? textOf(constraint, 'indexname');
  const name = own ?? (knowsNames(relation, context) ? constraintName(relation, constraint, context) : null);
  if (name === null)
    return { why: 'the constraint has no name of its own, and what is free is not known: look with --to' };
  // An index that becomes the constraint's goes with it.
  const taken = textOf(constraint, 'indexname');
  const schema = tableOf(context, relation)?.schema ?? relation.schema;
  const index = taken === null ? undefined : indexNamed(context, { schema, name: taken });
  const made = context.state.indexes.find((one) => one.name === taken && one.table === keyOf(context, relation));
  const columns = index?.keys.map(({ column }) => column ?? '') ?? made?.columns ?? names(list(constraint, 'keys'));
  const nullable =
    textOf(constraint, 'contype') === 'CONSTR_PRIMARY'
      ? columns.filter((column) => isMadeNotNull(column, relation, context))
      : [];
  return {
    sql: [
      `${alter} DROP CONSTRAINT ${quoteIdent(name)}`,
      ...nullable.map((column) => `${alter} ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`),
      ...(index ? [builtAgain(index)] : []),
    ],
  };
}

/** Whether the name that PostgreSQL chooses can be told: otherwise another thing of that name might be there. */
function knowsNames(relation: Relation, context: MigrationContext): boolean {
  return context.catalog !== null || isNew(context, relation);
}

/** As the catalog has it; undefined where the file changed its type before. */
function columnOf(context: MigrationContext, relation: Relation, name: string | null): Column | undefined {
  if (name === null || context.state.types.has(columnKey(context, relation, name))) return undefined;
  return tableOf(context, relation)?.columns.find((column) => column.name === name);
}

function ofDroppedConstraint(
  relation: Relation,
  command: AlterCommand,
  alter: string,
  context: MigrationContext,
): Inverse {
  const name = command.name ?? '';
  const known = constraintsOf(context, relation).find((constraint) => constraint.name === name);
  if (
    !known &&
    command.missingOk &&
    context.catalog &&
    context.state.named.get(takenKey(relation, name, context)) !== true
  )
    return { sql: [] };
  if (!known) return { why: 'the definition of the constraint is not known: look with --to' };
  if (command.cascade && (known.kind === 'primary' || known.kind === 'unique'))
    return { why: 'what CASCADE takes along is not brought back' };
  const add = `${alter} ADD CONSTRAINT ${quoteIdent(name)} ${known.definition}`;
  const more = [
    known.kind === 'foreign' ? [] : additionsOf('index', known, context),
    additionsOf('constraint', known, context),
  ].flat();
  if (known.kind !== 'foreign' && known.kind !== 'check') return { sql: [add, ...more] };
  const isParent = tableOf(context, relation)?.kind === 'p';
  // A foreign key of a partitioned table can not be added NOT VALID before 18.
  if (!known.validated || (known.kind === 'foreign' && isParent && context.major < 18)) return { sql: [add, ...more] };
  return { sql: [`${add} NOT VALID`, `${alter} VALIDATE CONSTRAINT ${quoteIdent(name)}`, ...more] };
}

/** Statements that give it what it had beside its definition. */
function additionsOf(
  kind: Addition['kind'],
  { table, name }: Pick<Addition, 'table' | 'name'>,
  { catalog }: MigrationContext,
): readonly string[] {
  return (catalog?.additions ?? [])
    .filter((one) => one.kind === kind && one.name === name && sameRelation(one.table, table))
    .flatMap(({ sql }) => sql);
}

function columnNameOf(command: TreeNode): string {
  return textOf(columnBody(command) ?? {}, 'colname') ?? '';
}
