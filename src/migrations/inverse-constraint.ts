import { quoteIdent } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import type { Addition, Column, Index } from '../model/catalog.js';
import { list, names, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { constraintName, takenKey } from './chosen-name.js';
import { columnKey, constraintsOf, indexNamed, isNew, keyOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { Inverse } from './inverse.js';
import type { AlterCommand, Operation } from './operation.js';
import { relationOfNames } from './relation.js';
import type { Relation } from './relation.js';

/** An index that the catalog knows can be built again. */
export function droppedIndex({ body }: Operation, context: MigrationContext): Inverse {
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

export function ofConstraint(
  relation: Relation,
  constraint: TreeNode,
  alter: string,
  context: MigrationContext,
): Inverse {
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
export function knowsNames(relation: Relation, context: MigrationContext): boolean {
  return context.catalog !== null || isNew(context, relation);
}

/** As the catalog has it; undefined where the file changed its type before. */
export function columnOf(context: MigrationContext, relation: Relation, name: string | null): Column | undefined {
  if (name === null || context.state.types.has(columnKey(context, relation, name))) return undefined;
  return tableOf(context, relation)?.columns.find((column) => column.name === name);
}

export function ofDroppedConstraint(
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
