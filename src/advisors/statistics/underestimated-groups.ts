import { formatCount } from '../../base/units.js';
import { placeOf } from '../../model/catalog.js';
import type { Column } from '../../model/catalog.js';
import { loadParser } from '../../sql/parse.js';
import { columnStatisticsAction } from '../actions.js';
import { defineAdvisor } from '../define.js';
import type { AdvisorFinding } from '../define.js';
import { estimated } from '../evidence.js';
import { MISJUDGING, areAnalysed, estimateEvidence, misjudgedIn } from '../misjudged.js';
import type { Misjudged } from '../misjudged.js';

/** From this part of the rows on, ANALYZE takes the number of distinct values for one that grows with the table (analyze.c, compute_scalar_stats). */
const GROWS_FROM = 0.1;

export default defineAdvisor({
  id: 'statistics/underestimated-groups',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Plans in which grouping by one column gave 10 times as many groups as the planner expected, or more.',
    why: 'The number of distinct values is guessed from a sample of the table, and guessed far too low where many rows share few values and the rest are almost all different: hash tables outgrow their memory, and joins above expect too little.',
    limits:
      'Needs plans that were run. `n_distinct` is set to the groups that came: with a filter below the grouping there may be more. Under a tenth of the rows it is a count, which stays as it is when the table grows; else a fraction of the rows. ' +
      'Silent on partitioned tables, and where the column has an `n_distinct` of its own. Kept only where the trial sees the plan change and the time fall by more than the ANALYZE took.',
    sources: [
      'PostgreSQL manual, "ALTER TABLE", n_distinct',
      'PostgreSQL source, commands/analyze.c: the estimator of Haas and Stokes',
    ],
    bad: `
      CREATE TABLE visit (visitor integer NOT NULL);
      ALTER TABLE visit ALTER visitor SET STATISTICS 10;
      INSERT INTO visit SELECT CASE WHEN n % 10 < 9 THEN n % 10 ELSE 1000 + n END FROM generate_series(1, 60000) AS n;
      ANALYZE;`,
    good: 'ALTER TABLE visit ALTER visitor SET (n_distinct = -0.1); ANALYZE visit;',
    workload: ['SELECT visitor, count(*) FROM visit GROUP BY visitor'],
  },
  options: MISJUDGING,
  async examine(snapshot, limits) {
    await loadParser();
    const found = new Map<string, AdvisorFinding>();
    // The most groups first: what fewer say of the same column adds nothing.
    const misjudged = misjudgedIn(snapshot, limits).toSorted((a, b) => b.wrong.actual - a.wrong.actual);
    for (const one of misjudged) {
      const column = columnOf(one);
      const place = placeOf(one.table, [column?.name ?? '']);
      if (!column || found.has(place) || !areAnalysed(snapshot, one.table, [column.name])) continue;
      const groups = Math.round(one.wrong.actual);
      const rows = one.table.rowsEstimated ?? 0;
      if (rows <= 0 || groups > rows) continue;
      found.set(place, {
        title: `Grouping ${placeOf(one.table)} by ${column.name} gives ${formatCount(groups)} groups, where the planner expects ${formatCount(one.wrong.estimated)}.`,
        place,
        evidence: [...estimateEvidence(one), estimated('rows of the table', rows, 'rows', 'pg_class.reltuples')],
        statements: misjudged
          .filter((other) => other.table === one.table && columnOf(other) === column)
          .map(({ statement }) => statement.fingerprint),
        actions: [
          columnStatisticsAction(one.table, column.name, {
            title: `Tell the planner how many distinct values ${place} has (n_distinct = ${distinctOf(groups, rows)}), and analyse the table`,
            set: `SET (n_distinct = ${distinctOf(groups, rows)})`,
            back: 'RESET (n_distinct)',
          }),
        ],
      });
    }
    return [...found.values()];
  },
});

/** The column by which one table is grouped into more groups than were expected. */
function columnOf({ table, items, grouped, wrong }: Misjudged): Column | null {
  const [item] = items;
  if (!grouped || !wrong.tooFew || items.length !== 1 || !item || item.expression !== null) return null;
  // Each worker's partial groups are no groups of the table.
  if (wrong.one.node.partialMode === 'Partial') return null;
  if ((table.kind !== 'r' && table.kind !== 'm') || table.hasChildren) return null;
  return table.columns.find(({ name, distinctSetting }) => name === item.name && distinctSetting === null) ?? null;
}

function distinctOf(groups: number, rows: number): number {
  return groups < GROWS_FROM * rows ? groups : -Number((groups / rows).toPrecision(3));
}
