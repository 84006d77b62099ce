import type { ExtendedStatistics } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** Every `CREATE STATISTICS` object on the user's tables, by schema and name. */
export async function readExtendedStatistics(session: Session): Promise<ExtendedStatistics[]> {
  const rows = await session.query<StatisticsRow>(STATISTICS_SQL);
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    table: { schema: row.table_schema, name: row.table_name },
    columns: row.columns,
    kinds: row.kinds,
  }));
}

const STATISTICS_SQL = `
  SELECT sn.nspname AS schema, s.stxname AS name, n.nspname AS table_schema, c.relname AS table_name,
    ARRAY(SELECT a.attname FROM pg_catalog.unnest(s.stxkeys::int2[]) WITH ORDINALITY AS key (attnum, place)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = key.attnum ORDER BY key.place) AS columns,
    s.stxkind::text[] AS kinds
  FROM pg_catalog.pg_statistic_ext AS s
  JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.stxnamespace
  JOIN pg_catalog.pg_class AS c ON c.oid = s.stxrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  ORDER BY sn.nspname, s.stxname`;

type StatisticsRow = {
  schema: string;
  name: string;
  table_schema: string;
  table_name: string;
  columns: string[];
  kinds: string[];
};
