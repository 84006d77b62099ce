import { textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { firstRows, fromParts } from '../../apart.js';
import type { FirstRows } from '../../apart.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { leadsIndex, onlyTable } from '../../loose-scan.js';
import { sortedBy } from '../../pages.js';
import type { SortKey } from '../../top-rows.js';
import { heldNotNull } from '../../truth.js';

interface Site extends FirstRows {
  readonly order: readonly SortKey[];
}

export default defineRewrite<Site>({
  id: 'order/nulls-apart',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`ORDER BY c DESC NULLS LAST LIMIT n`, where c may be NULL, takes the first n rows that have a c, and n that have none, and then the first n of both.',
    why: 'A plain btree index has NULLs at the other end, so that the planner sorts the whole table. Both parts come out of the index.',
    limits:
      'One table, with a btree index that begins with c; LIMIT and OFFSET are literals. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['rows/top-n-over-many'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const source = query.body['limitCount'] === undefined ? null : onlyTable(query);
      const order = source ? sortedBy(query, source) : null;
      const [first] = order ?? [];
      if (!source || !order || !first || !isAgainstIndex(first.item)) return [];
      if (heldNotNull(first.origin) || factsOf(view.catalog).notNull(first.origin).holds) return [];
      const found = leadsIndex(view.catalog, first.origin) ? firstRows(view, query, source) : null;
      return found ? [{ ...found, order }] : [];
    }),
  requires: ({ order: [first] }) => [
    seen(`${first?.origin.name ?? ''} is NULL in a row or it is not, and the rows in which it is come last`),
  ],
  rewrite: ({ order, ...rows }, view) => {
    const items = order.map(({ item }) => item);
    const [first, ...tail] = items;
    if (!first) return null;
    const keys = items.map((item) => item['node'] as TreeNode);
    const column = first['node'] as TreeNode;
    const plain = { ...first, sortby_nulls: 'SORTBY_NULLS_DEFAULT' };
    const set = { condition: expression('$1 IS NOT NULL', [column]), sort: [plain, ...tail], keys };
    const unset = { condition: expression('$1 IS NULL', [column]), sort: tail, keys };
    return replace(view.statement.tree, rows.query.body, fromParts(view, rows, items, [set, unset]));
  },
  example: {
    schema:
      'CREATE TABLE post (id bigint PRIMARY KEY, shown_at timestamptz, title text); CREATE INDEX ON post (shown_at);',
    data: `
      INSERT INTO post SELECT n, CASE WHEN n % 10 > 0 THEN timestamptz '2024-01-01' + n * interval '1 minute' END, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE post;`,
    statement: 'SELECT id, title FROM post ORDER BY shown_at DESC NULLS LAST LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'where fewer than n rows have a value, those without one follow',
    statement: 'SELECT id, title FROM post ORDER BY shown_at DESC NULLS LAST LIMIT 10',
    to: 'SELECT id, title FROM post WHERE shown_at IS NOT NULL ORDER BY shown_at DESC LIMIT 10',
  },
});

/** Whether a sort key has NULLs where a plain index does not. */
function isAgainstIndex(item: TreeNode): boolean {
  const order = `${textOf(item, 'sortby_dir')} ${textOf(item, 'sortby_nulls')}`;
  return order === 'SORTBY_DESC SORTBY_NULLS_LAST';
}
