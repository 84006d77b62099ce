import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** A sequence with the column that owns it, if any. */
export interface SequenceRow extends Record<string, unknown> {
  readonly key: string;
  readonly nspname: string;
  readonly relname: string;
  readonly persistence: string;
  readonly type: string;
  /** int8 as text. */
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycle: boolean;
  /** `i`: fills an identity column; `a`: owned by a column; null: free. */
  readonly ownership: 'i' | 'a' | null;
  readonly table_key: string | null;
  readonly table_schema: string | null;
  readonly table_name: string | null;
  readonly table_persistence: string | null;
  readonly column_number: number | null;
  readonly column_name: string | null;
}

/** All sequences of user schemas, those of identity columns among them. */
export async function readSequenceRows(context: ExtractContext): Promise<readonly SequenceRow[]> {
  const rows = await context.rows<SequenceRow>(`
    SELECT 'pg_class:' || c.oid AS key, n.nspname::text, c.relname::text, c.relpersistence::text AS persistence,
      pg_catalog.format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum,
      s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycle, d.deptype::text AS ownership,
      'pg_class:' || t.oid AS table_key, tn.nspname::text AS table_schema, t.relname::text AS table_name,
      CASE WHEN ${context.version} >= 150000 THEN t.relpersistence::text ELSE c.relpersistence::text END AS table_persistence, d.refobjsubid AS column_number, a.attname::text AS column_name
    FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE ${USER_SCHEMA} AND c.relpersistence <> 't' ORDER BY n.nspname, c.relname`);
  return rows.filter(({ key }) => !context.isMember(key));
}

/** `CREATE SEQUENCE` and `OWNED BY` of all but identity sequences. */
export function sequenceObjects(rows: readonly SequenceRow[]): SchemaObject[] {
  return rows.filter(({ ownership }) => ownership !== 'i').flatMap(objectsOf);
}

function objectsOf(row: SequenceRow): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.relname);
  const unlogged = row.persistence === 'u' ? 'UNLOGGED ' : '';
  const sequence = simpleObject(
    { key: row.key, kind: 'sequence', identity, section: 'pre' },
    `CREATE ${unlogged}SEQUENCE ${identity} AS ${row.type} ${sequenceOptions(row)}`,
  );
  if (row.ownership === null || row.table_key === null) return [sequence];
  const column = `${quoteQualified(row.table_schema ?? '', row.table_name ?? '')}.${quoteIdent(row.column_name ?? '')}`;
  const owner = simpleObject(
    { key: `owner ${row.key}`, kind: 'sequence owner', identity, section: 'pre', needs: [row.key, row.table_key] },
    `ALTER SEQUENCE ${identity} OWNED BY ${column}`,
  );
  return [sequence, owner];
}

/** The clause `GENERATED ... AS IDENTITY (...)` which makes the column's sequence under its own name. */
export function identityClause(row: SequenceRow, always: boolean): string {
  const name = `SEQUENCE NAME ${quoteQualified(row.nspname, row.relname)}`;
  return `GENERATED ${always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY (${name} ${sequenceOptions(row)})`;
}

/** An identity sequence is as persistent as its table unless told otherwise (15+; before, sequences were always logged). */
export function persistenceAlteration(row: SequenceRow): string | null {
  if (row.persistence === row.table_persistence) return null;
  return `ALTER SEQUENCE ${quoteQualified(row.nspname, row.relname)} SET ${row.persistence === 'u' ? 'UNLOGGED' : 'LOGGED'}`;
}

function sequenceOptions(row: SequenceRow): string {
  const bounds = `START WITH ${row.start} INCREMENT BY ${row.increment} MINVALUE ${row.minimum} MAXVALUE ${row.maximum}`;
  return `${bounds} CACHE ${row.cache}${row.cycle ? ' CYCLE' : ''}`;
}
