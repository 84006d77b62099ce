import type { Settings } from '../../model/settings.js';
import type { Session } from '../session.js';

/** Every setting that the role may see, by name, valued as `SHOW` prints it. */
export async function readSettings(session: Session): Promise<Settings> {
  return session.query<{ name: string; value: string; unit: string | null; source: string; context: string }>(
    SETTINGS_SQL,
  );
}

const SETTINGS_SQL = `
  SELECT s.name, coalesce(pg_catalog.current_setting(s.name, true), s.setting, '') AS value, s.unit, s.source, s.context
  FROM pg_catalog.pg_settings AS s ORDER BY s.name`;
