import { bodyOf, isNode, list, names, typed } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { conditionsOf } from '../../truth.js';
import { originOf, queryOf } from '../../view.js';
import { WHOLE_NUMBERS } from '../../shapes.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly select: TreeNode;
  /** `= ANY`; else `<> ALL`. */
  readonly isAny: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/array-to-in',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x = ANY (ARRAY(SELECT y ...))` becomes `x IN (SELECT y ...)`; `x <> ALL (ARRAY(SELECT y ...))` becomes `x NOT IN (SELECT y ...)`.',
    why: 'An array made by a subquery is searched from its beginning for each row, and the planner guesses ten elements; a subquery of IN can be hashed or joined.',
    limits:
      'x and y are columns of one type, or both whole numbers. Where an index finds x and the subquery has few rows, the original may be the faster form: the trial tells.',
    sources: [
      'PostgreSQL manual, "Row and Array Comparisons"',
      'PostgreSQL source, `ExecEvalScalarArrayOp` of execExprInterp.c',
    ],
  },
  triggers: [],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      const [operator, more] = names(list(body ?? {}, 'name'));
      const isAny = body?.['kind'] === 'AEXPR_OP_ANY' && operator === '=';
      const isAll = body?.['kind'] === 'AEXPR_OP_ALL' && operator === '<>';
      const sublink = bodyOf(body?.['rexpr'], 'SubLink');
      const select = sublink?.['subselect'];
      if (!(isAny || isAll) || more !== undefined || sublink?.['subLinkType'] !== 'ARRAY_SUBLINK') return [];
      const inner = queryOf(view, bodyOf(select, 'SelectStmt') ?? undefined);
      const [target, second] = list(inner?.body ?? {}, 'targetList');
      const column = body['lexpr'];
      if (!inner || inner.parent !== query || second || !isNode(column) || !isNode(select)) return [];
      const [own, other] = [originOf(query, column), originOf(inner, bodyOf(target, 'ResTarget')?.['val'])];
      const [type, otherType] = [own?.column?.baseType ?? '', other?.column?.baseType];
      const alike =
        SINGLE.has(type) && (type === otherType || (WHOLE_NUMBERS.has(type) && WHOLE_NUMBERS.has(otherType ?? '')));
      return alike && typed(select) ? [{ condition: node, column, select, isAny }] : [];
    }),
  requires: () => [
    seen(
      'both sides are columns of one type, and an array and a list with the same elements are compared with the same operator, NULL and emptiness alike',
    ),
  ],
  rewrite: ({ condition, column, select, isAny }, view) => {
    const among: TreeNode = { SubLink: { subLinkType: 'ANY_SUBLINK', testexpr: column, subselect: select } };
    const to = isAny ? among : { BoolExpr: { boolop: 'NOT_EXPR', args: [among] } };
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: `
      CREATE TABLE topic (id int PRIMARY KEY, title text NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, topic_id int NOT NULL, words int NOT NULL);
      CREATE TABLE reading (id int PRIMARY KEY, topic_id int NOT NULL, level int NOT NULL);`,
    data: `
      INSERT INTO topic SELECT n, 'topic ' || n FROM generate_series(1, 20000) AS n;
      INSERT INTO post SELECT n, 1 + n % 20000, n % 300 FROM generate_series(1, 40000) AS n;
      INSERT INTO reading SELECT n, n, n % 4 FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON post (topic_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT t.title, p.words FROM topic AS t JOIN post AS p ON p.topic_id = t.id WHERE t.id = ANY (ARRAY(SELECT r.topic_id FROM reading AS r WHERE r.level > 0))',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a NULL in the list makes `<> ALL` NULL, which NOT EXISTS is not',
    schema: `
      CREATE TABLE topic (id int PRIMARY KEY, title text NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, topic_id int, words int NOT NULL);`,
    statement:
      'SELECT t.title FROM topic AS t WHERE t.id <> ALL (ARRAY(SELECT p.topic_id FROM post AS p WHERE p.words > 40))',
    to: 'SELECT t.title FROM topic AS t WHERE NOT EXISTS (SELECT 1 FROM post AS p WHERE p.words > 40 AND p.topic_id = t.id)',
  },
});

/** Built-in types of single values, of which the array has the same operators. */
const SINGLE = new Set([...WHOLE_NUMBERS, 'numeric', 'text', 'varchar', 'uuid', 'date', 'timestamp', 'timestamptz']);
