import { quoteLiteral, quoteQualified } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

interface BaseTypeRow extends Record<string, unknown> {
  readonly key: string;
  readonly array_key: string;
  readonly nspname: string;
  readonly typname: string;
  /** False: only the shell was ever made. */
  readonly defined: boolean;
  readonly length: number;
  readonly by_value: boolean;
  readonly alignment: string;
  readonly storage: string;
  readonly category: string;
  readonly preferred: boolean;
  readonly delimiter: string;
  readonly collatable: boolean;
  readonly default_value: string | null;
  readonly element: string | null;
  /** `INPUT = ...` and so on, those that are set. */
  readonly functions: readonly string[];
}

const FUNCTION_OPTIONS: readonly (readonly [string, string])[] = [
  ['INPUT', 'typinput'],
  ['OUTPUT', 'typoutput'],
  ['RECEIVE', 'typreceive'],
  ['SEND', 'typsend'],
  ['TYPMOD_IN', 'typmodin'],
  ['TYPMOD_OUT', 'typmodout'],
  ['ANALYZE', 'typanalyze'],
  ['SUBSCRIPT', 'typsubscript'],
];

/** Base types, whose functions are made over a shell, and shell types that were never defined. */
export async function readBaseTypes(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const functions = FUNCTION_OPTIONS.map(
    ([word, column]) => `'${word} = ' || NULLIF(t.${column}::oid, 0)::regproc::text`,
  );
  const rows = await context.rows<BaseTypeRow>(`
    SELECT 'pg_type:' || t.oid AS key, 'pg_type:' || t.typarray AS array_key, n.nspname::text, t.typname::text, t.typisdefined AS defined,
      t.typlen::int4 AS length, t.typbyval AS by_value, t.typalign::text AS alignment, t.typstorage::text AS storage,
      t.typcategory::text AS category, t.typispreferred AS preferred, t.typdelim::text AS delimiter, t.typcollation <> 0 AS collatable,
      t.typdefault AS default_value, CASE WHEN t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END AS element,
      pg_catalog.array_remove(ARRAY[${functions.join(', ')}], NULL) AS functions
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
      OR t.typtype = 'p' AND NOT t.typisdefined) AND ${USER_SCHEMA} ORDER BY n.nspname, t.typname`);
  return rows.filter(({ key }) => !context.isMember(key)).flatMap(objectsOf);
}

function objectsOf(row: BaseTypeRow): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.typname);
  const shellKey = row.defined ? `shell ${row.key}` : row.key;
  const shell = simpleObject(
    { key: shellKey, kind: 'shell type', identity, section: 'pre' },
    `CREATE TYPE ${identity}`,
  );
  if (!row.defined) return [shell];
  const base = {
    key: row.key,
    aliases: [row.array_key],
    kind: 'base type',
    identity,
    section: 'pre',
    needs: [shellKey],
  } as const;
  return [shell, simpleObject(base, `CREATE TYPE ${identity} (${typeOptions(row).join(', ')})`)];
}

const ALIGNMENT: Readonly<Record<string, string>> = { c: 'char', s: 'int2', i: 'int4', d: 'double' };
const STORAGE: Readonly<Record<string, string>> = { p: 'plain', e: 'external', x: 'extended', m: 'main' };

function typeOptions(row: BaseTypeRow): string[] {
  const options = [...row.functions, `INTERNALLENGTH = ${row.length < 0 ? 'variable' : row.length}`];
  if (row.by_value) options.push('PASSEDBYVALUE');
  options.push(`ALIGNMENT = ${ALIGNMENT[row.alignment] ?? 'int4'}`, `STORAGE = ${STORAGE[row.storage] ?? 'plain'}`);
  options.push(`CATEGORY = ${quoteLiteral(row.category)}`);
  if (row.preferred) options.push('PREFERRED = true');
  if (row.default_value !== null) options.push(`DEFAULT = ${quoteLiteral(row.default_value)}`);
  if (row.element !== null) options.push(`ELEMENT = ${row.element}`);
  if (row.delimiter !== ',') options.push(`DELIMITER = ${quoteLiteral(row.delimiter)}`);
  if (row.collatable) options.push('COLLATABLE = true');
  return options;
}
