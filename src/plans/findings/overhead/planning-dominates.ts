import { z } from 'zod';
import { formatMs } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';

export default definePlanFinding({
  id: 'overhead/planning-dominates',
  severity: 'info',
  needs: ['run'],
  docs: {
    what: 'A statement that took as long to plan as to execute or longer, 10 ms or more; a warning from 500 ms on.',
    why: 'Planning is paid at each execution that is not prepared; many partitions, many joined tables and large statistics targets make it long.',
    limits:
      'Needs EXPLAIN ANALYZE with the summary. A first plan in a session also fills the caches of the catalog: run it twice.',
    sources: [
      'PostgreSQL manual, "PREPARE"',
      'PostgreSQL manual, "Controlling the Planner with Explicit JOIN Clauses"',
    ],
  },
  options: z.object({
    leastMs: z.number().nonnegative().default(10),
    warningMs: z.number().nonnegative().default(500),
  }),
  find(view, { leastMs, warningMs }) {
    const { planningMs, executionMs } = view.tree;
    if (planningMs === null || executionMs === null || planningMs < leastMs || planningMs < executionMs) return [];
    return [
      {
        node: null,
        severity: planningMs >= warningMs ? 'warning' : 'info',
        title: `Planning took ${formatMs(planningMs)}, executing ${formatMs(executionMs)}.`,
        evidence: [counted('planning time', planningMs, 'ms'), counted('execution time', executionMs, 'ms')],
        remedy:
          'Run it twice: a first plan in a session reads the catalogs too. Prepare the statement, so that it is planned a few times only; fewer partitions, or a condition that leaves most of them out at once; a lower join_collapse_limit where a dozen tables are joined in a good order.',
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL);
      INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;
      CREATE INDEX ON t (a);
      CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL);
      INSERT INTO big SELECT g, g FROM generate_series(1, 100000) g;
      ANALYZE;`,
    fires: {
      statement:
        'SELECT count(*) FROM t a JOIN t b ON b.a = a.a JOIN t c ON c.a = a.a JOIN t d ON d.a = a.a JOIN t e ON e.a = a.a JOIN t f ON f.a = a.a JOIN t g ON g.a = a.a WHERE a.id = 7',
    },
    silent: { statement: "SELECT sum(v) FROM big WHERE md5(v::text) > '0'" },
    options: { leastMs: 0.01 },
    also: ['parallel/serial-scan'],
  },
});
