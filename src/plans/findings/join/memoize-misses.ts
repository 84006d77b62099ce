import { z } from 'zod';
import { formatCount, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { figure } from '../../view.js';

export default definePlanFinding({
  id: 'join/memoize-misses',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A Memoize node of 1,000 look-ups or more that answered fewer than 10 % from memory, or that had to throw entries out.',
    why: 'It keeps results of the inner side in the hope of asking for them again; without repetitions it is work for nothing, and an entry thrown out may be asked for again.',
    limits:
      'Needs EXPLAIN ANALYZE. Figures of parallel workers are added where the plan shows them. Entries thrown out alone are an `info`.',
    sources: ['PostgreSQL manual, enable_memoize', 'PostgreSQL manual, hash_mem_multiplier'],
  },
  options: z.object({
    leastHitShare: z.number().min(0).max(1).default(0.1),
    leastLookups: z.number().nonnegative().default(1000),
  }),
  find: (view, { leastHitShare, leastLookups }) =>
    view.nodes.flatMap((one) => {
      if (one.node.type !== 'Memoize') return [];
      const sum = (key: string): number =>
        figure(one.node, key) +
        one.node.workers.reduce(
          (total, { details }) => total + (typeof details[key] === 'number' ? details[key] : 0),
          0,
        );
      const [hits, misses, evictions] = [sum('Cache Hits'), sum('Cache Misses'), sum('Cache Evictions')];
      const lookups = hits + misses;
      if (lookups < leastLookups || (hits >= leastHitShare * lookups && evictions === 0)) return [];
      const few = hits < leastHitShare * lookups;
      return [
        {
          node: one,
          severity: few ? 'warning' : 'info',
          title: few
            ? `Memoize answered ${formatPercent(hits / lookups)} of ${formatCount(lookups)} look-ups from memory.`
            : `Memoize threw out ${formatCount(evictions)} entries for want of memory.`,
          evidence: [
            counted('hits', hits, 'look-ups', one),
            counted('misses', misses, 'look-ups', one),
            counted('evictions', evictions, 'entries', one),
          ],
          remedy:
            evictions > 0
              ? 'More memory for hashes: hash_mem_multiplier or work_mem, for this statement.'
              : 'The number of distinct values on the outer side was underestimated: ANALYZE, or ALTER COLUMN ... SET (n_distinct = ...). For a test: SET LOCAL enable_memoize = off.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE o (id int PRIMARY KEY, ref int NOT NULL);
      INSERT INTO o SELECT g, g FROM generate_series(1, 20000) g;
      ALTER TABLE o ALTER ref SET (n_distinct = 50);
      CREATE TABLE i (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO i SELECT g, repeat('x', 50) FROM generate_series(1, 20000) g;
      CREATE TABLE few (id int PRIMARY KEY, ref int NOT NULL);
      INSERT INTO few SELECT g, 1 + g % 50 FROM generate_series(1, 20000) g;
      ANALYZE;`,
    fires: {
      statement: 'SELECT * FROM o JOIN i ON i.id = o.ref',
      settings: { enable_hashjoin: 'off', enable_mergejoin: 'off' },
    },
    silent: {
      statement: 'SELECT * FROM few JOIN i ON i.id = few.ref',
      settings: { enable_hashjoin: 'off', enable_mergejoin: 'off' },
    },
  },
});
