import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import type { RawColumnStatistics } from './columns.js';

/** Rows a statement: large enough that round trips do not count, small enough for the JSON of wide histograms. */
const BATCH = 200;

/**
 * Gives columns (and expressions of indexes) the statistics they have elsewhere, replacing what was there. The session
 * must be a superuser's. A column that does not exist, or a value that its type does not take, becomes a `Skipped`.
 */
export async function writeColumnStatistics(
  session: Session,
  columns: readonly RawColumnStatistics[],
  source: { readonly serverVersionNum: number },
): Promise<Skipped[]> {
  const [server] = await session.query<{ version: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version`,
  );
  const steps = (server?.version ?? 0) >= 180_000 ? [restoreSql(source.serverVersionNum)] : [DELETE_SQL, INSERT_SQL];
  const skipped: Skipped[] = [];
  for (let start = 0; start < columns.length; start += BATCH) {
    skipped.push(...(await writeBatch(session, steps, columns.slice(start, start + BATCH))));
  }
  return skipped;
}

async function writeBatch(
  session: Session,
  steps: readonly string[],
  batch: readonly RawColumnStatistics[],
): Promise<Skipped[]> {
  try {
    const json = JSON.stringify(batch);
    let rows: { number: number; ok: boolean }[] = [];
    for (const sql of steps) rows = await session.query(sql, [json]);
    const written = new Set(rows.filter((row) => row.ok).map((row) => row.number));
    return batch
      .filter((_, index) => !written.has(index + 1))
      .map((column) => skip(column, 'the clone has no such column, or did not take the values'));
  } catch (error) {
    const [only] = batch;
    if (only === undefined) return [];
    if (batch.length === 1)
      return [
        skip(
          only,
          error instanceof Error && 'sqlstate' in error
            ? `the clone refused them (${String(error.sqlstate)})`
            : 'the clone refused them',
        ),
      ];
    const half = Math.ceil(batch.length / 2);
    return [
      ...(await writeBatch(session, steps, batch.slice(0, half))),
      ...(await writeBatch(session, steps, batch.slice(half))),
    ];
  }
}

function skip(column: RawColumnStatistics, reason: string): Skipped {
  return { what: `statistics of ${column.schemaname}.${column.relname}.${column.attname}`, reason, remedy: null };
}

const FIELDS: readonly (readonly [name: string, type: string])[] = [
  ['null_frac', 'real'],
  ['avg_width', 'int4'],
  ['n_distinct', 'real'],
  ['most_common_vals', 'text'],
  ['most_common_freqs', 'real[]'],
  ['histogram_bounds', 'text'],
  ['correlation', 'real'],
  ['most_common_elems', 'text'],
  ['most_common_elem_freqs', 'real[]'],
  ['elem_count_histogram', 'real[]'],
  ['range_length_histogram', 'text'],
  ['range_empty_frac', 'real'],
  ['range_bounds_histogram', 'text'],
];

/** The statistics given as JSON, numbered, with the attribute that they belong to. */
const GIVEN_SQL = `
given AS (
  SELECT s.*, a.attrelid, a.attnum, a.atttypid, a.attcollation, c.relkind, c.relam
    FROM ROWS FROM (pg_catalog.json_to_recordset($1::json) AS (schemaname text, relname text, attname text, inherited bool,
           ${FIELDS.map(([name]) => `${name} text`).join(', ')})) WITH ORDINALITY
      AS s (schemaname, relname, attname, inherited, ${FIELDS.map(([name]) => name).join(', ')}, number)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.relname
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname AND a.attnum > 0 AND NOT a.attisdropped
)`;

/** Since 18 the server has a function for it; it ignores what is NULL and gives false for what it could not take. */
function restoreSql(serverVersionNum: number): string {
  const pairs = FIELDS.map(([name, type]) => `'${name}', ${name}::${type}`);
  return `WITH ${GIVEN_SQL}
SELECT number::int4 AS number, pg_catalog.pg_restore_attribute_stats('schemaname', schemaname, 'relname', relname, 'attname', attname,
       'inherited', inherited, 'version', ${serverVersionNum}, ${pairs.join(', ')}) AS ok
  FROM given ORDER BY number`;
}

const DELETE_SQL = `WITH ${GIVEN_SQL}
DELETE FROM pg_catalog.pg_statistic AS p USING given AS g
 WHERE p.starelid = g.attrelid AND p.staattnum = g.attnum AND p.stainherit = g.inherited`;

/**
 * Before 18: rows of pg_statistic, with the operators that ANALYZE would have named. `btree_type` follows
 * GetDefaultOpClass: the type itself, else what it is binary-coercible to, preferred types first.
 */
const INSERT_SQL = `WITH ${GIVEN_SQL},
typed AS (
  -- An indexed expression's attribute has the type that the index stores; its statistics have the type of the expression.
  SELECT g.*, CASE WHEN g.relkind IN ('i', 'I') AND o.opckeytype <> 0 AND o.opckeytype <> o.opcintype AND o.opcintype <> 2277
                     AND o.opckeytype <> 2283 THEN o.opcintype
                   WHEN g.relkind IN ('i', 'I') AND o.opcintype = 2277 AND o.opckeytype = 2283 THEN at.typarray
                   ELSE g.atttypid END AS value_type
    FROM given AS g
    JOIN pg_catalog.pg_type AS at ON at.oid = g.atttypid
    LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = g.attrelid
    LEFT JOIN pg_catalog.pg_opclass AS o ON o.oid = i.indclass[g.attnum - 1] AND g.attnum <= i.indnkeyatts
),
types AS (
  SELECT DISTINCT t.value_type AS type FROM typed AS t
  UNION
  SELECT DISTINCT e.typelem FROM typed AS t JOIN pg_catalog.pg_type AS d ON d.oid = t.value_type
    JOIN pg_catalog.pg_type AS e ON e.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END WHERE e.typcategory = 'A'
),
operators AS (
  SELECT t.type, b.oid AS base, b.typtype, b.typcategory, b.typelem, f.lt, coalesce(f.eq, h.eq) AS eq
    FROM types AS t
    CROSS JOIN LATERAL (
      WITH RECURSIVE down AS (
        SELECT p.* FROM pg_catalog.pg_type AS p WHERE p.oid = t.type
        UNION ALL
        SELECT p.* FROM down AS d JOIN pg_catalog.pg_type AS p ON p.oid = d.typbasetype WHERE d.typtype = 'd'
      )
      SELECT * FROM down WHERE typtype <> 'd'
    ) AS b
    LEFT JOIN LATERAL (
      SELECT (SELECT l.amopopr FROM pg_catalog.pg_amop AS l WHERE l.amopfamily = o.opcfamily AND l.amoplefttype = o.opcintype
                 AND l.amoprighttype = o.opcintype AND l.amopstrategy = 1 AND l.amoppurpose = 's') AS lt,
             (SELECT e.amopopr FROM pg_catalog.pg_amop AS e WHERE e.amopfamily = o.opcfamily AND e.amoplefttype = o.opcintype
                 AND e.amoprighttype = o.opcintype AND e.amopstrategy = 3 AND e.amoppurpose = 's') AS eq
        FROM pg_catalog.pg_opclass AS o
        JOIN pg_catalog.pg_type AS it ON it.oid = o.opcintype
       WHERE o.opcmethod = 403 AND o.opcdefault
         AND (o.opcintype = b.oid
           OR o.opcintype = CASE WHEN b.typtype = 'e' THEN 3500 WHEN b.typcategory = 'A' THEN 2277 WHEN b.typtype = 'r' THEN 3831
                                 WHEN b.typtype = 'm' THEN 4537 WHEN b.typtype = 'c' THEN 2249 END
           OR EXISTS (SELECT FROM pg_catalog.pg_cast AS k WHERE k.castsource = b.oid AND k.casttarget = o.opcintype
                         AND k.castmethod = 'b' AND k.castcontext = 'i'))
       ORDER BY o.opcintype = b.oid DESC, it.typispreferred DESC, o.opcintype LIMIT 1
    ) AS f ON true
    LEFT JOIN LATERAL (
      SELECT e.amopopr AS eq FROM pg_catalog.pg_opclass AS o
        JOIN pg_catalog.pg_amop AS e ON e.amopfamily = o.opcfamily AND e.amoplefttype = o.opcintype AND e.amoprighttype = o.opcintype
                                    AND e.amopstrategy = 1 AND e.amoppurpose = 's'
       WHERE o.opcmethod = 405 AND o.opcdefault AND o.opcintype = b.oid LIMIT 1
    ) AS h ON true
),
slotted AS (
  SELECT t.*, coalesce(v.eq, 0::oid) AS eq, coalesce(v.lt, 0::oid) AS lt,
         -- The elements of an array have its element type; the lexemes of a tsvector are text.
         CASE WHEN v.typcategory = 'A' THEN v.typelem ELSE 25::oid END AS element_type,
         CASE WHEN v.typcategory = 'A' THEN coalesce(e.eq, 0::oid) ELSE 98::oid END AS element_eq,
         CASE WHEN v.typcategory = 'A' THEN t.attcollation ELSE 100::oid END AS element_collation
    FROM typed AS t
    JOIN operators AS v ON v.type = t.value_type
    LEFT JOIN operators AS e ON e.type = v.typelem AND v.typcategory = 'A'
),
-- Slots: 1 common values, 2 histogram, 3 correlation, 4 common elements or range lengths, 5 element counts or range bounds.
added AS (
  INSERT INTO pg_catalog.pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
    stakind1, stakind2, stakind3, stakind4, stakind5, staop1, staop2, staop3, staop4, staop5,
    stacoll1, stacoll2, stacoll3, stacoll4, stacoll5, stanumbers1, stanumbers2, stanumbers3, stanumbers4, stanumbers5,
    stavalues1, stavalues2, stavalues3, stavalues4, stavalues5)
  SELECT attrelid, attnum, inherited, null_frac::real, avg_width::int4, n_distinct::real,
    CASE WHEN most_common_vals IS NULL THEN 0 ELSE 1 END, CASE WHEN histogram_bounds IS NULL THEN 0 ELSE 2 END,
    CASE WHEN correlation IS NULL THEN 0 ELSE 3 END,
    CASE WHEN most_common_elems IS NOT NULL THEN 4 WHEN range_length_histogram IS NOT NULL THEN 6 ELSE 0 END,
    CASE WHEN elem_count_histogram IS NOT NULL THEN 5 WHEN range_bounds_histogram IS NOT NULL THEN 7 ELSE 0 END,
    CASE WHEN most_common_vals IS NULL THEN 0 ELSE eq END, CASE WHEN histogram_bounds IS NULL THEN 0 ELSE lt END,
    CASE WHEN correlation IS NULL THEN 0 ELSE lt END,
    CASE WHEN most_common_elems IS NOT NULL THEN element_eq WHEN range_length_histogram IS NOT NULL THEN 672 ELSE 0 END,
    CASE WHEN elem_count_histogram IS NOT NULL THEN element_eq ELSE 0 END,
    CASE WHEN most_common_vals IS NULL THEN 0 ELSE attcollation END, CASE WHEN histogram_bounds IS NULL THEN 0 ELSE attcollation END,
    CASE WHEN correlation IS NULL THEN 0 ELSE attcollation END,
    CASE WHEN most_common_elems IS NULL THEN 0 ELSE element_collation END,
    CASE WHEN elem_count_histogram IS NULL THEN 0 ELSE element_collation END,
    most_common_freqs::real[], NULL, CASE WHEN correlation IS NULL THEN NULL ELSE ARRAY[correlation::real] END,
    CASE WHEN most_common_elems IS NOT NULL THEN most_common_elem_freqs::real[]
         WHEN range_length_histogram IS NOT NULL THEN ARRAY[range_empty_frac::real] END,
    elem_count_histogram::real[],
    pg_catalog.array_in(most_common_vals::cstring, value_type, -1), pg_catalog.array_in(histogram_bounds::cstring, value_type, -1), NULL,
    CASE WHEN most_common_elems IS NOT NULL THEN pg_catalog.array_in(most_common_elems::cstring, element_type, -1)
         WHEN range_length_histogram IS NOT NULL THEN pg_catalog.array_in(range_length_histogram::cstring, 701, -1) END,
    CASE WHEN range_bounds_histogram IS NOT NULL THEN pg_catalog.array_in(range_bounds_histogram::cstring, value_type, -1) END
    FROM slotted
  RETURNING starelid, staattnum, stainherit
)
SELECT g.number::int4 AS number, true AS ok FROM added AS n
  JOIN given AS g ON g.attrelid = n.starelid AND g.attnum = n.staattnum AND g.inherited = n.stainherit ORDER BY 1`;
