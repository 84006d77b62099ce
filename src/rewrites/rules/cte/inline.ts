import { bodyOf, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';

interface Site {
  readonly cte: TreeNode;
  readonly select: TreeNode;
  readonly references: number;
}

export default defineRewrite<Site>({
  id: 'cte/inline',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`WITH x AS MATERIALIZED (...)`, and a CTE that is read more than once, become `WITH x AS NOT MATERIALIZED (...)`.',
    why: 'A CTE that is kept is computed whole, whatever its readers ask for; folded into them, their conditions reach its tables and indexes.',
    limits:
      'The CTE is a SELECT that is not recursive and, read more than once, has no LIMIT, which could take other rows each time. Where it is costly and all of it is needed, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "WITH Queries", section "Common Table Expression Materialization"'],
  },
  triggers: ['subquery/cte-discards'],
  match: (view) => {
    const nodes = [...walk(view.statement.tree)];
    return nodes.flatMap(({ type, body: cte }) => {
      const select = type === 'CommonTableExpr' ? bodyOf(cte['ctequery'], 'SelectStmt') : null;
      const name = textOf(cte, 'ctename');
      if (!select || name === null || cte['ctematerialized'] === 'CTEMaterializeNever') return [];
      const references = nodes.filter(
        (one) => one.type === 'RangeVar' && one.body['relname'] === name && one.body['schemaname'] === undefined,
      ).length;
      const kept = cte['ctematerialized'] === 'CTEMaterializeAlways' || references > 1;
      const own = [...walk(select)].some(({ type: t, body }) => t === 'RangeVar' && body['relname'] === name);
      return kept && references > 0 && !own ? [{ cte, select, references }] : [];
    });
  },
  requires: ({ select, references }) => [
    references > 1 && (select['limitCount'] !== undefined || select['limitOffset'] !== undefined)
      ? missing('the CTE has a LIMIT, and read twice it may take other rows')
      : seen(references > 1 ? 'the CTE gives the same rows each time' : 'the CTE is read once'),
  ],
  rewrite: ({ cte }, view) =>
    replace(view.statement.tree, cte, { CommonTableExpr: { ...cte, ctematerialized: 'CTEMaterializeNever' } }),
  example: {
    schema: 'CREATE TABLE event (id bigint PRIMARY KEY, tenant int NOT NULL, body text);',
    data: `
      INSERT INTO event SELECT n, n % 500, repeat('b', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON event (tenant);
      ANALYZE;`,
    statement:
      'WITH known AS MATERIALIZED (SELECT id, tenant, body FROM event) SELECT id, body FROM known WHERE tenant = 7',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'a condition behind a LIMIT is another one than before it',
    statement:
      'WITH known AS MATERIALIZED (SELECT id, tenant, body FROM event ORDER BY id LIMIT 3) SELECT id, body FROM known WHERE tenant = 7',
    to: 'SELECT id, body FROM event WHERE tenant = 7 ORDER BY id LIMIT 3',
  },
});
