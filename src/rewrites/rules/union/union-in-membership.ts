import { bodyOf, field, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';

interface Site {
  /** The combination of queries that is asked about, by identity. */
  readonly union: TreeNode;
}

export default defineRewrite<Site>({
  id: 'union/union-in-membership',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x IN (SELECT a ... UNION SELECT b ...)`, and the same under EXISTS and NOT IN, becomes `UNION ALL`.',
    why: 'Whether a value is among rows does not depend on how often it is there, but UNION reads and deduplicates all of them first; UNION ALL can be looked up in an index row by row.',
    limits: 'No LIMIT, OFFSET or row lock on the combined rows; the database has no collation of its own.',
    sources: [
      'PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"',
      'PostgreSQL source, `pull_up_simple_union_all` in prepjointree.c',
    ],
  },
  triggers: [],
  match: ({ statement }) =>
    [...walk(statement.tree)].flatMap(({ type, body }) => {
      const asks = type === 'SubLink' && ASKS.has(textOf(body, 'subLinkType') ?? '');
      const select = asks ? bodyOf(body['subselect'], 'SelectStmt') : null;
      return select && deduplicates(select) ? [{ union: select }] : [];
    }),
  requires: (_, facts) => [
    seen('how often a row is among those that are asked about makes no difference'),
    facts.textsAsWritten(),
  ],
  rewrite: ({ union }, view) => replace(view.statement.tree, union, { SelectStmt: keepingAll(union) }),
  example: {
    schema: `
      CREATE TABLE person (id int PRIMARY KEY, team int NOT NULL, name text NOT NULL);
      CREATE TABLE post (id int PRIMARY KEY, author_id int REFERENCES person);
      CREATE TABLE note (id int PRIMARY KEY, writer_id int REFERENCES person);`,
    data: `
      INSERT INTO person SELECT n, n % 500, 'person ' || n FROM generate_series(1, 5000) AS n;
      INSERT INTO post SELECT n, 1 + n % 5000 FROM generate_series(1, 40000) AS n;
      INSERT INTO note SELECT n, 1 + n % 4000 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON person (team); CREATE INDEX ON post (author_id); CREATE INDEX ON note (writer_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT p.id, p.name FROM person AS p WHERE p.team = 7 AND p.id IN (SELECT author_id FROM post UNION SELECT writer_id FROM note)',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'LIMIT counts the rows, and with duplicates it ends before others',
    statement:
      'SELECT p.id FROM person AS p WHERE p.id IN (SELECT author_id FROM post UNION SELECT writer_id FROM note ORDER BY 1 LIMIT 2)',
    to: 'SELECT p.id FROM person AS p WHERE p.id IN (SELECT author_id FROM post UNION ALL SELECT writer_id FROM note ORDER BY 1 LIMIT 2)',
  },
});

const ASKS = new Set(['ANY_SUBLINK', 'ALL_SUBLINK', 'EXISTS_SUBLINK']);
const COUNTING = ['limitCount', 'limitOffset', 'lockingClause'];

/** Whether rows are combined by UNION, at the top or in an arm that is itself a combination. */
function deduplicates(body: TreeNode): boolean {
  if (body['op'] !== 'SETOP_UNION' || COUNTING.some((name) => body[name] !== undefined)) return false;
  return body['all'] !== true || ARMS.some((arm) => deduplicates(field(body, arm) ?? {}));
}

const ARMS = ['larg', 'rarg'] as const;

function keepingAll(body: TreeNode): TreeNode {
  if (body['op'] !== 'SETOP_UNION' || COUNTING.some((name) => body[name] !== undefined)) return body;
  const { sortClause: _, ...rest } = body;
  return {
    ...rest,
    all: true,
    larg: keepingAll(field(body, 'larg') ?? {}),
    rarg: keepingAll(field(body, 'rarg') ?? {}),
  };
}
