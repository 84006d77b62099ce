import { FIRST_USER_OID } from '../../postgres/extract/context.js';
import { quoteQualified } from '../../base/quote.js';
import type { RelationName } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import { isLocked, retryWhileLocked } from '../../postgres/locked.js';
import type { Session } from '../../postgres/session.js';

/** A table whose rows are to be copied. */
export interface TableToCopy extends RelationName {
  /** Those that are stored and not computed, in order; may be none. */
  readonly columns: readonly string[];
  /** Heap and TOAST. */
  readonly sizeBytes: number;
  /** All columns have a binary form which another database reads. */
  readonly binary: boolean;
}

export interface CopyPlan {
  /** Largest first. */
  readonly tables: readonly TableToCopy[];
  readonly skipped: readonly Skipped[];
  /** Tables with their indexes. */
  readonly totalBytes: number;
}

interface TableRow extends Record<string, unknown> {
  readonly schema: string;
  readonly name: string;
  readonly columns: string[] | null;
  readonly size: string;
  readonly total: string;
  readonly text_only: boolean | null;
  readonly readable: boolean;
  readonly row_security: boolean;
}

/** Sizes and columns of the tables, those left out whose rows the role may not see. */
export async function planCopy(source: Session, names: readonly RelationName[]): Promise<CopyPlan> {
  const wanted = new Set(names.map(({ schema, name }) => quoteQualified(schema, name)));
  const all = await retryWhileLocked(() => source.query<TableRow>(tablesSql(MEASURED))).catch((error: unknown) => {
    // A table locked for long can not be measured.
    if (!isLocked(error)) throw error;
    return source.query<TableRow>(tablesSql(ESTIMATED));
  });
  const rows = all.filter(({ schema, name }) => wanted.has(quoteQualified(schema, name)));
  const skipped: Skipped[] = [];
  const tables: TableToCopy[] = [];
  for (const row of rows) {
    const reason = whyNot(row);
    if (reason !== null) skipped.push({ what: `rows of ${quoteQualified(row.schema, row.name)}`, ...reason });
    else {
      const { schema, name } = row;
      tables.push({
        schema,
        name,
        columns: row.columns ?? [],
        sizeBytes: Number(row.size),
        binary: row.text_only !== true,
      });
    }
  }
  tables.sort((a, b) => b.sizeBytes - a.sizeBytes);
  return { tables, skipped, totalBytes: rows.reduce((sum, row) => sum + Number(row.total), 0) };
}

function whyNot(row: TableRow): { reason: string; remedy: string | null } | null {
  if (!row.readable) {
    return {
      reason: 'The role may not read the table.',
      remedy: `Grant it: GRANT SELECT ON ${quoteQualified(row.schema, row.name)} TO the role, or pg_read_all_data.`,
    };
  }
  if (row.row_security) {
    return {
      reason: 'Row-level security would hide rows from the role; a part is not a copy.',
      remedy: 'Connect as a role with BYPASSRLS.',
    };
  }
  return null;
}

const MEASURED = { own: 'pg_catalog.pg_table_size(c.oid)', total: 'pg_catalog.pg_total_relation_size(c.oid)' };
const ESTIMATED = {
  own: `c.relpages::int8 * pg_catalog.current_setting('block_size')::int8`,
  total: `(c.relpages + COALESCE((SELECT pg_catalog.sum(x.relpages) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid), 0))::int8 * pg_catalog.current_setting('block_size')::int8`,
};

/**
 * Binary forms that hold OIDs (arrays and composites of user types, `reg...`) or that do not exist make a table go as text.
 * `base` resolves domains down to what they stand on.
 */
const tablesSql = (sizes: { readonly own: string; readonly total: string }): string => `
  WITH RECURSIVE resolved AS (
    SELECT t.oid AS type, t.oid AS base FROM pg_catalog.pg_type t
    UNION ALL
    SELECT r.type, t.typbasetype FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.base WHERE t.typtype = 'd'
  ), text_only AS (
    SELECT DISTINCT r.type FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.base
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    LEFT JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid OR g.rngmultitypid = t.oid
    WHERE t.typsend = 0 OR t.typreceive = 0 OR t.typtype = 'c' OR e.typtype = 'c' OR e.oid >= ${FIRST_USER_OID}
      OR g.rngsubtype >= ${FIRST_USER_OID} OR t.typname ~ '^_?reg' AND t.oid < ${FIRST_USER_OID}
  )
  SELECT n.nspname::text AS schema, c.relname::text AS name, a.columns, a.text_only,
    ${sizes.own} AS size, ${sizes.total} AS total,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR COALESCE(a.readable, false)) AS readable,
    pg_catalog.row_security_active(c.oid) AS row_security
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT pg_catalog.array_agg(att.attname::text ORDER BY att.attnum) AS columns,
      pg_catalog.bool_or(att.atttypid IN (SELECT x.type FROM text_only x)) AS text_only,
      pg_catalog.bool_and(pg_catalog.has_column_privilege(c.oid, att.attnum, 'SELECT')) AS readable
    FROM pg_catalog.pg_attribute att
    WHERE att.attrelid = c.oid AND att.attnum > 0 AND NOT att.attisdropped AND att.attgenerated = ''
  ) a ON true
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY n.nspname, c.relname`;
