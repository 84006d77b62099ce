import { z } from 'zod';
import { formatMs, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';

export default definePlanFinding({
  id: 'overhead/compilation-dominates',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'Just-in-time compilation that took 10 ms or more and 10 % of the execution or more.',
    why: 'It is meant for statements that run for seconds; its start is decided by estimated cost, which has little to do with how much is computed.',
    limits:
      'Needs EXPLAIN ANALYZE with timing and the summary. What compiling won the plan does not say: run it with jit = off and compare.',
    sources: ['PostgreSQL manual, "When to JIT?"'],
  },
  options: z.object({
    leastMs: z.number().nonnegative().default(10),
    share: z.number().min(0).max(1).default(0.1),
  }),
  find(view, { leastMs, share }) {
    const ms = view.tree.jit?.totalMs ?? null;
    const total = view.executionMs ?? 0;
    if (ms === null || total <= 0 || ms < leastMs || ms < share * total) return [];
    return [
      {
        node: null,
        share: Math.min(1, ms / total),
        title: `Just-in-time compilation took ${formatMs(ms)} of ${formatMs(total)} (${formatPercent(ms / total)}).`,
        evidence: [
          counted('time of compilation', ms, 'ms'),
          counted('execution time', total, 'ms'),
          counted('functions compiled', view.tree.jit?.functions ?? 0, 'functions'),
        ],
        remedy:
          'Compare with SET jit = off. Where that is faster: off for the role, or a jit_above_cost above the cost of this plan.',
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL);
      INSERT INTO t SELECT g, g % 10, g % 7 FROM generate_series(1, 5000) g;
      ANALYZE t;`,
    fires: {
      statement: 'SELECT a, sum(b), avg(b) FROM t WHERE b > 1 GROUP BY a',
      settings: {
        jit: 'on',
        jit_above_cost: '0',
        jit_inline_above_cost: '0',
        jit_optimize_above_cost: '0',
        max_parallel_workers_per_gather: '0',
      },
    },
    silent: { statement: 'SELECT a, sum(b), avg(b) FROM t WHERE b > 1 GROUP BY a', settings: { jit: 'off' } },
    options: { leastMs: 0 },
    where: 'SELECT pg_jit_available()',
  },
});
