import { bareLiteral } from '../../base/quote.js';
import type { Constant } from './constants.js';
import { timeAsSeconds, times } from './moments.js';
import { likeSamples, regexSample } from './patterns.js';

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
  if (NUMBERS.has(baseType)) return numbers(constants, { ...facts, baseType });
  if (TEXTS.has(baseType)) return texts(constants, facts);
  if (TIMES.has(baseType)) return times(constants, { ...facts, zoned: baseType === 'timestamptz' });
  if (baseType === 'json' || baseType === 'jsonb') return documents(constants);
  if (baseType in RANGES) return ranges(baseType, constants);
  const strings = constants.filter((one) => one.kind !== 'number').map((one) => one.text);
  return made(baseType, PLAIN[baseType] ?? FALLBACK, strings, []);
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid', 'money']);
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext', 'name', 'char']);
const TIMES = new Set(['date', 'timestamp', 'timestamptz']);
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  bool: ['true', 'false'],
  uuid: [1, 2, 3].map((n) => `00000000-0000-0000-0000-00000000000${n}`),
  interval: ['0', '1 day', '24 hours', '1 month', '30 days'],
  time: ['00:00', '12:34:56', '23:59:59.999999'],
  timetz: ['00:00+00', '12:34:56+02'],
  bytea: ['\\x', '\\x00', '\\x01'],
  inet: ['10.0.0.1', '10.0.0.2', '10.0.0.0/8'],
  cidr: ['10.0.0.0/8', '10.1.0.0/16'],
  int4range: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  int8range: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  numrange: ['[1,3)', '[2,5)', '[3,4)', 'empty'],
  daterange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', 'empty'],
  tstzrange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', 'empty'],
  tsrange: ['[2000-01-01,2000-01-03)', '[2000-01-02,2000-02-01)', 'empty'],
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
  { baseType, own }: { readonly baseType: string; readonly own: boolean },
): Candidates {
  const given = constants.filter((one) => /^-?\d+(\.\d+)?$/.test(one.text)).map((one) => one.text);
  const near = given.flatMap((text) => {
    if (!text.includes('.')) {
      const whole = BigInt(text);
      const parts = PARTS.filter((part) => whole % part === 0n && whole > part).map((part) => String(whole / part));
      return [String(whole - 1n), String(whole + 1n), `-${text}`.replace('--', ''), ...parts];
    }
    const digits = (text.split('.')[1] ?? '').length;
    const [value, step] = [Number(text), 10 ** -digits];
    const below = (value - step).toFixed(digits);
    // Beside its neighbours what rounds to it, and two values of which it is the sum.
    return [below, (value + step).toFixed(digits), `${text}4`, `${below}5`, ...thirds(value, digits)];
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
  const odd = fractional ? ['0.5', '2.5', '0.45', ...(baseType === 'numeric' ? [] : ['NaN'])] : [];
  // A column may hold seconds since 1970.
  const seconds = constants.flatMap(({ kind, text }) => (own && kind === 'string' ? (timeAsSeconds(text) ?? []) : []));
  const moments = seconds.flatMap((one) => [one, one + 1, one - 1]).map(String);
  return made('number', ['1', '2', '3', '0', '-1'], given, [...near, ...halves, ...close, ...odd, ...moments]);
}

function texts(constants: readonly Constant[], { own }: { readonly own: boolean }): Candidates {
  const written = constants.filter((one) => one.kind !== 'interval');
  const given = written.map((one) => one.text);
  const near = given.flatMap((text) => {
    const [bare = '', filled = ''] = likeSamples(text);
    const swapped = text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
    const matching = regexSample(text);
    return [
      bare,
      `${bare}x`,
      `x${bare}`,
      `x${bare}x`,
      bare.slice(0, -1),
      swapped,
      `${bare.slice(0, 1).toUpperCase()}${bare.slice(1)}`,
      ` ${text}`,
      `${text}.0`,
      ...(own && /^\d+$/.test(text) ? [`0${text}`] : []),
      filled,
      ...cutAt(text, given),
      ...(matching === null ? [] : [matching, `${matching}x`, `x${matching}`, matching.slice(0, -1)]),
    ];
  });
  return made('text', ['a', 'b', 'ab', '', 'A', 'a ', '1', '2', '%', '_', 'é', 'éé'], given, [
    ...near,
    ...longTexts(written),
  ]);
}

/** What is left and right of each place in a text where another literal stands: what columns hold that are put together with it. */
function cutAt(text: string, others: readonly string[]): readonly string[] {
  return others
    .filter((other) => other !== '' && other !== text && text.includes(other))
    .slice(0, MOST_CUTS)
    .flatMap((other) =>
      Array.from(text, (_, at) => at)
        .filter((at) => text.startsWith(other, at))
        .slice(0, MOST_CUTS)
        .flatMap((at) => [text.slice(0, at), text.slice(at + other.length)]),
    );
}

const MOST_CUTS = 4;

/** Texts as long as a number says, one shorter, and one longer. */
function longTexts(constants: readonly Constant[]): readonly string[] {
  const lengths = constants.flatMap(({ kind, text }) =>
    kind === 'number' && /^\d{1,2}$/.test(text) ? [Number(text)] : [],
  );
  return lengths.flatMap((length) => [length - 1, length, length + 1].map((many) => 'a'.repeat(Math.max(0, many))));
}

function documents(constants: readonly Constant[]): Candidates {
  const texts = constants.map((one) => one.text).slice(0, 6);
  const keys = texts.length > 0 ? texts : ['a'];
  const exact = keys.flatMap((key) =>
    texts.flatMap((text) => [
      JSON.stringify({ [key]: text }),
      ...(/^-?\d+(\.\d+)?$|^(true|false|null)$/.test(text) ? [`{${JSON.stringify(key)}: ${text}}`] : []),
    ]),
  );
  const nested = keys
    .slice(0, 3)
    .flatMap((outer) =>
      keys.flatMap((inner) => texts.slice(0, 3).map((text) => JSON.stringify({ [outer]: { [inner]: text } }))),
    );
  // A constant that is a document itself, and one with more in it than that; `d ->> 'a' = 'x' AND d ->> 'b' = '5'` asks one document for both.
  const whole = [
    ...pairedDocuments(texts),
    ...texts.filter((text) => /^\s*[[{]/.test(text)),
    ...texts.flatMap(pathSamples),
  ];
  const more = whole.map((text) => text.replace(/\](\s*\}*\s*)$/, ', "y"]$1'));
  const near = keys.flatMap((key) => [
    JSON.stringify({ [key]: null }),
    JSON.stringify({ [key]: 1, x: 2 }),
    JSON.stringify({ [key]: [key] }),
    ...texts.flatMap((text) => [
      JSON.stringify({ [key]: [text, 'y'] }),
      ...(/^\d+$/.test(text) ? [`{${JSON.stringify(key)}: "${text}0"}`] : []),
    ]),
    JSON.stringify([key]),
    JSON.stringify(key),
  ]);
  return made(
    'document',
    ['{}', '[]', '{"a": 1}', '{"a": "b"}', 'null'],
    [...whole, ...exact],
    [...more, ...near, ...nested],
  );
}

/** A document in which each constant in turn is the key of the next, its values as texts, and as what they would be without quotes. */
function pairedDocuments(texts: readonly string[]): readonly string[] {
  const pairs = texts.flatMap((key, at) => (at % 2 === 0 && at + 1 < texts.length ? [[key, texts[at + 1] ?? '']] : []));
  if (pairs.length < 2) return [];
  const bare = (text: string): string =>
    /^-?\d+(\.\d+)?$|^(true|false|null)$/.test(text) ? text : JSON.stringify(text);
  return [JSON.stringify, bare].map(
    (written) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}: ${written(value ?? '')}`).join(', ')}}`,
  );
}

/** Documents in which the keys of a SQL/JSON path hold what it compares with: by itself, and in an array. */
function pathSamples(path: string): readonly string[] {
  if (!/^\s*((lax|strict)\s+)?\$/.test(path)) return [];
  const keys = [...path.matchAll(/\.([A-Za-z_]\w*)(?!\w*\()/g)].map(([, key]) => key ?? '');
  const scalars = [...path.matchAll(/[=<>]\s*("[^"\\]*"|-?\d+(?:\.\d+)?|true|false|null)/g)].map(
    ([, text]) => text ?? '',
  );
  return scalars.flatMap((scalar) =>
    [scalar, `[${scalar}]`].map((inside) => keys.reduceRight((text, key) => `{"${key}": ${text}}`, inside)),
  );
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
  const element = candidatesOf({ ...type, baseType: type.baseType.slice(1) }, constants, facts);
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
