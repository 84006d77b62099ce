import { quoteLiteral } from '../../../base/quote.js';
import type { ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

interface CommentRow extends Record<string, unknown> {
  readonly key: string;
  readonly position: number;
  readonly column_name: string | null;
  readonly description: string;
  /** What `pg_identify_object` calls the object. */
  readonly type: string;
  readonly identity: string;
}

/** Comments on the objects given and on their columns. */
export async function readComments(
  context: ExtractContext,
  objects: readonly SchemaObject[],
): Promise<readonly SchemaObject[]> {
  const owners = new Map<string, SchemaObject>();
  for (const object of objects) {
    const addresses = [object.key, ...(object.aliases ?? []), ...(object.parts ?? []).map(({ key }) => key)];
    for (const address of addresses) if (!owners.has(address)) owners.set(address, object);
  }
  // initdb's own comments are in pg_catalog and information_schema, and so below the first user OID but for `public`.
  const rows = await context.rows<CommentRow>(`
    SELECT c.relname || ':' || d.objoid AS key, d.objsubid AS position,
      CASE WHEN d.objsubid > 0 THEN (SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = d.objoid AND a.attnum = d.objsubid) END AS column_name, d.description, i.type, i.identity
    FROM pg_catalog.pg_description d JOIN pg_catalog.pg_class c ON c.oid = d.classoid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::regclass
    ORDER BY i.type, i.identity`);
  return rows.flatMap((row) => {
    const owner = owners.get(row.key);
    if (owner === undefined || isUsual(row)) return [];
    const target = commentTarget(row);
    const base: Omit<SchemaObject, 'sql'> = {
      key: `comment ${row.key} ${row.position}`,
      kind: 'comment',
      identity: target,
      section: owner.section,
      needs: [row.key],
      ...(row.column_name === null ? {} : { onColumn: row.column_name }),
    };
    return [simpleObject(base, `COMMENT ON ${target} IS ${quoteLiteral(row.description)}`)];
  });
}

/** A schema `public` that nobody touched has this comment in every new database. */
function isUsual(row: CommentRow): boolean {
  return row.type === 'schema' && row.identity === 'public' && row.description === 'standard public schema';
}

/** `pg_identify_object` names things as COMMENT ON takes them, but for these. */
function commentTarget({ type, identity }: CommentRow): string {
  if (type.endsWith(' column')) return `COLUMN ${identity}`;
  if (type === 'table constraint') return `CONSTRAINT ${identity}`;
  if (type === 'domain constraint')
    return `CONSTRAINT ${identity.replace(/^((?:"(?:[^"]|"")*"|[^" ])+) on /, '$1 ON DOMAIN ')}`;
  if (type === 'composite type') return `TYPE ${identity}`;
  if (type === 'foreign-data wrapper') return `FOREIGN DATA WRAPPER ${identity}`;
  if (type === 'transform') return `TRANSFORM ${identity.replace(/^for (.*) on language /, 'FOR $1 LANGUAGE ')}`;
  if (type === 'statistics object') return `STATISTICS ${identity}`;
  if (type === 'operator') return `OPERATOR ${identity.replace(/\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/, ' ($1)')}`;
  return `${type.toUpperCase()} ${identity}`;
}
