import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { disjuncts, conjuncts, expression, query as selectOf, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, listed, stringConstant, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly columns: readonly TreeNode[];
  readonly origins: readonly ColumnOrigin[];
  readonly rows: readonly (readonly TreeNode[])[];
}

export default defineRewrite<Site>({
  id: 'sargable/row-list-to-values',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(a, b) IN ((1, 2), (3, 4), ...)` and `(a = 1 AND b = 2) OR (a = 3 AND b = 4) OR ...`, of twenty rows and more, become `(a, b) IN (VALUES (1, 2), (3, 4), ...)`.',
    why: 'A list of rows is an OR of that many conditions, each of which is asked for every row, or looked up by itself in an index; VALUES is joined.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false. The columns are whole numbers, texts, dates, uuids; the values are literals of their kind.',
    sources: ['PostgreSQL manual, "Row and Array Comparisons"', 'PostgreSQL manual, "VALUES Lists"'],
  },
  triggers: [],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const found = rowsOf(query, node) ?? alternativesOf(query, node);
      if (!found || found.rows.length < LEAST_ROWS) return [];
      const origins = found.columns.flatMap((one) => originOf(query, one) ?? []);
      const able =
        origins.length === found.columns.length &&
        found.rows.every((row) => row.length === origins.length && row.every((value, i) => isOf(origins[i], value)));
      return able ? [{ condition: node, origins, ...found }] : [];
    }),
  requires: ({ origins }) => [
    seen('the condition stands where NULL is as good as false'),
    seen(`${origins.map(({ name }) => name).join(' and ')} are compared by their own equality`),
  ],
  rewrite: ({ condition, columns, origins, rows }, view) => {
    const parts: TreeNode[] = [];
    const given = (value: TreeNode, i: number): string => {
      parts.push(value);
      const type = origins[i]?.column?.baseType;
      return wholeConstant(value) === null ? `$${parts.length}::${type}` : `$${parts.length}`;
    };
    const values = rows.map((row) => `(${row.map(given).join(', ')})`).join(', ');
    const list_ = selectOf(`VALUES ${values}`, parts);
    const among =
      bodyOf(expression(`(${columns.map((_, i) => `$${i + 1}`).join(', ')}) IN (SELECT 1, 2)`, columns), 'SubLink') ??
      {};
    return replace(view.statement.tree, condition, { SubLink: { ...among, subselect: { SelectStmt: list_ } } });
  },
  example: {
    schema: 'CREATE TABLE item (id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id int NOT NULL, note text);',
    data: `
      INSERT INTO item SELECT n, n % 10000, n % 77, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: `SELECT id FROM item WHERE (order_id, product_id) IN (${Array.from({ length: 20 }, (_, i) => `(${i * 7}, ${i})`).join(', ')})`,
    gain: {
      rows: 0.9,
      why: 'either form reads the table once; what falls is how many conditions are asked of each row',
    },
  },
  unsoundTwin: {
    why: 'a row that is in the list twice is joined twice',
    statement: 'SELECT id FROM item WHERE (order_id, product_id) IN ((1, 2), (1, 2))',
    to: 'SELECT id FROM item JOIN (VALUES (1, 2), (1, 2)) AS v(a, b) ON v.a = order_id AND v.b = product_id',
  },
});

/** Fewer are planned as well as they are. */
const LEAST_ROWS = 20;

const WRITTEN = new Set(['text', 'varchar', 'date', 'uuid']);

function isOf(origin: ColumnOrigin | undefined, value: TreeNode): boolean {
  const type = origin?.column?.baseType ?? '';
  return WHOLE_NUMBERS.has(type)
    ? wholeConstant(value) !== null
    : WRITTEN.has(type) && bodyOf(value, 'A_Const') !== null && stringConstant(value) !== null;
}

type Found = Pick<Site, 'columns' | 'rows'>;

/** `(a, b) IN ((1, 2), ...)`. */
function rowsOf(query: Query, node: TreeNode): Found | null {
  const among = listed(node, 'AEXPR_IN');
  const row = bodyOf(among?.left, 'RowExpr');
  if (!among || !row) return null;
  const columns = list(row, 'args').filter(isNode);
  const rows = among.items.map((item) => list(bodyOf(item, 'RowExpr') ?? {}, 'args').filter(isNode));
  return columns.every((one) => originOf(query, one)) ? { columns, rows } : null;
}

/** `(a = 1 AND b = 2) OR ...`, each by the same columns in the same order. */
function alternativesOf(query: Query, node: TreeNode): Found | null {
  const all = disjuncts(node);
  if (all.length < LEAST_ROWS) return null;
  const equalities = all.map((one) =>
    conjuncts(one).map((condition) =>
      bothWays(condition).find(({ operator, left }) => operator === '=' && originOf(query, left) !== null),
    ),
  );
  const [first] = equalities;
  const nameOf = (value: TreeValue): string => {
    const origin = originOf(query, value);
    return origin ? `${origin.source.alias}.${origin.name}` : '';
  };
  const columns = (first ?? []).flatMap((one) => (one ? [one.left] : []));
  const names = columns.map(nameOf);
  const same = equalities.every(
    (row) => row.length === names.length && row.every((one, i) => nameOf(one?.left) === names[i]),
  );
  return columns.length > 1 && same && new Set(names).size === names.length
    ? { columns, rows: equalities.map((row) => row.flatMap((one) => (one ? [one.right] : []))) }
    : null;
}
