import type { Persistence, RelationKind, Table, TableActivity } from '../../model/catalog.js';
import type { Session } from '../session.js';
import type { ColumnsByTable } from './columns.js';
import { isoTime, notOfExtension, userSchema } from './scope.js';

/** SQL: the bytes of a relation's main fork; of a locked one (its oid is in `$1`) those that the last VACUUM or ANALYZE counted. */
export function sizeSql(alias: string): string {
  return `CASE WHEN ${alias}.oid = ANY ($1::pg_catalog.oid[])
    THEN greatest(${alias}.relpages, 0)::int8 * pg_catalog.current_setting('block_size')::int8
    ELSE coalesce(pg_catalog.pg_relation_size(${alias}.oid, 'main'), 0) END`;
}

/**
 * Every table, partitioned table, view, materialised view and foreign table of the user's schemas, by schema and name. `locked` holds the oids that must not be waited for:
 * where there are any, no view's query is read, as printing it locks all that it reads.
 */
export async function readTables(
  session: Session,
  columns: ColumnsByTable,
  locked: readonly string[],
): Promise<Table[]> {
  const rows = await session.query<TableRow>(TABLES_SQL, [locked]);
  return rows.map((row) => toTable(row, columns));
}

function inherited(what: string): string {
  return `${what} FROM pg_catalog.pg_inherits AS h
      JOIN pg_catalog.pg_class AS hp ON hp.oid = h.inhparent JOIN pg_catalog.pg_namespace AS hn ON hn.oid = hp.relnamespace
      WHERE h.inhrelid = c.oid AND NOT c.relispartition ORDER BY h.inhseqno`;
}

const TABLES_SQL = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence, c.reltuples::float8 AS rows,
    CASE WHEN c.relkind IN ('r', 'm') THEN ${sizeSql('c')} ELSE 0 END AS size_bytes,
    pg_catalog.current_setting('block_size')::int8 AS block_size, c.relallvisible AS all_visible,
    c.relkind IN ('r', 'f') AND EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = c.oid) AS has_children,
    CASE WHEN c.relkind = 'v' AND pg_catalog.cardinality($1::pg_catalog.oid[]) = 0 THEN pg_catalog.pg_get_viewdef(c.oid) END AS view_query,
    coalesce(c.reloptions && ARRAY['security_barrier=true', 'security_barrier=on', 'security_barrier=1'], false) AS is_barrier,
    ARRAY(SELECT ${inherited('hn.nspname')}) AS inherits_schemas, ARRAY(SELECT ${inherited('hp.relname')}) AS inherits_names,
    EXISTS (SELECT FROM pg_catalog.pg_partitioned_table AS d WHERE d.partdefid = c.oid) AS is_default,
    pn.nspname AS parent_schema, p.relname AS parent_name,
    ARRAY(SELECT a.attname FROM pg_catalog.pg_partitioned_table AS pt
      CROSS JOIN LATERAL pg_catalog.unnest(pt.partattrs::int2[]) WITH ORDINALITY AS k (attnum, place)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = pt.partrelid AND a.attnum = k.attnum
      WHERE pt.partrelid = c.oid ORDER BY k.place) AS partition_key,
    s.relid IS NOT NULL AS has_activity, s.seq_scan, s.seq_tup_read, s.idx_scan, s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd,
    s.n_tup_del, s.n_live_tup, s.n_dead_tup, s.n_mod_since_analyze,
    ${isoTime('greatest(s.last_analyze, s.last_autoanalyze)')} AS last_analyze,
    ${isoTime('greatest(s.last_vacuum, s.last_autovacuum)')} AS last_vacuum
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid AND c.relispartition
  LEFT JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
  LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
  LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
  WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  ORDER BY n.nspname, c.relname`;

type TableRow = {
  oid: string;
  schema: string;
  name: string;
  kind: RelationKind;
  persistence: Persistence;
  rows: number;
  size_bytes: string;
  block_size: string;
  all_visible: number;
  parent_schema: string | null;
  parent_name: string | null;
  partition_key: string[];
  view_query: string | null;
  is_barrier: boolean;
  has_children: boolean;
  inherits_schemas: string[];
  inherits_names: string[];
  is_default: boolean;
  has_activity: boolean;
  seq_scan: string | null;
  seq_tup_read: string | null;
  idx_scan: string | null;
  n_tup_ins: string | null;
  n_tup_upd: string | null;
  n_tup_hot_upd: string | null;
  n_tup_del: string | null;
  n_live_tup: string | null;
  n_dead_tup: string | null;
  n_mod_since_analyze: string | null;
  last_analyze: string | null;
  last_vacuum: string | null;
};

function toTable(row: TableRow, columns: ColumnsByTable): Table {
  const oid = Number(row.oid);
  const sizeBytes = Number(row.size_bytes);
  return {
    oid,
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    persistence: row.persistence,
    columns: columns.get(oid) ?? [],
    viewQuery: row.view_query,
    isBarrier: row.is_barrier,
    rowsEstimated: row.rows < 0 ? null : row.rows,
    sizeBytes,
    pages: Math.round(sizeBytes / Number(row.block_size)),
    pagesAllVisible: row.all_visible,
    partitionOf:
      row.parent_schema === null || row.parent_name === null
        ? null
        : { schema: row.parent_schema, name: row.parent_name },
    hasChildren: row.has_children,
    inherits: row.inherits_schemas.map((schema, i) => ({ schema, name: row.inherits_names[i] ?? '' })),
    isDefaultPartition: row.is_default,
    partitionKey: row.partition_key,
    activity: row.has_activity ? toActivity(row) : null,
  };
}

function toActivity(row: TableRow): TableActivity {
  return {
    seqScans: Number(row.seq_scan),
    seqTuplesRead: Number(row.seq_tup_read),
    // NULL for a table without indexes.
    indexScans: Number(row.idx_scan ?? 0),
    inserts: Number(row.n_tup_ins),
    updates: Number(row.n_tup_upd),
    hotUpdates: Number(row.n_tup_hot_upd),
    deletes: Number(row.n_tup_del),
    liveTuples: Number(row.n_live_tup),
    deadTuples: Number(row.n_dead_tup),
    modifiedSinceAnalyze: Number(row.n_mod_since_analyze),
    lastAnalyze: row.last_analyze,
    lastVacuum: row.last_vacuum,
  };
}
