// What a clone's planner asks the catalog.

/** By the bare name that a plan shows, the indexes that it may mean. */
export const EXISTING_SQL = `
SELECT c.relname::text AS name, pg_catalog.array_agg(DISTINCT wn.nspname || '.' || w.relname)::text[] AS wholes
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS w ON w.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
  JOIN pg_catalog.pg_namespace AS wn ON wn.oid = w.relnamespace
 WHERE i.indexrelid >= 16384
 GROUP BY c.relname ORDER BY c.relname`;

export const LOCKED_SQL = `
SELECT DISTINCT l.relation::int8::text AS oid FROM pg_catalog.pg_locks AS l
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())`;

/** The tree is walked once: in a condition it would be for each row of pg_index. */
export const INDEX_SQL = `
WITH named AS (
  SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname || '.' || c.relname = $1 AND c.relkind IN ('i', 'I')
), tree AS (
  SELECT named.oid FROM named UNION SELECT p.relid FROM named CROSS JOIN LATERAL pg_catalog.pg_partition_tree(named.oid) AS p
)
SELECT i.indexrelid::int8::text AS oid, i.indrelid::int8::text AS heap
  FROM tree JOIN pg_catalog.pg_index AS i ON i.indexrelid = tree.oid
 ORDER BY i.indexrelid IN (SELECT named.oid FROM named) DESC, i.indexrelid`;

export const DROP_SQL = `
SELECT coalesce(
         (SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)
            FROM pg_catalog.pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
         pg_catalog.format('DROP INDEX %I.%I', n.nspname, c.relname)) AS sql
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = $1 AND c.relkind IN ('i', 'I')`;
