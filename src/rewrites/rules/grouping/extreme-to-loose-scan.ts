import { bodyOf, list, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import {
  columnOfSource,
  looseScan,
  onlyTable,
  ownConditions,
  pinned,
  steppable,
  withRecursive,
} from '../../loose-scan.js';
import { nullGroupUnasked } from '../../null-groups.js';
import { functionName } from '../../shapes.js';
import { heldNotNull } from '../../truth.js';
import { sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly group: ColumnOrigin;
  readonly conditions: readonly TreeNode[];
  /** What is shown, with its name: the group, or a call of min or max. */
  readonly shown: readonly { readonly name: string; readonly call: TreeNode | null }[];
}

export default defineRewrite<Site>({
  id: 'grouping/extreme-to-loose-scan',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT g, max(x) FROM t GROUP BY g` becomes a step through the values of g in an index, with `(SELECT max(x) FROM t WHERE g = ...)` for each.',
    why: 'The aggregate reads every row of every group; with few groups and an index on (g, x), a descent for each value of g and one for its max are all that is needed.',
    limits:
      'One table with conditions on it alone; min and max of columns; g leads an index, and is NOT NULL or nothing asks for the group of NULL, as in `(g, x) IN (SELECT g, max(x) ...)`. With many groups, or without the index on (g, x), the original is the faster form: the trial tells.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL source, `planagg.c` (min and max by an index)'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const [by, more] = list(body, 'groupClause');
      const group = source && by !== undefined && !more ? columnOfSource(query, source, by) : null;
      const conditions = source ? ownConditions(view, query, source) : null;
      if (!source || !group || !conditions || OTHER.some((name) => body[name] !== undefined)) return [];
      const shown = list(body, 'targetList').map((item) => {
        const target = bodyOf(item, 'ResTarget') ?? {};
        const call = bodyOf(target['val'], 'FuncCall');
        const name = textOf(target, 'name');
        if (columnOfSource(query, source, target['val'])?.name === group.name)
          return { name: name ?? group.name, call: null };
        const [argument, second] = call ? list(call, 'args') : [];
        const plain = call && PARTS.every((part) => call[part] === undefined) && !second;
        if (!plain || !['min', 'max'].includes(functionName(call)) || !columnOfSource(query, source, argument))
          return null;
        return { name: name ?? functionName(call), call };
      });
      const known = shown.filter((one) => one !== null);
      const able = known.length === shown.length && known.some(({ call }) => call !== null);
      return able ? [{ query, source, group, conditions, shown: known }] : [];
    }),
  requires: ({ query, group, conditions }, facts, view) => {
    const keys = list(query.body, 'sortClause').map((item) => bodyOf(item, 'SortBy')?.['node']);
    const sorted = keys.every((key) => isGroup(sortOriginOf(query, key), group));
    return [
      steppable(facts.catalog, group, pinned(query, conditions)),
      heldNotNull(group) ?? nullGroupUnasked(view, group) ?? facts.notNull(group),
      sorted ? seen('the order is by the group, or there is none') : missing('the order is by another expression'),
    ];
  },
  rewrite: ({ query, source, group, conditions, shown }, view) => {
    const scan = looseScan(view, group, conditions);
    const value = columnOf(scan.name, scan.column);
    const equal = expression('$1 = $2', [columnOf(source.alias, group.name), value]);
    const shape = selectOf(`SELECT 1 FROM ${scan.name} WHERE $1 IS NOT NULL`, [value]);
    const targetList = shown.map(({ name, call }) => {
      if (call === null) return output(value, name);
      const { sortClause: _, groupClause: __, ...own } = query.body;
      const select = withWhere({ ...own, targetList: [output({ FuncCall: call })] }, [
        ...conjuncts(query.body['whereClause']),
        equal,
      ]);
      return output({ SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } }, name);
    });
    const sortClause = list(query.body, 'sortClause').map((item) => ({
      SortBy: { ...bodyOf(item, 'SortBy'), node: value },
    }));
    const body = { ...shape, targetList, ...(sortClause.length > 0 ? { sortClause } : {}) };
    return replace(view.statement.tree, query.body, { SelectStmt: withRecursive(body, scan.cte) });
  },
  example: {
    schema: `
      CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, at timestamptz, value int);
      CREATE INDEX ON reading (sensor, at);`,
    data: `
      INSERT INTO reading SELECT n, n % 10, timestamptz '2024-01-01' + n * interval '1 minute', n % 77 FROM generate_series(1, 60000) AS n;
      VACUUM ANALYZE reading;`,
    statement: 'SELECT sensor, max(at) AS latest FROM reading GROUP BY sensor ORDER BY sensor',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'rows without a group are a group as well',
    schema: `
      CREATE TABLE reading (id bigint PRIMARY KEY, sensor int, at timestamptz, value int);
      CREATE INDEX ON reading (sensor, at);`,
  },
});

function isGroup(origin: ColumnOrigin | null, group: ColumnOrigin): boolean {
  return origin?.source === group.source && origin.name === group.name;
}

const OTHER = [
  'havingClause',
  'withClause',
  'windowClause',
  'lockingClause',
  'distinctClause',
  'limitOffset',
  'limitCount',
];
const PARTS = ['over', 'agg_filter', 'agg_order', 'agg_distinct', 'agg_star'];
