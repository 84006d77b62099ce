import { bareLiteral } from '../../base/quote.js';
import type { Constant } from './constants.js';
import { documents } from './documents.js';
import { timeAsSeconds, times } from './moments.js';
import { texts } from './texts.js';

/** Candidate values of one column as SQL, before the server has said which of them its type takes. */
export interface Candidates {
  /** Columns of one group are given the same few values, so that they join: `number`, `text`, `time`, or the type's name. */
  readonly group: string;
  /** Few, small, with edges: empty texts, leap days. */
  readonly plain: readonly string[];
  /** The constants themselves. */
  readonly exact: readonly string[];
  /** What lies next to them. */
  readonly near: readonly string[];
}

/** What a type is, as far as values go. */
export interface ValueType {
  /** Name in `pg_type`, domains resolved, e.g. `int4`, `_text`. */
  readonly baseType: string;
  /** Labels of an enum in order; empty for any other type. */
  readonly labels: readonly string[];
  /** The type as the column declares it, with its length or scale: `numeric(12,4)`, `character varying(20)`. */
  readonly declared: string;
}

/** The values worth trying for a type, given the constants it is compared with: itself where they are `own`, else those of the whole statement. Infinite dates and timestamps are left out: arithmetic on them fails, whatever the form. */
export function candidatesOf(
  type: ValueType,
  constants: readonly Constant[],
  facts: { readonly now: boolean; readonly own: boolean },
): Candidates {
  const { baseType, labels } = type;
  if (labels.length > 0) return made(baseType, labels.slice(0, 4), fitting(constants, labels), []);
  if (baseType.startsWith('_')) return arrays(type, constants, facts);
  if (NUMBERS.has(baseType)) return numbers(constants, { ...facts, ...type });
  if (TEXTS.has(baseType)) {
    const length = /^character(?: varying)?\((\d+)\)$/.exec(type.declared)?.[1];
    const found = texts(constants, { ...facts, length: length === undefined ? null : Number(length) });
    return made('text', found.plain, found.exact, found.near);
  }
  if (TIMES.has(baseType)) return times(constants, { ...facts, zoned: baseType === 'timestamptz' });
  if (baseType === 'json' || baseType === 'jsonb') {
    const found = documents(constants);
    return made('document', found.plain, found.exact, found.near);
  }
  if (baseType === 'uuid') return uuids(constants);
  if (baseType in RANGES) return ranges(baseType, constants);
  const strings = constants.filter((one) => one.kind !== 'number').map((one) => one.text);
  return made(baseType, PLAIN[baseType] ?? FALLBACK, strings, []);
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid', 'money']);
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext', 'name', 'char']);
const TIMES = new Set(['date', 'timestamp', 'timestamptz']);
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  bool: ['true', 'false'],
  interval: ['0', '1 day', '24 hours', '1 month', '30 days'],
  time: ['00:00', '12:34:56', '23:59:59.999999'],
  timetz: ['00:00+00', '12:34:56+02'],
  bytea: ['\\x', '\\x00', '\\x01'],
  inet: ['10.0.0.1', '10.0.0.2', '10.0.0.0/8'],
  cidr: ['10.0.0.0/8', '10.1.0.0/16'],
  int4range: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  int8range: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  numrange: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  daterange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', '[2000-01-03,2000-01-05)', 'empty'],
  tstzrange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', '[2000-01-03,2000-01-05)', 'empty'],
  tsrange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', '[2000-01-03,2000-01-05)', 'empty'],
  tsvector: ['', 'a', 'a b'],
  ltree: ['a', 'a.b', 'b'],
  hstore: ['', 'a=>1', 'a=>NULL'],
};
/** Forms that the literals of most types take; the server says which. */
const FALLBACK = ['1', '2', 'a', '', '{}', '(1,2)', '(1,2),(3,4)'];

function made(group: string, plain: readonly string[], exact: readonly string[], near: readonly string[]): Candidates {
  const quoted = (values: readonly string[]): readonly string[] => [...new Set(values)].map((one) => bareLiteral(one));
  return { group, plain: quoted(plain), exact: quoted(exact), near: quoted(near) };
}

function fitting(constants: readonly Constant[], labels: readonly string[]): readonly string[] {
  return constants.map((one) => one.text).filter((text) => labels.includes(text));
}

/** So many equal values make up a sum that is compared with a constant. */
const PARTS = [2n, 4n, 5n];

function thirds(value: number, digits: number): readonly string[] {
  return [value / 3, (2 * value) / 3].map((part) => part.toFixed(digits));
}

/** The least double that is greater; not for 0 and below, where it is the next one away from 0. */
function nextDouble(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + 1n);
  return bits.getFloat64(0);
}

const TINY = '0000000000000000000001';

/** Types that hold halves beside whole numbers. */
const FRACTIONS = new Set(['numeric', 'float4', 'float8']);

function numbers(
  constants: readonly Constant[],
  { baseType, declared, own }: { readonly baseType: string; readonly declared: string; readonly own: boolean },
): Candidates {
  const given = constants.filter((one) => /^-?\d+(\.\d+)?$/.test(one.text)).map((one) => one.text);
  const near = given.flatMap((text) => {
    if (!text.includes('.')) {
      const whole = BigInt(text);
      const parts = PARTS.filter((part) => whole % part === 0n && whole > part).map((part) => String(whole / part));
      const beside = [whole - 1n, whole + 1n];
      return [...beside, -whole, ...beside.map((one) => -one)].map(String).concat(parts);
    }
    const digits = (text.split('.')[1] ?? '').length;
    const [value, step] = [Number(text), 10 ** -digits];
    const below = (value - step).toFixed(digits);
    // Beside its neighbours what rounds to it, and two values of which it is the sum.
    const above = (value + step).toFixed(digits);
    return [below, above, `${text}4`, `${below}5`, (-value).toFixed(digits), ...thirds(value, digits)];
  });
  const fractional = FRACTIONS.has(baseType);
  const halves = fractional
    ? given.filter((text) => !text.includes('.')).flatMap((text) => [`${text}.5`, `${Number(text) - 0.5}`])
    : [];
  // Nearer than doubles are to each other: a column with a scale of its own rounds it.
  const close =
    baseType === 'numeric'
      ? given.map((text) => `${text}${text.includes('.') ? '' : '.'}${TINY}`)
      : baseType === 'float8'
        ? given.map((text) => String(nextDouble(Number(text))))
        : [];
  // Zero has a sign that only its text shows.
  const odd = fractional ? ['0.5', '2.5', '0.45', ...(baseType === 'numeric' ? [] : ['NaN', '-0'])] : [];
  const scale = Number(/^numeric\(\d+,(\d+)\)$/.exec(declared)?.[1] ?? 0);
  // As many digits as the column holds: what rounds to fewer of them is seen on no other.
  const fine = scale === 0 ? [] : [`0.${'4'.repeat(scale)}`, `1.${'6'.repeat(scale)}`, `0.${'0'.repeat(scale - 1)}5`];
  // A column may hold seconds since 1970.
  const seconds = constants.flatMap(({ kind, text }) => (own && kind === 'string' ? (timeAsSeconds(text) ?? []) : []));
  const moments = seconds.flatMap((one) => [one, one + 1, one - 1]).map(String);
  return made('number', ['1', '2', '3', '0', '-1'], given, [...near, ...halves, ...close, ...odd, ...fine, ...moments]);
}

/** Those that a statement names, in whole or by how they begin, and the next ones. */
function uuids(constants: readonly Constant[]): Candidates {
  const plain = [1, 2, 3].map((n) => `00000000-0000-0000-0000-00000000000${n}`);
  const zero = '00000000-0000-0000-0000-000000000000';
  const given = constants.flatMap(({ kind, text }) => {
    const bare = text.replaceAll('%', '').toLowerCase();
    const fits = kind === 'string' && bare !== '' && /^[0-9a-f-]{1,36}$/.test(bare);
    return fits ? [`${bare}${zero.slice(bare.length)}`] : [];
  });
  const near = given.flatMap((text) => [
    `${nextDigit(text.slice(0, 1))}${text.slice(1)}`,
    `${text.slice(0, -1)}${nextDigit(text.slice(-1))}`,
  ]);
  return made('uuid', plain, given, near);
}

/** The next hexadecimal digit; 0 after f. */
function nextDigit(digit: string): string {
  return ((Number.parseInt(digit, 16) + 1) % 16).toString(16);
}

/** What the bounds of a range are, by its type. */
const RANGES: Readonly<Record<string, RegExp>> = {
  int4range: /^-?\d+$/,
  int8range: /^-?\d+$/,
  numrange: /^-?\d+(\.\d+)?$/,
  daterange: /^\d{4}-\d/,
  tsrange: /^\d{4}-\d/,
  tstzrange: /^\d{4}-\d/,
};

/** Ranges that begin or end at a constant, with it and without, and those without an end. */
function ranges(baseType: string, constants: readonly Constant[]): Candidates {
  const bounds = constants.map(({ text }) => text).filter((text) => RANGES[baseType]?.test(text) === true);
  const at = bounds.flatMap((bound) => [
    `[${bound},${bound}]`,
    `[${bound},)`,
    `(${bound},)`,
    `(,${bound}]`,
    `(,${bound})`,
  ]);
  const between = bounds.flatMap((low) =>
    bounds.filter((high) => high !== low).flatMap((high) => [`[${low},${high})`, `(${low},${high}]`]),
  );
  const given = constants.flatMap(({ text }) => (/^[[(].*[\])]$|^empty$/.test(text) ? [text] : []));
  return made(baseType, [...(PLAIN[baseType] ?? []), '(,)'], [...given, ...at], between);
}

function arrays(
  type: ValueType,
  constants: readonly Constant[],
  facts: { readonly now: boolean; readonly own: boolean },
): Candidates {
  const element = candidatesOf(
    { ...type, baseType: type.baseType.slice(1), declared: type.declared.replace(/\[\]$/, '') },
    constants,
    facts,
  );
  const raw = (values: readonly string[]): readonly string[] => values.filter((one) => one.startsWith("'")).slice(0, 4);
  const elements = [...raw(element.exact), ...raw(element.plain)];
  const array = (items: readonly string[]): string =>
    `{${items.map((one) => (one === 'NULL' ? one : `"${one.slice(1, -1).replaceAll("''", "'").replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
  const single = elements.map((one) => array([one]));
  const long = constants.flatMap(({ kind, text }) => {
    const size = kind === 'number' && /^\d$/.test(text) ? Number(text) : 0;
    return size < 2
      ? []
      : [size - 1, size, size + 1].map((many) => array(Array.from({ length: many }, () => elements.at(-1) ?? 'NULL')));
  });
  const pairs = elements
    .slice(1)
    .flatMap((one, i) => [array([elements[i] ?? 'NULL', one]), array([one, elements[i] ?? 'NULL'])]);
  return made(type.baseType, ['{}', '{NULL}', ...single.slice(-2)], single, [
    ...pairs,
    ...elements.map((one) => array([one, 'NULL'])),
    ...long,
    // The first element need not be at 1.
    ...single.slice(0, 1).map((one) => `[0:0]=${one}`),
  ]);
}
