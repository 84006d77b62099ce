import { z } from 'zod';
import { formatBytes, formatMs, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';

export default definePlanFinding({
  id: 'overhead/serialization-dominates',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A result whose conversion for sending took 30 % of the execution or more, 10 ms or more.',
    why: 'Wide rows are fetched from their TOAST tables and turned into text: columns that nobody reads cost as much as those that are read.',
    limits: 'Only EXPLAIN (ANALYZE, SERIALIZE) of PostgreSQL 17 and newer measures it. The network is not in it.',
    sources: ['PostgreSQL manual, "EXPLAIN", SERIALIZE', 'PostgreSQL manual, "TOAST"'],
  },
  options: z.object({
    share: z.number().min(0).max(1).default(0.3),
    leastMs: z.number().nonnegative().default(10),
  }),
  find(view, { share, leastMs }) {
    const { serialization } = view.tree;
    const ms = serialization?.timeMs ?? 0;
    const total = view.executionMs ?? 0;
    if (!serialization || total <= 0 || ms < leastMs || ms < share * total) return [];
    return [
      {
        node: null,
        share: Math.min(1, ms / total),
        title: `Turning the result into ${serialization.format} took ${formatMs(ms)} of ${formatMs(total)} (${formatPercent(ms / total)}).`,
        evidence: [
          counted('time of serialization', ms, 'ms'),
          counted('execution time', total, 'ms'),
          counted('output', serialization.outputKb, 'kB'),
        ],
        remedy: `Select only the columns that are read, instead of all (${formatBytes(serialization.outputKb * 1024)} went out); the binary format spares the conversion of numbers and times.`,
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, doc text NOT NULL);
      ALTER TABLE t ALTER doc SET STORAGE EXTENDED;
      INSERT INTO t SELECT g, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 300) i) FROM generate_series(1, 400) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t' },
    silent: { statement: 'SELECT count(length(doc)) FROM t' },
    explain: 'SERIALIZE TEXT',
    options: { leastMs: 0 },
    minMajor: 17,
  },
});
