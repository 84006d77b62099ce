import type { Constant } from './constants.js';

/** JSON documents by how near they are to what a statement asks for, not yet quoted. */
export interface Documents {
  readonly plain: readonly string[];
  readonly exact: readonly string[];
  readonly near: readonly string[];
}

/** Documents in which the constants of a statement are keys and values, by themselves, in arrays and within each other. */
export function documents(constants: readonly Constant[]): Documents {
  const texts = constants.map((one) => one.text).slice(0, MOST_TEXTS);
  const keys = texts.length > 0 ? texts : ['a'];
  const exact = keys.flatMap((key) =>
    texts.flatMap((text) => [
      JSON.stringify({ [key]: text }),
      ...(SCALAR.test(text) || isDocument(text) ? [`{${JSON.stringify(key)}: ${text}}`] : []),
    ]),
  );
  const nested = keys
    .slice(0, 3)
    .flatMap((outer) =>
      keys.flatMap((inner) => texts.slice(0, 3).map((text) => JSON.stringify({ [outer]: { [inner]: text } }))),
    );
  const along = texts.flatMap((text) => alongPath(text, texts));
  // A constant that is a document itself, and one with more in it than that; `d ->> 'a' = 'x' AND d ->> 'b' = '5'` asks one document for both.
  const whole = [
    ...pairedDocuments(texts),
    ...texts.filter((text) => isDocument(text)),
    ...texts.flatMap(pathSamples),
    ...along,
  ];
  const more = [...whole, ...exact.filter((text) => text.includes(']'))].map((text) =>
    text.replace(/\](\s*\}*\s*)$/, ', "y"]$1'),
  );
  const near = keys.flatMap((key) => [
    JSON.stringify({ [key]: null }),
    JSON.stringify({ [key]: 1, x: 2 }),
    JSON.stringify({ [key]: [key] }),
    ...texts.flatMap((text) => [
      JSON.stringify({ [key]: [text, 'y'] }),
      ...(/^\d+$/.test(text) ? [`{${JSON.stringify(key)}: "${text}0"}`, `{${JSON.stringify(key)}: ${text}.0}`] : []),
    ]),
    JSON.stringify([key]),
    JSON.stringify(key),
  ]);
  return {
    // The same number written in two ways is equal, and another text.
    plain: ['{}', '[]', '{"a": 1}', '{"a": "b"}', 'null', '{"a": 1.0}'],
    exact: [...whole, ...exact],
    near: [...more, ...near, ...nested],
  };
}

/** More constants than these would leave too little for each. */
const MOST_TEXTS = 6;
const SCALAR = /^-?\d+(\.\d+)?$|^(true|false|null)$/;

function isDocument(text: string): boolean {
  return /^\s*(\[.*\]|\{(\s*"[^"]*"\s*:.*)?\})\s*$/s.test(text);
}

/** What stands at the end of a path like `{call,phone}`: each other constant as text, and as what it would be without quotes. */
function alongPath(path: string, texts: readonly string[]): readonly string[] {
  const inside = /^\{([^"{}:]+)\}$/.exec(path)?.[1];
  if (inside === undefined) return [];
  const keys = inside.split(',').map((key) => key.trim());
  return texts
    .filter((text) => text !== path && !keys.includes(text))
    .flatMap((text) => {
      const written = [text, `${text.replaceAll('%', '')}x`].map((one) => JSON.stringify(one));
      return [...written, ...(SCALAR.test(text) ? [text] : [])];
    })
    .map((value) => keys.reduceRight((inner, key) => `{${JSON.stringify(key)}: ${inner}}`, value));
}

/** A document in which each constant in turn is the key of the next, its values as texts, and as what they would be without quotes. */
function pairedDocuments(texts: readonly string[]): readonly string[] {
  const pairs = texts.flatMap((key, at) => (at % 2 === 0 && at + 1 < texts.length ? [[key, texts[at + 1] ?? '']] : []));
  if (pairs.length < 2) return [];
  const bare = (text: string): string => (SCALAR.test(text) ? text : JSON.stringify(text));
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
