import { oneLine } from '../words.js';

/** Text of strangers inside Markdown: on one line, and nothing in it is obeyed (links, tags, tables, code). */
export function md(text: string): string {
  return (
    oneLine(text)
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      // A quotation begins with it; anywhere else it is an arrow.
      .replace(/^>/, '&gt;')
      .replace(/[\\`*_[\]|~#!]/g, '\\$&')
      .replace(/\bhttps?:/gi, (scheme) => scheme.replace(':', '&#58;'))
      .replace(/@/g, '&#64;')
  );
}

/** Code as it is, in a fence longer than any inside it. */
export function mdFence(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`;
}

/** A table; cells are taken as Markdown already. */
export function mdTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const rule = titles.map((_, position) => (right.includes(position) ? '---:' : '---'));
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
