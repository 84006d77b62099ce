/** A token of a statement as a program writes it. */
export interface NormalToken {
  /** Lower case, without quotes; `?` for a constant, a parameter or a placeholder. */
  readonly text: string;
  /** As it stands there. */
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The tokens of a statement, comments left out, whether it is as the server saw it or as it stands in a program, with any of the common placeholders: `$1`, `?`, `:name`, `@name`,
 * `%s`, `%(name)s`, `{name}`, `#{name}`, `${name}`. Pure, needs no parser; never throws.
 */
export function normalTokens(sql: string): readonly NormalToken[] {
  const found: NormalToken[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const raw = match[0];
    const { value, name, skipped } = match.groups ?? {};
    if (skipped !== undefined) continue;
    const text = value !== undefined ? '?' : (name?.slice(1, -1).replaceAll('""', '"') ?? raw).toLowerCase();
    found.push({ text, raw, start: match.index, end: match.index + raw.length });
  }
  while (found.at(-1)?.text === ';') found.pop();
  return found;
}

/** The statement in one form: equal for texts that differ in blanks, comments, case, quotes of names, constants and how many values a list has. */
export function normalText(sql: string): string {
  return textOf(normalTokens(sql));
}

/** The same of tokens. */
export function textOf(tokens: readonly NormalToken[]): string {
  const words: string[] = [];
  for (const { text } of tokens) {
    const listed = text === '?' && words.at(-1) === ',' && words.at(-2) === '?';
    if (listed) words.pop();
    else words.push(text);
  }
  return words.join(' ');
}

/** Strings, dollar-quoted ones, quoted names, placeholders, numbers, words, and any other sign by itself. `::` is a cast, no parameter. */
const TOKEN = new RegExp(
  [
    String.raw`(?<skipped>\s+|--[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<value>[eEbBxX]?'(?:[^']|'')*'|\$(?<tag>[A-Za-z_]*)\$[\s\S]*?\$\k<tag>\$|\$\d+|[$#]?\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|%\(\w+\)s|%[sd]\b|(?<!:):[A-Za-z_]\w*|@[A-Za-z_]\w*|\?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)`,
    String.raw`(?<name>"(?:[^"]|"")*")`,
    '::',
    String.raw`[\p{L}_][\p{L}\p{N}_$]*`,
    String.raw`[\s\S]`,
  ].join('|'),
  'gu',
);
