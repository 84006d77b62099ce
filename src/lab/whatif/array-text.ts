/** The elements of a one-dimensional PostgreSQL array as text, null for NULL. Null for an array of arrays, and for what is no array. */
export function parseArrayText(text: string): (string | null)[] | null {
  if (!text.startsWith('{') || text.startsWith('{{')) return null;
  const elements: (string | null)[] = [];
  const element = /\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]+))\s*([,}])/sy;
  element.lastIndex = 1;
  if (text === '{}') return elements;
  for (;;) {
    const match = element.exec(text);
    if (match === null) return null;
    const [, quoted, bare, end] = match;
    if (quoted !== undefined) elements.push(quoted.replaceAll(/\\(.)/gs, '$1'));
    else elements.push(bare?.toUpperCase() === 'NULL' ? null : (bare ?? '').replaceAll(/\\(.)/gs, '$1').trimEnd());
    if (end === '}') return elements;
  }
}
