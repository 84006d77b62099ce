/** One semicolon at the end, on a line of its own where the last line might end in a comment. */
export function terminated(sql: string): string {
  const bare = sql.trim().replace(/(?:\s*;)+$/, '');
  const lastLine = bare.slice(bare.lastIndexOf('\n') + 1);
  return lastLine.includes('--') ? `${bare}\n;` : `${bare};`;
}

/** A comment of one or more lines; a line break in the text can not end it. */
export function comment(label: string, text: string): readonly string[] {
  const lines = text.split(/\s*[\r\n\u2028\u2029]+\s*/).filter((line) => line !== '');
  return lines.map((line, position) => `-- ${position === 0 ? label : ' '.repeat(label.length)}${line}`);
}
