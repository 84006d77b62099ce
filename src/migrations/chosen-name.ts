import { relationKey, sameRelation } from '../model/catalog.js';
import type { RelationName } from '../model/catalog.js';
import { bodiesOf, bodyOf, field, list, names, textOf, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { keyOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { objectName } from './relation.js';
import type { Relation } from './relation.js';

/** What PostgreSQL would call an index (`ChooseIndexName`): after its columns, those of INCLUDE as well, and the first free number where that is taken. */
export function indexName(relation: Relation, body: TreeNode, context: MigrationContext): string {
  const seen = new Map<string, number>();
  const elements = bodiesOf([...list(body, 'indexParams'), ...list(body, 'indexIncludingParams')], 'IndexElem');
  const parts = elements.map((element) => {
    const name = textOf(element, 'name') ?? expressionName(element['expr']) ?? 'expr';
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}${times}`;
  });
  return firstFree(relation, parts.join('_'), 'idx', context);
}

/** The name of a constraint, or what PostgreSQL would call one without; null for a kind that it names otherwise. */
export function constraintName(relation: Relation, constraint: TreeNode, context: MigrationContext): string | null {
  const name = textOf(constraint, 'conname');
  if (name !== null) return name;
  const after = (fields: readonly string[]): string => fields.flatMap((one) => names(list(constraint, one))).join('_');
  switch (textOf(constraint, 'contype')) {
    case 'CONSTR_PRIMARY':
      return firstFree(relation, null, 'pkey', context);
    case 'CONSTR_UNIQUE':
      return firstFree(relation, after(['keys', 'including']), 'key', context);
    case 'CONSTR_FOREIGN':
      return firstFree(relation, after(['fk_attrs']), 'fkey', context);
    case 'CONSTR_CHECK':
      return firstFree(relation, onlyColumn(constraint['raw_expr']), 'check', context);
    case 'CONSTR_NOTNULL':
      return firstFree(relation, after(['keys']), 'not_null', context);
    default:
      return null;
  }
}

/** `a_b_check`, `a_b_check1`, ... : the first that nothing in the schema has, as far as the catalog and the file say. */
export function firstFree(relation: Relation, column: string | null, label: string, context: MigrationContext): string {
  for (let number = 0; ; number += 1) {
    const name = objectName(relation.name, column, number === 0 ? label : `${label}${number}`);
    if (!isTaken(relation, name, context)) return name;
  }
}

function isTaken(relation: Relation, name: string, context: MigrationContext): boolean {
  const { catalog, state } = context;
  const schema = relation.schema ?? tableOf(context, relation)?.schema ?? 'public';
  const said = state.named.get(takenKey(relation, name, context));
  if (said !== undefined) return said;
  return (
    tableOf(context, { schema, name }) !== undefined ||
    catalog?.indexes.some((one) => one.name === name && one.schema === schema && !isGone(one, context)) === true ||
    catalog?.constraints.some((one) => one.name === name && one.table.schema === schema && !isGone(one, context)) ===
      true
  );
}

/** Whether the file dropped the table that it is of. A table that was given another name took it along. */
function isGone({ table }: { readonly table: RelationName }, { state }: MigrationContext): boolean {
  const key = relationKey(table);
  return state.gone.get(key) === true && ![...state.formerly.values()].some((one) => sameRelation(one, table));
}

/** The key under which a name of an index or constraint counts as taken. */
export function takenKey(relation: Relation, name: string, context: MigrationContext): string {
  const schema = relation.schema ?? tableOf(context, relation)?.schema ?? 'public';
  return keyOf(context, { schema, name });
}

/** A check is named after its column where it is about one only. */
function onlyColumn(expression: TreeValue): string | null {
  const columns = new Set(
    [...walk(expression)].flatMap(({ type, body }) =>
      type === 'ColumnRef' ? [names(list(body, 'fields')).at(-1) ?? ''] : [],
    ),
  );
  const [only] = columns;
  return columns.size === 1 ? (only ?? null) : null;
}

/** `FigureIndexColname` of the parser: a column, a call or a cast has a name; null for what has none. */
function expressionName(expression: TreeValue): string | null {
  const column = bodyOf(expression, 'ColumnRef');
  if (column) return names(list(column, 'fields')).at(-1) ?? null;
  const call = bodyOf(expression, 'FuncCall');
  if (call) return names(list(call, 'funcname')).at(-1) ?? null;
  const cast = bodyOf(expression, 'TypeCast');
  if (cast) return expressionName(cast['arg']) ?? names(list(field(cast, 'typeName') ?? {}, 'names')).at(-1) ?? null;
  const collated = bodyOf(expression, 'CollateClause');
  if (collated) return expressionName(collated['arg']);
  if (bodyOf(expression, 'CoalesceExpr')) return 'coalesce';
  const choice = bodyOf(expression, 'CaseExpr');
  return choice ? (expressionName(choice['defresult']) ?? 'case') : null;
}
