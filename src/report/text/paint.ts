/** Colours of a terminal; without colours every function gives its text back. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

/** How a text goes out: the width no line exceeds, and whether ANSI colours may be used. */
export interface TextOptions {
  readonly columns: number;
  readonly colour: boolean;
}

/** ANSI's sixteen colours, which follow the reader's theme. */
export function paintFor(colour: boolean): Paint {
  const code = (open: number, close: number) => (text: string) =>
    colour && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), bad: code(31, 39), warn: code(33, 39) };
}
