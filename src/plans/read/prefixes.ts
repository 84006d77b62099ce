/** Words that stand in every plan, in one of the four forms. */
export const PLAN_SIGN =
  /\((?:cost=\d|actual (?:time|rows)=|never executed\))|["'](?:Node Type)["']: |Node Type: "|<Node-Type>|^\W*->\s{1,2}[A-Z]/m;

/** Takes from each line what a client, a mail, a container's log or a syslog put before it, and borders from both ends, where every line of the plan has it. */
export function stripPrefixes(text: string): string {
  let lines: readonly string[] = text.split('\n').filter((line) => !/^[\s+]*-\[ RECORD \d+ \][-+]*\s*$/.test(line));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const strip = prefixOf(regionOf(lines, true)) ?? prefixOf(regionOf(lines, false));
    if (!strip) break;
    lines = lines.map(strip);
  }
  return withoutEnds(lines).join('\n');
}

/** Quoted, in a box, behind a container's name, after a time: more of them do not meet. */
const TURNS = 4;

/** The lines from the first of a plan to the last that is surely one; or with what is said of its last node and of all of it. */
function regionOf(lines: readonly string[], isWide: boolean): readonly string[] {
  const first = lines.findIndex((line) => PLAN_SIGN.test(line));
  const sure = lines.findLastIndex((line) => PLAN_SIGN.test(line));
  const total = isWide ? lines.findLastIndex((line) => TOTAL.test(line)) : -1;
  const after = isWide ? lines.findIndex((line, at) => at > sure && !SAID.test(line)) : -1;
  const last = Math.max(sure, total, (after < 0 && isWide ? lines.length : after) - 1);
  return first < 0 ? [] : lines.slice(first, last + 1).filter((line) => line.trim() !== '');
}

/** How long all of it took. */
const TOTAL = /(?:Planning|Execution) [Tt]ime: [\d.]+ ms|Total runtime: [\d.]+ ms/;
/** A property of a node, whatever stands before it. */
const SAID =
  /^\W*(?:Filter|(?:Index|Recheck|Hash|Merge) Cond|Join Filter|Rows Removed by [A-Z][\w ]*|Buffers|Output|(?:Sort|Group|Presorted) Key|Sort Method|Heap Fetches|Heap Blocks|Index Searches): /;

/** Each is wholly what stands before a line; what follows begins in the column that the plan gave it. */
const FAMILIES: readonly RegExp[] = [
  /^\s*\|?\s*QUERY PLAN\s*[|│]\s/,
  /^\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*\s(?:[A-Z]{2,5}\s)?(?:\[\d+\]:?\s)?(?:\[[\d-]+\]\s)?(?:\S+@\S+\s)?(?:[A-Z]{3,9}: {1,2})?/,
  /^\s*[A-Z][a-z]{2}\s+\d+ [\d:]{8} \S+ [^\s[]+\[\d+\]: (?:\[\d+(?:-\d+)?\] ?)?(?:#011)?/,
  /^\s*\d+(?:\s*[|:.)])?\s/,
  /^[\w.@/-]+ *\| /,
  /^[A-Z]{3,9}: {1,2}/,
];

function prefixOf(region: readonly string[]): ((line: string) => string) | null {
  if (region.length < 2) return null;
  const family = FAMILIES.find((pattern) => region.every((line) => pattern.test(line)));
  if (family) return (line) => line.replace(family, '');
  const common = commonSigns(region);
  if (common === null) return null;
  const bare = common.trimEnd();
  return (line) =>
    line.startsWith(common) ? line.slice(common.length) : line.startsWith(bare) ? line.slice(bare.length) : line;
}

/** What all lines begin with, where it is signs and no word: `> `, `│ `, `-- `, ` * `, `+`. */
function commonSigns(region: readonly string[]): string | null {
  const [first = ''] = region;
  let length = first.length;
  for (const line of region) {
    let same = 0;
    while (same < length && line[same] === first[same]) same += 1;
    // A line without a text has lost the blank after the sign.
    if (same === line.length && same > 0 && first[same] === ' ') same = length;
    length = same;
  }
  const signs = /^\s*[^\w\s"'<{}()[\]]+(?: [^\w\s"'<{}()[\]]+)* ?/.exec(first.slice(0, length))?.[0];
  return signs === undefined || /->|→/.test(signs) ? null : signs;
}

/** psql ends each line of a box with a border, and those within one cell with `↵` before it; others put each line in quotes. */
function withoutEnds(lines: readonly string[]): readonly string[] {
  const region = regionOf(lines, false);
  const bordered = region.length > 0 && region.every((line) => /[|│║]\s*$/.test(line));
  const open = bordered ? lines.map((line) => line.replace(/\s*[|│║]\s*$/, '')) : lines;
  const quoted = region.length > 0 && region.every((line) => /^\s*'.*'\s*$/.test(line));
  return open.map((line) => (quoted ? line.replace(/^\s*'(.*)'\s*$/, '$1') : line.replace(/\s*↵\s*$/, '')));
}
