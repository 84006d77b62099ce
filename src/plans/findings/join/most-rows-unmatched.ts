import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, expected, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { sqlNameOf } from '../../statistics.js';
import { innerOf, inputsOf, outerOf, shareOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'join/most-rows-unmatched',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A hash join that kept 0.2 % of a table that was read whole for it or less: 100,000 rows or more were read, 30 % of the statement or more, for 0.2 % as many rows on the other side or fewer.',
    why: 'A few rows could be looked up by an index on the joined column; so all of the table is read and nearly all of it thrown away.',
    limits:
      'Needs EXPLAIN ANALYZE. Inner and semi-joins alone, of a table without a filter of its own. Whether there is such an index, a plan does not say: where there is, the planner expected more rows, or held random reads for dearer than they are.',
    sources: ['PostgreSQL manual, "Planner/Optimizer"', 'PostgreSQL manual, random_page_cost'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(100_000),
    part: z.number().min(0).max(1).default(0.002),
    share: z.number().min(0).max(1).default(0.3),
  }),
  find: (view, { leastRows, part, share }, facts) =>
    view.nodes.flatMap((one) => {
      const [outer, inner] = [outerOf(one), innerOf(one)];
      if (one.node.type !== 'Hash Join' || !/^(?:Inner|Semi|Right Semi)$/.test(one.node.joinType ?? '')) return [];
      if (!outer || !inner || (one.loops ?? 0) !== one.processes) return [];
      return [
        [outer, inner],
        [inner, outer],
      ].flatMap(([side, other]) => {
        const scan = side && wholeScan(side);
        if (!scan || !other) return [];
        const read = scan.rows ?? 0;
        // Each process goes through all of a side that is hashed by each.
        const few = (other.rows ?? 0) / (other.node.parallelAware ? 1 : (other.loops ?? 1) || 1);
        const time = shareOf(view, scan) ?? 0;
        if (read < leastRows || time < share || (one.rows ?? 0) > part * read || few > part * read) return [];
        const planned = one.estimatedRows;
        return [
          {
            node: one,
            title: `${labelOf(scan.node)} gave ${formatCount(read)} rows, of which the join kept ${formatCount(one.rows)}.`,
            evidence: [
              counted('rows read', read, 'rows', scan),
              counted('rows of the other side', few, 'rows', other),
              counted('rows joined', one.rows ?? 0, 'rows', one),
              ...(planned === null ? [] : [expected('rows joined', planned, 'rows', one)]),
              quoted('condition', words(one.node, 'Hash Cond'), one),
            ],
            remedy: `An index on ${sqlNameOf(scan.node, facts)} by what it is joined by, through which the ${formatCount(few)} rows of the other side find theirs. Where there is one: mend the estimate of the joined rows (ANALYZE, n_distinct), see random_page_cost; SET LOCAL enable_hashjoin = off in a test session shows what the lookups cost.`,
          },
        ];
      });
    }),
  example: {
    setup: `
      CREATE TABLE big (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO big SELECT g, g / 4, repeat('x', 40) FROM generate_series(1, 200000) g;
      CREATE TABLE few (k int PRIMARY KEY, grp int NOT NULL);
      INSERT INTO few SELECT g * 50, g FROM generate_series(1, 40) g;
      VACUUM ANALYZE;`,
    fires: {
      statement: 'SELECT count(big.pad) FROM big JOIN few USING (k)',
      settings: { max_parallel_workers_per_gather: '0', enable_mergejoin: 'off', enable_nestloop: 'off' },
    },
    silent: {
      before: 'CREATE INDEX ON big (k);',
      statement: 'SELECT count(big.pad) FROM big JOIN few USING (k)',
      settings: { max_parallel_workers_per_gather: '0', enable_mergejoin: 'off', enable_hashjoin: 'off' },
    },
  },
});

/** The scan of a whole table that a side of a join is, below its hash. */
function wholeScan(side: ViewedNode): ViewedNode | null {
  const [input] = inputsOf(side);
  const scan = side.node.type === 'Hash' ? input : side;
  if (scan?.node.type !== 'Seq Scan' || words(scan.node, 'Filter') !== '') return null;
  return (scan.loops ?? 0) === scan.processes ? scan : null;
}
