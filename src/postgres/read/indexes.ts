import type { Index, IndexColumn } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { isoTime, notOfExtension, userSchema } from './scope.js';
import { sizeSql } from './tables.js';

/** Every index of the user's tables, by schema and name, the parents of partitioned ones among them; those of `locked` tables are left out. */
export async function readIndexes(session: Session, locked: readonly string[]): Promise<Index[]> {
  const columns = await readIndexColumns(session, locked);
  const rows = await session.query<IndexRow>(INDEXES_SQL, [locked]);
  return rows.map((row) => toIndex(row, columns.get(row.oid) ?? []));
}

const IN_SCOPE = `
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p', 'm') AND t.oid <> ALL ($1::pg_catalog.oid[])
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace AND ${userSchema('tn')} AND ${notOfExtension('pg_class', 't.oid')}`;

/**
 * `is_building` also reads locks: the progress view shows a lesser role nothing, and a build holds SHARE UPDATE EXCLUSIVE or SHARE on the table throughout.
 * Columns of later majors (`indnullsnotdistinct` 15, `last_idx_scan` 16) are read through jsonb, which is NULL where they are not.
 */
const INDEXES_SQL = `
  WITH backed AS (
    SELECT k.conindid, k.conrelid, pg_catalog.min(k.conname::text) AS name FROM pg_catalog.pg_constraint AS k
    WHERE k.contype IN ('p', 'u', 'x') GROUP BY k.conindid, k.conrelid
  ), referring AS (
    SELECT k.conindid, pg_catalog.array_agg(DISTINCT k.conname ORDER BY k.conname) AS names FROM pg_catalog.pg_constraint AS k
    WHERE k.contype = 'f' GROUP BY k.conindid
  ), held AS (
    SELECT DISTINCT l.relation FROM pg_catalog.pg_locks AS l
    JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    WHERE l.locktype = 'relation' AND l.pid <> pg_catalog.pg_backend_pid()
      AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  ), built AS (
    SELECT b.index_relid FROM pg_catalog.pg_stat_progress_create_index AS b WHERE b.datname = pg_catalog.current_database()
  )
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, tn.nspname AS table_schema, t.relname AS table_name,
    am.amname AS method, i.indnkeyatts AS key_count, pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
    i.indisunique AS is_unique, coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS nulls_not_distinct,
    i.indisprimary AS is_primary, i.indisexclusion AS is_exclusion, i.indisvalid AND i.indisready AS is_valid,
    c.oid IN (SELECT index_relid FROM built) OR c.oid IN (SELECT relation FROM held) OR i.indrelid IN (SELECT relation FROM held) AS is_building,
    i.indisreplident AS is_replident, i.indisclustered AS is_clustered,
    b.name AS constraint_name, coalesce(f.names, '{}') AS foreign_keys,
    pn.nspname AS parent_schema, p.relname AS parent_name,
    pg_catalog.pg_get_indexdef(c.oid) AS definition, coalesce(c.reloptions, '{}') AS options,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment, ts.spcname AS tablespace,
    ARRAY(SELECT ARRAY[sa.attnum::int4, sa.attstattarget::int4] FROM pg_catalog.pg_attribute AS sa
           WHERE sa.attrelid = c.oid AND sa.attstattarget >= 0 ORDER BY sa.attnum)::text AS statistics_targets,
    CASE WHEN c.relkind = 'i' THEN ${sizeSql('c')} ELSE 0 END AS size_bytes, c.reltuples::float8 AS rows,
    s.idx_scan AS scans, s.idx_tup_read AS entries_read, ${isoTime(`(pg_catalog.to_jsonb(s) ->> 'last_idx_scan')::timestamptz`)} AS last_scan
  ${IN_SCOPE}
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
  LEFT JOIN backed AS b ON b.conindid = c.oid AND b.conrelid = i.indrelid
  LEFT JOIN referring AS f ON f.conindid = c.oid
  LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid
  LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = c.reltablespace
  LEFT JOIN pg_catalog.pg_stat_all_indexes AS s ON s.indexrelid = c.oid
  ORDER BY n.nspname, c.relname`;

/**
 * `indoption`: 1 is DESC, 2 is NULLS FIRST (manual, "pg_index"). The vectors count from 0. Support function 4 of a btree is `equalimage`;
 * interval lists it before 17, and the server does not heed it (`_bt_allequalimage`).
 */
const COLUMNS_SQL = `
  SELECT i.indexrelid::int8 AS oid, k.place, a.attname AS column_name,
    pg_catalog.pg_get_indexdef(i.indexrelid, k.place, true) AS expression, k.place > i.indnkeyatts AS included,
    on_.nspname AS opclass_schema, oc.opcname AS opclass, coalesce(oc.opcdefault, true) AS opclass_default,
    st.attoptions::text AS opclass_options, st.attlen::int4 AS length, st.attalign::text AS alignment,
    EXISTS (SELECT FROM pg_catalog.pg_amproc AS ap WHERE ap.amprocfamily = oc.opcfamily AND ap.amproclefttype = oc.opcintype
      AND ap.amprocrighttype = oc.opcintype AND ap.amprocnum = 4) AND oc.opcname <> 'interval_ops' AND coalesce(co.collisdeterministic, true) AS merges_equal,
    cn.nspname AS collation_schema, co.collname AS collation,
    co.oid IS NULL OR co.oid = coalesce(a.attcollation, ty.typcollation) AS collation_default,
    coalesce(i.indoption[k.place - 1]::int4, 0) AS option
  ${IN_SCOPE}
  CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnatts::int4) AS k (place)
  LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.place - 1] AND a.attnum <> 0
  LEFT JOIN pg_catalog.pg_attribute AS st ON st.attrelid = i.indexrelid AND st.attnum = k.place
  LEFT JOIN pg_catalog.pg_type AS ty ON ty.oid = st.atttypid
  LEFT JOIN pg_catalog.pg_opclass AS oc ON oc.oid = i.indclass[k.place - 1] AND k.place <= i.indnkeyatts
  LEFT JOIN pg_catalog.pg_namespace AS on_ ON on_.oid = oc.opcnamespace
  LEFT JOIN pg_catalog.pg_collation AS co ON co.oid = i.indcollation[k.place - 1] AND k.place <= i.indnkeyatts
  LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
  ORDER BY i.indexrelid, k.place`;

type IndexRow = {
  oid: string;
  schema: string;
  name: string;
  table_schema: string;
  table_name: string;
  method: string;
  key_count: number;
  predicate: string | null;
  is_unique: boolean;
  nulls_not_distinct: boolean;
  is_primary: boolean;
  is_exclusion: boolean;
  is_valid: boolean;
  is_building: boolean;
  is_replident: boolean;
  is_clustered: boolean;
  constraint_name: string | null;
  foreign_keys: string[];
  parent_schema: string | null;
  parent_name: string | null;
  definition: string;
  options: string[];
  comment: string | null;
  tablespace: string | null;
  statistics_targets: string;
  size_bytes: string;
  rows: number;
  scans: string | null;
  entries_read: string | null;
  last_scan: string | null;
};

type ColumnRow = {
  oid: string;
  place: number;
  column_name: string | null;
  expression: string;
  included: boolean;
  opclass_schema: string | null;
  opclass: string | null;
  opclass_default: boolean;
  opclass_options: string | null;
  merges_equal: boolean;
  length: number;
  alignment: string;
  collation_schema: string | null;
  collation: string | null;
  collation_default: boolean;
  option: number;
};

async function readIndexColumns(session: Session, locked: readonly string[]): Promise<Map<string, IndexColumn[]>> {
  const byIndex = new Map<string, IndexColumn[]>();
  for (const row of await session.query<ColumnRow>(COLUMNS_SQL, [locked])) {
    const columns = byIndex.get(row.oid) ?? [];
    if (columns.length === 0) byIndex.set(row.oid, columns);
    columns.push({
      column: row.column_name,
      expression: row.expression,
      opclass: row.opclass === null ? null : `${row.opclass_schema}.${row.opclass}`,
      opclassIsDefault: row.opclass_default,
      opclassOptions: row.opclass_options,
      mergesEqual: row.merges_equal,
      lengthBytes: row.length,
      alignmentBytes: ALIGNMENTS[row.alignment] ?? 8,
      collation: row.collation === null ? null : `${row.collation_schema}.${row.collation}`,
      collationIsDefault: row.collation_default,
      descending: (row.option & 1) !== 0,
      nullsFirst: (row.option & 2) !== 0,
    });
  }
  return byIndex;
}

function toIndex(row: IndexRow, columns: readonly IndexColumn[]): Index {
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    table: { schema: row.table_schema, name: row.table_name },
    method: row.method,
    keys: columns.slice(0, row.key_count),
    include: columns.slice(row.key_count),
    predicate: row.predicate,
    unique: row.is_unique,
    nullsNotDistinct: row.nulls_not_distinct,
    primary: row.is_primary,
    exclusion: row.is_exclusion,
    valid: row.is_valid,
    building: row.is_building,
    replicaIdentity: row.is_replident,
    clustered: row.is_clustered,
    constraint: row.constraint_name,
    referencedByForeignKeys: row.foreign_keys,
    partitionOf:
      row.parent_schema === null || row.parent_name === null
        ? null
        : { schema: row.parent_schema, name: row.parent_name },
    definition: row.definition,
    parameters: Object.fromEntries(row.options.map(toParameter)),
    ...(row.comment !== null && { comment: row.comment }),
    ...(row.tablespace !== null && { tablespace: row.tablespace }),
    ...toStatisticsTargets(row.statistics_targets),
    sizeBytes: Number(row.size_bytes),
    rowsEstimated: row.rows < 0 ? null : row.rows,
    scans: row.scans === null ? null : Number(row.scans),
    entriesRead: row.entries_read === null ? null : Number(row.entries_read),
    lastScan: row.last_scan,
  };
}

/** `{{1,500},{2,100}}`: the place of a column, and its target. */
function toStatisticsTargets(text: string): Pick<Index, 'statisticsTargets'> {
  const pairs = [...text.matchAll(/(\d+),(\d+)/g)].map(([, place, target]) => ({
    place: Number(place),
    target: Number(target),
  }));
  return pairs.length > 0 ? { statisticsTargets: pairs } : {};
}

/** `attalign` in bytes. */
const ALIGNMENTS: Readonly<Record<string, number>> = { c: 1, s: 2, i: 4, d: 8 };

/** One of `reloptions`, e.g. `fillfactor=70`. */
function toParameter(option: string): readonly [name: string, value: string] {
  const at = option.indexOf('=');
  return [option.slice(0, at), option.slice(at + 1)];
}
