import { z } from 'zod';
import { formatMs } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';

export default definePlanFinding({
  id: 'overhead/lock-wait',
  severity: 'warning',
  needs: ['run', 'timing'],
  docs: {
    what: 'A LockRows node (FOR UPDATE, FOR SHARE) that took 100 ms or more by itself.',
    why: 'Locking a row is quick; what takes long is waiting for another transaction that holds it.',
    limits:
      'Needs EXPLAIN ANALYZE with timing. A wait for a lock on a whole table comes before the plan runs and is in no plan: then the clock shows far more than the execution time. Waits inside UPDATE and DELETE are within their own node and look like work.',
    sources: ['PostgreSQL manual, "Explicit Locking"', 'PostgreSQL manual, log_lock_waits'],
  },
  options: z.object({ leastMs: z.number().nonnegative().default(100) }),
  find: (view, { leastMs }) =>
    view.nodes.flatMap((one) => {
      const ms = one.selfMs ?? 0;
      if (one.node.type !== 'LockRows' || ms < leastMs) return [];
      return [
        {
          node: one,
          title: `Locking rows took ${formatMs(ms)}: another transaction held some of them.`,
          evidence: [
            counted('time of locking alone', ms, 'ms', one),
            counted('rows locked', one.rows ?? 0, 'rows', one),
          ],
          remedy:
            'Shorter transactions around these rows; SKIP LOCKED for queues, NOWAIT where the caller can try again; rows locked in one order everywhere. log_lock_waits names who waits.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL);
      INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t WHERE id = 7 FOR UPDATE' },
    silent: { statement: 'SELECT * FROM t WHERE id = 8 FOR UPDATE SKIP LOCKED' },
    beside: 'UPDATE t SET v = v + 1 WHERE id = 7',
  },
});
