import type { Constant } from './constants.js';
import { likeSamples, regexSample } from './patterns.js';

/** Texts by how near they are to what a statement asks for, not yet quoted. */
export interface Texts {
  readonly plain: readonly string[];
  readonly exact: readonly string[];
  readonly near: readonly string[];
}

/** Values of a column of text: the constants, what their patterns match, and what lies beside them. `length` is the most letters that the column takes; null where there is no most. */
export function texts(
  constants: readonly Constant[],
  { own, length }: { readonly own: boolean; readonly length: number | null },
): Texts {
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
  const numbers = written.flatMap(({ kind, text }) =>
    kind === 'number' && /^\d{1,2}$/.test(text) ? [Number(text)] : [],
  );
  const wanted = written.filter(({ kind }) => kind === 'string').map((one) => one.text);
  return {
    plain: ['a', 'b', 'ab', '', 'A', 'a ', '1', '2', '%', '_', 'é', 'éé'],
    exact: given,
    near: [
      ...near,
      ...longTexts(numbers),
      ...placed(wanted, numbers),
      ...separated(wanted),
      ...(length === null ? [] : wanted.filter((text) => text.length > length).map((text) => text.slice(0, length))),
    ],
  };
}

/** Texts in which a constant stands where a number says, and one letter beside that: `substring(c FROM 4 FOR 3) = '-20'`. */
function placed(wanted: readonly string[], numbers: readonly number[]): readonly string[] {
  return numbers
    .filter((at) => at >= 2 && at <= MOST_LETTERS)
    .flatMap((at) =>
      wanted
        .filter((text) => text !== '')
        .map((text) => likeSamples(text)[0] ?? text)
        .flatMap((text) => [at - 1, at, at - 2].map((before) => `${'x'.repeat(before)}${text}`)),
    )
    .slice(0, MOST_PLACED);
}

/** Texts made of a constant and a separator: `split_part(c, '-', 2) = 'B7'` asks for one part of several. */
function separated(wanted: readonly string[]): readonly string[] {
  const separators = wanted.filter((text) => /^[^\w%]{1,2}$/.test(text));
  return separators
    .flatMap((by) =>
      wanted
        .filter((text) => text !== by && text !== '')
        .flatMap((text) => [
          `x${by}${text}`,
          `${text}${by}x`,
          `x${by}${text}${by}x`,
          `x${by}x${by}${text}`,
          `${text}${by}${text}`,
        ]),
    )
    .slice(0, MOST_PLACED);
}

/** A constant further to the right is looked for with a number that means something else. */
const MOST_LETTERS = 20;
/** More would leave too little for each. */
const MOST_PLACED = 12;

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
function longTexts(lengths: readonly number[]): readonly string[] {
  return lengths.flatMap((length) => [length - 1, length, length + 1].map((many) => 'a'.repeat(Math.max(0, many))));
}
