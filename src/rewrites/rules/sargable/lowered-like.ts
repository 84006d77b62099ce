import { bodyOf, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { sameRelation } from '../../../model/catalog.js';
import type { Catalog } from '../../../model/catalog.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'sargable/lowered-like',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`lower(c) LIKE '%abc%'` becomes `c ILIKE '%abc%'`, where c has an index of trigrams.",
    why: 'A trigram index on `c` serves ILIKE of it, and no condition on `lower(c)`.',
    limits:
      'The pattern is a literal of ASCII characters without capitals and backslashes, and without ESCAPE; the column is text or varchar, with an index by gin_trgm_ops or gist_trgm_ops. upper() is left alone: it makes two letters of some.',
    sources: [
      'PostgreSQL source, `Generic_Text_IC_like` of like.c: ILIKE compares lower() of both sides',
      'PostgreSQL manual, "pg_trgm"',
    ],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      const isLike = body?.['kind'] === 'AEXPR_LIKE' && names(list(body, 'name')).at(-1) === '~~';
      const call = isLike ? bodyOf(body['lexpr'], 'FuncCall') : null;
      const [column, more] = call && functionName(call) === 'lower' ? list(call, 'args') : [];
      const origin = originOf(query, column);
      const pattern = bodyOf(body?.['rexpr'], 'A_Const') ? stringConstant(body?.['rexpr']) : null;
      if (!origin || more || pattern === null || !/^[ -@[\]-~]*$/.test(pattern)) return [];
      return ['text', 'varchar'].includes(origin.column?.baseType ?? '') && hasTrigrams(view.catalog, origin)
        ? [{ condition: node, column: column as TreeNode, origin }]
        : [];
    }),
  requires: ({ origin }) => [
    seen('the pattern has no capitals, and ILIKE compares what lower() makes of both sides'),
    seen(`${origin.name} is ${origin.column?.type}`),
  ],
  rewrite: ({ condition, column }, view) => {
    const body = bodyOf(condition, 'A_Expr') ?? {};
    const to = { ...body, kind: 'AEXPR_ILIKE', name: [{ String: { sval: '~~*' } }], lexpr: column };
    return replace(view.statement.tree, condition, { A_Expr: to });
  },
  example: {
    schema: `
      CREATE EXTENSION pg_trgm;
      CREATE TABLE product (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE INDEX ON product USING gin (name gin_trgm_ops);`,
    data: `
      INSERT INTO product SELECT n, 'Product ' || md5(n::text) || repeat(' x', 40) FROM generate_series(1, 10000) AS n;
      VACUUM ANALYZE product;`,
    statement: "SELECT id FROM product WHERE lower(name) LIKE '%abc12%'",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'a capital in the pattern is in no text that was made small',
    statement: "SELECT id FROM product WHERE lower(name) LIKE '%Ab%'",
    to: "SELECT id FROM product WHERE name ILIKE '%Ab%'",
  },
});

function hasTrigrams({ indexes }: Catalog, { source, name }: ColumnOrigin): boolean {
  const { table } = source;
  return (
    table !== null &&
    indexes.some(
      (one) =>
        one.valid &&
        sameRelation(one.table, table) &&
        one.keys.some((key) => key.column === name && /\.gi(n|st)_trgm_ops$/.test(key.opclass ?? '')),
    )
  );
}
