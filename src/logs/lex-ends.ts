const QUOTE = 39;

/** Behind the quote that ends the string whose quote is at `quote`, with or without backslashes that escape. */
export function stringEnd(text: string, quote: number, backslashes: boolean): number {
  let at = quote + 1;
  for (;;) {
    const end = text.indexOf("'", at);
    if (end === -1) return text.length;
    if (backslashes) {
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 92 && end - 1 - slashes > quote) slashes += 1;
      if (slashes % 2 === 1) {
        at = end + 1;
        continue;
      }
    }
    if (text.charCodeAt(end + 1) !== QUOTE) return end + 1;
    at = end + 2;
  }
}

/** Behind the quoted name that begins at `at`. */
export function quotedEnd(text: string, at: number): number {
  const end = text.indexOf('"', at + 1);
  return end === -1 ? text.length : end + 1;
}

/** Behind the number that begins at `from`: `12`, `1.5e-3`, `.5`, `0x1F`, `1_000`. */
export function numberEnd(text: string, from: number): number {
  NUMBER.lastIndex = from;
  return NUMBER.test(text) ? NUMBER.lastIndex : from + 1;
}

const NUMBER = /(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;

/** Where the line ends. */
export function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Behind the block comment that begins at `from`; comments nest. */
export function blockEnd(text: string, from: number): number {
  let depth = 1;
  let at = from + 2;
  while (depth > 0) {
    const close = text.indexOf('*/', at);
    if (close === -1) return text.length;
    const open = text.indexOf('/*', at);
    if (open !== -1 && open < close) {
      depth += 1;
      at = open + 2;
    } else {
      depth -= 1;
      at = close + 2;
    }
  }
  return at;
}
