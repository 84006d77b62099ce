import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, expected } from '../../evidence.js';
import { statisticsRemedy } from '../../statistics.js';
import { inputsOf, innerOf, outerOf } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'estimates/larger-side-hashed',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An inner hash join that built its hash table of 5 times the rows that it probed with or more, at least 10,000.',
    why: 'The smaller side is to be hashed: the table takes memory, and spills when it does not fit.',
    limits:
      'Needs EXPLAIN ANALYZE. Silent on outer, semi and anti joins, where the side may be forced, and where the larger side was expected to be larger: then the planner had a reason, such as duplicates on the smaller side.',
    sources: ['PostgreSQL source, optimizer/path/costsize.c, final_cost_hashjoin'],
  },
  options: z.object({ factor: z.number().min(1).default(5), leastRows: z.number().nonnegative().default(10_000) }),
  find: (view, { factor, leastRows }, facts) =>
    view.nodes.flatMap((one) => {
      const [probe, hash] = [outerOf(one), innerOf(one)];
      if (one.node.type !== 'Hash Join' || one.node.joinType !== 'Inner' || !probe || !hash) return [];
      const [built, probed] = [hash.rows ?? 0, Math.max(1, probe.rows ?? 0)];
      if (built < leastRows || built / probed < factor) return [];
      if ((hash.node.estimate?.rows ?? 0) > (probe.node.estimate?.rows ?? 0)) return [];
      const source = sourceOf(hash);
      return [
        {
          node: one,
          title: `The hash table was built of ${formatCount(built)} rows and probed with ${formatCount(probed)}.`,
          evidence: [
            counted('rows hashed', built, 'rows', hash),
            counted('rows probed with', probed, 'rows', probe),
            expected('rows hashed', hash.node.estimate?.rows ?? 0, 'rows', hash),
            expected('rows probed with', probe.node.estimate?.rows ?? 0, 'rows', probe),
          ],
          remedy: `The sides were mistaken for each other's size. ${statisticsRemedy(source.node, facts)}`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE big (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, c int NOT NULL, k int NOT NULL);
      INSERT INTO big SELECT g, g % 20, g % 20, g % 20, g FROM generate_series(1, 240000) g;
      CREATE INDEX ON big (a, b, c);
      CREATE TABLE small (id int PRIMARY KEY, k int NOT NULL);
      INSERT INTO small SELECT g, g FROM generate_series(1, 1500) g;
      ANALYZE;`,
    fires: {
      statement: 'SELECT * FROM big JOIN small USING (k) WHERE a = 1 AND b = 1 AND c = 1',
      settings: { enable_nestloop: 'off', enable_mergejoin: 'off', max_parallel_workers_per_gather: '0' },
    },
    silent: {
      statement: 'SELECT * FROM big JOIN small USING (k) WHERE a = 1',
      settings: { enable_nestloop: 'off', enable_mergejoin: 'off', max_parallel_workers_per_gather: '0' },
    },
  },
});

function sourceOf(one: ViewedNode): ViewedNode {
  const [input] = inputsOf(one);
  return one.node.relation === null && input ? sourceOf(input) : one;
}
