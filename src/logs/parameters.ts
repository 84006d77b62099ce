/**
 * Values of `parameters: $1 = 'x', $2 = NULL` (a DETAIL of the server) or `$1 = 'x', $2 = NULL` (auto_explain), as SQL literals in the order of their numbers.
 * Null when a number is missing, or a value was cut (`log_parameter_max_length` leaves `...` behind it).
 */
export function readBoundParameters(text: string): readonly string[] | null {
  const from = /^\s*(?:parameters: |Parameters: )?/.exec(text)?.[0].length ?? 0;
  const values: string[] = [];
  let at = from;
  while (at < text.length) {
    const head = HEAD;
    head.lastIndex = at;
    const match = head.exec(text);
    if (!match || Number(match[1]) !== values.length + 1) return null;
    at = head.lastIndex;
    const end = text.charCodeAt(at) === QUOTE ? endOfString(text, at) : endOfBare(text, at);
    if (end === -1) return null;
    const value = text.slice(at, end);
    if (value === '' || (value !== 'NULL' && !value.startsWith("'")) || value.endsWith("...'")) return null;
    values.push(value);
    at = end;
    if (text.startsWith(', ', at)) at += 2;
    else if (at < text.length && text.slice(at).trim() !== '') return null;
    else break;
  }
  return values.length > 0 ? values : null;
}

const HEAD = /\$(\d+) = /y;
const QUOTE = 39;

/** The place behind a quoted value, in which quotes are doubled; -1 when it does not end. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const end = text.indexOf("'", at);
    if (end === -1) return -1;
    if (text.charCodeAt(end + 1) !== QUOTE) return end + 1;
    at = end + 2;
  }
}

function endOfBare(text: string, from: number): number {
  const comma = text.indexOf(', $', from);
  return comma === -1 ? text.trimEnd().length : comma;
}
