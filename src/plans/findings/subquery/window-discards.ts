import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { outerOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'subquery/window-discards',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A window over 10,000 rows or more of which 90 % or more were thrown away afterwards (row_number() = 1 and the like).',
    why: 'All rows are sorted and numbered to keep a few of each group; LATERAL with a LIMIT, or DISTINCT ON, off an index reads only those.',
    limits:
      'Needs EXPLAIN ANALYZE. With few rows a group there is little to win. The order must be total for the same rows to come out, which only keys say.',
    sources: ['PostgreSQL manual, "Window Functions"', 'PostgreSQL manual, "LATERAL Subqueries"'],
  },
  options: z.object({
    share: z.number().min(0).max(1).default(0.9),
    leastRows: z.number().nonnegative().default(10_000),
  }),
  find: (view, { share, leastRows }) =>
    view.nodes.flatMap((one) => {
      const window = windowOf(one);
      const [read, kept] = [window && outerOf(window)?.rows, one.rows ?? 0];
      if (!window || read === null || read === undefined || read < leastRows || read - kept < share * read) return [];
      const condition = words(window.node, 'Run Condition') || words(one.node, 'Filter');
      return [
        {
          node: one,
          title: `A window went over ${formatCount(read)} rows, of which ${formatCount(kept)} were kept.`,
          evidence: [
            counted('rows of the window', read, 'rows', window),
            counted('rows kept', kept, 'rows', one),
            quoted('condition', condition, one),
          ],
          remedy:
            'Few groups: the list of groups, then LATERAL (... ORDER BY ... LIMIT n) for each, on an index (group, order). One row a group: DISTINCT ON, or the same LATERAL.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, grp int NOT NULL, at int NOT NULL);
      INSERT INTO t SELECT g, g % 20, g FROM generate_series(1, 30000) g;
      CREATE INDEX ON t (grp, at);
      VACUUM ANALYZE t;`,
    fires: {
      statement:
        'SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY grp ORDER BY at DESC) AS n FROM t) s WHERE n = 1',
    },
    silent: {
      statement:
        'SELECT t.* FROM generate_series(0, 19) g, LATERAL (SELECT * FROM t WHERE grp = g ORDER BY at DESC LIMIT 1) t',
    },
  },
});

/** The window whose rows are thrown away: below a subquery scan with a filter, or one that filters by itself (a run condition, 15 and newer). */
function windowOf(one: ViewedNode): ViewedNode | null {
  const isOver = one.parent?.node.type === 'Subquery Scan' && one.parent.node.details['Filter'] !== undefined;
  if (one.node.type === 'WindowAgg')
    return !isOver && (one.node.details['Run Condition'] !== undefined || one.filtered > 0) ? one : null;
  if (one.node.type !== 'Subquery Scan' || one.node.details['Filter'] === undefined) return null;
  const [input] = one.children;
  return input?.node.type === 'WindowAgg' ? input : null;
}
