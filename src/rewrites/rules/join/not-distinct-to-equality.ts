import { bodyOf, isNode, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { conditionsOf, heldNotNull } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, StatementView } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly sides: readonly [ColumnOrigin, ColumnOrigin];
  readonly columns: readonly [TreeNode, TreeNode];
}

export default defineRewrite<Site>({
  id: 'join/not-distinct-to-equality',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a.x IS NOT DISTINCT FROM b.y`, and NOT of IS DISTINCT FROM, become `a.x = b.y` where one of the two columns is never NULL.',
    why: 'Neither a hash join, a merge join nor an index serves IS NOT DISTINCT FROM: PostgreSQL compares each row with each.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false; two columns, one of which is declared NOT NULL, or is left without NULL by WHERE. Where both may be NULL there is no such form.',
    sources: [
      'PostgreSQL manual, "Comparison Functions and Operators"',
      'PostgreSQL manual, "Operator Optimization Information"',
    ],
  },
  triggers: ['join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      if (body?.['kind'] !== 'AEXPR_NOT_DISTINCT') return [];
      const [left, right] = [body['lexpr'], body['rexpr']];
      const [one, other] = [originOf(query, left), originOf(query, right)];
      if (!one || !other || !isNode(left) || !isNode(right)) return [];
      return [{ condition: node, sides: [one, other], columns: [left, right] } satisfies Site];
    }),
  requires: ({ condition, sides }, facts, view) => {
    const known = sides.map((side) => heldNotNull(side) ?? facts.notNull(asJoined(view, condition, side)));
    return [
      seen('the condition stands where NULL is as good as false'),
      known.find(({ holds }) => holds) ?? missing(known.map(({ says }) => says).join('; ')),
    ];
  },
  rewrite: ({ condition, columns }, view) => replace(view.statement.tree, condition, expression('$1 = $2', columns)),
  example: {
    schema: `
      CREATE TABLE region (code int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE sale (id bigint PRIMARY KEY, region int, amount int);`,
    data: `
      INSERT INTO region SELECT n, 'region ' || n FROM generate_series(1, 2000) AS n;
      INSERT INTO sale SELECT n, nullif(n % 2001, 0), n % 77 FROM generate_series(1, 4000) AS n;
      ANALYZE;`,
    statement: 'SELECT s.id, r.name FROM sale AS s JOIN region AS r ON r.code IS NOT DISTINCT FROM s.region',
    gain: { rows: 100, why: 'both tables are read once either way; what falls is how many pairs of rows are compared' },
  },
  unsoundTwin: {
    why: 'where both are NULL the rows belong together, and by equality they do not',
    schema: `
      CREATE TABLE region (code int UNIQUE, name text NOT NULL);
      CREATE TABLE sale (id bigint PRIMARY KEY, region int, amount int);`,
  },
});

/** A side of an outer join as its own ON sees it: before the join fills it with NULL. */
function asJoined(view: StatementView, condition: TreeNode, origin: ColumnOrigin): ColumnOrigin {
  const { source } = origin;
  const isOn = [...walk(view.statement.tree)].some(
    ({ type, body }) =>
      type === 'JoinExpr' &&
      (body['larg'] === source.item || body['rarg'] === source.item) &&
      [...walk(body['quals'])].some((inside) => inside.body === bodyOf(condition, 'A_Expr')),
  );
  return isOn ? { ...origin, source: { ...source, nullable: false } } : origin;
}
