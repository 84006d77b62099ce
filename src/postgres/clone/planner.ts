import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import { writePlannerSettings } from './planner-settings.js';
import { exportPlannerStatistics } from './planner-statistics.js';
import type { PlannerStatistics } from './planner-statistics.js';
import { writeColumnStatistics } from './write-columns.js';
import { writeExtendedStatistics } from './write-extended.js';
import { writePartitionedRows } from './write-relations.js';

/** What a planner decides by, beside schema and sizes. Holds values out of columns: never print it. */
export type PlannerState = PlannerStatistics;

/** Reads it from a database. Reads only. */
export function exportPlanner(session: Session): Promise<PlannerState> {
  return exportPlannerStatistics(session);
}

/**
 * Makes a copy of the database decide by the same statistics and settings; sizes stay the copy's own, and partitioned tables
 * are as large as they were found. The session must
 * be a superuser's on that copy. Settings hold from the next session on.
 */
export async function carryPlanner(session: Session, planner: PlannerState): Promise<Skipped[]> {
  await session.run(readingLiterals(planner));
  await writePartitionedRows(
    session,
    planner.relations.filter((one) => one.kind === 'p'),
  );
  const columns = await writeColumnStatistics(session, planner.columns, planner);
  const extended = await writeExtendedStatistics(session, planner.extended, planner);
  const refused = await writePlannerSettings(session, planner.settings);
  await session.run(LITERAL_SETTINGS.map((name) => `RESET "${name}"`).join('; '));
  const settings = refused.map((name) => ({
    what: `setting ${name}`,
    reason: 'the lab does not take its value',
    remedy: null,
  }));
  return [...columns, ...extended, ...settings];
}

/** Values were written by a session with these, and are read back with the same. */
const LITERAL_SETTINGS = ['DateStyle', 'IntervalStyle', 'TimeZone', 'lc_monetary'];

function readingLiterals(planner: PlannerState): string {
  return planner.settings
    .filter((setting) => LITERAL_SETTINGS.includes(setting.name))
    .map(({ name, value }) => `SET "${name}" TO '${value.replaceAll("'", "''")}'`)
    .join('; ');
}
