import { placeOf } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import { settingValue } from '../../model/settings.js';
import type { Settings } from '../../model/settings.js';
import { loadParser } from '../../sql/parse.js';
import { columnStatisticsAction } from '../actions.js';
import { defineAdvisor } from '../define.js';
import type { AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';
import { MISJUDGING, areAnalysed, estimateEvidence, misjudgedIn } from '../misjudged.js';
import type { Misjudged } from '../misjudged.js';

/** Greatest target that PostgreSQL takes (MAX_STATISTICS_TARGET, vacuum.h). */
const MOST = 10_000;

export default defineAdvisor({
  id: 'statistics/coarse-statistics',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Plans whose first wrong estimate (by a factor of 10 or more) comes from a condition on one column that was analysed.',
    why: 'ANALYZE keeps the most common values and a histogram, as many of each as the statistics target says, from 300 rows each. A value just behind them is taken for as rare as all the others.',
    limits:
      'Needs plans that were run. Looks at the first wrong estimate of each plan only. Proposes ten times the target of the column; silent where that is the greatest already. ' +
      'Planning and ANALYZE take longer with a greater target: it is kept only where the trial sees the plan change and the time fall by more than the ANALYZE took.',
    sources: [
      'PostgreSQL manual, "Planner Statistics", default_statistics_target',
      'PostgreSQL manual, "ALTER TABLE", SET STATISTICS',
    ],
    bad: `
      CREATE TABLE call (id integer PRIMARY KEY, line integer NOT NULL);
      ALTER TABLE call ALTER id SET STATISTICS 10, ALTER line SET STATISTICS 10;
      INSERT INTO call SELECT n, CASE WHEN n % 100 < 60 THEN n % 10 WHEN n % 100 < 63 THEN 77 ELSE 1000 + n END FROM generate_series(1, 60000) AS n;
      ANALYZE;`,
    good: 'ALTER TABLE call ALTER line SET STATISTICS 100; ANALYZE call;',
    workload: ['SELECT id FROM call WHERE line = 77'],
  },
  options: MISJUDGING,
  async examine(snapshot, limits) {
    await loadParser();
    const usual = usualTarget(snapshot.settings);
    const found = new Map<string, AdvisorFinding>();
    for (const misjudged of misjudgedIn(snapshot, limits)) {
      const { table, statement } = misjudged;
      const column = columnOf(misjudged);
      if (column === null || usual === null || !areAnalysed(snapshot, table, [column.name])) continue;
      const target = column.statisticsTarget ?? usual;
      if (target >= MOST || target <= 0) continue;
      const place = placeOf(table, [column.name]);
      const known = found.get(place);
      const seen: readonly [Evidence, ...Evidence[]] = estimateEvidence(misjudged);
      found.set(place, {
        title: `The planner misjudges ${placeOf(table)} from a condition on ${column.name}, of which it knows ${target} values at most.`,
        place,
        evidence: known
          ? [...known.evidence, ...seen]
          : [
              measured('statistics target', target, 'values', 'pg_attribute.attstattarget, default_statistics_target'),
              ...seen,
            ],
        statements: [...(known?.statements ?? []), statement.fingerprint],
        actions: [
          columnStatisticsAction(table, column.name, {
            title: `Set the statistics target of ${placeOf(table, [column.name])} to ${Math.min(MOST, 10 * target)}, and analyse the table`,
            set: `SET STATISTICS ${Math.min(MOST, 10 * target)}`,
            back: `SET STATISTICS ${column.statisticsTarget ?? -1}`,
          }),
        ],
      });
    }
    return [...found.values()];
  },
});

/** The one plain column that all conditions of the misjudged relation are on. */
function columnOf({ table, items, grouped }: Misjudged): Misjudged['table']['columns'][number] | null {
  const [item] = items;
  if (grouped || items.length !== 1 || !item || item.expression !== null) return null;
  return table.columns.find(({ name }) => name === item.name) ?? null;
}

function usualTarget(settings: Settings): number | null {
  const target = Number(settingValue(settings, 'default_statistics_target') ?? Number.NaN);
  return Number.isInteger(target) ? target : null;
}
