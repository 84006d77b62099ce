import { sameRelation } from '../../../model/catalog.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, derived, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { onlyTable, ownConditions } from '../../loose-scan.js';
import { orderBy, shownColumns, sortedBy } from '../../pages.js';
import type { SortKey } from '../../top-rows.js';
import { isPlain } from '../../shapes.js';
import { originsIn } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly order: readonly SortKey[];
  readonly key: readonly string[];
  readonly targets: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'order/offset-by-key',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT * FROM t ORDER BY at LIMIT 20 OFFSET 100000` finds the keys of its page first, and joins the rows to those twenty alone.',
    why: 'PostgreSQL reads every row that OFFSET leaves out; the keys can come of an index on (at, key) without touching the table.',
    limits:
      'One table with a key, conditions and order on columns of it alone. It wins where an index holds all of those. Reading on from the last row (keyset) is better still, but another program. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"', 'PostgreSQL manual, "Index-Only Scans and Covering Indexes"'],
  },
  triggers: ['rows/limit-discards', 'rows/top-n-over-many'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const { limitCount, limitOffset, ...rest } = body;
      const order = source ? sortedBy(query, source) : null;
      const conditions = source ? ownConditions(view, query, source) : null;
      const targets = source ? shownColumns(view, query, source) : null;
      const { table } = source ?? {};
      if (!source || !table || !conditions || !targets || !order || !isPlain(rest)) return [];
      if (limitCount === undefined || limitOffset === undefined || body['limitOption'] !== 'LIMIT_OPTION_COUNT')
        return [];
      const sorted = order.map(({ origin }) => origin.name);
      const primary = view.catalog.indexes.find((one) => one.primary && sameRelation(one.table, table));
      const key = primary?.keys.flatMap(({ column }) => column ?? []) ?? source.columns?.slice(0, 1) ?? [];
      const used = [...targets, ...conditions].flatMap((one) => originsIn(view, query, one) ?? []);
      const beside = used.some(({ name }) => !key.includes(name) && !sorted.includes(name));
      return beside ? [{ query, source, order, key, targets }] : [];
    }),
  requires: ({ source: { table, alias }, key }, facts) => [
    table ? facts.unique(table, key) : missing(`${alias} is not a table with a key`),
  ],
  rewrite: ({ query, source, order, key, targets }, view) => {
    const page = freshAlias(view, 'page');
    const { limitCount: _, limitOffset: __, ...body } = query.body;
    const sortClause = orderBy(order);
    const keys = {
      ...query.body,
      sortClause,
      targetList: key.map((name) => output(columnOf(source.alias, name), name)),
    };
    const links = key.map((name) => expression('$1 = $2', [columnOf(source.alias, name), columnOf(page, name)]));
    const outer = { ...withWhere(body, links), targetList: targets, sortClause, limitOption: 'LIMIT_OPTION_DEFAULT' };
    return replace(view.statement.tree, query.body, {
      SelectStmt: { ...outer, fromClause: [derived(keys, page), source.item] },
    });
  },
  example: {
    schema: `
      CREATE TABLE post (id bigint PRIMARY KEY, at timestamptz NOT NULL, body text);
      CREATE INDEX ON post (at, id);`,
    data: `
      INSERT INTO post SELECT n, timestamptz '2024-01-01' + n * 7919 % 20000 * interval '1 minute', repeat('b', 300) FROM generate_series(1, 20000) AS n;
      VACUUM ANALYZE post;`,
    statement: 'SELECT * FROM post ORDER BY at, id LIMIT 20 OFFSET 8000',
    gain: { buffers: 6 },
  },
  unsoundTwin: {
    why: 'several rows have what is not a key, and each of the page comes with all of them',
    schema: 'CREATE TABLE post (id bigint, at timestamptz NOT NULL, body text);',
  },
});
