import { z } from 'zod';
import { formatBytes, formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { moreWorkMemory } from '../../work-memory.js';

export default definePlanFinding({
  id: 'memory/kept-rows-on-disk',
  severity: 'warning',
  needs: ['run', 'buffers'],
  docs: {
    what: 'A CTE, a Materialize or a window that kept its rows in temporary files.',
    why: 'Rows that are kept for reading them again are written out when they outgrow work_mem.',
    limits:
      'Needs EXPLAIN (ANALYZE, BUFFERS). Before PostgreSQL 18 the plan does not say that these nodes went to disk: it is taken from the temporary blocks they wrote. Of a CTE that several scans read, the blocks are those of the scan that filled it.',
    sources: ['PostgreSQL manual, "WITH Queries (Common Table Expressions)"', 'PostgreSQL manual, work_mem'],
  },
  options: z.object({ leastBlocks: z.number().nonnegative().default(1) }),
  find: (view, { leastBlocks }, facts) =>
    view.nodes.flatMap((one) => {
      const written = one.selfBuffers?.tempWritten ?? 0;
      if (!/^(?:CTE Scan|Materialize|WindowAgg)$/.test(one.node.type) || written < leastBlocks) return [];
      const isCte = one.node.type === 'CTE Scan';
      return [
        {
          node: one,
          title: `${labelOf(one.node)} kept its rows in ${formatCount(written)} blocks of temporary files (${formatBytes(written * 8192)}).`,
          evidence: [counted('temporary blocks written', written, 'blocks', one)],
          remedy: `${isCte ? 'AS NOT MATERIALIZED, where the CTE is read once or a condition on it could be used inside; select only the columns that are read. Or: ' : ''}${moreWorkMemory(view, facts, written * 8)}.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO t SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g;
      ANALYZE t;`,
    fires: {
      statement: 'WITH c AS MATERIALIZED (SELECT * FROM t) SELECT count(*) FROM c x JOIN c y USING (id)',
      settings: { work_mem: '64kB' },
    },
    silent: {
      statement: 'WITH c AS MATERIALIZED (SELECT * FROM t) SELECT count(*) FROM c x JOIN c y USING (id)',
      settings: { work_mem: '64MB' },
    },
    // Before 17 nothing is known of the columns of a CTE.
    also: ['estimates/misestimated-rows'],
  },
});
