import { createHash } from 'node:crypto';
import type { OrderKey, StatementShape } from './statement-shape.js';

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly typeOid: number;
}

/** A result in a few hashes, made in one pass over rows as the server prints them. */
export interface ResultDigest {
  readonly rows: number;
  readonly columns: readonly ResultColumn[];
  /** Floats at 12 significant digits (float4: 6). */
  readonly exact: Hashes;
  /** The same at 9 (float4: 4), so that rounding at a boundary is no difference; null without float columns. */
  readonly coarse: Hashes | null;
  /** Rows a write touched, by table, cascades and triggers included; null for a read. */
  readonly effects: string | null;
}

/** Hashes of one result at one rounding. */
export interface Hashes {
  /** Rows in their order. */
  readonly sequence: string;
  /** Rows in any order. */
  readonly multiset: string;
  /** ORDER BY keys in their order; null when the keys are not in the output. */
  readonly keys: string | null;
  /** Rows in any order, without those tied with the last key (and with the first, under OFFSET); null as `keys`. */
  readonly untied: string | null;
}

/** `undecided`: SQL allows both results, so that nothing follows from their difference. */
export type Equality = { readonly result: 'equal' | 'different' | 'undecided'; readonly note: string | null };

/** How two results are compared beyond their hashes. */
export interface ComparisonRules {
  readonly shape: StatementShape;
  /** For a change of type: names must be equal, types not. */
  readonly typesMayDiffer: boolean;
  /** Whether both sides ran the same text: then the server vouches for an order that can not be seen. */
  readonly sameText: boolean;
}

/** Collects rows into a digest; memory does not grow with them. */
export interface DigestBuilder {
  add(row: readonly (string | null)[]): void;
  finish(effects: string | null): ResultDigest;
}

/** Starts a digest of rows with these columns. */
export function digestBuilder(columns: readonly ResultColumn[], shape: StatementShape): DigestBuilder {
  const keys = resolveKeys(columns, shape.orderKeys);
  const hasFloats = columns.some((column) => EXACT_DIGITS[column.typeOid] !== undefined);
  const exact = track(columns, keys, shape.offset, EXACT_DIGITS);
  const coarse = hasFloats ? track(columns, keys, shape.offset, COARSE_DIGITS) : null;
  let rows = 0;
  return {
    add(row) {
      rows += 1;
      exact.add(row);
      coarse?.add(row);
    },
    finish: (effects) => ({ rows, columns, exact: exact.finish(), coarse: coarse?.finish() ?? null, effects }),
  };
}

/** Whether two results are the same as far as SQL defines them; the note says what was left out of the comparison, or what differs. */
export function compareResults(before: ResultDigest, after: ResultDigest, rules: ComparisonRules): Equality {
  const columns = columnDifference(before, after, rules.typesMayDiffer);
  if (columns !== null) return { result: 'different', note: columns };
  if (before.effects !== after.effects) {
    return openEnded(rules, `rows changed: ${before.effects ?? 'none'} before, ${after.effects ?? 'none'} after`);
  }
  const exact = compareHashes(before, after, rules, 'exact');
  if (exact.result !== 'different' || before.coarse === null || after.coarse === null) return settle(exact, rules);
  const coarse = compareHashes(before, after, rules, 'coarse');
  if (coarse.result === 'equal')
    return { result: 'equal', note: coarse.note ?? 'floats compared at 9 significant digits' };
  return settle(exact, rules);
}

/** A row as one text, floats rounded as for `exact`: the same for rows that are compared as equal. */
export function rowText(columns: readonly ResultColumn[], row: readonly (string | null)[]): string {
  return row
    .map((value, i) => {
      const oid = columns[i]?.typeOid ?? 0;
      return canonical(value, EXACT_DIGITS[oid], FLOAT_ARRAYS.has(oid));
    })
    .join('');
}

/** Significant digits by type: float4, float8 and their arrays. DBL_DIG is 15, FLT_DIG 6: three are left for the order of summation. */
const EXACT_DIGITS: Readonly<Record<number, number>> = { 700: 6, 701: 12, 1021: 6, 1022: 12 };
const COARSE_DIGITS: Readonly<Record<number, number>> = { 700: 4, 701: 9, 1021: 4, 1022: 9 };

interface Track {
  add(row: readonly (string | null)[]): void;
  finish(): Hashes;
}

function track(
  columns: readonly ResultColumn[],
  keys: readonly number[] | null,
  dropFirstGroup: boolean,
  digits: Readonly<Record<number, number>>,
): Track {
  const precision = columns.map((column) => digits[column.typeOid]);
  const isArray = columns.map((column) => FLOAT_ARRAYS.has(column.typeOid));
  const sequence = textHash();
  const keySequence = textHash();
  const multiset = new HashSum();
  const untied = new HashSum();
  const group = new HashSum();
  let groupKey: string | null = null;
  let groups = 0;
  const closeGroup = (): void => {
    if (groups > 0 && !(dropFirstGroup && groups === 1)) untied.addSum(group);
  };
  return {
    add(row) {
      const values = row.map((value, i) => canonical(value, precision[i], isArray[i] === true));
      const text = values.join('');
      sequence.add(text);
      multiset.add(text);
      if (!keys) return;
      const key = keys.map((i) => values[i]).join('');
      if (key !== groupKey) {
        closeGroup();
        group.clear();
        groupKey = key;
        groups += 1;
      }
      keySequence.add(key);
      group.add(text);
    },
    finish: () => ({
      sequence: sequence.finish(),
      multiset: multiset.text(),
      keys: keys ? keySequence.finish() : null,
      untied: keys ? untied.text() : null,
    }),
  };
}

/** SHA-256 over texts, many at a time: a call for each row would cost more than the hashing. */
function textHash(): { add(text: string): void; finish(): string } {
  const hash = createHash('sha256');
  let waiting = '';
  return {
    add(text) {
      waiting += text;
      if (waiting.length < HASH_CHUNK) return;
      hash.update(waiting);
      waiting = '';
    },
    finish: () => hash.update(waiting).digest('hex'),
  };
}

const HASH_CHUNK = 65_536;

/** A sum of 128-bit row hashes, four lanes modulo 2^32: independent of order, and a row twice is not a row once. */
class HashSum {
  private readonly lanes = new Uint32Array(4);

  /** Four multiplicative hashes of different odd factors (after cyrb128, public domain); against chance, not against malice. */
  add(text: string): void {
    let [a, b, c, d] = [1_779_033_703, 3_144_134_277, 1_013_904_242, 2_773_480_762];
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      a = b ^ Math.imul(a ^ unit, 597_399_067);
      b = c ^ Math.imul(b ^ unit, 2_869_860_233);
      c = d ^ Math.imul(c ^ unit, 951_274_213);
      d = a ^ Math.imul(d ^ unit, 2_716_044_179);
    }
    this.addLanes(
      mixed(c, a, 597_399_067),
      mixed(d, b, 2_869_860_233),
      mixed(a, c, 951_274_213),
      mixed(b, d, 2_716_044_179),
    );
  }

  addSum(other: HashSum): void {
    const [a = 0, b = 0, c = 0, d = 0] = other.lanes;
    this.addLanes(a, b, c, d);
  }

  clear(): void {
    this.lanes.fill(0);
  }

  text(): string {
    return Buffer.from(this.lanes.buffer).toString('hex');
  }

  private addLanes(a: number, b: number, c: number, d: number): void {
    const { lanes } = this;
    lanes[0] = (lanes[0] as number) + a;
    lanes[1] = (lanes[1] as number) + b;
    lanes[2] = (lanes[2] as number) + c;
    lanes[3] = (lanes[3] as number) + d;
  }
}

function mixed(one: number, other: number, factor: number): number {
  const spread = Math.imul(one ^ (other >>> 18), factor);
  return Math.imul(spread ^ (spread >>> 15), 2_246_822_519) ^ (spread >>> 13);
}

/** Length first, so that no two rows of values give the same text. */
function canonical(value: string | null, digits: number | undefined, isArray: boolean): string {
  if (value === null) return 'N;';
  if (digits === undefined) return `${value.length}:${value};`;
  const text = isArray ? value.replaceAll(FLOAT, (number) => rounded(number, digits)) : rounded(value, digits);
  return `${text.length}:${text};`;
}

const FLOAT_ARRAYS = new Set([1021, 1022]);
const FLOAT = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** NaN and the infinities stay as they are; -0 becomes 0, which it equals. */
function rounded(text: string, digits: number): string {
  const number = Number(text);
  return Number.isFinite(number) ? number.toPrecision(digits) : text;
}

function resolveKeys(columns: readonly ResultColumn[], keys: readonly OrderKey[] | null): readonly number[] | null {
  if (!keys) return null;
  const positions = keys.map((key) => {
    if ('position' in key) return key.position < columns.length ? key.position : -1;
    const found = columns.flatMap((column, i) => (column.name === key.name ? [i] : []));
    return found.length === 1 ? (found[0] as number) : -1;
  });
  return positions.includes(-1) ? null : positions;
}

function columnDifference(before: ResultDigest, after: ResultDigest, typesMayDiffer: boolean): string | null {
  const text = (digest: ResultDigest): string =>
    JSON.stringify(digest.columns.map((column) => (typesMayDiffer ? column.name : [column.name, column.typeOid])));
  return text(before) === text(after) ? null : 'the names or types of the columns differ';
}

function compareHashes(
  before: ResultDigest,
  after: ResultDigest,
  rules: ComparisonRules,
  level: 'exact' | 'coarse',
): Equality {
  const { shape } = rules;
  const a = before[level];
  const b = after[level];
  if (!a || !b) return { result: 'different', note: 'one side holds floats and the other does not' };
  if (before.rows !== after.rows)
    return { result: 'different', note: `${before.rows} rows before, ${after.rows} after` };
  if (a.multiset === b.multiset) {
    if (!shape.ordered || a.sequence === b.sequence) return { result: 'equal', note: null };
    if (a.keys === null) {
      return {
        result: rules.sameText ? 'equal' : 'undecided',
        note: 'order not compared: the ORDER BY keys are not in the output',
      };
    }
    if (a.keys === b.keys) return { result: 'equal', note: null };
    return { result: 'different', note: 'the same rows in another order' };
  }
  const cut = before.rows >= shape.limit;
  if (!cut && !shape.offset) return { result: 'different', note: `other values in ${before.rows} rows` };
  if (!shape.ordered) return { result: 'undecided', note: 'compared by row count: LIMIT without ORDER BY' };
  if (a.keys === null)
    return { result: 'undecided', note: 'compared by row count: the ORDER BY keys are not in the output' };
  if (a.keys === b.keys && a.untied === b.untied) {
    return { result: 'equal', note: 'ties at the limit compared by order keys only' };
  }
  return { result: 'different', note: `other values in ${before.rows} rows before the ties at the limit` };
}

function settle(equality: Equality, rules: ComparisonRules): Equality {
  return equality.result === 'different' ? openEnded(rules, equality.note ?? 'results differ') : equality;
}

/** A difference proves nothing where the statement itself is not determined. */
function openEnded(rules: ComparisonRules, difference: string): Equality {
  if (rules.shape.loose !== null) return { result: 'undecided', note: `not compared: ${rules.shape.loose}` };
  if (rules.shape.kind === 'insert' && difference.startsWith('other values')) {
    return { result: 'undecided', note: 'compared by row count: the inserted row holds generated values' };
  }
  return { result: 'different', note: difference };
}
