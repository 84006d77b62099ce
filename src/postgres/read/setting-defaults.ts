import type { Session } from '../session.js';

/** What a setting is when nobody sets it. */
export interface SettingDefault extends Record<string, unknown> {
  readonly name: string;
  /** With its unit, `8 x 8kB`; null where the server has none. */
  readonly value: string | null;
  /** As `pg_settings` has it, e.g. `Query Tuning / Planner Cost Constants`. */
  readonly category: string;
}

/** Every setting's default. Those that belong to a build or to a machine (paths, presets, a developer's) are left out. */
export async function readSettingDefaults(session: Session): Promise<readonly SettingDefault[]> {
  return session.query<SettingDefault>(DEFAULTS_SQL);
}

const DEFAULTS_SQL = `
SELECT s.name, s.boot_val || coalesce(CASE WHEN s.unit ~ '^[0-9]' THEN ' x ' ELSE ' ' END || s.unit, '') AS value, s.category
  FROM pg_catalog.pg_settings AS s
 WHERE s.category NOT IN ('Preset Options', 'Developer Options', 'File Locations', 'Customized Options')
   AND coalesce(s.boot_val, '') !~ '/'
 ORDER BY s.name`;
