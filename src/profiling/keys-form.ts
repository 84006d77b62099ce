import { isAggregate } from '../sql/selects.js';
import { parseStatement } from '../sql/parse.js';
import { outsideSubqueries } from '../sql/operands.js';
import { constantLimit } from '../sql/predicates.js';
import { columnPath } from '../sql/scope.js';
import { bodiesOf, bodyOf, list, mapTree, names, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { quoteIdent } from '../base/quote.js';
import { written } from './change.js';
import { columnPathOf } from './facts.js';
import type { Lookup, ShapeFacts } from './facts.js';

/** A statement that gives the rows of many keys at once. */
export interface KeysForm {
  readonly sql: string;
  /** What differs from the lookups, or is taken for granted. */
  readonly note: string | null;
}

/**
 * The statement for all keys: `column = $1` becomes `column = ANY ($1)` with the key among the columns, totals are made for each key, and rows of which only the first are wanted are
 * looked up for each key in turn (LATERAL). `value` is one of the keys. Null where it can not be written.
 */
export function keysForm(facts: ShapeFacts, lookup: Lookup, value: string): KeysForm | null {
  const { select } = facts;
  if (!select || list(select, 'targetList').length === 0) return null;
  const calls = [...outsideSubqueries(list(select, 'targetList'))].flatMap(({ type, body }) =>
    type === 'FuncCall' ? [body] : [],
  );
  const isTotal =
    list(select, 'groupClause').length > 0 || calls.some((call) => isAggregate(call) && call['over'] === undefined);
  const one = onlyRow(select, lookup);
  const isCut = select['limitCount'] !== undefined || select['limitOffset'] !== undefined;
  const isOwn =
    calls.some((call) => call['over'] !== undefined) ||
    list(select, 'distinctClause').some((item) => typed(item) !== null);
  if ((isCut && !one) || isOwn) return form(lateralForm(facts, lookup, value), null);
  if (isTotal) return form(together(facts, lookup, true), 'A key without rows gives none.');
  return form(together(facts, lookup, false), isCut ? `No more than one row a key is taken for granted.` : null);
}

const form = (sql: string | null, note: string | null): KeysForm | null => (sql === null ? null : { sql, note });

/** `LIMIT 1` of a lookup that has one row anyway, as mappers write it: without an order, or in that of the key. */
function onlyRow(select: TreeNode, { path }: Lookup): boolean {
  const order = bodiesOf(list(select, 'sortClause'), 'SortBy');
  const isKey = order.every((item) => columnPathOf(item['node']).at(-1) === path.at(-1));
  return constantLimit(select) === 1 && select['limitOffset'] === undefined && isKey;
}

/** One statement over the rows of all keys. */
function together(facts: ShapeFacts, lookup: Lookup, isTotal: boolean): string | null {
  return written(facts, (tree) => {
    const changed = whereKey(tree, lookup, (body, [column, value]) => ({
      A_Expr: { ...body, kind: 'AEXPR_OP_ANY', lexpr: column, rexpr: value },
    }));
    const { limitCount, ...select } = bodyOf(changed, 'SelectStmt') ?? {};
    const key = columnRef(lookup.path);
    const targets = list(select, 'targetList');
    const columns = bodiesOf(targets, 'ResTarget');
    const isThere = columns.some(({ val }) => holdsAll(val, lookup.path) || samePath(columnPathOf(val), lookup.path));
    const isConstant = columns.every(({ val }) => bodyOf(val, 'A_Const') !== null);
    const withKey = isThere ? targets : [{ ResTarget: { val: key } }, ...(isConstant ? [] : targets)];
    return {
      SelectStmt: {
        ...select,
        targetList: withKey,
        ...(limitCount === undefined ? {} : { limitOption: 'LIMIT_OPTION_DEFAULT', sortClause: undefined }),
        ...(isConstant && !isTotal ? { distinctClause: [{}] } : {}),
        ...(isTotal ? { groupClause: [...list(select, 'groupClause'), key] } : {}),
      },
    };
  });
}

/** The statement as it is, once for each key, in one round trip. */
function lateralForm(facts: ShapeFacts, lookup: Lookup, value: string): string | null {
  const type = arrayType(value);
  if (type === null) return null;
  const name = quoteIdent(lookup.column);
  const frame = parseStatement(
    `SELECT keys.${name} AS key, found.* FROM unnest(NULL::${type}[]) AS keys (${name}) CROSS JOIN LATERAL (SELECT) AS found`,
  ).tree;
  return written(facts, (tree) => {
    let given: TreeValue = undefined;
    const inner = whereKey(tree, lookup, (body, [column, one]) => {
      given ??= one;
      return { A_Expr: { ...body, lexpr: column, rexpr: columnRef(['keys', lookup.column]) } };
    });
    if (given === undefined || list(bodyOf(inner, 'SelectStmt') ?? {}, 'lockingClause').length > 0) return null;
    return mapTree(frame, ({ type: node, body }) => {
      if (node === 'A_Const') return given as TreeNode;
      return node === 'RangeSubselect' ? { RangeSubselect: { ...body, subquery: inner } } : null;
    }) as TreeNode;
  });
}

/** The type that a key's own form shows; where it shows none, `text` could make an index of no use. */
function arrayType(value: string): string | null {
  if (/^-?\d{1,18}$/.test(value)) return 'bigint';
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? 'uuid' : null;
}

/** The tree with every comparison of the key with a value changed. */
function whereKey(
  tree: TreeNode,
  { path }: Lookup,
  change: (body: TreeNode, sides: readonly [column: TreeValue, value: TreeValue]) => TreeNode,
): TreeNode {
  return mapTree(tree, ({ type, body }) => {
    if (type !== 'A_Expr' || body['kind'] !== 'AEXPR_OP' || names(list(body, 'name')).at(-1) !== '=') return null;
    const sides = [body['lexpr'], body['rexpr']];
    const column = sides.find((side) => samePath(columnPathOf(side), path));
    const value = sides.map(uncast).find((side) => bodyOf(side, 'ParamRef') ?? bodyOf(side, 'A_Const'));
    return column === undefined || value === undefined ? null : change(body, [column, value]);
  }) as TreeNode;
}

function uncast(value: TreeValue): TreeValue {
  const cast = bodyOf(value, 'TypeCast');
  return cast ? uncast(cast['arg']) : value;
}

function columnRef(path: readonly string[]): TreeNode {
  return { ColumnRef: { fields: path.map((sval) => ({ String: { sval } })) } };
}

/** `*`, or that of the table of the column. */
function holdsAll(value: TreeValue, column: readonly string[]): boolean {
  const { path, star } = columnPath(bodyOf(value, 'ColumnRef') ?? {});
  return star && (path.length === 0 || samePath(path, column.slice(0, -1)));
}

const samePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length > 0 && a.length === b.length && a.every((part, i) => part === b[i]);
