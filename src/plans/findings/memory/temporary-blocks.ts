import { z } from 'zod';
import { formatBytes, formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';

export default definePlanFinding({
  id: 'memory/temporary-blocks',
  severity: 'warning',
  needs: ['run', 'buffers'],
  docs: {
    what: 'A statement that wrote 1,000 temporary blocks or more.',
    why: 'They compete with the data for disk and cache, and count against temp_file_limit.',
    limits:
      'Needs EXPLAIN (ANALYZE, BUFFERS). It names the node that wrote most; sorts, hashes, aggregates and kept rows are findings of their own.',
    sources: ['PostgreSQL manual, "EXPLAIN", BUFFERS', 'PostgreSQL manual, temp_file_limit'],
  },
  options: z.object({ leastBlocks: z.number().nonnegative().default(1000) }),
  find(view, { leastBlocks }) {
    const written = view.root.node.buffers?.tempWritten ?? 0;
    if (written < leastBlocks) return [];
    const most = view.nodes.toSorted(
      (a, b) => (b.selfBuffers?.tempWritten ?? 0) - (a.selfBuffers?.tempWritten ?? 0),
    )[0];
    const node = most ?? view.root;
    return [
      {
        node,
        share: 1,
        title: `The statement wrote ${formatCount(written)} temporary blocks (${formatBytes(written * 8192)}), most of them in ${labelOf(node.node)}.`,
        evidence: [
          counted('temporary blocks written', written, 'blocks', view.root),
          counted('of them by this node', node.selfBuffers?.tempWritten ?? 0, 'blocks', node),
        ],
        remedy: 'Mend the node that writes them; fewer and narrower rows before it help whatever it is.',
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 40000, repeat('x', 250) FROM generate_series(1, 40000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t ORDER BY k', settings: { work_mem: '64kB' } },
    silent: { statement: 'SELECT * FROM t ORDER BY k', settings: { work_mem: '64MB' } },
  },
});
