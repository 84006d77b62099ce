import { bodyOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, disjuncts, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isPlain } from '../../shapes.js';
import { originsIn } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly sublink: TreeNode;
  readonly inner: Query;
  readonly arms: readonly TreeNode[];
  readonly rest: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'subquery/exists-or-to-or-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`EXISTS (SELECT FROM b WHERE b.x = a.x OR b.y = a.y)` becomes `EXISTS (... b.x = a.x) OR EXISTS (... b.y = a.y)`; under NOT alike.',
    why: 'A join by OR compares every row with every other; by one equality each subquery can be hashed, or answered by an index.',
    limits:
      'Two to four alternatives, each of which names the outer query; the subquery neither groups nor limits. The other conditions go into each.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"', 'PostgreSQL source, `subselect.c`'],
  },
  triggers: ['join/join-filter-discards', 'subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((inner) => {
      const sublink = inner.role === 'sublink' ? existsOf(view.statement.tree, inner.body) : null;
      if (!sublink || !isPlain(inner.body) || inner.type !== 'SelectStmt') return [];
      const all = conjuncts(inner.body['whereClause']);
      return all.flatMap((condition) => {
        const arms = disjuncts(condition);
        const linked = arms.every((arm) => originsIn(view, inner, arm)?.some(({ query }) => query !== inner) === true);
        if (arms.length < 2 || arms.length > MOST || !linked) return [];
        return [{ sublink, inner, arms, rest: all.filter((one) => one !== condition) }];
      });
    }),
  requires: () => [
    seen(
      'a row for which either holds exists when a row for which the one holds exists, or one for which the other does',
    ),
  ],
  rewrite: ({ sublink, inner, arms, rest }, view) => {
    const args = arms.map((arm) => ({
      SubLink: { ...sublink, subselect: { SelectStmt: withWhere(inner.body, [...rest, arm]) } },
    }));
    return replace(view.statement.tree, sublink, { BoolExpr: { boolop: 'OR_EXPR', args } });
  },
  example: {
    schema: `
      CREATE TABLE person (id bigint PRIMARY KEY, email text, phone text);
      CREATE TABLE blocked (id bigint PRIMARY KEY, email text, phone text);`,
    data: `
      INSERT INTO person SELECT n, 'e' || n, 'p' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO blocked SELECT n, 'e' || n * 11, 'p' || n * 13 FROM generate_series(1, 1000) AS n;
      ANALYZE;`,
    statement:
      'SELECT p.id FROM person AS p WHERE NOT EXISTS (SELECT 1 FROM blocked AS b WHERE b.email = p.email OR b.phone = p.phone)',
    gain: {
      rows: 50,
      why: 'both tables are small and stay in memory; what falls is how often each row of the one is held against each of the other',
    },
  },
  unsoundTwin: {
    why: 'two rows may each fulfil one of two conditions, and no row both',
    statement:
      'SELECT p.id FROM person AS p WHERE EXISTS (SELECT 1 FROM blocked AS b WHERE b.email = p.email AND b.phone = p.phone)',
    to: 'SELECT p.id FROM person AS p WHERE EXISTS (SELECT 1 FROM blocked AS b WHERE b.email = p.email) AND EXISTS (SELECT 1 FROM blocked AS b WHERE b.phone = p.phone)',
  },
});

/** More alternatives than this are more subqueries than one may want. */
const MOST = 4;

/** The body of the EXISTS whose subquery a body is. */
function existsOf(tree: TreeNode, select: TreeNode): TreeNode | null {
  for (const { type, body } of walk(tree)) {
    if (
      type === 'SubLink' &&
      body['subLinkType'] === 'EXISTS_SUBLINK' &&
      bodyOf(body['subselect'], 'SelectStmt') === select
    )
      return body;
  }
  return null;
}
