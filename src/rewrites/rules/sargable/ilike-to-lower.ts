import { sameRelation } from '../../../model/catalog.js';
import type { Catalog, Index } from '../../../model/catalog.js';
import { bodyOf, isNode, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly value: TreeNode;
  readonly origin: ColumnOrigin;
  readonly index: Index;
}

export default defineRewrite<Site>({
  id: 'sargable/ilike-to-lower',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`c ILIKE 'ann@example.org'`, a pattern without `%`, `_` and backslash, becomes `lower(c) = lower('ann@example.org')`, where lower(c) has an index.",
    why: 'No btree index serves ILIKE, and every row is compared; an index on lower(c) finds the one.',
    limits:
      'The pattern is a literal, without ESCAPE; the column is text or varchar; the index on lower(c) is a btree or hash index.',
    sources: ['PostgreSQL source, `Generic_Text_IC_like` of like.c: ILIKE compares lower() of both sides'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      const isLike = body?.['kind'] === 'AEXPR_ILIKE' && names(list(body, 'name')).at(-1) === '~~*';
      const [column, value] = [body?.['lexpr'], body?.['rexpr']];
      const pattern = isLike && bodyOf(value, 'A_Const') ? stringConstant(value) : null;
      const origin = pattern !== null && /^[^%_\\]*$/.test(pattern) ? originOf(query, column) : null;
      if (!origin || !isNode(column) || !isNode(value)) return [];
      const index = TEXTS.has(origin.column?.baseType ?? '') ? loweredBy(view.catalog, origin) : undefined;
      return index ? [{ condition: node, column, value, origin, index }] : [];
    }),
  requires: ({ origin, index }, facts) => [
    seen(
      'the pattern has nothing that stands for other characters, and ILIKE compares what lower() makes of both sides',
    ),
    facts.textsAsWritten(),
    index.valid ? seen(`${index.name} finds lower(${origin.name})`) : missing(`${index.name} is not valid`),
  ],
  rewrite: ({ condition, column, value }, view) =>
    replace(view.statement.tree, condition, expression('lower($1) = lower($2)', [column, value])),
  example: {
    schema: `
      CREATE TABLE member (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE INDEX ON member (lower(email));`,
    data: `
      INSERT INTO member SELECT n, 'Member' || n || '@example.org' FROM generate_series(1, 20000) AS n;
      VACUUM ANALYZE member;`,
    statement: "SELECT id FROM member WHERE email ILIKE 'member77@Example.org'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'an underscore stands for any character',
    statement: "SELECT id FROM member WHERE email ILIKE 'a_b'",
    to: "SELECT id FROM member WHERE lower(email) = lower('a_b')",
  },
});

const TEXTS = new Set(['text', 'varchar']);

/** An index that begins with lower() of the column, over all rows. */
function loweredBy({ indexes }: Catalog, { source: { table }, name }: ColumnOrigin): Index | undefined {
  const quoted = /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  const forms = new Set([`lower(${quoted})`, `lower(${quoted}::text)`]);
  return indexes.find(
    (one) =>
      table !== null &&
      one.predicate === null &&
      ['btree', 'hash'].includes(one.method) &&
      sameRelation(one.table, table) &&
      forms.has(one.keys[0]?.expression ?? ''),
  );
}
