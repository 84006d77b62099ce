import { columnPath } from '../../../sql/scope.js';
import { bodyOf, field, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { withoutDuplicates } from '../../duplicates.js';
import { missing, seen } from '../../facts.js';
import { hasOneCollation } from '../../pages.js';
import { isPlain, wholeConstant } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';
import { unions } from '../../unions.js';

interface Site {
  readonly union: TreeNode;
  readonly arms: readonly [Query, Query];
  readonly rows: number;
  /** For each arm, its sort keys; null where one can not be told. */
  readonly orders: readonly (readonly TreeNode[] | null)[];
  /** Whether what is sorted by is of one collation in both. */
  readonly alike: boolean;
}

export default defineRewrite<Site>({
  id: 'union/limit-into-union',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a UNION b ORDER BY x LIMIT n`, and with UNION ALL, gets `ORDER BY x LIMIT n` in a and in b as well.',
    why: 'PostgreSQL computes both queries whole, sorts or hashes them to find what came twice, and then takes n rows.',
    limits:
      'Without ALL neither query gives a row twice; the order is by output columns; LIMIT and OFFSET are literals. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: [
      'PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"',
      'PostgreSQL source, `generate_union_paths`',
    ],
  },
  triggers: ['rows/many-rows-deduplicated', 'rows/top-n-over-many'],
  match: (view) =>
    unions(view, true).flatMap((union) => {
      const [left, right] = [queryOf(view, field(union, 'larg')), queryOf(view, field(union, 'rarg'))];
      const offset = union['limitOffset'] === undefined ? 0 : wholeConstant(union['limitOffset']);
      const count = wholeConstant(union['limitCount']);
      if (!left || !right || count === null || offset === null || union['limitOption'] !== 'LIMIT_OPTION_COUNT')
        return [];
      if (![left, right].every(({ body }) => isPlain(body) && body['sortClause'] === undefined)) return [];
      const keys = list(union, 'sortClause');
      if (keys.length === 0) return [];
      const orders = [left, right].map((arm) => orderIn(arm, left, keys));
      const sorted = (orders[0] ?? []).map((item) => (wholeConstant(bodyOf(item, 'SortBy')?.['node']) ?? 1) - 1);
      const alike = sorted.every((at) => {
        const valueOf = ({ body }: Query): TreeValue => bodyOf(list(body, 'targetList')[at], 'ResTarget')?.['val'];
        return hasOneCollation(
          view,
          [left, right].map((query) => ({ query, value: valueOf(query) })),
        );
      });
      return [{ union, arms: [left, right], rows: count + offset, orders, alike }];
    }),
  requires: ({ union, arms: [left, right], orders, alike }, facts) => [
    orders.includes(null)
      ? missing('the order is not by output columns of both queries')
      : seen('the order is by output columns'),
    alike
      ? seen('what is sorted by is of one collation in both queries')
      : missing('texts by which the rows are sorted may be of different collations in the two queries'),
    ...(union['all'] === true
      ? [seen('UNION ALL keeps every row, so that each of the first ones is among the first of its query')]
      : [withoutDuplicates(left, facts), withoutDuplicates(right, facts)]),
  ],
  rewrite: ({ union, arms: [left, right], rows, orders }, view) => {
    const limited = ({ body }: Query, order: readonly TreeNode[] | null | undefined): TreeNode => ({
      ...body,
      sortClause: order ?? [],
      limitCount: { A_Const: { ival: { ival: rows } } },
      limitOption: 'LIMIT_OPTION_COUNT',
    });
    const body = { ...union, larg: limited(left, orders[0]), rarg: limited(right, orders[1]) };
    return replace(view.statement.tree, union, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE post (id bigint PRIMARY KEY, at timestamptz NOT NULL);
      CREATE TABLE note (id bigint PRIMARY KEY, at timestamptz NOT NULL);`,
    data: `
      INSERT INTO post SELECT n, timestamptz '2024-01-01' + n * interval '1 minute' FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, timestamptz '2024-01-01' + n * interval '1 minute' FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON post (at, id); CREATE INDEX ON note (at, id);
      VACUUM ANALYZE;`,
    statement: 'SELECT id, at FROM post UNION SELECT id, at FROM note ORDER BY at DESC, id DESC LIMIT 20',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a query that gives rows twice fills its share with them',
    schema: `
      CREATE TABLE post (id bigint NOT NULL, at timestamptz NOT NULL);
      CREATE TABLE note (id bigint NOT NULL, at timestamptz NOT NULL);`,
    statement: 'SELECT id, at FROM post UNION SELECT id, at FROM note ORDER BY at DESC, id DESC LIMIT 2',
  },
});

/** The keys of the union's ORDER BY as an arm writes them, by position; null where they are no output columns. */
function orderIn(arm: Query, first: Query, keys: readonly TreeValue[]): readonly TreeNode[] | null {
  const names = list(first.body, 'targetList').map((item) => {
    const target = bodyOf(item, 'ResTarget') ?? {};
    const fields = list(bodyOf(target['val'], 'ColumnRef') ?? {}, 'fields');
    return (target['name'] as string | undefined) ?? (bodyOf(fields.at(-1), 'String')?.['sval'] as string | undefined);
  });
  const isStar = (item: TreeValue): boolean =>
    columnPath(bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'ColumnRef') ?? {}).star;
  if (list(arm.body, 'targetList').length !== names.length) return null;
  if ([...list(first.body, 'targetList'), ...list(arm.body, 'targetList')].some(isStar)) return null;
  const found = keys.flatMap((item) => {
    const key = bodyOf(item, 'SortBy') ?? {};
    const fields = list(bodyOf(key['node'], 'ColumnRef') ?? {}, 'fields');
    const named = fields.length === 1 ? names.indexOf(bodyOf(fields[0], 'String')?.['sval'] as string | undefined) : -1;
    const at = wholeConstant(key['node']) ?? (named >= 0 ? named + 1 : 0);
    return at > 0 && at <= names.length ? [{ SortBy: { ...key, node: { A_Const: { ival: { ival: at } } } } }] : [];
  });
  return found.length === keys.length ? found : null;
}
