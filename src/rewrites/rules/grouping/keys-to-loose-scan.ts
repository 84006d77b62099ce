import { placeOf, sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, list, textOf } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import {
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { columnOfSource, onlyTable, ORDERED, ownConditions, pinned, withRecursive } from '../../loose-scan.js';
import { callsAggregate, functionName, isPlainCall, mayGiveRows } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import type { SortKey } from '../../top-rows.js';
import { sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly groups: readonly ColumnOrigin[];
  readonly conditions: readonly TreeNode[];
  /** The output columns: a group's column, or a call of min or max; empty where the first row of each group is shown. */
  readonly shown: readonly { readonly name: string; readonly group: number | null; readonly value: TreeNode }[];
  /** The order of ORDER BY: of the groups, and within a group for DISTINCT ON. */
  readonly order: readonly SortKey[];
}

export default defineRewrite<Site>({
  id: 'grouping/keys-to-loose-scan',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a, b, max(x) FROM t GROUP BY a, b`, `SELECT DISTINCT a, b FROM t` and `SELECT DISTINCT ON (a, b) ... ORDER BY a, b, o` step through the different (a, b) in an index, with one look-up for each.',
    why: 'PostgreSQL reads every row of every group; with few groups and an index on (a, b, x), a descent for each is far less.',
    limits:
      'One table with conditions on it alone; two or three columns, NOT NULL, that an index begins with in this order, after those that WHERE holds at one value; for DISTINCT ON the order leaves no choice. With many groups the original is the faster form: the trial tells.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL manual, "Row and Array Comparisons"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: (site, facts) => [
    stepped(site, facts),
    ...site.groups.map((group) => facts.notNull(group)),
    ...(site.shown.length === 0 && site.source.table
      ? [
          facts.unique(
            site.source.table,
            [...site.groups, ...site.order.map(({ origin }) => origin)].map(({ name }) => name),
          ),
        ]
      : []),
  ],
  rewrite: (site, view) => {
    const { query, source, groups, conditions, shown, order } = site;
    const steps = freshAlias(view, 'steps');
    const valueOf = (i: number): TreeNode => columnOf(steps, `value_${i + 1}`);
    const links = groups.map(({ name }, i) => expression('$1 = $2', [columnOf(source.alias, name), valueOf(i)]));
    const cte = cteOf(view, site, steps);
    const from = { ...selectOf(`SELECT 1 FROM ${steps}`) };
    if (shown.length > 0) {
      const targetList = shown.map(({ name, group, value }) => {
        if (group !== null) return output(valueOf(group), name);
        const select = withWhere({ ...selectOf('SELECT 1'), targetList: [output(value)], fromClause: [source.item] }, [
          ...conditions,
          ...links,
        ]);
        return output({ SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } }, name);
      });
      const sortClause = order.map(({ origin, item }) => ({
        SortBy: { ...item, node: valueOf(groups.findIndex(({ name }) => name === origin.name)) },
      }));
      const body = { ...from, targetList, ...(order.length > 0 ? { sortClause } : {}) };
      return replace(view.statement.tree, query.body, { SelectStmt: withRecursive(body, cte) });
    }
    const first = freshAlias(view, 'top');
    const targets = namedTargets(query.body);
    const names = targets.map((one) => textOf(bodyOf(one, 'ResTarget') ?? {}, 'name'));
    if (names.some((name) => name === null) || new Set(names).size < names.length) return null;
    const hidden = order.map(({ item }, i) => output(item['node'] as TreeNode, `order_${i + 1}`));
    const { distinctClause: _, ...rest } = query.body;
    const inner = {
      ...withWhere(rest, [...conditions, ...links]),
      targetList: [...targets, ...hidden],
      sortClause: order.map(({ item }) => ({ SortBy: item })),
      limitCount: expression('1'),
      limitOption: 'LIMIT_OPTION_COUNT',
    };
    const body = {
      ...from,
      targetList: names.map((name) => output(columnOf(first, name ?? ''), name ?? '')),
      fromClause: [...list(from, 'fromClause'), derived(inner, first, true)],
      sortClause: order.map(({ item }, i) => ({ SortBy: { ...item, node: columnOf(first, `order_${i + 1}`) } })),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: withRecursive(body, cte) });
  },
  example: {
    schema: `
      CREATE TABLE reading (device int NOT NULL, metric smallint NOT NULL, at timestamptz NOT NULL, value float8, PRIMARY KEY (device, metric, at));`,
    data: `
      INSERT INTO reading SELECT n % 5, n / 5 % 3, timestamptz '2024-01-01' + n * interval '1 minute', n % 77 FROM generate_series(1, 60000) AS n;
      VACUUM ANALYZE reading;`,
    statement: 'SELECT device, metric, max(at) AS latest FROM reading GROUP BY device, metric ORDER BY device, metric',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'rows without one of the values are groups as well',
    schema: `
      CREATE TABLE reading (device int NOT NULL, metric smallint, at timestamptz NOT NULL, value float8);
      CREATE INDEX ON reading (device, metric, at);`,
  },
});

const MOST_KEYS = 3;
const AWAY = ['havingClause', 'withClause', 'windowClause', 'lockingClause', 'limitOffset', 'limitCount'];

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
  const conditions = source ? ownConditions(view, query, source) : null;
  if (!source || !conditions || AWAY.some((name) => body[name] !== undefined)) return null;
  const distinct = list(body, 'distinctClause');
  const on = distinct.filter((one) => isNode(one) && Object.keys(one).length > 0);
  const isOn = on.length > 0;
  if (distinct.length > 0 && body['groupClause'] !== undefined) return null;
  const targets = list(body, 'targetList');
  const keys = isOn
    ? on
    : distinct.length > 0
      ? targets.map((one) => bodyOf(one, 'ResTarget')?.['val'])
      : list(body, 'groupClause');
  const groups = keys.map((one) => (isOn ? sortOriginOf(query, one) : columnOfSource(query, source, one)));
  const known = groups.filter((one) => one !== null).filter((one) => one.source === source);
  if (known.length < 2 || known.length > MOST_KEYS || known.length < keys.length) return null;
  if (new Set(known.map(({ name }) => name)).size < known.length) return null;
  const order = orderOf(list(body, 'sortClause'), (key) => sortOriginOf(query, key)) ?? [];
  if (order.length < list(body, 'sortClause').length || order.some(({ origin }) => origin.source !== source))
    return null;
  const isGroup = (name: string): boolean => known.some((one) => one.name === name);
  if (isOn) {
    if (targets.some(callsAggregate) || mayGiveRows(view.catalog, targets)) return null;
    const ordered = order.slice(0, known.length).every(({ origin }) => isGroup(origin.name));
    return ordered && order.length >= known.length
      ? { query, source, groups: known, conditions, shown: [], order }
      : null;
  }
  if (!order.every(({ origin }) => isGroup(origin.name))) return null;
  const shown = namedTargets(body).flatMap((item): Site['shown'] => {
    const target = bodyOf(item, 'ResTarget') ?? {};
    const value = target['val'];
    const column = columnOfSource(query, source, value);
    const group = known.findIndex(({ name }) => name === column?.name);
    const name = textOf(target, 'name');
    if (name === null || !isNode(value)) return [];
    if (column) return group < 0 ? [] : [{ name, group, value }];
    return isExtreme(query, source, value) ? [{ name, group: null, value }] : [];
  });
  return shown.length === targets.length && shown.length > 0
    ? { query, source, groups: known, conditions, shown, order }
    : null;
}

function isExtreme(query: Query, source: Source, value: TreeValue): boolean {
  const call = bodyOf(value, 'FuncCall');
  const [argument, more] = call ? list(call, 'args') : [];
  return (
    call !== null &&
    ['min', 'max'].includes(functionName(call)) &&
    isPlainCall(call) &&
    call['agg_distinct'] === undefined &&
    !more &&
    columnOfSource(query, source, argument) !== null
  );
}

/** An index begins with the columns, in whichever order they are named, after those that are held at one value. */
function stepped({ query, source: { table, alias }, groups, conditions }: Site, facts: Facts): Fact {
  if (!table || groups.some(({ column }) => !ORDERED.has(column?.baseType ?? '')))
    return missing(`${alias} is not a table with columns of types that a btree orders`);
  const held = pinned(query, conditions);
  const names = groups.map(({ name }) => name);
  const index = facts.catalog.indexes.find((one) => {
    const able = one.method === 'btree' && one.valid && one.predicate === null && sameRelation(one.table, table);
    const keys = one.keys.map(({ column }) => column);
    const start = keys.findIndex((key) => key === null || !held.includes(key) || names.includes(key));
    return able && names.every((name, i) => keys[start + i] === name);
  });
  return index
    ? seen(`${index.name} finds the next values of ${placeOf(table, names)}`)
    : missing(`no index of ${placeOf(table)} begins with ${names.join(', ')}`);
}

/** `WITH RECURSIVE steps`: the first values in the order of the index, and from each the next. */
function cteOf(view: StatementView, { source, groups, conditions }: Site, name: string): TreeNode {
  const next = freshAlias(view, 'next');
  const columns = groups.map((group) => columnOf(source.alias, group.name));
  const sortClause = columns.map((node) => ({
    SortBy: { node, sortby_dir: 'SORTBY_DEFAULT', sortby_nulls: 'SORTBY_NULLS_DEFAULT' },
  }));
  const first = withWhere(
    {
      ...selectOf('SELECT 1 LIMIT 1'),
      targetList: columns.map((column, i) => output(column, `value_${i + 1}`)),
      fromClause: [source.item],
      sortClause,
    },
    conditions,
  );
  const places = groups.map((_, i) => `$${i + 1}`).join(', ');
  const others = groups.map((_, i) => `$${groups.length + i + 1}`).join(', ');
  const previous = groups.map((_, i) => columnOf(name, `value_${i + 1}`));
  const later = expression(`(${places}) > (${others})`, [...columns, ...previous]);
  const item = derived(withWhere(first, [...conjuncts(first['whereClause']), later]), next, true);
  const step = selectOf(`SELECT 1 FROM ${name}`);
  const rarg = {
    ...step,
    targetList: groups.map((_, i) => output(columnOf(next, `value_${i + 1}`))),
    fromClause: [...list(step, 'fromClause'), item],
  };
  const larg = { ...first };
  return {
    CommonTableExpr: {
      ctename: name,
      aliascolnames: groups.map((_, i) => ({ String: { sval: `value_${i + 1}` } })),
      ctematerialized: 'CTEMaterializeDefault',
      ctequery: { SelectStmt: { op: 'SETOP_UNION', all: true, limitOption: 'LIMIT_OPTION_DEFAULT', larg, rarg } },
    },
  };
}
