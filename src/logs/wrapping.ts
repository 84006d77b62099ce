import { ascii, standsAt } from './stretch.js';

/** What another program puts before each line of a server's log. */
export interface Wrapping {
  readonly name: string;
  /** Matches at the beginning of a line. */
  readonly pattern: RegExp;
  /** Whether it cuts long lines in several, and writes tabs as `#011`: syslog. */
  readonly cuts: boolean;
}

const WRAPPINGS: readonly Wrapping[] = [
  { name: 'docker compose', pattern: /^[\w.-]+ *\| /, cuts: false },
  {
    name: 'syslog',
    pattern:
      /^(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ [^\s[]+\[\d+\]: (?:\[\d+-\d+\] )?/,
    cuts: true,
  },
  {
    name: 'time stamps of a container',
    pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d) (?:std(?:out|err) [FP] )?/,
    cuts: false,
  },
];

/** Nearly all lines have it; a program's own messages may not. */
const ENOUGH = 0.9;

/** What stands before the lines of a sample; null where nothing is known of it. */
export function findWrapping(lines: readonly string[]): Wrapping | null {
  const written = lines.filter((line) => line !== '');
  return (
    WRAPPINGS.find(
      ({ pattern }) => written.filter((line) => pattern.test(line)).length >= Math.max(1, written.length * ENOUGH),
    ) ?? null
  );
}

/** A line without it. */
export function unwrapped({ pattern, cuts }: Wrapping, line: string): string {
  const text = line.replace(pattern, '');
  return cuts ? text.replaceAll('#011', '\t') : text;
}

/** Where a line stands without it; what is written otherwise is changed in its place. */
export function unwrapBytes({ pattern, cuts }: Wrapping, bytes: Buffer, from: number, to: number): [number, number] {
  const [before = ''] = pattern.exec(bytes.toString('utf8', from, Math.min(to, from + LONGEST))) ?? [];
  const start = from + Buffer.byteLength(before);
  if (!cuts) return [start, to];
  let end = start;
  for (let at = start; at < to; end += 1) {
    const isTab = standsAt(bytes, at, to, TAB);
    bytes[end] = isTab ? 9 : (bytes[at] as number);
    at += isTab ? TAB.length : 1;
  }
  return [start, end];
}

/** As syslog writes it. */
const TAB = ascii('#011');
/** What stands before a line is shorter. */
const LONGEST = 1024;
