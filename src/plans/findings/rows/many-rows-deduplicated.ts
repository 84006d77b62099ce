import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { inputsOf, isGather, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'rows/many-rows-deduplicated',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An index read for 100,000 rows or more that are put together to 1,000 values or fewer, without counting or adding anything.',
    why: 'A recursive query can jump from one value to the next in the index: as many look-ups as there are values.',
    limits:
      'Needs EXPLAIN ANALYZE. Whether a GROUP BY counts something, only EXPLAIN (VERBOSE) says: without it such a node is an `info`. DISTINCT is told by its node, or by a grouping without aggregates.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL manual, "WITH Queries", recursive'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(100_000),
    mostGroups: z.number().nonnegative().default(1000),
  }),
  find: (view, { leastRows, mostGroups }) =>
    view.nodes.flatMap((one) => {
      const { node } = one;
      const key = words(node, 'Group Key') || words(node, 'Hash Key');
      const groups = node.type === 'Unique' || node.type === 'Group' || (node.type === 'Aggregate' && key !== '');
      if (!groups || node.partialMode === 'Finalize' || (one.rows ?? 0) > mostGroups) return [];
      const scan = indexBelow(one);
      if (!scan || (scan.rows ?? 0) < leastRows) return [];
      const output = node.details['Output'];
      if (typeof output === 'string' && /\w\(/.test(output)) return [];
      const isSure = node.type !== 'Aggregate' || typeof output === 'string';
      return [
        {
          node: one,
          severity: isSure ? 'warning' : 'info',
          title: `${formatCount(scan.rows)} entries of ${scan.node.index ?? 'an index'} were read for ${formatCount(one.rows)} values.`,
          evidence: [
            counted('index entries read', scan.rows ?? 0, 'rows', scan),
            counted('values', one.rows ?? 0, 'rows', one),
            quoted('by', key || labelOf(node), one),
          ],
          remedy: `${isSure ? '' : 'Unless something is counted here: '}a recursive CTE that asks the index for the least value greater than the last one (loose index scan); or the table of those values, where there is one, with EXISTS.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, kind int NOT NULL);
      INSERT INTO t SELECT g, g % 10 FROM generate_series(1, 110000) g;
      CREATE INDEX t_kind ON t (kind);
      VACUUM ANALYZE t;`,
    fires: {
      statement: 'SELECT DISTINCT kind FROM t',
      settings: {
        enable_seqscan: 'off',
        enable_bitmapscan: 'off',
        enable_hashagg: 'off',
        max_parallel_workers_per_gather: '0',
      },
    },
    silent: {
      statement: `
        WITH RECURSIVE k AS (
          (SELECT kind FROM t ORDER BY kind LIMIT 1)
          UNION ALL SELECT (SELECT kind FROM t WHERE t.kind > k.kind ORDER BY kind LIMIT 1) FROM k WHERE k.kind IS NOT NULL
        ) SELECT kind FROM k WHERE kind IS NOT NULL`,
    },
  },
});

/** The index scan that a grouping reads by itself, a Gather or a partial grouping between. */
function indexBelow(one: ViewedNode): ViewedNode | null {
  const [input, other] = inputsOf(one);
  if (!input || other) return null;
  if (/^Index (?:Only )?Scan$/.test(input.node.type)) return input;
  return isGather(input.node) || input.node.partialMode === 'Partial' || input.node.type === 'Unique'
    ? indexBelow(input)
    : null;
}
