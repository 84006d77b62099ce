import { tryParseStatement } from './parse.js';
import { tokenize } from './tokens.js';
import type { Token } from './tokens.js';
import { bodyOf, field, numberOf, walk } from './tree.js';

/** The highest `$n`; 0 when there is none. Strings and comments do not count. Throws `sql/parse` where a quote does not end. */
export function parameterCount(sql: string): number {
  return Math.max(0, ...parameterTokens(sql).map((token) => numberIn(token)));
}

/**
 * Puts SQL literals in the place of `$1, $2, ...` by token, never inside strings or comments; a number without a literal stays as it is.
 * `interval $1`, as pg_stat_statements writes it, becomes `interval '7 days'`, or a CAST when the value is not a plain string.
 * Negative numbers and whole expressions get parentheses, so `- $1` can not become a comment.
 */
export function bindParameters(sql: string, literals: readonly (string | undefined)[]): string {
  // Most statements have none, and the parser takes half a millisecond to see that.
  if (literals.length === 0 || !/\$\d/.test(sql)) return sql;
  const prefixes = castPrefixes(sql);
  let bound = '';
  let done = 0;
  for (const token of parameterTokens(sql)) {
    const literal = literals[numberIn(token) - 1];
    if (literal === undefined) continue;
    const value = literal.trim();
    const prefix = prefixes.get(token.start);
    const recast = prefix !== undefined && prefix >= done && !startsWithString(value);
    const from = recast ? prefix : token.start;
    bound += sql.slice(done, from);
    bound += recast ? `CAST(${value} AS ${sql.slice(prefix, token.start).trim()})` : atom(value);
    if (WORD.test(sql.charAt(token.end))) bound += ' ';
    done = token.end;
  }
  return bound + sql.slice(done);
}

const WORD = /[\w$]/;

function parameterTokens(sql: string): readonly Token[] {
  return tokenize(sql).filter((token) => token.kind === 'parameter');
}

function numberIn(token: Token): number {
  return Number(/\d+/.exec(token.text)?.[0] ?? 0);
}

/** Where `typename $n` stands, the start of the type's name by the start of the parameter: such a place takes a string constant only. */
function castPrefixes(sql: string): ReadonlyMap<number, number> {
  const statement = tryParseStatement(sql);
  const prefixes = new Map<number, number>();
  if (!statement) return prefixes;
  const ascii = Buffer.byteLength(sql) === sql.length;
  for (const node of walk(statement.tree)) {
    if (node.type !== 'TypeCast') continue;
    const parameter = bodyOf(node.body['arg'], 'ParamRef');
    const type = field(node.body, 'typeName');
    if (!parameter || !type) continue;
    const at = numberOf(parameter, 'location') ?? 0;
    const typeAt = numberOf(type, 'location') ?? 0;
    if (typeAt < at) prefixes.set(ascii ? at : units(sql, at), ascii ? typeAt : units(sql, typeAt));
  }
  return prefixes;
}

/** Tree positions count bytes of UTF-8. */
function units(sql: string, bytes: number): number {
  return Buffer.from(sql).subarray(0, bytes).toString().length;
}

function startsWithString(value: string): boolean {
  return /^(?:[eE]|[uU]&)?'/.test(value) || value.startsWith('$');
}

/** A constant with or without casts stands alone; anything else is put in parentheses. */
function atom(value: string): string {
  const [first, ...rest] = tokenize(value).filter((token) => token.kind !== 'comment');
  if (!first) return value;
  const constant = first.kind === 'string' || first.kind === 'number' || /^(?:null|true|false)$/i.test(first.text);
  const cast = rest.length === 0 || (rest[0]?.text === '::' && !rest.some((token) => /^[-+*/%<>=|,]/.test(token.text)));
  return constant && cast ? value : `(${value})`;
}

/** Every executable form of a text: one for each parameter set; the text itself where there is none. */
export function boundTexts(sql: string, sets: readonly { readonly values: readonly string[] }[]): readonly string[] {
  return sets.length === 0 ? [sql] : sets.map(({ values }) => bindParameters(sql, values));
}
