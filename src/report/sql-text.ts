/** One semicolon at the end, on a line of its own where the last line might end in a comment. */
export function terminated(sql: string): string {
  const bare = sql.trim().replace(/(?:\s*;)+$/, '');
  const lastLine = bare.slice(bare.lastIndexOf('\n') + 1);
  return lastLine.includes('--') ? `${bare}\n;` : `${bare};`;
}

/** Of a block of code that is shown on a terminal; a longer one is in its file. */
const MOST_LINES = 6;

/** A block of code on a terminal: of a long one the first line, the one that changes rows, and the last; `where` says what shows the rest. */
export function abridged(sql: string, where: string): string {
  const rows = sql.split('\n');
  if (rows.length <= MOST_LINES) return sql;
  const changes = rows.filter((row) => /^\s+(?:UPDATE|DELETE)\b/.test(row)).slice(0, 1);
  return [rows[0] ?? '', ...changes, `  ... (${rows.length} lines: ${where})`, rows.at(-1) ?? ''].join('\n');
}

/** A comment of one or more lines; a line break in the text can not end it. */
export function comment(label: string, text: string): readonly string[] {
  const lines = text.split(/\s*[\r\n\u2028\u2029]+\s*/).filter((line) => line !== '');
  return lines.map((line, position) => `-- ${position === 0 ? label : ' '.repeat(label.length)}${line}`);
}
