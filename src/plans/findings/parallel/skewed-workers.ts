import { z } from 'zod';
import { formatCount, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { outerOf } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'parallel/skewed-workers',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A parallel node of 100,000 rows or more of which one process had more than 90 %.',
    why: 'The others wait for the one: the statement takes as long as without them.',
    limits:
      'Needs EXPLAIN (ANALYZE, VERBOSE), or a form that lists the workers. The rows of the leader are what the workers do not have. It is above `info` only where the busiest process read no such share of the input: else the other workers came when the work was done.',
    sources: ['PostgreSQL manual, "Parallel Plans"'],
  },
  options: z.object({
    share: z.number().min(0).max(1).default(0.9),
    leastRows: z.number().nonnegative().default(100_000),
  }),
  find(view, { share, leastRows }) {
    const found = view.nodes.flatMap((one) => {
      const rows = one.rows ?? 0;
      if (one.processes < 2 || rows < leastRows || one.node.type === 'Aggregate') return [];
      const perProcess = rowsByProcess(one);
      const most = Math.max(0, ...perProcess);
      if (most <= share * rows) return [];
      const before = inputShare(one, perProcess.indexOf(most));
      return [{ one, rows, most, before, processes: perProcess.length }];
    });
    // Where the rows come up uneven, all above them are.
    return found
      .filter(({ one }) => !found.some((other) => other.one !== one && isAbove(one, other.one)))
      .map(({ one, rows, most, before, processes }) => ({
        node: one,
        severity: before !== null && before < share ? ('warning' as const) : ('info' as const),
        title: `One of ${processes} processes had ${formatPercent(most / rows)} of the ${formatCount(rows)} rows of ${labelOf(one.node)}.`,
        evidence: [
          counted('rows', rows, 'rows', one),
          counted('rows of the busiest process', most, 'rows', one),
          counted('processes', processes, 'processes', one),
          ...(before === null ? [] : [counted('its share of what the node read', before, 'fraction', one)]),
        ] as const,
        remedy:
          before !== null && before < share
            ? 'Drive the join from the side with many rows, so that they are what is dealt out to the workers; or split the heavy value off into a statement of its own.'
            : 'The other workers most likely came when the work was done: on so small an input a serial plan is as quick (min_parallel_table_scan_size). Run it again.',
      }));
  },
  example: {
    setup: `
      CREATE TABLE d (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO d SELECT g, repeat('x', 400) FROM generate_series(1, 3000) g;
      CREATE TABLE m (d_id int NOT NULL, v int NOT NULL);
      INSERT INTO m SELECT 1, g FROM generate_series(1, 120000) g;
      INSERT INTO m SELECT g, g FROM generate_series(2, 3000) g;
      CREATE INDEX ON m (d_id);
      CREATE TABLE e (d_id int NOT NULL, v int NOT NULL);
      INSERT INTO e SELECT 1 + g % 3000, g FROM generate_series(1, 120000) g;
      CREATE INDEX ON e (d_id);
      VACUUM ANALYZE;`,
    fires: {
      statement: 'SELECT count(*) FROM d JOIN m ON m.d_id = d.id',
      settings: {
        parallel_setup_cost: '0',
        parallel_tuple_cost: '0',
        min_parallel_table_scan_size: '0',
        min_parallel_index_scan_size: '1GB',
        enable_hashjoin: 'off',
        enable_mergejoin: 'off',
        enable_memoize: 'off',
      },
    },
    silent: {
      statement: 'SELECT count(*) FROM d JOIN e ON e.d_id = d.id',
      settings: { max_parallel_workers_per_gather: '0', enable_hashjoin: 'off', enable_mergejoin: 'off' },
    },
    explain: 'VERBOSE',
  },
});

/** Rows of each worker, those of the leader last; empty where the plan does not list the workers. */
function rowsByProcess({ node, rows }: ViewedNode): readonly number[] {
  const workers = node.workers.flatMap(({ actual }) => (actual ? [actual.rows * actual.loops] : []));
  if (workers.length === 0) return [];
  return [...workers, (rows ?? 0) - workers.reduce((sum, each) => sum + each, 0)];
}

/** What part of a node's outer input went to one of its processes; null for a scan, which has none. */
function inputShare(one: ViewedNode, process: number): number | null {
  const input = outerOf(one);
  const rows = input ? rowsByProcess(input) : [];
  return !input || !rows.length || !input.rows ? null : (rows[process] ?? 0) / input.rows;
}

function isAbove(one: ViewedNode, other: ViewedNode): boolean {
  for (let at = other.parent; at !== null; at = at.parent) if (at === one) return true;
  return false;
}
