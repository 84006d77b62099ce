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
