import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { IS_USER_SCHEMA } from './user-schemas.js';

/** The least and the greatest value of a column. */
export interface ColumnEnds {
  readonly table: RelationName;
  readonly column: string;
  /** As text; null when the index holds no value but NULL. */
  readonly least: string | null;
  readonly greatest: string | null;
}

/** The ends of an index's leading column. */
export interface IndexEndpoints extends ColumnEnds {
  readonly index: RelationName;
}

interface IndexRow extends Record<string, unknown> {
  schema: string;
  name: string;
  table_schema: string;
  table_name: string;
  column_name: string;
}

/** Two descents of an index each; this many indexes a statement. */
const BATCH = 40;

/** At the ends of a histogram the planner asks whole btree indexes on the very column, and no others (`get_actual_variable_range`). */
const INDEXES_SQL = `
SELECT n.nspname::text AS schema, c.relname::text AS name, tn.nspname::text AS table_schema, t.relname::text AS table_name,
       a.attname::text AS column_name
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam AND am.amname = 'btree'
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid AND t.relkind IN ('r', 'm')
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
  JOIN pg_catalog.pg_opclass AS o ON o.oid = i.indclass[0] AND o.opcdefault
 WHERE i.indisvalid AND i.indisready AND i.indislive AND i.indpred IS NULL AND i.indkey[0] > 0 AND c.relpages > 1
   AND i.indcollation[0] = a.attcollation
   AND pg_catalog.has_column_privilege(t.oid, a.attnum, 'SELECT') AND NOT pg_catalog.row_security_active(t.oid) AND ${IS_USER_SCHEMA}
 ORDER BY n.nspname, c.relname`;

/**
 * Reads both ends of every index that the planner itself would look into. Costs two index descents an index;
 * indexes that the role may not read, or whose ends take too long, are left out.
 */
export async function readIndexEndpoints(session: Session): Promise<IndexEndpoints[]> {
  const indexes = await session.query<IndexRow>(INDEXES_SQL);
  const ends: IndexEndpoints[] = [];
  for (let start = 0; start < indexes.length; start += BATCH) {
    ends.push(...(await readBatch(session, indexes.slice(start, start + BATCH))));
  }
  return ends;
}

async function readBatch(session: Session, indexes: readonly IndexRow[]): Promise<IndexEndpoints[]> {
  const parts = indexes.map((index, number) => {
    const column = quoteIdent(index.column_name);
    const table = quoteQualified(index.table_schema, index.table_name);
    const end = (direction: string): string =>
      `(SELECT ${column}::text FROM ONLY ${table} WHERE ${column} IS NOT NULL ORDER BY ${table}.${column} ${direction} LIMIT 1)`;
    return `SELECT ${number} AS number, ${end('ASC')} AS least, ${end('DESC')} AS greatest`;
  });
  try {
    const rows = await session.query<{ number: number; least: string | null; greatest: string | null }>(
      `${parts.join('\nUNION ALL ')}\nORDER BY 1`,
    );
    return rows.flatMap((row) => {
      const index = indexes[row.number];
      if (index === undefined) return [];
      return {
        index: { schema: index.schema, name: index.name },
        table: { schema: index.table_schema, name: index.table_name },
        column: index.column_name,
        least: row.least,
        greatest: row.greatest,
      };
    });
  } catch {
    if (indexes.length <= 1) return [];
    const half = Math.ceil(indexes.length / 2);
    return [...(await readBatch(session, indexes.slice(0, half))), ...(await readBatch(session, indexes.slice(half)))];
  }
}

/**
 * Reads the ends of columns that no index may serve, in one pass over the table without its children. Columns whose type has
 * no least value, and all columns where the session has no such table, are left out.
 */
export async function readColumnEnds(
  session: Session,
  table: RelationName,
  columns: readonly string[],
): Promise<ColumnEnds[]> {
  if (columns.length === 0) return [];
  const list = columns.map((column, number) => {
    const name = quoteIdent(column);
    return `pg_catalog.min(${name})::text AS l${number}, pg_catalog.max(${name})::text AS g${number}`;
  });
  try {
    const [row] = await session.query<Record<string, string | null>>(
      `SELECT ${list.join(', ')} FROM ONLY ${quoteQualified(table.schema, table.name)}`,
    );
    return columns.map((column, number) => ({
      table,
      column,
      least: row?.[`l${number}`] ?? null,
      greatest: row?.[`g${number}`] ?? null,
    }));
  } catch {
    if (columns.length === 1) return [];
    const half = Math.ceil(columns.length / 2);
    const first = await readColumnEnds(session, table, columns.slice(0, half));
    return [...first, ...(await readColumnEnds(session, table, columns.slice(half)))];
  }
}
