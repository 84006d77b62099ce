import { quoteLiteral } from '../../../base/quote.js';
import { FIRST_USER_OID, USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Collations and conversions. */
export async function readCollations(context: ExtractContext): Promise<readonly SchemaObject[]> {
  return [...(await readPlainCollations(context)), ...(await readConversions(context))];
}

interface CollationRow extends Record<string, unknown> {
  readonly key: string;
  readonly name: string;
  /** `i` ICU, `c` libc, `b` builtin, `d` database default. */
  readonly provider: string;
  readonly deterministic: boolean;
  readonly collate: string | null;
  readonly ctype: string | null;
  /** ICU's or the builtin provider's; in `collcollate` on 14. */
  readonly locale: string | null;
  readonly rules: string | null;
}

const PROVIDERS: Readonly<Record<string, string>> = { i: 'icu', c: 'libc', b: 'builtin' };

async function readPlainCollations(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<CollationRow>(`
    SELECT 'pg_collation:' || c.oid AS key, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname) AS name,
      c.collprovider::text AS provider, c.collisdeterministic AS deterministic, c.collcollate::text AS collate, c.collctype::text AS ctype,
      COALESCE(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale') AS locale,
      pg_catalog.to_jsonb(c) ->> 'collicurules' AS rules
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
    WHERE c.oid >= ${FIRST_USER_OID} AND ${USER_SCHEMA} ORDER BY n.nspname, c.collname, c.collencoding`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const base = { key: row.key, kind: 'collation', identity: row.name, section: 'pre' } as const;
      return simpleObject(base, `CREATE COLLATION ${row.name} (${collationOptions(row).join(', ')})`);
    });
}

function collationOptions(row: CollationRow): string[] {
  const options = [`PROVIDER = ${PROVIDERS[row.provider] ?? 'libc'}`];
  if (!row.deterministic) options.push('DETERMINISTIC = false');
  const locale = row.provider === 'c' ? null : (row.locale ?? row.collate);
  if (locale !== null) options.push(`LOCALE = ${quoteLiteral(locale ?? '')}`);
  else if (row.collate === row.ctype) options.push(`LOCALE = ${quoteLiteral(row.collate ?? '')}`);
  else options.push(`LC_COLLATE = ${quoteLiteral(row.collate ?? '')}`, `LC_CTYPE = ${quoteLiteral(row.ctype ?? '')}`);
  if (row.rules !== null) options.push(`RULES = ${quoteLiteral(row.rules)}`);
  return options;
}

async function readConversions(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    name: string;
    is_default: boolean;
    source: string;
    target: string;
    function: string;
  }>(`
    SELECT 'pg_conversion:' || c.oid AS key, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.conname) AS name,
      c.condefault AS is_default, pg_catalog.pg_encoding_to_char(c.conforencoding)::text AS source,
      pg_catalog.pg_encoding_to_char(c.contoencoding)::text AS target, c.conproc::regproc::text AS function
    FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
    WHERE c.oid >= ${FIRST_USER_OID} AND ${USER_SCHEMA} ORDER BY n.nspname, c.conname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const base = { key: row.key, kind: 'conversion', identity: row.name, section: 'pre' } as const;
      const encodings = `FOR ${quoteLiteral(row.source)} TO ${quoteLiteral(row.target)}`;
      return simpleObject(
        base,
        `CREATE ${row.is_default ? 'DEFAULT ' : ''}CONVERSION ${row.name} ${encodings} FROM ${row.function}`,
      );
    });
}
