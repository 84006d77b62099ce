import { quoteIdent, quoteLiteral } from '../../base/quote.js';
import type { Session } from '../session.js';

/** A setting that changes plans, in the unit of `pg_settings.setting`. */
export interface PlannerSetting {
  readonly name: string;
  readonly value: string;
  /** Whether nobody set it: another version may have another default. */
  readonly isDefault: boolean;
}

/** Settings outside `Query Tuning` which the planner or the reading of literals depends on. */
const ALSO_READ = [
  'work_mem',
  'hash_mem_multiplier',
  'max_parallel_workers_per_gather',
  'max_parallel_workers',
  'parallel_leader_participation',
  'effective_io_concurrency',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'extra_float_digits',
  'lc_monetary',
  'default_text_search_config',
  'array_nulls',
  'transform_null_equals',
];

const SETTINGS_SQL = `
SELECT name, setting AS value, source = 'default' AS "isDefault" FROM pg_catalog.pg_settings
 WHERE (category LIKE 'Query Tuning%' OR name = ANY ($1::text[])) AND context IN ('user', 'superuser')
 ORDER BY name`;

/** The settings that decide plans as they hold in this session, and its search path with `$user` resolved. */
export async function readPlannerSettings(session: Session): Promise<PlannerSetting[]> {
  const settings = await session.query<{ name: string; value: string; isDefault: boolean }>(SETTINGS_SQL, [ALSO_READ]);
  const [path] = await session.query<{ schemas: string[] }>(
    `SELECT pg_catalog.to_jsonb(pg_catalog.current_schemas(false)) AS schemas`,
  );
  const value = (path?.schemas ?? []).map(quoteIdent).join(', ');
  return [...settings, { name: 'search_path', value: value === '' ? '""' : value, isDefault: false }];
}

/**
 * Sets them for every new session of the database that this session is in. Gives the names that the server refused,
 * such as a locale it does not have.
 */
export async function writePlannerSettings(session: Session, settings: readonly PlannerSetting[]): Promise<string[]> {
  const here = new Map((await readPlannerSettings(session)).map((setting) => [setting.name, setting.value]));
  const database = quoteIdent(session.settings.database);
  const refused: string[] = [];
  for (const { name, value } of settings) {
    if (here.get(name) === value) continue;
    // A search path is a list of identifiers, all others are one value.
    const written = name === 'search_path' ? value : quoteLiteral(value);
    try {
      await session.run(`ALTER DATABASE ${database} SET ${name} TO ${written}`);
    } catch {
      refused.push(name);
    }
  }
  return refused;
}
