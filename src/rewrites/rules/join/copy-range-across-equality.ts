import { bodyOf, isNode, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, replace, withWhere } from '../../build.js';
import { innerItems } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, isFixed, listed } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly copies: readonly TreeNode[];
  readonly from: ColumnOrigin;
  readonly to: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'join/copy-range-across-equality',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a.d = b.d AND a.d >= x` gets `b.d >= x` as well; BETWEEN and IN with constants alike.',
    why: 'The planner carries `a.d = x` over to `b.d`, but no range and no list, and reads all of b.',
    limits: 'Inner joins; both columns are of one type, and compared with what is the same for every row.',
    sources: ['PostgreSQL source, "EquivalenceClasses" in optimizer/README'],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      const from = query.type === 'SelectStmt' ? innerItems(query.body) : null;
      if (!from || from.items.length < 2) return [];
      const all = [...from.on, query.body['whereClause']].flatMap(conjuncts);
      const present = new Set(all.map(canonical));
      return all.flatMap((equality) =>
        bothWays(equality).flatMap(({ operator, left, right }) => {
          const [a, b] = [originOf(query, left), originOf(query, right)];
          if (operator !== '=' || a?.query !== query || b?.query !== query || a.source === b.source) return [];
          const copies = all.flatMap((one) => {
            const column = rangeOf(one);
            const origin = column ? originOf(query, column) : null;
            if (!column || origin?.source !== a.source || origin.name !== a.name) return [];
            const copy = replace(one, column, right);
            return present.has(canonical(copy)) ? [] : [copy];
          });
          return copies.length > 0 ? [{ query, copies, from: a, to: b }] : [];
        }),
      );
    }),
  requires: ({ from, to }) => [
    from.column && from.column.type === to.column?.type
      ? seen(`${from.name} and ${to.name} are both ${from.column.type}, and equal`)
      : missing(`${from.name} and ${to.name} are not known to be of one type`),
  ],
  rewrite: ({ query, copies }, view) =>
    replace(view.statement.tree, query.body, {
      SelectStmt: withWhere(query.body, [...conjuncts(query.body['whereClause']), ...copies]),
    }),
  example: {
    schema: `
      CREATE TABLE reading (day date NOT NULL, sensor int NOT NULL, value int);
      CREATE TABLE weather (day date NOT NULL, station int NOT NULL, note text);`,
    data: `
      INSERT INTO reading SELECT date '2020-01-01' + n / 20, n % 20, n FROM generate_series(1, 20000) AS n;
      INSERT INTO weather SELECT date '2000-01-01' + n / 5, n % 5, repeat('w', 200) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON weather USING brin (day) WITH (pages_per_range = 8);
      ANALYZE;`,
    statement:
      "SELECT r.value, w.note FROM reading AS r JOIN weather AS w ON w.day = r.day WHERE r.day BETWEEN '2022-05-01' AND '2022-06-30'",
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'of an outer join the rows without partner would be lost',
    statement:
      "SELECT r.value, w.note FROM reading AS r LEFT JOIN weather AS w ON w.day = r.day AND w.station = 2 WHERE r.day >= '2022-05-01'",
    to: "SELECT r.value, w.note FROM reading AS r LEFT JOIN weather AS w ON w.day = r.day AND w.station = 2 WHERE r.day >= '2022-05-01' AND w.day >= '2022-05-01'",
  },
});

/** The column of `c < x`, `c BETWEEN x AND y` or `c IN (x, ...)` with what is the same for every row. */
function rangeOf(condition: TreeNode): TreeNode | null {
  const one = bothWays(condition).find(({ left, right }) => bodyOf(left, 'ColumnRef') && isFixed(right));
  if (one) return /^[<>]=?$/.test(one.operator) ? one.left : null;
  const many = listed(condition, 'AEXPR_BETWEEN') ?? listed(condition, 'AEXPR_IN');
  return many && bodyOf(many.left, 'ColumnRef') && many.items.every(isFixed) ? many.left : null;
}

/** Equal for `a < 5` and `5 > a`. */
function canonical(condition: TreeNode): string {
  const [first] = bothWays(condition)
    .map(({ operator, left, right }) => `${treeText(left)} ${operator} ${treeText(right)}`)
    .toSorted();
  return first ?? (isNode(condition) ? treeText(condition) : '');
}
