import { z } from 'zod';
import { formatBytes, formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';

export default definePlanFinding({
  id: 'scan/reads-beyond-cache',
  severity: 'info',
  needs: ['run', 'buffers'],
  docs: {
    what: 'A statement that read more blocks from outside shared buffers than it found in them, 1,000 or more.',
    why: 'What is read again and again belongs into the cache; what is read once should be little.',
    limits:
      "Needs EXPLAIN (ANALYZE, BUFFERS). A read may have been served by the operating system's cache, and a first run is always cold: run it twice. Whether the reads were slow only track_io_timing says.",
    sources: ['PostgreSQL manual, "EXPLAIN", BUFFERS', 'PostgreSQL manual, shared_buffers'],
  },
  options: z.object({ leastBlocks: z.number().nonnegative().default(1000) }),
  find(view, { leastBlocks }) {
    const { buffers, ioTimings } = view.root.node;
    if (!buffers || buffers.sharedRead < leastBlocks || buffers.sharedRead <= buffers.sharedHit) return [];
    const most =
      view.nodes.toSorted((a, b) => (b.selfBuffers?.sharedRead ?? 0) - (a.selfBuffers?.sharedRead ?? 0))[0] ??
      view.root;
    return [
      {
        node: most,
        title: `${formatCount(buffers.sharedRead)} blocks (${formatBytes(buffers.sharedRead * 8192)}) came from outside shared buffers, most of them for ${labelOf(most.node)}.`,
        evidence: [
          counted('blocks read', buffers.sharedRead, 'blocks', view.root),
          counted('blocks found in shared buffers', buffers.sharedHit, 'blocks', view.root),
          ...(ioTimings ? [counted('time of reads', ioTimings.sharedReadMs, 'ms', view.root)] : []),
        ],
        remedy:
          'Run it again: if the second run reads as much, an index that reads fewer blocks (INCLUDE the columns asked for), or more shared_buffers if the whole working set is larger than they are.',
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO t SELECT g, repeat('x', 1500) FROM generate_series(1, 20000) g;
      VACUUM ANALYZE t;`,
    // A scan of a table larger than a quarter of shared buffers goes through a small ring, and leaves them as they were.
    fires: { statement: 'SELECT count(pad) FROM t' },
    silent: { statement: 'SELECT pad FROM t WHERE id = 77' },
  },
});
