import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import type { PlannerStatistics } from './planner-statistics.js';
import { writePlannerSettings } from './planner-settings.js';
import { writeColumnStatistics } from './write-columns.js';
import { writeExtendedStatistics } from './write-extended.js';
import { readRelationFiles, relationKey, sizesByName, writeRelations } from './write-relations.js';

/**
 * Gives a copy that holds the data what the source's planner knows, stale or not: a staging copy with fresh statistics
 * would hide the fault that stale ones are. Sizes of tables are carried as density and visibility (the planner scales
 * them to the copy's own blocks); those of indexes are the copy's. The session must be a superuser's on the copy.
 */
export async function carryPlannerStatistics(session: Session, statistics: PlannerStatistics): Promise<readonly Skipped[]> {
  const refused = await writePlannerSettings(session, statistics.settings);
  const columns = await writeColumnStatistics(session, statistics.columns, statistics);
  const extended = await writeExtendedStatistics(session, statistics.extended, statistics);
  const tables = sizesByName(statistics.relations.filter((relation) => relation.kind === 'r' || relation.kind === 'm'));
  const files = await readRelationFiles(session);
  await writeRelations(
    session,
    files.flatMap((file) => {
      const size = tables.get(relationKey(file));
      return size ? [{ oid: file.oid, pages: size.pages, rows: size.rows, pagesAllVisible: size.pagesAllVisible, fileNode: null }] : [];
    }),
  );
  const settings = refused.map((name) => ({ what: `setting ${name} in the lab`, reason: 'the lab server refuses the target\'s value', remedy: null }));
  return [...statistics.skipped, ...settings, ...columns, ...extended];
}
