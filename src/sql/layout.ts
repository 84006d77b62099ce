/**
 * A statement in lines, each clause and each condition on one, indented by its parentheses: for people and for differences. Only whitespace changes; a text with comments is
 * given in its own lines. Pure, needs no parser.
 */
export function layoutOf(sql: string): readonly string[] {
  const tokens = sql.match(TOKEN) ?? [];
  if (tokens.some((token) => token.startsWith('--') || token.startsWith('/*'))) return sql.split(/\r\n|\r|\n/);
  const lines: { readonly depth: number; text: string }[] = [];
  let depth = 0;
  let between = false;
  let space = false;
  const line = (): void => {
    lines.push({ depth, text: '' });
  };
  tokens.forEach((token, i) => {
    if (/^\s+$/.test(token)) {
      space = true;
      return;
    }
    const word = token.toUpperCase();
    if (token === ')') depth = Math.max(0, depth - 1);
    const joined = word === 'JOIN' && JOIN_BEFORE.test(lines.at(-1)?.text ?? '');
    const range = word === 'AND' && between;
    if (word === 'BETWEEN') between = true;
    if (range) between = false;
    const fresh = BREAKING.has(word) && !joined && !range && lines.at(-1)?.text.endsWith('(') !== true;
    if (lines.length === 0 || (fresh && (lines.at(-1)?.text ?? '') !== '' && !isPartOfCall(tokens, i))) line();
    const last = lines.at(-1);
    if (last) last.text += `${space && last.text !== '' ? ' ' : ''}${token}`;
    space = false;
    if (token === '(') depth += 1;
  });
  return lines.map(({ depth: deep, text }) => `${'  '.repeat(deep)}${text}`);
}

/** Strings, dollar-quoted ones among them, quoted names, comments, words, whitespace, and any other sign by itself. */
const TOKEN =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$?[\p{L}\p{N}_$.]+|\s+|[\s\S]/gu;

const BREAKING = new Set(
  'SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET UNION INTERSECT EXCEPT JOIN LEFT RIGHT FULL INNER CROSS AND OR SET VALUES RETURNING WINDOW'.split(
    ' ',
  ),
);
const JOIN_BEFORE = /(?:^|\s)(?:LEFT|RIGHT|FULL|INNER|CROSS|OUTER|NATURAL)$/i;

/** `left(c, 3)` and `extract(year FROM c)` are no clauses. */
function isPartOfCall(tokens: readonly string[], at: number): boolean {
  const word = (tokens[at] ?? '').toUpperCase();
  if (word === 'LEFT' || word === 'RIGHT') return tokens[at + 1] === '(';
  if (word === 'ORDER' || word === 'FROM') {
    const opened = tokens.slice(0, at).lastIndexOf('(');
    const inside = tokens.slice(opened + 1, at);
    return opened > 0 && !inside.includes(')') && !inside.some((one) => /^(select|with)$/i.test(one));
  }
  return false;
}
