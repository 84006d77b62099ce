import { outputName } from '../../../sql/output-name.js';
import { columnPath } from '../../../sql/scope.js';
import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, derived, expression, output, replace } from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { partialOf } from '../../partial-aggregates.js';
import type { Partial } from '../../partial-aggregates.js';
import {
  callsAggregate,
  callsIn,
  functionName,
  hasBareStar,
  holdsSubquery,
  isPlainCall,
  mayGiveRows,
} from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly keys: readonly ColumnOrigin[];
  /** What is counted once. */
  readonly counted: TreeNode;
  /** Calls of `count(DISTINCT counted)`. */
  readonly counts: readonly TreeNode[];
  readonly others: readonly Partial[];
}

export default defineRewrite<Site>({
  id: 'aggregate/distinct-count-to-groups',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT k, count(DISTINCT x) FROM t GROUP BY k` counts the groups of (k, x): `SELECT k, count(x) FROM (SELECT k, x FROM t GROUP BY k, x) GROUP BY k`; sums, counts, least and greatest values beside it are made of those of the groups.',
    why: 'count(DISTINCT) sorts all rows of each group, in one process; groups of (k, x) are hashed, and in several processes.',
    limits:
      'All DISTINCT counts are of one expression; GROUP BY is by columns whose equal values are written alike, and nothing else of the rows is shown. Without GROUP BY no count without DISTINCT stands beside it. Where nearly every x is another, the original may be the faster form: the trial tells.',
    sources: [
      'PostgreSQL manual, "Aggregate Expressions"',
      'PostgreSQL source, `ExecBuildAggTrans` and `process_ordered_aggregate_single`',
    ],
  },
  triggers: ['rows/many-rows-deduplicated', 'memory/sort-on-disk'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ keys }, facts) => [
    seen('a value is counted once however many groups of others it is counted in'),
    ...keys.map(({ name, column }) =>
      ALIKE.has(column?.baseType ?? '')
        ? seen(`equal values of ${name} are written alike`)
        : missing(`equal values of ${name} may be written in different ways`),
    ),
    ...(keys.some(({ column }) => TEXTS.has(column?.baseType ?? '')) ? [facts.textsAsWritten()] : []),
  ],
  rewrite: ({ query, keys, counted, counts, others }, view) => {
    const name = freshAlias(view, 'grouped');
    const part = (i: number, n: number): string => `part_${i + 1}_${n}`;
    const own = keys.map((key, i) => output(columnOf(key.source.alias, key.name), `key_${i + 1}`));
    const parts = others.flatMap((one, i) => one.parts.map((call, n) => output(call, part(i, n + 1))));
    const { sortClause, havingClause, limitCount, limitOffset, limitOption: _, ...rest } = query.body;
    const first = {
      ...rest,
      targetList: [...own, output(counted, 'counted'), ...parts],
      groupClause: [...keys.map((key) => columnOf(key.source.alias, key.name)), counted],
      limitOption: 'LIMIT_OPTION_DEFAULT',
    };
    const shown = (tree: TreeValue): TreeValue => {
      if (Array.isArray(tree)) return (tree as readonly TreeValue[]).map(shown);
      if (!isNode(tree)) return tree;
      const call = bodyOf(tree, 'FuncCall');
      if (call && counts.includes(call)) return expression('count($1)', [columnOf(name, 'counted')]);
      const at = call ? others.findIndex((one) => one.call === call) : -1;
      const whole = others[at]?.whole((n) => columnOf(name, part(at, n)));
      if (whole) return whole;
      const origin = originOf(query, tree);
      const key = origin ? keys.findIndex((one) => isSame(one, origin)) : -1;
      if (key >= 0) return columnOf(name, `key_${key + 1}`);
      return Object.fromEntries(Object.entries(tree).map(([field, item]) => [field, shown(item)]));
    };
    const names = new Set(list(query.body, 'targetList').map(outputName));
    const sorted = list(query.body, 'sortClause').map((item) => {
      const sort = bodyOf(item, 'SortBy') ?? {};
      const { path } = columnPath(bodyOf(sort['node'], 'ColumnRef') ?? {});
      // A bare name means an output column first.
      return path.length === 1 && names.has(path[0] ?? '') ? item : { SortBy: { ...sort, node: shown(sort['node']) } };
    });
    const body = {
      targetList: namedTargets(query.body).map(shown),
      fromClause: [derived(first, name)],
      ...(keys.length > 0 ? { groupClause: keys.map((_key, i) => columnOf(name, `key_${i + 1}`)) } : {}),
      ...(havingClause === undefined ? {} : { havingClause: shown(havingClause) }),
      ...(sortClause === undefined ? {} : { sortClause: sorted }),
      ...(limitCount === undefined ? {} : { limitCount }),
      ...(limitOffset === undefined ? {} : { limitOffset }),
      limitOption: query.body['limitOption'],
      op: 'SETOP_NONE',
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, shop int NOT NULL, customer int, paid int);',
    data: `
      INSERT INTO visit SELECT n, n % 20, n * 7919 % 300, n % 77 FROM generate_series(1, 60000) AS n;
      ANALYZE;`,
    statement:
      'SELECT shop, count(DISTINCT customer) AS customers, sum(paid) AS paid FROM visit GROUP BY shop ORDER BY shop',
    gain: { rows: 1.5, why: 'the table is read once either way; what falls is how many rows are sorted' },
  },
  unsoundTwin: {
    why: 'a group of (shop, customer) is more than one row, and count(*) counts those',
    to: 'SELECT grouped.key_1 AS shop, count(grouped.counted) AS customers, sum(grouped.paid) AS paid FROM (SELECT DISTINCT shop AS key_1, customer AS counted, paid FROM visit) AS grouped GROUP BY grouped.key_1 ORDER BY shop',
  },
});

const TEXTS = new Set(['text', 'varchar']);
const ALIKE = new Set(['int2', 'int4', 'int8', 'uuid', 'date', 'timestamp', 'timestamptz', 'bool', ...TEXTS]);

function isSame(one: ColumnOrigin, other: ColumnOrigin): boolean {
  return one.source === other.source && one.name === other.name && one.query === other.query;
}

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const groups = list(body, 'groupClause').map((item) => originOf(query, item));
  const keys = groups.filter((one) => one !== null).filter((one) => one.query === query);
  const unfit = query.type !== 'SelectStmt' || hasBareStar(body) || OTHER.some((name) => body[name] !== undefined);
  if (unfit || keys.length < groups.length || body['groupDistinct'] === true) return null;
  const places = [body['targetList'], body['havingClause'], body['sortClause']];
  if (places.some((place) => holdsSubquery(place)) || mayGiveRows(view.catalog, places)) return null;
  const calls = places
    .flatMap((place) => callsIn(place))
    .filter(({ body: call }) => callsAggregate({ FuncCall: call }));
  const counts = calls.filter(({ name, body: call }) => name === 'count' && call['agg_distinct'] === true);
  const [first] = counts;
  const [counted, more] = first ? list(first.body, 'args') : [];
  const same = counts.every(
    ({ body: call }) => isPlainCall(call) && treeText(list(call, 'args')) === treeText(list(first?.body ?? {}, 'args')),
  );
  if (!first || !same || !isNode(counted) || more || bodyOf(counted, 'RowExpr')) return null;
  // A literal in GROUP BY means an output column, or nothing.
  if (originsIn(view, query, counted)?.some((origin) => origin.query === query) !== true) return null;
  const others = calls
    .filter(({ body: call }) => !counts.some((one) => one.body === call))
    .map(({ body: call }) => partialOf(query, call));
  const partials = others.filter((one) => one !== null);
  if (partials.length < others.length) return null;
  if (keys.length === 0 && partials.some(({ call }) => functionName(call) === 'count')) return null;
  const aggregates = [...counts.map((one) => one.body), ...partials.map(({ call }) => call)];
  if (!places.every((place) => namesKeysAlone(query, place, { keys, aggregates }))) return null;
  return { query, keys, counted, counts: counts.map((one) => one.body), others: partials };
}

/** Whether, outside of the aggregates, there are no columns but the keys, and names of the output. */
function namesKeysAlone(
  query: Query,
  tree: TreeValue,
  known: { readonly keys: readonly ColumnOrigin[]; readonly aggregates: readonly TreeNode[] },
): boolean {
  if (Array.isArray(tree)) return (tree as readonly TreeValue[]).every((one) => namesKeysAlone(query, one, known));
  if (!isNode(tree)) return true;
  const call = bodyOf(tree, 'FuncCall');
  if (call && known.aggregates.includes(call)) return true;
  const reference = bodyOf(tree, 'ColumnRef');
  if (reference) {
    const origin = originOf(query, tree);
    if (origin) return known.keys.some((key) => isSame(key, origin));
    const { path, star } = columnPath(reference);
    return !star && path.length === 1 && list(query.body, 'targetList').some((item) => outputName(item) === path[0]);
  }
  return Object.values(tree).every((one) => namesKeysAlone(query, one, known));
}

const OTHER = ['withClause', 'windowClause', 'lockingClause', 'distinctClause'];
