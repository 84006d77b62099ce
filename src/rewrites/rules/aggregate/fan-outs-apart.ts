import { bodyOf, isNode, list, typed, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing } from '../../facts.js';
import { bothWays, callsAggregate, callsIn } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

/** A table of which each row of the first has several, with what of it is asked for. */
interface FanOut {
  readonly source: Source;
  readonly pairs: readonly { readonly outside: TreeNode; readonly inside: TreeNode }[];
  /** Conditions of the join on the table alone. */
  readonly rest: readonly TreeNode[];
  readonly calls: readonly TreeNode[];
}

interface Site {
  readonly query: Query;
  readonly own: Source;
  readonly groups: readonly string[];
  readonly fans: readonly FanOut[];
}

export default defineRewrite<Site>({
  id: 'aggregate/fan-outs-apart',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id, count(DISTINCT b.id), count(DISTINCT c.id) FROM a LEFT JOIN b ... LEFT JOIN c ... GROUP BY a.id` aggregates b and c each by itself, and joins the results to a.',
    why: 'Each row of a is joined with every pair of its rows of b and c before DISTINCT takes the copies out again.',
    limits:
      'Two or more LEFT JOINs of tables to the first one, by equality with its columns of the same whole-number or uuid type; GROUP BY holds a key of that one and its columns alone, and WHERE names it alone. The aggregates are count(DISTINCT x), min, max, bool_and and bool_or, of columns of one table each. No HAVING.',
    sources: ['W. P. Yan, P.-A. Larson: Eager aggregation and lazy aggregation, VLDB 1995'],
  },
  triggers: [],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ own, groups }, facts) => [
    own.table ? facts.unique(own.table, groups) : missing(`${own.alias} is not a table with a key`),
  ],
  rewrite: ({ query, own, fans }, view) => {
    const base = freshAlias(view, 'totals');
    let from = own.item;
    let targets: TreeNode = { targetList: namedTargets(query.body) };
    fans.forEach(({ source, pairs, rest, calls }, f) => {
      const alias = f === 0 ? base : `${base}_${f + 1}`;
      const keys = pairs.map(({ inside }, i) => output(inside, `${alias}_key${i + 1}`));
      const values = calls.map((call, i) =>
        output({ FuncCall: onceEach(view, query, call) }, `${alias}_value${i + 1}`),
      );
      const grouped = withWhere(
        {
          ...PLAIN,
          targetList: [...keys, ...values],
          fromClause: [source.item],
          groupClause: pairs.map(({ inside }) => inside),
        },
        rest,
      );
      const links = pairs.map(({ outside }, i) =>
        expression('$1 = $2', [columnOf(alias, `${alias}_key${i + 1}`), outside]),
      );
      const quals = links.length === 1 ? links[0] : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
      from = { JoinExpr: { jointype: 'JOIN_LEFT', larg: from, rarg: derived(grouped, alias), quals } };
      calls.forEach((call, i) => {
        const column = columnOf(alias, `${alias}_value${i + 1}`);
        const isCount = callsIn({ FuncCall: call })[0]?.name === 'count';
        targets = replace(targets, call, isCount ? expression('COALESCE($1, 0)', [column]) : column);
      });
    });
    const { groupClause: _, ...body } = query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: { ...body, ...targets, fromClause: [from] } });
  },
  example: {
    schema: `
      CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, author_id int REFERENCES person, likes int);
      CREATE TABLE note (id int PRIMARY KEY, author_id int REFERENCES person);`,
    data: `
      INSERT INTO person SELECT n, 'person ' || n FROM generate_series(1, 1000) AS n;
      INSERT INTO post SELECT n, 1 + n % 1000, n % 99 FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, 1 + n % 900 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT p.id, p.name, count(DISTINCT o.id) AS posts, max(o.likes), count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id GROUP BY p.id ORDER BY p.id',
    gain: { rows: 5, why: 'the copies are made and taken out in memory' },
  },
  unsoundTwin: {
    why: 'two rows of the same name are one group, and their posts are counted together',
    statement:
      'SELECT p.name, count(DISTINCT o.id) AS posts, count(DISTINCT n.id) AS notes FROM person AS p LEFT JOIN post AS o ON o.author_id = p.id LEFT JOIN note AS n ON n.author_id = p.id GROUP BY p.name',
  },
});

const PLAIN = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' };
const OTHER = ['havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];
const WITHOUT_COPIES = new Set(['min', 'max', 'bool_and', 'bool_or']);

function siteOf(view: StatementView, query: Query): Site | null {
  const { body, sources } = query;
  const [item, more] = list(body, 'fromClause');
  const joined = more === undefined ? leftJoined(item) : null;
  const [own, ...others] = sources;
  if (query.type !== 'SelectStmt' || !joined || !own?.table || OTHER.some((name) => body[name] !== undefined))
    return null;
  if (joined.length < 2 || joined.length !== others.length || joined[0]?.first !== own.item) return null;
  const isOf = (source: Source, tree: TreeValue): boolean =>
    originsIn(view, query, tree)?.every((origin) => origin.source === source) === true &&
    ![...walk(tree)].some(({ type }) => type === 'SubLink');
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

/** Types of which equal values are the same value: no collation has a say. */
const EXACT = new Set(['int2', 'int4', 'int8', 'uuid']);

function isOneType(a: ColumnOrigin, b: ColumnOrigin): boolean {
  return EXACT.has(a.column?.baseType ?? '') && a.column?.baseType === b.column?.baseType;
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

/** DISTINCT of a key has nothing to take out once no other table is joined. */
function onceEach(view: StatementView, query: Query, call: TreeNode): TreeNode {
  const origin = originOf(query, list(call, 'args')[0]);
  const isKey = origin?.source.table && factsOf(view.catalog).unique(origin.source.table, [origin.name], true).holds;
  const { agg_distinct: _, ...rest } = call;
  return isKey === true ? rest : call;
}
