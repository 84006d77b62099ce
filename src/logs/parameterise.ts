import type { ParameterSet } from '../model/workload.js';
import { constantStarts } from '../sql/constants.js';
import { rawFingerprint } from '../sql/fingerprint.js';
import { parameterCount } from '../sql/parameters.js';
import type { ParsedStatement } from '../sql/parse.js';
import { withoutConstants } from './lex.js';
import { boundIn, literalsIn } from './sample.js';
import type { Shape } from './shape.js';

/** A shape's text with parameters, and values that were seen for them. */
export interface Parameterised {
  readonly sql: string;
  readonly parameterSets: readonly ParameterSet[];
}

/**
 * Puts parameters in the place of the constants that executions differ in, and gives the values that were seen. Constants stay which a program wrote into a prepared
 * statement, or which never changed. A text that would not be of the same fingerprint stays as it is, without sets.
 * `fingerprint` is the raw one of the text.
 */
export function parameterise(shape: Shape, parsed: ParsedStatement, fingerprint: string): Parameterised {
  const places = parametersOf(shape, parsed);
  const numbered = numberedIn(shape, parsed.sql);
  const samples = samplesOf(shape, places, numbered);
  const bare = write(shape, parsed.sql, new Map());
  if (samples.length === 0 || (numbered === 0 && places.length === 0)) return { sql: bare, parameterSets: [] };
  const sql = write(shape, parsed.sql, new Map(places.map((place, i) => [place, `$${numbered + i + 1}`])));
  if (sql !== parsed.sql && rawFingerprint(sql) !== fingerprint) return { sql: bare, parameterSets: [] };
  return { sql, parameterSets: samples.map((values) => ({ class: 'given', values })) };
}

/** The highest `$n`. Where nothing is quoted, strings and comments are known, and the text needs no scanner. */
function numberedIn({ lexed }: Shape, text: string): number {
  if (!/\$\d/.test(text)) return 0;
  if (text.includes('"')) return parameterCount(text);
  let highest = 0;
  for (const match of withoutConstants(text, lexed).matchAll(NUMBERED)) highest = Math.max(highest, Number(match[1]));
  return highest;
}

/** Not within a name. */
const NUMBERED = /(?<![\w$\u0080-\uffff])\$(\d+)/g;

/** Executions in which a constant has to be the same to be taken for part of the statement: fewer may be chance. */
const CONSTANT_CALLS = 20;

/** Which of the text's constants become parameters, by position in its list of them. */
function parametersOf(shape: Shape, parsed: ParsedStatement): readonly number[] {
  const { literals } = shape.lexed;
  if (literals.length === 0 || shape.extended) return [];
  const replaceable = constantStarts(parsed);
  return literals.flatMap(({ start }, i) => {
    const constant = shape.same.at(i) && shape.calls >= CONSTANT_CALLS;
    return replaceable.has(start) && !constant ? [i] : [];
  });
}

/** Values in the order of their numbers, each set once. Executions that differ in a constant that stays in the text are another statement. */
function samplesOf(shape: Shape, places: readonly number[], numbered: number): readonly (readonly string[])[] {
  const wanted = new Set(places);
  const own = shape.lexed.literals.map(({ start, end }) => shape.text.slice(start, end));
  const all = shape.slowest ? [...shape.samples, shape.slowest] : shape.samples;
  const sets = all.flatMap((sample) => {
    const literals = literalsIn(sample, own.length);
    if (literals.some((text, i) => !wanted.has(i) && text !== own[i])) return [];
    const bound = numbered > 0 ? boundIn(sample) : [];
    if (bound?.length !== numbered) return [];
    return [[...bound, ...places.map((i) => literals[i] ?? 'NULL')]];
  });
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

/** The text with constants replaced, and without its comments, which tell of one execution; hints stay. */
function write(shape: Shape, text: string, replaced: ReadonlyMap<number, string>): string {
  const { literals, comments } = shape.lexed;
  const cuts = [
    ...literals.flatMap(({ start, end }, i) => {
      const by = replaced.get(i);
      return by === undefined ? [] : [{ start, end, by }];
    }),
    ...comments.flatMap(({ start, end, text: said }) => (said.startsWith('+') ? [] : [{ start, end, by: ' ' }])),
  ].toSorted((a, b) => a.start - b.start);
  let written = '';
  let done = 0;
  for (const { start, end, by } of cuts) {
    written += text.slice(done, start) + by;
    done = end;
  }
  return (written + text.slice(done)).trim();
}
