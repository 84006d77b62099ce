import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';

export default definePlanFinding({
  id: 'scan/select-dirties-blocks',
  severity: 'info',
  needs: ['run', 'buffers'],
  docs: {
    what: 'A statement that only reads and yet changed 100 blocks or more.',
    why: 'The first reader after a load notes in each row that its writer has committed (hint bits), and clears dead rows: reads then cost writes, and with checksums WAL.',
    limits:
      'Needs EXPLAIN (ANALYZE, BUFFERS). A function that writes looks the same. It goes away by itself with the next read or VACUUM.',
    sources: ['PostgreSQL manual, "Routine Vacuuming"', 'PostgreSQL manual, wal_log_hints'],
  },
  options: z.object({ leastBlocks: z.number().nonnegative().default(100) }),
  find(view, { leastBlocks }) {
    const dirtied = view.root.node.buffers?.sharedDirtied ?? 0;
    if (
      dirtied < leastBlocks ||
      view.nodes.some(
        ({ node }) =>
          node.type === 'ModifyTable' || node.type === 'LockRows' || (node.operation !== null && node.type !== 'SetOp'),
      )
    )
      return [];
    const most =
      view.nodes.toSorted((a, b) => (b.selfBuffers?.sharedDirtied ?? 0) - (a.selfBuffers?.sharedDirtied ?? 0))[0] ??
      view.root;
    return [
      {
        node: most,
        title: `Reading changed ${formatCount(dirtied)} blocks, most of them in ${labelOf(most.node)}.`,
        evidence: [counted('blocks dirtied', dirtied, 'blocks', view.root)],
        remedy: 'VACUUM after a bulk load, so that no reader has to do its work.',
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, pad text NOT NULL);
      CREATE TABLE u (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO u SELECT g, repeat('x', 500) FROM generate_series(1, 5000) g;
      VACUUM u;`,
    fires: {
      before: "INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 5000) g; CHECKPOINT;",
      statement: 'SELECT count(pad) FROM t',
    },
    silent: { statement: 'SELECT count(pad) FROM u' },
  },
});
