/** Kinds of characters in SQL; the first three make words, the others begin something or stand for themselves. */
export const [WORD, DIGIT, DOLLAR, BLANK, STRING, NAME, MINUS, SLASH, DOT, MARKER, CLOSING, OTHER] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
] as const;

/** The kind of each UTF-16 code: what is not ASCII is of words. */
export const KINDS = new Uint8Array(0x1_00_00);
for (let code = 0; code < 128; code += 1) KINDS[code] = kindOf(String.fromCharCode(code));

function kindOf(letter: string): number {
  if (/[A-Za-z_]/.test(letter)) return WORD;
  if (/\d/.test(letter)) return DIGIT;
  if (/\s/.test(letter)) return BLANK;
  const marks: Readonly<Record<string, number>> = {
    $: DOLLAR,
    "'": STRING,
    '"': NAME,
    '-': MINUS,
    '/': SLASH,
    '.': DOT,
    '?': MARKER,
    ')': CLOSING,
    ']': CLOSING,
  };
  return marks[letter] ?? OTHER;
}
