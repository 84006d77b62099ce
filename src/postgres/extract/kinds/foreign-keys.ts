import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

interface ForeignKeyRow extends Record<string, unknown> {
  readonly key: string;
  readonly conname: string;
  readonly table: string;
  readonly table_key: string;
  readonly referenced_key: string;
  readonly partitioned: boolean;
  readonly validated: boolean;
  readonly definition: string;
}

/** Foreign keys; those that partitions have through their parent come with the parent's. */
export async function readForeignKeys(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<ForeignKeyRow>(`
    SELECT 'pg_constraint:' || k.oid AS key, k.conname::text, k.conrelid::regclass::text AS "table",
      'pg_class:' || k.conrelid AS table_key, 'pg_class:' || k.confrelid AS referenced_key,
      c.relkind = 'p' OR r.relkind = 'p' AS partitioned, k.convalidated AS validated, pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND ${USER_SCHEMA} ORDER BY n.nspname, c.relname, k.conname`);
  return rows.filter((row) => !context.isMember(row.table_key)).map(objectOf);
}

function objectOf(row: ForeignKeyRow): SchemaObject {
  const name = quoteIdent(row.conname);
  const add = `ALTER TABLE ${row.partitioned ? '' : 'ONLY '}${row.table} ADD CONSTRAINT ${name} ${row.definition}`;
  const canTrust = row.validated && !row.partitioned && !row.definition.endsWith(' NOT ENFORCED');
  const markValid =
    `UPDATE pg_catalog.pg_constraint SET convalidated = true WHERE contype = 'f' AND NOT convalidated ` +
    `AND conrelid = ${quoteLiteral(row.table)}::regclass AND conname = ${quoteLiteral(row.conname)}`;
  const base: Omit<SchemaObject, 'sql'> = {
    key: row.key,
    kind: 'foreign key',
    identity: `${row.table} ${name}`,
    section: 'post',
    needs: [row.table_key, row.referenced_key],
    ...(canTrust ? { inLab: `${add} NOT VALID; ${markValid}` } : {}),
  };
  return simpleObject(base, add);
}
