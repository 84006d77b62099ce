import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { inputsOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'scan/bitmap-and',
  severity: 'info',
  needs: ['run'],
  docs: {
    what: 'Bitmaps of several indexes that were combined by AND.',
    why: 'Each index is read for all of its rows; one index on the columns together reads only those that are wanted.',
    limits:
      'Needs EXPLAIN ANALYZE. It is above `info` only where even the smallest bitmap held 10 times the rows that were left, at least 1,000: else a further index is hardly worth its writes.',
    sources: ['PostgreSQL manual, "Combining Multiple Indexes"'],
  },
  options: z.object({ factor: z.number().min(1).default(10), leastRows: z.number().nonnegative().default(1000) }),
  find: (view, { factor, leastRows }) =>
    view.nodes.flatMap((one) => {
      if (one.node.type !== 'BitmapAnd' || (one.loops ?? 0) === 0) return [];
      const bitmaps = inputsOf(one).filter(({ node }) => node.type === 'Bitmap Index Scan');
      const heap = one.parent;
      const smallest = Math.min(...bitmaps.map(({ rows }) => rows ?? 0));
      const left = heap?.rows ?? 0;
      if (bitmaps.length < 2) return [];
      const indexes = bitmaps.map(({ node }) => node.index ?? 'an index');
      return [
        {
          node: one,
          ...(smallest >= leastRows && smallest >= factor * left ? { severity: 'warning' as const } : {}),
          title: `${indexes.join(' and ')} were read for ${bitmaps.map(({ rows }) => formatCount(rows)).join(' and ')} rows, of which ${formatCount(left)} were left.`,
          evidence: [
            counted('rows left', left, 'rows', heap),
            ...bitmaps.map((bitmap) =>
              counted(`rows of ${bitmap.node.index ?? 'an index'}`, bitmap.rows ?? 0, 'rows', bitmap),
            ),
          ],
          remedy: `One index on the columns of both, those compared by = first: ${conditionsOf(bitmaps)}.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919::bigint) % 40, (g * 104729::bigint) % 37, repeat('x', 300) FROM generate_series(1, 80000) g;
      CREATE INDEX t_a ON t (a);
      CREATE INDEX t_b ON t (b);
      ANALYZE t;`,
    fires: {
      statement: 'SELECT * FROM t WHERE a = 7 AND b = 8',
      settings: { enable_seqscan: 'off', enable_indexscan: 'off' },
    },
    silent: { before: 'CREATE INDEX ON t (a, b);', statement: 'SELECT * FROM t WHERE a = 7 AND b = 8' },
  },
});

function conditionsOf(bitmaps: readonly ViewedNode[]): string {
  return bitmaps.map(({ node }) => words(node, 'Index Cond') || 'a whole index').join(' and ');
}
