import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { outerOf } from '../../view.js';

export default definePlanFinding({
  id: 'rows/limit-discards',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A LIMIT with OFFSET that read 10,000 rows or more, 100 times as many as it gave.',
    why: 'OFFSET reads what it leaves out: each page costs more than the one before.',
    limits:
      'Needs EXPLAIN ANALYZE. The rows below the LIMIT tell of an OFFSET; its value is not in the plan. Keyset pagination changes what the application asks for.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(10_000),
    timesGiven: z.number().nonnegative().default(100),
  }),
  find: (view, { leastRows, timesGiven }) =>
    view.nodes.flatMap((one) => {
      const read = outerOf(one)?.rows ?? 0;
      const given = Math.max(1, one.rows ?? 0);
      if (one.node.type !== 'Limit' || read < leastRows || read < timesGiven * given) return [];
      return [
        {
          node: one,
          title: `The LIMIT read ${formatCount(read)} rows and gave ${formatCount(one.rows)}.`,
          evidence: [
            counted('rows read below the LIMIT', read, 'rows', outerOf(one) ?? one),
            counted('rows given', one.rows ?? 0, 'rows', one),
          ],
          remedy:
            'Keyset pagination: WHERE (sort columns, key) > (those of the last row seen) ORDER BY them LIMIT n, on an index. With the same OFFSET: page over the key alone in a derived table, then join the rows.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO t SELECT g, repeat('x', 50) FROM generate_series(1, 40000) g;
      VACUUM ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t ORDER BY id OFFSET 30000 LIMIT 20' },
    silent: { statement: 'SELECT * FROM t WHERE id > 30000 ORDER BY id LIMIT 20' },
  },
});
