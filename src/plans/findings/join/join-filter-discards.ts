import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { figure, roundingOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'join/join-filter-discards',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A join whose filter, of its own or of what it gives, threw away 100,000 pairs or more, or 9 times as many as it kept and at least 1,000.',
    why: 'The pairs were made first and tested then: a condition that the join itself can use never makes them.',
    limits:
      'Needs EXPLAIN ANALYZE. A join by an inequality alone has no equality to join by; whether ranges are disjoint the plan does not say.',
    sources: ['PostgreSQL manual, "Using EXPLAIN"'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(100_000),
    timesKept: z.number().nonnegative().default(9),
    floor: z.number().nonnegative().default(1000),
  }),
  find: (view, { leastRows, timesKept, floor }) =>
    view.nodes.flatMap((one) => {
      const after = one.node.joinType === null ? 0 : one.filtered;
      const removed = figure(one.node, 'Rows Removed by Join Filter') * Math.max(1, one.loops ?? 1) + after;
      const surely = removed - roundingOf(one);
      if (surely < floor || (surely < leastRows && surely < timesKept * (one.rows ?? 0))) return [];
      const filter = words(one.node, after > removed / 2 ? 'Filter' : 'Join Filter');
      return [
        {
          node: one,
          title: `${labelOf(one.node)} made ${roundingOf(one) > 0 ? 'about ' : ''}${formatCount(removed + (one.rows ?? 0))} pairs to keep ${formatCount(one.rows)}.`,
          evidence: [
            counted('pairs thrown away by the join filter', removed, 'rows', one),
            counted('pairs kept', one.rows ?? 0, 'rows', one),
            quoted(after > removed / 2 ? 'filter' : 'join filter', filter, one),
          ],
          remedy: after > removed / 2 ? remedyAfter(filter) : remedyFor(one, filter),
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE e (id int PRIMARY KEY, at int NOT NULL);
      INSERT INTO e SELECT g, g * 3 FROM generate_series(1, 1000) g;
      CREATE TABLE span (id int PRIMARY KEY, lo int NOT NULL, hi int NOT NULL);
      INSERT INTO span SELECT g, g * 10, g * 10 + 9 FROM generate_series(1, 400) g;
      ANALYZE;`,
    fires: { statement: 'SELECT * FROM e JOIN span s ON e.at BETWEEN s.lo AND s.hi' },
    silent: { statement: 'SELECT * FROM e JOIN span s ON e.at = s.lo' },
    also: ['join/inner-sequential-scan'],
  },
});

/** Of a filter on what an outer join gives. */
function remedyAfter(filter: string): string {
  if (/ OR /.test(filter))
    return 'The filter is on both sides of the join and so comes after it: two queries put together by UNION, each by one of the conditions of the OR, so that each begins where its condition is.';
  if (/ IS NULL/.test(filter))
    return 'NOT EXISTS in place of the outer join, where rows without a partner are looked for.';
  return 'The filter comes after the join: where it needs one side alone, write it so that it can be tested there (without coalesce and the like over the other), or join the rows that it keeps.';
}

function remedyFor({ node }: ViewedNode, filter: string): string {
  if (/ OR /.test(filter)) return 'Two joins put together by UNION ALL, each by one of the conditions of the OR.';
  if (node.type === 'Nested Loop' && EQUALITY.test(filter))
    return (
      'The condition is by = already, and could be hashed or looked up by: the planner took the nested loop for few rows. ' +
      'Mend the estimate of its sides, or make an index on the joined column of the inner one; SET LOCAL enable_nestloop = off in a test session shows what a hash join does.'
    );
  const other = filter.replaceAll('<>', '');
  if (/[<>]/.test(other))
    return 'For a join into ranges: LATERAL (... WHERE start <= x ORDER BY start DESC LIMIT 1) on an index, where ranges do not overlap; else a range type with a GiST index.';
  if (other !== filter)
    return 'Pairs that only a <> rules out have to be made: fewer rows on both sides before the join.';
  return 'A condition by = on bare columns, so that the join can hash or look up by it.';
}

/** Two bare columns of two tables, casts of text among them left aside: `(a.x = b.y)`, `((a.x)::text = (b.y)::text)`. */
const EQUALITY =
  /\((\(?(?:\w+|"[^"]+")\.(?:\w+|"[^"]+")\)?(?:::text)?) = (\(?(?:\w+|"[^"]+")\.(?:\w+|"[^"]+")\)?(?:::text)?)\)/;
