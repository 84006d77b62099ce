import { bodyOf, field, isNode, list, textOf, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { withoutDuplicates } from '../../duplicates.js';
import { missing, seen } from '../../facts.js';
import { bothWays, isConstant } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';
import { unions } from '../../unions.js';

interface Site {
  readonly union: TreeNode;
  readonly left: Query;
  readonly right: Query;
  /** The output column of which the two have different constants; null where there is none. */
  readonly apart: number | null;
}

export default defineRewrite<Site>({
  id: 'union/union-to-union-all',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`UNION` of two queries that give no row twice, neither each nor together, becomes `UNION ALL`.',
    why: 'UNION sorts or hashes all rows of both; with LIMIT it can not stop early.',
    limits:
      'Each query shows a key of its tables, or is DISTINCT; and one output column is a different literal in the two, or is held at a different literal by WHERE.',
    sources: ['PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    unions(view).flatMap((union) => {
      const [left, right] = [queryOf(view, field(union, 'larg')), queryOf(view, field(union, 'rarg'))];
      if (!left || !right) return [];
      const [a, b] = [heldOf(left), heldOf(right)];
      const at = a.findIndex((value, i) => value !== null && b[i] !== null && b[i] !== undefined && value !== b[i]);
      return [{ union, left, right, apart: at < 0 ? null : at + 1 }];
    }),
  requires: ({ left, right, apart }, facts) => [
    apart === null
      ? missing('no output column tells the rows of the two queries apart')
      : seen(`output column ${apart} is a different literal in the two queries`),
    withoutDuplicates(left, facts),
    withoutDuplicates(right, facts),
  ],
  rewrite: ({ union }, view) => {
    const all = { ...union, all: true };
    return replace(view.statement.tree, union, { SelectStmt: all });
  },
  example: {
    schema: `
      CREATE TABLE post (id bigint PRIMARY KEY, title text NOT NULL);
      CREATE TABLE note (id bigint PRIMARY KEY, title text NOT NULL);`,
    data: `
      INSERT INTO post SELECT n, repeat('p', 40) || n FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, repeat('n', 40) || n FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement: "SELECT 'post' AS kind, id, title FROM post UNION SELECT 'note', id, title FROM note LIMIT 20",
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'a post and a note may be alike',
    statement: 'SELECT id, title FROM post UNION SELECT id, title FROM note LIMIT 20',
  },
});

/** The literal that each output column is, or is held at, as text; null for any other. */
function heldOf(query: Query): readonly (string | null)[] {
  const held = new Map<string, string>();
  for (const condition of conjuncts(query.body['whereClause'])) {
    for (const { operator, left, right } of bothWays(condition)) {
      const text = literal(right);
      if (operator === '=' && bodyOf(left, 'ColumnRef') && text !== null) held.set(treeText(left), text);
    }
  }
  return list(query.body, 'targetList').map((item) => {
    const value = bodyOf(item, 'ResTarget')?.['val'];
    return literal(value) ?? held.get(treeText(value)) ?? null;
  });
}

/** Whole numbers and strings that are no number, so that different texts are different values; never NULL. */
function literal(value: TreeValue): string | null {
  if (!isNode(value) || !isConstant(value)) return null;
  const body = bodyOf(value, 'A_Const');
  const string = body ? field(body, 'sval') : null;
  if (string) return /^[a-z][a-z_-]*$/.test(textOf(string, 'sval') ?? '') ? treeText(string) : null;
  const whole = body ? field(body, 'ival') : null;
  return whole ? treeText(whole) : null;
}
