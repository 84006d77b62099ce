import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, replace } from '../../build.js';
import { correlationOf } from '../../correlation.js';
import type { Correlation } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { withWindow } from '../../group-window.js';
import { onlyTable } from '../../loose-scan.js';
import { bothWays, callsIn, isBare, isPlainCall } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly inner: Query;
  readonly comparison: TreeNode;
  readonly sublink: TreeNode;
  readonly call: TreeNode;
  readonly correlation: Correlation;
  readonly pairs: readonly { readonly own: ColumnOrigin | null; readonly other: ColumnOrigin | null }[];
}

export default defineRewrite<Site>({
  id: 'aggregate/correlated-to-window',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`FROM t AS a WHERE a.x = (SELECT max(b.x) FROM t AS b WHERE b.k = a.k)`, the rows with the largest x of each k, becomes a window function over one scan: `max(x) OVER (PARTITION BY k)`.',
    why: 'PostgreSQL runs the subquery once for each row, or twice reads the table where it is made a join; the window reads it once.',
    limits:
      'Both queries read one and the same table alone, and the subquery has no other condition than equality of the same columns; min, max, sum and avg of a column. Where other conditions leave few rows, or an index answers the subquery, the original is the faster form: the trial tells.',
    sources: ['C. Zuzarte and others: WinMagic, SIGMOD 2003', 'PostgreSQL manual, "Window Functions"'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const star = JSON.stringify(query.body['targetList'] ?? []).includes('"A_Star"');
      if (!source?.table || star || bodyOf(source.item, 'RangeVar')?.['inh'] !== true) return [];
      return conjuncts(query.body['whereClause']).flatMap((comparison) =>
        bothWays(comparison).flatMap(({ left, right }) => {
          const sublink = bodyOf(right, 'SubLink');
          const inner = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
          const own = inner ? onlyTable(inner) : null;
          if (sublink?.['subLinkType'] !== 'EXPR_SUBLINK' || inner?.parent !== query || !own?.table) return [];
          const clauses = isBare(inner.body);
          const [target, more] = list(inner.body, 'targetList');
          const value = bodyOf(target, 'ResTarget')?.['val'];
          const call = bodyOf(value, 'FuncCall');
          const plain = call && isPlainCall(call) && call['agg_distinct'] === undefined;
          if (!clauses || more || !plain || !AGGREGATES.has(callsIn(value)[0]?.name ?? '')) return [];
          if (
            !source.table ||
            !sameRelation(own.table, source.table) ||
            originOf(inner, list(call, 'args')[0])?.source !== own
          )
            return [];
          const correlation = correlationOf(view, inner, [value as TreeNode]);
          if (!correlation || correlation.rest.length > 0 || originOf(query, left)?.source !== source) return [];
          const pairs = correlation.pairs.map(({ inside, outside }) => ({
            own: originOf(inner, inside),
            other: originOf(inner, outside),
          }));
          return [{ query, source, inner, comparison, sublink, call, correlation, pairs }];
        }),
      );
    }),
  requires: ({ pairs, correlation, inner, source }, facts) => [
    pairs.every(({ own, other }) => own && own.name === other?.name && other.source === source)
      ? seen('the subquery looks at the rows that are alike in the same columns')
      : missing('the two sides of the correlation are not the same columns'),
    inner.body['whereClause'] === undefined ? missing('there is no correlation') : seen('it has no other condition'),
    ...pairs.flatMap(({ own }) => (own ? [facts.notNull(own)] : [])),
    ...correlation.facts,
  ],
  rewrite: ({ query, source, comparison, sublink, call, pairs }, view) =>
    withWindow(view, { query, source, keys: pairs.map(({ own }) => own?.name ?? '') }, call, (column, all) =>
      all.map((one) => (one === comparison ? replace(comparison, sublink, column) : one)),
    ),
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, value int, note text);',
    data: `
      INSERT INTO reading SELECT n, n % 300, n * 7919 % 1000, 'n' FROM generate_series(1, 3000) AS n;
      ANALYZE;`,
    statement:
      'SELECT r.id, r.value FROM reading AS r WHERE r.value = (SELECT max(i.value) FROM reading AS i WHERE i.sensor = r.sensor) AND r.id > 0',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'rows without a group have no others like them for =, and are a partition together',
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int, value int, note text);',
  },
});

const AGGREGATES = new Set(['min', 'max', 'sum', 'avg']);
