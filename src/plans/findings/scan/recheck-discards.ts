import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { figure, words } from '../../view.js';

export default definePlanFinding({
  id: 'scan/recheck-discards',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A scan that threw away as many rows on looking again as it kept or more, at least 1,000, though its bitmap was exact.',
    why: 'The index gives candidates only (trigrams, signatures, ranges of pages): one that tells more apart would read fewer rows.',
    limits:
      'Needs EXPLAIN ANALYZE. With lossy pages beside exact ones the recheck is for want of work_mem, which is another finding; where all pages are lossy it is taken for a BRIN index.',
    sources: ['PostgreSQL manual, "pg_trgm"', 'PostgreSQL manual, "BRIN Indexes"', 'PostgreSQL manual, "GiST Indexes"'],
  },
  options: z.object({ leastRows: z.number().nonnegative().default(1000) }),
  find: (view, { leastRows }) =>
    view.nodes.flatMap((one) => {
      const removed = figure(one.node, 'Rows Removed by Index Recheck') * Math.max(1, one.loops ?? 1);
      const [lossy, exact] = [figure(one.node, 'Lossy Heap Blocks'), figure(one.node, 'Exact Heap Blocks')];
      if (removed < leastRows || removed < (one.rows ?? 0) || (lossy > 0 && exact > 0)) return [];
      return [
        {
          node: one,
          title: `${labelOf(one.node)} looked again at ${formatCount(removed)} rows that the index had given in vain, and kept ${formatCount(one.rows)}.`,
          evidence: [
            counted('rows removed by recheck', removed, 'rows', one),
            counted('rows kept', one.rows ?? 0, 'rows', one),
            quoted('condition', words(one.node, 'Recheck Cond') || words(one.node, 'Index Cond'), one),
          ],
          remedy:
            lossy > 0
              ? 'A BRIN index pays where rows lie in the order of the column: fewer pages_per_range, rows in order (CLUSTER), or a btree.'
              : 'A more telling index: longer search words for trigrams, a larger siglen for GiST, GIN in place of GiST, or a btree on the expression that is asked for.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 1000, repeat('x', 100) FROM generate_series(1, 50000) g;
      CREATE INDEX t_brin ON t USING brin (k);
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t WHERE k = 7', settings: { enable_seqscan: 'off' } },
    silent: { before: 'CREATE INDEX ON t (k);', statement: 'SELECT * FROM t WHERE k = 7' },
  },
});
