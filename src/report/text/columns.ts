/** Columns that a text takes on a terminal: 2 for wide East Asian letters and emoji, 0 for what combines with the letter before, and none for colours. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const letter of stripColours(text)) width += letterWidth(letter.codePointAt(0) ?? 0);
  return width;
}

/** Without ANSI colour sequences. */
export function stripColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- an escape is what it looks for
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}

/** Cuts to a width, with an ellipsis where something is lost. For text without colours. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let used = 0;
  for (const letter of text) {
    const next = letterWidth(letter.codePointAt(0) ?? 0);
    if (used + next > width - 1) break;
    kept += letter;
    used += next;
  }
  return `${kept}…`;
}

/** Pads with spaces to a width, on the right or, for figures, on the left. Colours are not counted. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Breaks a text without colours at spaces, and inside a word only where the word alone is too long. `indent` goes before every line but the first. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const room = (): number => Math.max(1, lines.length === 0 ? width : width - displayWidth(indent));
  const push = (): void => {
    lines.push(lines.length === 0 ? line : indent + line);
    line = '';
  };
  for (const word of joined(text)
    .split(/ +/)
    .filter((part) => part !== '')) {
    let rest = word;
    if (line !== '' && displayWidth(line) + 1 + displayWidth(rest) > room()) push();
    while (line === '' && displayWidth(rest) > room()) {
      line = takeWidth(rest, room());
      rest = rest.slice(line.length);
      push();
    }
    if (rest !== '') line = line === '' ? rest : `${line} ${rest}`;
  }
  if (line !== '' || lines.length === 0) push();
  return lines.map((each) => each.replaceAll(NO_BREAK, ' '));
}

const NO_BREAK = '\u00a0';

/** Keeps a figure and its unit on one line. */
function joined(text: string): string {
  return text.replace(/(\d) (?=(?:ms|s|min|B|kB|MB|GB|TB|%)(?![\w]))/g, `$1${NO_BREAK}`);
}

/** Blocks of lines with an empty line between them, those that hold none left out. No line is wider than `columns`: one that would be is cut, and loses its colours. */
export function page(blocks: readonly (readonly string[])[], columns: number): string {
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${text.join('\n\n')}\n`
    .split('\n')
    .map((line) => (displayWidth(line) <= columns ? line : fit(stripColours(line), columns)))
    .join('\n');
}

export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** The column that gives way when the table is too wide; one or more, in the order in which they shrink. */
  readonly shrinks?: boolean;
}

/** Least width that a shrinking column keeps. */
const LEAST = 8;

/** A table no wider than `width`: columns two spaces apart, cells that do not fit are cut. `paint` colours a cell after it was padded. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (text: string, row: number, column: number) => string = (text) => text,
): readonly string[] {
  const widths = columns.map((column, position) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[position] ?? ''))),
  );
  const gaps = 2 * (columns.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, gaps) - width;
  for (const shrinking of [true, false]) {
    for (const [position, column] of columns.entries()) {
      if (excess <= 0 || (column.shrinks === true) !== shrinking) continue;
      const current = widths[position] ?? 0;
      const least = shrinking ? Math.min(current, LEAST) : Math.min(current, 3);
      const cut = Math.min(excess, current - least);
      widths[position] = current - cut;
      excess -= cut;
    }
  }
  const line = (cells: readonly string[], row: number): string =>
    cells
      .map((cell, position) => {
        const align = columns[position]?.align ?? 'left';
        const room = widths[position] ?? 0;
        return paint(pad(fit(cell, room), room, align), row, position);
      })
      .join('  ')
      .trimEnd();
  return [
    line(
      columns.map((column) => column.title),
      -1,
    ),
    ...rows.map((row, position) => line(row, position)),
  ].map((text) => (displayWidth(text) <= width ? text : fit(stripColours(text), width)));
}

function takeWidth(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const letter of text) {
    const next = letterWidth(letter.codePointAt(0) ?? 0);
    if (used + next > width && taken !== '') break;
    taken += letter;
    used += next;
  }
  return taken;
}

/** After Unicode Standard Annex 11 (East Asian Width), the blocks that terminals draw two columns wide. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

function letterWidth(code: number): 0 | 1 | 2 {
  if (
    code === 0x200b ||
    code === 0x200d ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    /\p{Mn}|\p{Me}/u.test(String.fromCodePoint(code))
  )
    return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
