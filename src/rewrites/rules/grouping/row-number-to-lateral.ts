import { bodyOf, list, names } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { columnOfSource, onlyTable, ownConditions } from '../../loose-scan.js';
import { bothWays, callsIn, listed, SHAPING_CLAUSES, wholeConstant } from '../../shapes.js';
import { orderOf, topRowsFacts, topRowsOf } from '../../top-rows.js';
import type { TopRows } from '../../top-rows.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site extends TopRows {
  readonly count: TreeValue;
}

export default defineRewrite<Site>({
  id: 'grouping/row-number-to-lateral',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT ..., row_number() OVER (PARTITION BY g ORDER BY o) AS n FROM t) WHERE n <= 3` becomes a step through the values of g in an index, with a LATERAL subquery that takes the first rows of each; `rank() ... <= 3` alike, WITH TIES, and `dense_rank() = 1`.',
    why: 'The window numbers every row of every group. With few groups and an index on (g, o), one descent for each finds its first rows.',
    limits:
      'One table with conditions on it alone; g is not NULL and leads an index; under row_number(), g and the sort keys together are unique, so that it is certain which rows come first. With many small groups the original is the faster form: the trial tells.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL manual, "Window Functions"'],
  },
  triggers: ['subquery/window-discards'],
  match: (view) =>
    view.queries.flatMap((outer) =>
      outer.sources.flatMap((source) => {
        const item = bodyOf(source.item, 'RangeSubselect');
        const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
        if (!inner || source.nullable || outer.type !== 'SelectStmt') return [];
        const numbered = numberedOf(view, inner);
        if (!numbered || isFixedOutside(outer, source, numbered.rows.group)) return [];
        const count = conjuncts(outer.body['whereClause']).flatMap((one) =>
          bothWays(one).flatMap(({ operator, left, right }) => {
            const origin = originOf(outer, left);
            if (origin?.source !== source || source.columns?.indexOf(origin.name) !== numbered.at) return [];
            const most = wholeConstant(right);
            if (operator === '<=' || (operator === '=' && most === 1)) return [right];
            return operator === '<' && most !== null ? [{ A_Const: { ival: { ival: most - 1 } } }] : [];
          }),
        )[0];
        const able =
          count !== undefined && (numbered.first ? wholeConstant(count) === 1 : (wholeConstant(count) ?? 0) > 0);
        return able ? [{ ...numbered.rows, count }] : [];
      }),
    ),
  requires: (site, facts) => topRowsFacts(site, facts),
  rewrite: (site, view) => {
    const to = topRowsOf(view, site, { body: site.query.body, count: site.count, sorted: false });
    return to === null ? null : replace(view.statement.tree, site.query.body, { SelectStmt: to });
  },
  example: {
    schema:
      'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, at timestamptz NOT NULL, value int); CREATE INDEX ON reading (sensor, at DESC, id DESC);',
    data: `
      INSERT INTO reading SELECT n, n % 10, timestamptz '2024-01-01' + n * interval '1 minute', n % 77 FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT s.sensor, s.at, s.value FROM (SELECT sensor, at, value, row_number() OVER (PARTITION BY sensor ORDER BY at DESC, id DESC) AS n FROM reading) AS s WHERE s.n <= 3',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'rows without a group are numbered as well',
    schema:
      'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int, at timestamptz NOT NULL, value int); CREATE INDEX ON reading (sensor, at);',
  },
});

interface Numbered {
  readonly rows: TopRows;
  /** Where the number stands in the output. */
  readonly at: number;
  /** It tells the first rows alone: dense_rank() counts different values, and not rows. */
  readonly first: boolean;
}

/** A plain SELECT of one table with one row_number(), rank() or dense_rank() by a column of it. */
function numberedOf(view: StatementView, query: Query): Numbered | null {
  const { body } = query;
  const source = onlyTable(query);
  const conditions = source ? ownConditions(view, query, source) : null;
  if (!source || !conditions || OTHER.some((name) => body[name] !== undefined)) return null;
  const targets = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const windows = targets.flatMap(callsIn).filter(({ body: call }) => call['over'] !== undefined);
  const at = targets.findIndex((one) => NUMBERING.has(windowOf(one) ?? ''));
  const [window, more] = windows;
  if (!window || more || at < 0) return null;
  const over = window.body['over'] as TreeNode;
  const [partition, second] = list(over, 'partitionClause');
  const group = columnOfSource(query, source, partition);
  const order = orderOf(list(over, 'orderClause'), (key) => columnOfSource(query, source, key));
  if (!group || second || !order) return null;
  const name = windowOf(targets[at]);
  const rows = { query, source, group, order: order.map(({ item }) => item), conditions, ties: name !== 'row_number' };
  return { rows, at, first: name === 'dense_rank' };
}

/** Whether the outer query asks for single groups: then the planner hands its condition down, and no step through all of them is needed. */
function isFixedOutside(outer: Query, source: Source, { name }: ColumnOrigin): boolean {
  return conjuncts(outer.body['whereClause']).some((condition) => {
    const among = listed(condition, 'AEXPR_IN');
    const compared = among ? [among] : bothWays(condition).filter(({ operator }) => operator === '=');
    return compared.some(({ left }) => {
      const origin = originOf(outer, left);
      return origin?.source === source && origin.name === name;
    });
  });
}

/** The name of the window function that a value is; null for anything else. */
function windowOf(value: TreeValue): string | null {
  const call = bodyOf(value, 'FuncCall');
  return call?.['over'] === undefined ? null : (names(list(call, 'funcname')).at(-1) ?? null);
}

const NUMBERING = new Set(['row_number', 'rank', 'dense_rank']);

const OTHER = [...SHAPING_CLAUSES, 'sortClause'];
