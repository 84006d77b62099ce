import { layoutOf } from '../../sql/layout.js';

/** Two statements, laid out, as the lines of a difference: each begins with `-`, `+` or a space. */
export function lineDifference(before: string, after: string): readonly string[] {
  return differenceOfLines(layoutOf(before), layoutOf(after));
}

/** The same of lines as they are. Time and space grow with the product of both counts. */
export function differenceOfLines(a: readonly string[], b: readonly string[]): readonly string[] {
  const common = longest(a, b);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]}`);
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push(`-${a[i]}`);
      i += 1;
    } else {
      lines.push(`+${b[j]}`);
      j += 1;
    }
  }
  return lines;
}

/** For each pair of places, how many lines the rest of both has in common at most. */
function longest(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = table[i];
      if (row)
        row[j] = a[i] === b[j] ? 1 + (table[i + 1]?.[j + 1] ?? 0) : Math.max(table[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  return table;
}
