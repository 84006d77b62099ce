/** Lines of a paste without what surrounds them: psql's header, borders and row count, its `+` at line ends, quotes of CSV cells, carriage returns. */
export function cleanLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replaceAll('\t', '        '));
  const rows = lines.filter((line) => line.trim() !== '' && !/^\s*\+[-+]*\+\s*$/.test(line));
  const bordered =
    lines.some((line) => /^\s*\|?\s*QUERY PLAN\s*\|?\s*$/.test(line) && line.includes('|')) ||
    (rows.length > 0 && rows.every((line) => /^\s*\|.*\|\s*$/.test(line)));
  return lines
    .filter(
      (line) =>
        !/^\s*(?:"?QUERY PLAN"?|\|\s*QUERY PLAN\s*\||[+-]*-{3,}[+-]*|[=─━]{3,}|\(\d+ rows?\)|\[RECORD.*)\s*$/.test(
          line,
        ),
    )
    .map((line) => (bordered ? line.replace(/^\s*\|\s?/, '').replace(/\s*\|\s*$/, '') : line))
    .map((line) =>
      line
        .replace(/\s*[+↵]\s*$/, '')
        .replace(/^"(.*)"$/, unquoted)
        .trimEnd(),
    );
}

function unquoted(_: string, inner: string): string {
  return inner.replaceAll('""', '"');
}
