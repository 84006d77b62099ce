import type { Addition } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** What indexes and constraints have beside their definitions, by kind, schema, table and name. Those that have nothing are left out. */
export async function readAdditions(session: Session): Promise<readonly Addition[]> {
  const rows = await session.query<AdditionRow>(ADDITIONS_SQL);
  return rows.map(({ kind, schema, table, name, sql }) => ({ kind, table: { schema, name: table }, name, sql }));
}

const ADDITIONS_SQL = `
  SELECT a.kind, n.nspname AS schema, t.relname AS table, a.name, pg_catalog.array_agg(a.sql ORDER BY a.place, a.sql) AS sql
  FROM (
    SELECT 'index', 1, i.indrelid, c.relname, pg_catalog.format('COMMENT ON INDEX %I.%I IS %L', n.nspname, c.relname, d.description)
    FROM pg_catalog.pg_description AS d
    JOIN pg_catalog.pg_index AS i ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objoid = i.indexrelid AND d.objsubid = 0
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    UNION ALL
    SELECT 'index', 2, i.indrelid, c.relname, pg_catalog.format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attstattarget >= 0
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    UNION ALL
    SELECT 'index', 3, i.indrelid, c.relname, pg_catalog.format('ALTER TABLE %I.%I ', n.nspname, t.relname) || pg_catalog.format(s.form, c.relname)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
    JOIN (VALUES (1, 'CLUSTER ON %I'), (2, 'REPLICA IDENTITY USING INDEX %I')) AS s (what, form) ON s.what = 1 AND i.indisclustered OR s.what = 2 AND i.indisreplident
    UNION ALL
    SELECT 'constraint', 1, k.conrelid, k.conname, pg_catalog.format('COMMENT ON CONSTRAINT %I ON %I.%I IS %L', k.conname, n.nspname, t.relname, d.description)
    FROM pg_catalog.pg_description AS d
    JOIN pg_catalog.pg_constraint AS k ON d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objoid = k.oid
    JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
  ) AS a (kind, place, "table", name, sql)
  JOIN pg_catalog.pg_class AS t ON t.oid = a."table" JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_class', 't.oid')}
  GROUP BY a.kind, n.nspname, t.relname, a.name
  ORDER BY a.kind, n.nspname, t.relname, a.name`;

type AdditionRow = { kind: Addition['kind']; schema: string; table: string; name: string; sql: string[] };
