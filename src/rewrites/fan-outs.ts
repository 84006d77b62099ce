import { bodyOf, isNode, list, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, replace } from './build.js';
import { factsOf } from './facts.js';
import { bothWays, callsAggregate, callsIn, IDENTICAL_KEYS, holdsSubquery } from './shapes.js';
import { originOf, originsIn } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** A table of which each row of the first has several, with what of it is asked for. */
export interface FanOut {
  readonly source: Source;
  readonly pairs: readonly { readonly outside: TreeNode; readonly inside: TreeNode }[];
  /** Conditions of the join on the table alone. */
  readonly rest: readonly TreeNode[];
  readonly calls: readonly TreeNode[];
}

/** Two such tables and more beside a first one, whose rows are grouped by its key. */
export interface FanOuts {
  readonly query: Query;
  readonly own: Source;
  readonly groups: readonly string[];
  readonly fans: readonly FanOut[];
}

const OTHER = ['havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];
const WITHOUT_COPIES = new Set(['min', 'max', 'bool_and', 'bool_or']);

/** Reads a query; null for anything else. */
export function fanOutsOf(view: StatementView, query: Query): FanOuts | null {
  const { body, sources } = query;
  const [item, more] = list(body, 'fromClause');
  const joined = more === undefined ? leftJoined(item) : null;
  const [own, ...others] = sources;
  if (query.type !== 'SelectStmt' || !joined || !own?.table || OTHER.some((name) => body[name] !== undefined))
    return null;
  if (joined.length < 2 || joined.length !== others.length || joined[0]?.first !== own.item) return null;
  const isOf = (source: Source, tree: TreeValue): boolean =>
    originsIn(view, query, tree)?.every((origin) => origin.source === source) === true && !holdsSubquery(tree);
  const groups = list(body, 'groupClause').map((one) => originOf(query, one));
  if (groups.length === 0 || groups.some((origin) => origin?.source !== own)) return null;
  if (!isOf(own, body['whereClause']) || callsAggregate(body['sortClause'])) return null;
  const calls = aggregatesIn(list(body, 'targetList'));
  const fans = others.map((source, at): FanOut | null => {
    const { item: fan, quals } = joined[at] ?? {};
    if (!source.table || fan !== source.item || !isNode(quals)) return null;
    const parts = conjuncts(quals).map((one) => ({ one, pair: pairOf(query, one, own, source) }));
    const pairs = parts.flatMap(({ pair }) => pair ?? []);
    const rest = parts.flatMap(({ one, pair }) => (pair ? [] : [one]));
    if (pairs.length === 0 || !rest.every((one) => isOf(source, one))) return null;
    return { source, pairs, rest, calls: calls.filter((call) => isDistinct(call) && isOf(source, { FuncCall: call })) };
  });
  const able = fans.filter((fan) => fan !== null);
  if (able.length < others.length || calls.some((call) => !able.some((fan) => fan.calls.includes(call)))) return null;
  if (able.filter((fan) => fan.calls.length > 0).length < 2) return null;
  const bare = calls.reduce((tree, call) => replace(tree, call, { A_Const: { ival: {} } }), {
    targetList: body['targetList'],
  } as TreeNode);
  if (!isOf(own, bare['targetList'])) return null;
  return {
    query,
    own,
    groups: groups.flatMap((origin) => (origin ? [origin.name] : [])),
    fans: able.filter((fan) => fan.calls.length > 0),
  };
}

/** The tables that are joined one after the other to a first one by LEFT JOIN; null for any other FROM. */
function leftJoined(
  item: TreeValue,
): readonly { readonly first: TreeNode; readonly item: TreeNode; readonly quals: TreeValue }[] | null {
  const join = bodyOf(item, 'JoinExpr');
  if (!join) return isNode(item) ? [] : null;
  const { larg, rarg, quals } = join;
  const plain =
    join['jointype'] === 'JOIN_LEFT' && join['alias'] === undefined && list(join, 'usingClause').length === 0;
  const before = plain && join['isNatural'] !== true ? leftJoined(larg) : null;
  if (!before || !isNode(larg) || !isNode(rarg)) return null;
  return [...before, { first: before[0]?.first ?? larg, item: rarg, quals }];
}

function pairOf(query: Query, condition: TreeNode, own: Source, source: Source): FanOut['pairs'][number] | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [inside, outside] = [originOf(query, left), originOf(query, right)];
    const fits = operator === '=' && inside?.source === source && outside?.source === own;
    if (fits && inside && outside && isOneType(inside, outside)) return { inside: left, outside: right };
  }
  return null;
}

function isOneType(a: ColumnOrigin, b: ColumnOrigin): boolean {
  return IDENTICAL_KEYS.has(a.column?.baseType ?? '') && a.column?.baseType === b.column?.baseType;
}

/** Calls of aggregates, not counting nested queries. */
function aggregatesIn(targets: readonly TreeValue[]): readonly TreeNode[] {
  return targets
    .flatMap((item) => callsIn(item).filter(({ body }) => callsAggregate({ FuncCall: { ...body, args: [] } })))
    .map(({ body }) => body);
}

/** Whether copies of rows make no difference to a call. */
function isDistinct(call: TreeNode): boolean {
  const [argument, more] = list(call, 'args');
  const [own] = callsIn({ FuncCall: call });
  const plain =
    call['over'] === undefined &&
    call['agg_order'] === undefined &&
    more === undefined &&
    typed(argument)?.type === 'ColumnRef';
  return (
    plain &&
    own !== undefined &&
    (WITHOUT_COPIES.has(own.name) || (own.name === 'count' && call['agg_distinct'] === true))
  );
}

/** An aggregate for one table alone: DISTINCT of a key has nothing to take out once no other table is joined, and count of what is never NULL needs no column, so that an index may be enough. */
export function onceEach(view: StatementView, query: Query, call: TreeNode): TreeNode {
  const facts = factsOf(view.catalog);
  const origin = originOf(query, list(call, 'args')[0]);
  const isKey = origin?.source.table && facts.unique(origin.source.table, [origin.name], true).holds;
  if (!origin || isKey !== true) return call;
  const { agg_distinct: _, args, ...rest } = call;
  const isSet = facts.notNull({ ...origin, source: { ...origin.source, nullable: false } }).holds;
  const counts = callsIn({ FuncCall: call })[0]?.name === 'count';
  return counts && isSet ? { ...rest, agg_star: true } : { ...rest, args };
}
