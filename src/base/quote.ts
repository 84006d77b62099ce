/** Quotes an identifier always, so that capitals, keywords and quotes survive. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An identifier as it is, whether it was written in quotes or bare. */
export function unquoteIdent(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
}

/** Quotes a string literal for any `standard_conforming_strings`. */
export function quoteLiteral(value: string): string {
  const body = value.replaceAll("'", "''");
  return value.includes('\\') ? ` E'${body.replaceAll('\\', '\\\\')}'` : `'${body}'`;
}

/** The same without the space that keeps an `E` apart from a word in front: for where none stands there. */
export function bareLiteral(value: string): string {
  return quoteLiteral(value).trimStart();
}

/** `"schema"."name"`. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}
