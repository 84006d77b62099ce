import { outputName } from '../../../sql/output-name.js';
import { bodyOf, isNode, list, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, output, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { indexed } from '../../first-of-group.js';
import { onlyTable } from '../../loose-scan.js';
import { bothWays, functionName, isBare } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import type { SortKey } from '../../top-rows.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly column: ColumnOrigin;
  readonly order: readonly SortKey[];
  /** Columns that are the same in all rows of the subquery. */
  readonly held: readonly string[];
}

export default defineRewrite<Site>({
  id: 'subquery/first-of-array',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT (array_agg(x ORDER BY o))[1] FROM t WHERE ...)` becomes `(SELECT x FROM t WHERE ... ORDER BY o LIMIT 1)`.',
    why: 'The array is made of every row before its first element is taken; an index on the order gives that row at once.',
    limits:
      'One table; x is a column that is no array; the order, with the columns that WHERE holds at one value, is a key, so that it is certain which row is the first.',
    sources: ['PostgreSQL manual, "Aggregate Expressions"', 'PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['subquery/subplan-per-row', 'rows/many-rows-deduplicated'],
  match: (view) =>
    scalars(view).flatMap((query) => {
      const { body } = query;
      const source = isBare(body) ? onlyTable(query) : null;
      const [target, more] = list(body, 'targetList');
      const call = source ? indexed(bodyOf(target, 'ResTarget')?.['val']) : null;
      if (!source || !call || more || functionName(call) !== 'array_agg') return [];
      if (['over', 'agg_filter', 'agg_distinct'].some((name) => call[name] !== undefined)) return [];
      const [value, second] = list(call, 'args');
      const column = second ? null : originOf(query, value);
      const order = orderOf(list(call, 'agg_order'), (key) => originOf(query, key));
      if (column?.source !== source || !column.column || column.column.baseType.startsWith('_')) return [];
      if (!order || order.some(({ origin }) => origin.source !== source)) return [];
      const held = conjuncts(body['whereClause']).flatMap((one) =>
        bothWays(one).flatMap(({ operator, left, right }) => {
          const [own, other] = [originOf(query, left), originOf(query, right)];
          const isOutside = isNode(right) && (bodyOf(right, 'A_Const') ?? bodyOf(right, 'ParamRef') ?? other);
          return operator === '=' && own?.source === source && isOutside && other?.source !== source ? [own.name] : [];
        }),
      );
      return [{ query, source, column, order, held }];
    }),
  requires: ({ source, order, held }, facts) => [
    source.table
      ? facts.unique(source.table, [...held, ...order.map(({ origin }) => origin.name)])
      : missing(`${source.alias} is not a table with a key`),
  ],
  rewrite: ({ query, column, order }, view) => {
    const target = list(query.body, 'targetList')[0];
    const body: TreeNode = {
      ...query.body,
      targetList: [output(columnOf(column.source.alias, column.name), outputName(target))],
      sortClause: order.map(({ item }) => ({ SortBy: item })),
      limitCount: expression('1'),
      limitOption: 'LIMIT_OPTION_COUNT',
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE room (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE message (id bigint PRIMARY KEY, room_id int NOT NULL REFERENCES room, at timestamptz NOT NULL, body text);
      CREATE INDEX ON message (room_id, at, id);`,
    data: `
      INSERT INTO room SELECT n, 'room ' || n FROM generate_series(1, 100) AS n;
      INSERT INTO message SELECT n, 1 + n % 100, timestamptz '2024-01-01' + n * interval '1 minute', 'b' FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT r.name, (SELECT (array_agg(m.body ORDER BY m.at DESC, m.id DESC))[1] FROM message AS m WHERE m.room_id = r.id) AS latest FROM room AS r',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the array is in the order of the time, and LIMIT takes the first row of another',
    to: 'SELECT r.name, (SELECT m.body FROM message AS m WHERE m.room_id = r.id ORDER BY m.at, m.id LIMIT 1) AS latest FROM room AS r',
  },
});

/** The subqueries that stand for one value: over no rows that is NULL, as much as no row is. */
function scalars(view: StatementView): readonly Query[] {
  return [...walk(view.statement.tree)].flatMap(({ type, body }) => {
    const select =
      type === 'SubLink' && body['subLinkType'] === 'EXPR_SUBLINK' ? bodyOf(body['subselect'], 'SelectStmt') : null;
    return (select && queryOf(view, select)) ?? [];
  });
}
