import type { StatementKind } from '../../model/workload.js';
import { statementKind } from '../../sql/kind.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { bodyOf, field, list, names, numberOf, textOf, treeText, typed, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';

/** One key of the top-level ORDER BY, as found in the output: by position (from 0) or by column name. */
export type OrderKey = { readonly position: number } | { readonly name: string };

/** What a statement's tree says about how its results may be compared. */
export interface StatementShape {
  readonly kind: StatementKind;
  /** Whether the top level has an ORDER BY. */
  readonly ordered: boolean;
  /** Its keys in the output; null when there is none or one of them is not in the output. */
  readonly orderKeys: readonly OrderKey[] | null;
  /** Rows of a constant LIMIT or FETCH FIRST at the top level: a result of that many rows may be cut anywhere in its last ties. Infinity without one; 0 when it is not a constant. */
  readonly limit: number;
  /** OFFSET at the top level: the first group of ties may be cut anywhere. */
  readonly offset: boolean;
  /** Why SQL leaves the result open beyond the top level's ties; null where it does not. */
  readonly loose: string | null;
  /** Whether DECLARE CURSOR takes it: a SELECT or VALUES that changes nothing. */
  readonly cursor: boolean;
}

/** Reads the shape from a tree. */
export function shapeOf(statement: ParsedStatement): StatementShape {
  const kind = statementKind(statement);
  const body = statement.body;
  const select = statement.type === 'SelectStmt';
  const sort = select ? list(body, 'sortClause') : [];
  return {
    kind,
    ordered: sort.length > 0,
    orderKeys: sort.length > 0 ? keysInOutput(body, sort) : null,
    limit: select ? limitOf(body) : Number.POSITIVE_INFINITY,
    offset: select && body['limitOffset'] !== undefined,
    loose: looseness(statement),
    cursor: select && kind === 'select',
  };
}

function limitOf(select: TreeNode): number {
  if (select['limitCount'] === undefined) return Number.POSITIVE_INFINITY;
  const constant = bodyOf(select['limitCount'], 'A_Const');
  if (constant?.['isnull'] === true) return Number.POSITIVE_INFINITY;
  return (constant && numberOf(field(constant, 'ival') ?? {}, 'ival')) ?? 0;
}

/** Aggregates whose value depends on the order of their input (manual, "Aggregate Functions", table 9.62). */
const ORDER_SENSITIVE_AGGREGATES = new Set([
  'array_agg',
  'string_agg',
  'json_agg',
  'json_agg_strict',
  'jsonb_agg',
  'jsonb_agg_strict',
  'json_object_agg',
  'jsonb_object_agg',
  'xmlagg',
]);

function looseness(statement: ParsedStatement): string | null {
  for (const node of walk(statement.tree)) {
    if (node.type === 'SelectStmt' && isDistinctOn(node.body))
      return 'DISTINCT ON leaves open which row of a group is kept';
    if (node.type === 'SelectStmt' && node.body !== statement.body && node.body['limitCount'] !== undefined) {
      return 'a LIMIT in a subquery leaves open which ties are kept';
    }
    if (node.type !== 'FuncCall') continue;
    const name = names(list(node.body, 'funcname')).at(-1) ?? '';
    if (field(node.body, 'over')) return `the window function ${name} leaves open how ties are numbered`;
    if (ORDER_SENSITIVE_AGGREGATES.has(name) && list(node.body, 'agg_order').length === 0) {
      return `${name} without ORDER BY leaves the order of its input open`;
    }
  }
  return null;
}

/** `DISTINCT ON (...)` holds expressions, a plain `DISTINCT` one empty node. */
function isDistinctOn(select: TreeNode): boolean {
  return list(select, 'distinctClause').some((item) => typed(item) !== null);
}

function keysInOutput(select: TreeNode, sort: readonly TreeValue[]): readonly OrderKey[] | null {
  const targets = list(select, 'targetList').map((item) => bodyOf(item, 'ResTarget'));
  const star = targets.findIndex((target) => target !== null && isStar(target['val']));
  const keys: OrderKey[] = [];
  for (const item of sort) {
    const node = bodyOf(item, 'SortBy')?.['node'];
    const key = keyInOutput(node, targets, star < 0 ? Number.POSITIVE_INFINITY : star);
    if (!key) return null;
    keys.push(key);
  }
  return keys;
}

function keyInOutput(node: TreeValue, targets: readonly (TreeNode | null)[], firstStar: number): OrderKey | null {
  const constant = bodyOf(node, 'A_Const');
  if (constant) {
    const number = numberOf(field(constant, 'ival') ?? {}, 'ival');
    return number === null ? null : { position: number - 1 };
  }
  const path = names(list(bodyOf(node, 'ColumnRef') ?? {}, 'fields'));
  const last = path.at(-1);
  if (path.length === 1 && last !== undefined) {
    const aliased = targets.findIndex((target) => target !== null && textOf(target, 'name') === last);
    if (aliased >= 0 && aliased < firstStar) return { position: aliased };
    return { name: last };
  }
  const wanted = treeText(node);
  const same = targets.findIndex((target) => {
    if (!target) return false;
    if (treeText(target['val']) === wanted) return true;
    const column = names(list(bodyOf(target['val'], 'ColumnRef') ?? {}, 'fields'));
    return column.length === 1 && path.length > 1 && column[0] === last;
  });
  if (same >= 0 && same < firstStar) return { position: same };
  return last !== undefined && firstStar !== Number.POSITIVE_INFINITY ? { name: last } : null;
}

function isStar(value: TreeValue): boolean {
  return list(bodyOf(value, 'ColumnRef') ?? {}, 'fields').some((item) => bodyOf(item, 'A_Star') !== null);
}
