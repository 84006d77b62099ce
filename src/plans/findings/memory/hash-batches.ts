import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { figure, selfShareOf } from '../../view.js';
import { moreWorkMemory } from '../../work-memory.js';

export default definePlanFinding({
  id: 'memory/hash-batches',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A hash join whose hash table did not fit into memory and was split into batches.',
    why: 'All batches but the first are written to temporary files, both sides of them, and read again.',
    limits:
      'Needs EXPLAIN ANALYZE. How much memory one batch would take is estimated: peak memory times batches. It weighs what the join took by itself. It is above `info` only where blocks were not counted or temporary ones were written.',
    sources: ['PostgreSQL manual, hash_mem_multiplier', 'PostgreSQL source, executor/nodeHash.c'],
  },
  options: z.object({ leastBatches: z.number().int().min(2).default(2) }),
  find: (view, { leastBatches }, facts) =>
    view.nodes.flatMap((one) => {
      const batches = figure(one.node, 'Hash Batches');
      if (one.node.type !== 'Hash' || batches < leastBatches) return [];
      const planned = figure(one.node, 'Original Hash Batches');
      const peakKb = figure(one.node, 'Peak Memory Usage');
      const grew = planned > 0 && batches > planned;
      return [
        {
          node: one,
          share: selfShareOf(view, one.parent ? [one, one.parent] : [one]),
          title: `The hash table of ${formatCount(one.rows)} rows took ${formatCount(batches)} batches${grew ? ` where ${formatCount(planned)} were planned` : ''}.`,
          evidence: [
            counted('batches', batches, 'batches', one),
            ...(grew ? [counted('batches planned', planned, 'batches', one)] : []),
            counted('peak memory of one batch', peakKb, 'kB', one),
          ],
          remedy: `${grew ? 'More rows came than were expected: mend the estimate of this side first (ANALYZE, extended statistics). ' : ''}${moreWorkMemory(view, facts, (peakKb * batches) / 2)}; or hash_mem_multiplier, which is for hashes alone.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE a (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO a SELECT g, g, repeat('x', 100) FROM generate_series(1, 30000) g;
      CREATE TABLE b (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO b SELECT g, g, repeat('x', 100) FROM generate_series(1, 40000) g;
      ANALYZE;`,
    fires: {
      statement: 'SELECT * FROM a JOIN b USING (k)',
      settings: { work_mem: '64kB', enable_mergejoin: 'off', enable_nestloop: 'off' },
    },
    silent: {
      statement: 'SELECT * FROM a JOIN b USING (k)',
      settings: { work_mem: '64MB', enable_mergejoin: 'off', enable_nestloop: 'off' },
    },
  },
});
