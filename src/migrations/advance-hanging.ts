import { field, list, names, textOf, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnKey, constraintsOf, formerColumn, indexNamed } from './context.js';
import type { MigrationContext } from './context.js';
import type { ScriptState } from './script-state.js';
import { constraintBody } from './operation.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Relation } from './relation.js';

/** The state with the columns of which an operation changes what hangs on them: indexes, constraints, NOT NULL, identity. */
export function rehung(state: ScriptState, operation: Operation, context: MigrationContext): ScriptState['rehung'] {
  return hungBy(operation, context)
    .flatMap(({ relation, columns }) => columns.map((column) => columnKey(context, relation, column)))
    .reduce((so, key) => so.with(key, true), state.rehung);
}

interface Hung {
  readonly relation: Relation;
  readonly columns: readonly string[];
}

function hungBy({ type, body, relation, command }: Operation, context: MigrationContext): readonly Hung[] {
  if (type === 'IndexStmt' && relation) return [{ relation, columns: columnsIn(body) }];
  if (type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_INDEX') {
    const indexes = list(body, 'objects').flatMap((object) => {
      const name = relationOfNames(object);
      return (name && indexNamed(context, name)) ?? [];
    });
    // An expression may be over any column.
    return indexes.map((index) => ({
      relation: index.table,
      columns: [...index.keys, ...index.include].flatMap(({ column }) => column ?? []),
    }));
  }
  if (!relation || !command) return [];
  switch (command.subtype) {
    case 'AT_AddConstraint':
      return ofConstraint(relation, constraintBody(command.body) ?? {});
    case 'AT_DropConstraint': {
      const found = constraintsOf(context, relation).find(({ name }) => name === command.name);
      return found ? [{ relation, columns: found.columns }] : [];
    }
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
    case 'AT_AddIdentity':
    case 'AT_DropIdentity':
      return command.name === null ? [] : [{ relation, columns: [command.name] }];
    default:
      return [];
  }
}

function ofConstraint(relation: Relation, constraint: TreeNode): readonly Hung[] {
  const referenced = relationOf(field(constraint, 'pktable'));
  const own = [...columnsIn(constraint), ...names([...list(constraint, 'keys'), ...list(constraint, 'including')])];
  return [
    { relation, columns: [...own, ...names(list(constraint, 'fk_attrs'))] },
    ...(referenced ? [{ relation: referenced, columns: names(list(constraint, 'pk_attrs')) }] : []),
  ];
}

/** Columns that an index or a condition names. */
function columnsIn(tree: TreeNode): readonly string[] {
  const named = walk(tree).flatMap(({ type, body }) =>
    type === 'ColumnRef'
      ? (names(list(body, 'fields')).at(-1) ?? [])
      : type === 'IndexElem'
        ? (textOf(body, 'name') ?? [])
        : [],
  );
  return [...new Set(named)];
}

/** Whether the file changed what hangs on a column, so that the catalog does not say what has to be made again for another in its place. */
export function isRehung(relation: Relation, column: string, context: MigrationContext): boolean {
  return (
    context.state.rehung.has(columnKey(context, relation, column)) || formerColumn(context, relation, column) !== column
  );
}
