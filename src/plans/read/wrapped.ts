/** Puts lines together that a narrow terminal or a mail broke in two: one goes on in the next where it is not whole, and the next begins nothing. */
export function joinWrapped(lines: readonly string[]): readonly string[] {
  const joins = lines.map((line, at) => at > 0 && line.trim() !== '' && !begins(line.trim()));
  const widths = lines.flatMap((line, at) => (joins[at + 1] === true && !isWhole(line) ? [line.length] : []));
  // A terminal breaks where it ends, within a word; all else between two.
  const width = Math.max(0, ...widths);
  const isHard = widths.length > 0 && widths.every((one) => one >= width - 1);
  const whole: string[] = [];
  for (const [at, line] of lines.entries()) {
    const last = whole.at(-1);
    const isFull = isHard && (lines[at - 1] ?? '').length >= width - 1;
    if (
      last === undefined ||
      joins[at] !== true ||
      (isWhole(last) && !isFull && !/^\s*\((?:cost=|actual |never executed)/.test(line))
    ) {
      whole.push(line);
      continue;
    }
    const broken = (lines[at - 1] ?? '').length;
    const isFigure = /^(?:time=|rows=|width=|loops=|\((?:cost=|actual |never ))/.test(line);
    const gap = isHard && !isFigure ? (broken === width || line.startsWith(' ') ? '' : ' ') : ' ';
    whole[whole.length - 1] = isHard ? `${last}${gap}${line}` : `${last.trimEnd()}${gap}${line.trimStart()}`;
  }
  return whole;
}

/** A node, a property, a heading of a subplan, a table that is written, or what stands after the plan. */
function begins(body: string): boolean {
  return (
    body.startsWith('->') ||
    /^[A-Z][\w /()-]*:(?:\s|$)/.test(body) ||
    /^(?:InitPlan|SubPlan|CTE) \S+/.test(body) ||
    /^(?:Foreign )?(?:Insert|Update|Delete|Merge) on /.test(body)
  );
}

/** Whether a line of a plan has all its brackets and quotes, the figures of a node among them. */
function isWhole(line: string): boolean {
  const body = line.trim();
  if ((body.startsWith('->') && !body.endsWith(')')) || body.endsWith(',')) return false;
  if (!/^(?:->|[A-Z])/.test(body)) return true;
  let depth = 0;
  for (const [sign] of body.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '').matchAll(/[()[\]]|'/g))
    depth += sign === '(' || sign === '[' ? 1 : sign === "'" ? 1 : -1;
  return depth <= 0;
}
