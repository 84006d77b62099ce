import { asWizardError } from '../base/errors.js';
import { quoteIdent } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import type { Addition, Column, Index } from '../model/catalog.js';
import { deparseGuarded } from '../sql/deparse.js';
import { parseStatement } from '../sql/parse.js';
import { bodyOf, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { constraintName, takenKey } from './chosen-name.js';
import {
  columnKey,
  constraintsOf,
  formerColumn,
  formerTable,
  indexNamed,
  isNew,
  isNewColumn,
  keyOf,
  tableOf,
} from './context.js';
import type { MigrationContext } from './context.js';
import type { Inverse } from './inverse.js';
import type { AlterCommand, Operation } from './operation.js';
import { relationOfNames, written } from './relation.js';
import type { Relation } from './relation.js';

/** An index that the catalog knows can be built again. */
export function droppedIndex({ body }: Operation, context: MigrationContext): Inverse {
  const there: Index[] = [];
  for (const object of list(body, 'objects')) {
    const name = relationOfNames(object);
    const index = name ? indexNamed(context, name) : undefined;
    if (index) there.push(index);
    else if (body['missing_ok'] !== true || !isAbsentIndex(object, context))
      return { why: 'the definition of the index is not known: look with --to' };
  }
  if (there.some(({ table }) => isRetold(table, context))) return RETOLD;
  return { sql: there.flatMap((index) => [builtAgain(index), ...additionsOf('index', index, context)]) };
}

/** Whether the file dropped it before, or the database has none of that name. */
function isAbsentIndex(object: TreeValue, context: MigrationContext): boolean {
  const index = relationOfNames(object);
  const said = index ? context.state.named.get(takenKey(index, index.name, context)) : undefined;
  return said === undefined ? context.catalog !== null : !said;
}

/** Whether a primary key makes the column NOT NULL, and no statement of the file did before. */
function isMadeNotNull(column: string, relation: Relation, context: MigrationContext): boolean {
  return (
    columnOf(context, relation, column)?.notNull === false &&
    context.state.notNull.get(columnKey(context, relation, column)) !== true
  );
}

/** Whether the file says that the column is NOT NULL, or has made it. */
function isSaidNotNull(column: string, relation: Relation, context: MigrationContext): boolean {
  return (
    context.state.notNull.get(columnKey(context, relation, column)) === true || isNewColumn(context, relation, column)
  );
}

function builtAgain({ definition }: Index): string {
  // Of a partitioned table it says ON ONLY, and can not be built beside its use.
  return / ON ONLY /.test(definition)
    ? definition.replace(' ON ONLY ', ' ON ')
    : definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ');
}

export function ofConstraint(
  relation: Relation,
  constraint: TreeNode,
  alter: string,
  context: MigrationContext,
): Inverse {
  const [key] = names(list(constraint, 'keys'));
  if (textOf(constraint, 'contype') === 'CONSTR_NOTNULL' && columnOf(context, relation, key ?? null)?.notNull)
    return { sql: [] };
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
  const unknown =
    textOf(constraint, 'contype') === 'CONSTR_PRIMARY' && context.catalog === null
      ? columns.filter((column) => !isSaidNotNull(column, relation, context))
      : [];
  if (
    unknown.length > 0 ||
    (taken !== null && context.catalog === null && !made && textOf(constraint, 'contype') === 'CONSTR_PRIMARY')
  )
    return { why: 'whether the columns of the key were NOT NULL before is not known: look with --to' };
  return {
    sql: [
      `${alter} DROP CONSTRAINT ${quoteIdent(name)}`,
      ...nullable.map((column) => `${alter} ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`),
      ...(index ? [builtAgain(index)] : []),
    ],
  };
}

/** Whether the name that PostgreSQL chooses can be told: otherwise another thing of that name might be there. */
export function knowsNames(relation: Relation, context: MigrationContext): boolean {
  return context.catalog !== null || isNew(context, relation);
}

/** As the catalog has it; undefined where the file changed its type before. */
export function columnOf(context: MigrationContext, relation: Relation, name: string | null): Column | undefined {
  if (name === null || context.state.types.has(columnKey(context, relation, name))) return undefined;
  const before = formerColumn(context, relation, name);
  return formerTable(context, relation)?.columns.find((column) => column.name === before);
}

export function ofDroppedConstraint(
  relation: Relation,
  command: AlterCommand,
  alter: string,
  context: MigrationContext,
): Inverse {
  const name = command.name ?? '';
  const own = context.state.constraints.get(columnKey(context, relation, name));
  if (own) return isRetold(relation, context) ? RETOLD : ownAgain(own, relation, command, context);
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
  if (isRetold(relation, context) || (known.references && isRetold(known.references.table, context))) return RETOLD;
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

const RETOLD: Inverse = { why: 'its definition is known with names that the file changes before' };

/** Whether the file gave the table, or one of its columns, another name. */
function isRetold(relation: Relation, { state, ...context }: MigrationContext): boolean {
  const key = keyOf({ ...context, state }, relation);
  return state.gone.has(key) || state.formerly.has(key) || state.recalled.has(key);
}

/** A constraint that the file itself made, as it made it; what reads rows is validated by itself. */
function ownAgain(constraint: TreeNode, relation: Relation, command: AlterCommand, context: MigrationContext): Inverse {
  const name = command.name ?? '';
  const key = columnKey(context, relation, name);
  const { unvalidated, validated } = context.state;
  const isValid = !unvalidated.has(key) || validated.has(key);
  const alter = `ALTER TABLE ${written(relation)}`;
  const isKey = ['CONSTR_PRIMARY', 'CONSTR_UNIQUE'].includes(textOf(constraint, 'contype') ?? '');
  if (isKey && (command.cascade || constraint['indexname'] !== undefined))
    return { why: 'what CASCADE takes along, or the index that it took over, is not brought back' };
  const isLater = ['CONSTR_CHECK', 'CONSTR_FOREIGN'].includes(textOf(constraint, 'contype') ?? '');
  const made = {
    ...constraint,
    conname: name,
    ...(isLater ? { skip_validation: true, initially_valid: undefined } : {}),
  };
  try {
    const add = deparseGuarded(addition(made)).replace(/^ALTER TABLE (?:ONLY )?t /, `${alter} `);
    return { sql: [add, ...(isLater && isValid ? [`${alter} VALIDATE CONSTRAINT ${quoteIdent(name)}`] : [])] };
  } catch (thrown) {
    if (asWizardError(thrown).code !== 'sql/deparse') throw thrown;
    return { why: 'how to take it back can not be written' };
  }
}

function addition(constraint: TreeNode): TreeNode {
  const { body } = parseStatement('ALTER TABLE t ADD CONSTRAINT c CHECK (true)');
  const command = bodyOf(list(body, 'cmds')[0], 'AlterTableCmd') ?? {};
  return { AlterTableStmt: { ...body, cmds: [{ AlterTableCmd: { ...command, def: { Constraint: constraint } } }] } };
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
