import type { Catalog } from '../../model/catalog.js';
import { list, names, walk } from '../../sql/tree.js';
import type { TreeValue } from '../../sql/tree.js';

/** Whether each row gets a value of its own from an expression, so that adding it as a default writes all rows. */
export function volatilityOf(expression: TreeValue, catalog: Catalog | null): 'volatile' | 'not' | 'unknown' {
  const found = [...walk(expression)].flatMap(({ type, body }) => {
    if (type !== 'FuncCall') return [];
    const path = names(list(body, 'funcname'));
    return [functionVolatility(path, catalog)];
  });
  if (found.includes('volatile')) return 'volatile';
  return found.includes('unknown') ? 'unknown' : 'not';
}

function functionVolatility(path: readonly string[], catalog: Catalog | null): 'volatile' | 'not' | 'unknown' {
  const name = path.at(-1) ?? '';
  const schema = path.at(-2) ?? null;
  const own = (catalog?.functions ?? []).filter(
    (info) => info.name === name && (schema === null || info.schema === schema),
  );
  if (own.length > 0) return own.some(({ volatility }) => volatility === 'v') ? 'volatile' : 'not';
  if (VOLATILE.has(name)) return 'volatile';
  if (schema === 'pg_catalog' || USUAL.has(name)) return 'not';
  return 'unknown';
}

/** Volatile functions of PostgreSQL and of uuid-ossp and pgcrypto that stand in defaults (`pg_proc.provolatile`). */
const VOLATILE = new Set([
  'random',
  'random_normal',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'gen_random_bytes',
  'gen_salt',
  'clock_timestamp',
  'timeofday',
  'nextval',
  'currval',
  'lastval',
  'setval',
]);

/** Stable and immutable ones that stand in defaults. */
const USUAL = new Set([
  'now',
  'statement_timestamp',
  'transaction_timestamp',
  'timezone',
  'date_trunc',
  'current_setting',
  'lower',
  'upper',
  'md5',
  'to_timestamp',
  'to_char',
  'jsonb_build_object',
  'jsonb_build_array',
  'json_build_object',
  'array_fill',
  'coalesce',
  'concat',
  'length',
  'make_interval',
  'make_date',
]);
