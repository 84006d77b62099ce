import { deparseGuarded } from './deparse.js';
import type { ParsedStatement } from './parse.js';
import { columnPath } from './scope.js';
import { bodyOf, field, list, mapTree, textOf, walk } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';

/** A table in FROM. */
export interface PlainSource {
  readonly schema: string | null;
  readonly name: string;
  /** The alias, or the name where there is none. */
  readonly alias: string;
  readonly aliased: boolean;
}

/** `column NOT IN (SELECT column FROM ...)` as a condition that every row must meet. */
export interface NotInSite {
  /** The subquery's node, by identity in the statement's tree. */
  readonly sublink: TreeNode;
  /** The parts of each column's name, e.g. `['c', 'id']`. */
  readonly outerColumn: readonly string[];
  readonly innerColumn: readonly string[];
  readonly outer: readonly PlainSource[];
  readonly inner: readonly PlainSource[];
}

/** A NOT IN that was seen and is not of the simple kind, and why. */
export interface NotInRefused {
  readonly reason: string;
}

/**
 * Every NOT IN over a subquery that stands in the WHERE of a SELECT, UPDATE or DELETE, as one of its AND-ed conditions: those of the simple kind (plain columns, tables joined by inner joins,
 * no grouping, DISTINCT, LIMIT, window or locking in the subquery), and the others with the reason. Elsewhere, such as under OR, NOT IN is left alone.
 */
export function findNotIn(statement: ParsedStatement): readonly (NotInSite | NotInRefused)[] {
  const ctes = new Set(
    [...walk(statement.tree)]
      .filter((node) => node.type === 'CommonTableExpr')
      .map((node) => textOf(node.body, 'ctename')),
  );
  return [...walk(statement.tree)]
    .filter((node) => QUERIES.has(node.type))
    .flatMap((query) => conjuncts(query.body['whereClause']).flatMap((condition) => describe(query, condition, ctes)));
}

/**
 * The statement with `NOT EXISTS (SELECT 1 FROM ... WHERE ... AND outer = inner)` in the place of one NOT IN, the columns qualified by the aliases given.
 * The same rows only if neither column is ever NULL: the caller proves that. Throws `sql/deparse` where the statement can not be written back.
 */
export function toNotExists(
  statement: ParsedStatement,
  site: NotInSite,
  outerAlias: string,
  innerAlias: string,
): string {
  const query = bodyOf(site.sublink['subselect'], 'SelectStmt') ?? {};
  const equality: TreeNode = {
    A_Expr: {
      kind: 'AEXPR_OP',
      name: [{ String: { sval: '=' } }],
      lexpr: column([outerAlias, site.outerColumn.at(-1) ?? '']),
      rexpr: column([innerAlias, site.innerColumn.at(-1) ?? '']),
    },
  };
  const where = query['whereClause'];
  const both =
    where === undefined ? equality : { BoolExpr: { boolop: 'AND_EXPR', args: [...conjuncts(where), equality] } };
  const one = { ResTarget: { val: { A_Const: { ival: { ival: 1 } } } } };
  const exists: TreeNode = {
    SubLink: {
      subLinkType: 'EXISTS_SUBLINK',
      subselect: { SelectStmt: { ...query, targetList: [one], whereClause: both } },
    },
  };
  const negated: TreeNode = { BoolExpr: { boolop: 'NOT_EXPR', args: [exists] } };
  return deparseGuarded(mapTree(statement.tree, (node) => (holds(node, site.sublink) ? negated : null)) as TreeNode);
}

const QUERIES = new Set(['SelectStmt', 'UpdateStmt', 'DeleteStmt']);

function column(path: readonly string[]): TreeNode {
  return { ColumnRef: { fields: path.map((part) => ({ String: { sval: part } })) } };
}

/** Whether the node is the NOT around that subquery, or the `<> ALL` that says the same. */
function holds(node: TypedNode, sublink: TreeNode): boolean {
  if (node.type === 'SubLink') return node.body === sublink && sublink['subLinkType'] === 'ALL_SUBLINK';
  return (
    node.type === 'BoolExpr' &&
    node.body['boolop'] === 'NOT_EXPR' &&
    bodyOf(list(node.body, 'args')[0], 'SubLink') === sublink
  );
}

function conjuncts(where: TreeValue): readonly TreeValue[] {
  const both = bodyOf(where, 'BoolExpr');
  if (both && both['boolop'] === 'AND_EXPR') return list(both, 'args').flatMap(conjuncts);
  return where === undefined ? [] : [where];
}

function notInSublink(condition: TreeValue): TreeNode | null {
  const not = bodyOf(condition, 'BoolExpr');
  const inside = not?.['boolop'] === 'NOT_EXPR' ? bodyOf(list(not, 'args')[0], 'SubLink') : null;
  if (inside?.['subLinkType'] === 'ANY_SUBLINK' && list(inside, 'operName').length === 0) return inside;
  const all = bodyOf(condition, 'SubLink');
  const operator = all ? list(all, 'operName').map((part) => textOf(bodyOf(part, 'String') ?? {}, 'sval')) : [];
  return all?.['subLinkType'] === 'ALL_SUBLINK' && operator.join('.') === '<>' ? all : null;
}

function describe(
  query: TypedNode,
  condition: TreeValue,
  ctes: ReadonlySet<string | null>,
): readonly (NotInSite | NotInRefused)[] {
  const sublink = notInSublink(condition);
  if (!sublink) return [];
  const select = bodyOf(sublink['subselect'], 'SelectStmt');
  const outerColumn = plainColumn(sublink['testexpr']);
  const targets = select ? list(select, 'targetList') : [];
  const innerColumn = targets.length === 1 ? plainColumn(bodyOf(targets[0], 'ResTarget')?.['val']) : null;
  if (!select || !outerColumn || !innerColumn) return [{ reason: 'one side is not a plain column' }];
  if (
    COMPLICATING.some((name) => select[name] !== undefined) ||
    (select['op'] !== undefined && select['op'] !== 'SETOP_NONE')
  ) {
    return [{ reason: 'the subquery groups, limits or combines rows' }];
  }
  const outer = sources(fromOf(query), ctes);
  const inner = sources(list(select, 'fromClause'), ctes);
  if (!outer || !inner || inner.length === 0) return [{ reason: 'FROM holds more than tables and inner joins' }];
  return [{ sublink, outerColumn, innerColumn, outer, inner }];
}

/** Clauses that decide which rows, or how many, the subquery gives. */
const COMPLICATING = [
  'groupClause',
  'havingClause',
  'distinctClause',
  'limitCount',
  'limitOffset',
  'windowClause',
  'withClause',
  'lockingClause',
  'valuesLists',
  'sortClause',
];

function plainColumn(value: TreeValue): readonly string[] | null {
  const reference = bodyOf(value, 'ColumnRef');
  if (!reference) return null;
  const { path, star } = columnPath(reference);
  return star || path.length === 0 || path.length > 2 ? null : path;
}

function fromOf({ type, body }: TypedNode): readonly TreeValue[] {
  if (type === 'SelectStmt') return list(body, 'fromClause');
  const target = field(body, 'relation');
  return [
    ...(target ? [{ RangeVar: target }] : []),
    ...list(body, type === 'UpdateStmt' ? 'fromClause' : 'usingClause'),
  ];
}

/** Null when something else than tables and inner joins is in there. */
function sources(items: readonly TreeValue[], ctes: ReadonlySet<string | null>): readonly PlainSource[] | null {
  const found: PlainSource[] = [];
  for (const item of items) {
    const table = bodyOf(item, 'RangeVar');
    const join = bodyOf(item, 'JoinExpr');
    const name = table ? textOf(table, 'relname') : null;
    if (table && name !== null) {
      const schema = textOf(table, 'schemaname');
      if (schema === null && ctes.has(name)) return null;
      const alias = field(table, 'alias');
      found.push({ schema, name, alias: (alias ? textOf(alias, 'aliasname') : null) ?? name, aliased: alias !== null });
    } else if (join && join['jointype'] === 'JOIN_INNER' && join['alias'] === undefined) {
      const sides = sources([join['larg'], join['rarg']], ctes);
      if (!sides) return null;
      found.push(...sides);
    } else {
      return null;
    }
  }
  return found;
}
