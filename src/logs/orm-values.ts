import { literalOf } from './named-parameters.js';

/**
 * Values as programs log them, as SQL literals: JSON (`[1, "a"]`), pairs of a name and a value (`[["id", 1]]`), Python tuples and dictionaries (`(1, 'a', None)`), for
 * the names in `names` where the values have such. Null when one of them is no plain value.
 */
export function readValues(text: string, names: readonly string[]): readonly string[] | null {
  const value = parse(text);
  if (value === undefined) return null;
  const list = listOf(value, names);
  const literals = list?.map(literalOf);
  return !literals || literals.includes(null) ? null : (literals as readonly string[]);
}

function listOf(value: unknown, names: readonly string[]): readonly unknown[] | null {
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    const pairs = items.every((item) => Array.isArray(item) && item.length === 2 && typeof item[0] === 'string');
    return pairs ? items.map((item) => (item as readonly unknown[])[1]) : items;
  }
  if (typeof value !== 'object' || value === null) return null;
  const record = value as Readonly<Record<string, unknown>>;
  return names.every((name) => name in record) ? names.map((name) => record[name]) : null;
}

/** JSON, or what Python and Ruby write, turned into it; undefined when it is neither. */
function parse(text: string): unknown {
  for (const candidate of [text, toJson(text)]) {
    try {
      if (candidate !== null) return JSON.parse(candidate) as unknown;
    } catch {
      // The next form.
    }
  }
  return undefined;
}

const TOKEN =
  /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\b(None|nil|True|False)\b|Decimal\('([-\d.]+)'\)|([()])|(,\s*[)\]}])/g;
const WORDS: Readonly<Record<string, string>> = { None: 'null', nil: 'null', True: 'true', False: 'false' };

/** Quotes, words and brackets of Python and Ruby to those of JSON; what is left over makes it no JSON. */
function toJson(text: string): string {
  return text.replaceAll(
    TOKEN,
    (whole: string, single?: string, double?: string, word?: string, decimal?: string, round?: string) => {
      if (single !== undefined) return JSON.stringify(single.replaceAll(/\\(['"\\])/g, '$1'));
      if (double !== undefined) return JSON.stringify(double.replaceAll(/\\(['"\\])/g, '$1'));
      if (word !== undefined) return WORDS[word] ?? 'null';
      if (decimal !== undefined) return decimal;
      if (round !== undefined) return round === '(' ? '[' : ']';
      return whole.endsWith('}') ? '}' : ']';
    },
  );
}
