import { compilePrefix, finishPrefix, matchPrefix, SESSION_ID, TIMESTAMP } from './prefix.js';
import type { LinePrefix } from './prefix.js';
import { prefixesShown } from './prefix-shape.js';
import { PARTS, SEVERITIES } from './record.js';

/** How a file's prefix was found. */
export interface DetectedPrefix {
  readonly prefix: LinePrefix;
  /** Lines of the sample that look like the beginning of a message, and those of them that the prefix fits. */
  readonly looked: number;
  readonly fitted: number;
}

/**
 * Finds the `log_line_prefix` that fits most lines of a sample: common ones first, those that tell more before those that tell less; then what the lines show by their form, where that tells more; else a pattern which takes the
 * time, the process and names such as `user=` from wherever they stand. Null when no line looks like a message of the server.
 */
export function detectPrefix(lines: readonly string[]): DetectedPrefix | null {
  const heads = lines.filter((line) => !line.startsWith('\t') && HEAD.test(line));
  if (heads.length === 0) return null;
  const isPlain = (prefix: LinePrefix, line: string): boolean => prefix.patterns[0]?.test(line) === true;
  const common = COMMON.map(compilePrefix);
  const best = bestOf(common, heads, isPlain);
  const shown = prefixesShown(heads.map((line) => line.slice(0, HEAD_END.exec(line)?.index)));
  const form = bestOf(
    shown.toSorted((a, b) => tells(b) - tells(a)),
    heads,
    isPlain,
  );
  const isEnough = (one: DetectedPrefix | null): one is DetectedPrefix =>
    one !== null && one.fitted >= heads.length * ENOUGH;
  if (isEnough(best) && !(isEnough(form) && isBetter(form.prefix, best.prefix))) return best;
  if (isEnough(form)) return form;
  const prefix = shownBy(heads);
  const fitted = heads.filter((line) => matchPrefix(prefix, line) !== null).length;
  const loose = bestOf(common, heads, (one, line) => matchPrefix(one, line) !== null);
  return loose && loose.fitted >= fitted ? loose : { prefix, looked: heads.length, fitted };
}

/** The first of those that fit most lines. */
function bestOf(
  prefixes: readonly LinePrefix[],
  heads: readonly string[],
  fits: (prefix: LinePrefix, line: string) => boolean,
): DetectedPrefix | null {
  let best: DetectedPrefix | null = null;
  for (const prefix of prefixes) {
    const fitted = heads.filter((line) => fits(prefix, line)).length;
    if (fitted > (best?.fitted ?? 0)) best = { prefix, looked: heads.length, fitted };
    if (fitted === heads.length) break;
  }
  return best;
}

/** What the lines show outdoes what is common where all of it is told, or more. */
function isBetter(form: LinePrefix, common: LinePrefix): boolean {
  if (form.text === null) return tells(form) > tells(common);
  return form.text.replace('%q', '') !== common.text?.replace('%q', '');
}

/** How much of what is used a prefix holds. */
const tells = ({ groups }: LinePrefix): number => Object.values(groups).filter((group) => group > 0).length;

const HEAD_END = new RegExp(`(?:${SEVERITIES}|${PARTS}):  `);

/** A line that begins a message: its severity stands behind at most 300 characters of prefix, and two spaces behind it. */
const HEAD = new RegExp(`^.{0,300}?(?:${SEVERITIES}|${PARTS}):  \\S`);

/** A few lines of a sample may stem from before the setting was changed. */
const ENOUGH = 0.9;

/** The defaults of PostgreSQL, its packages, pgBadger's advice and the managed services; what tells more stands first. */
const COMMON: readonly string[] = [
  '%m [%p] %q%u@%d ',
  '%m [%p] %q[user=%u,db=%d,app=%a] ',
  '%m [%p] %q%a %u@%d ',
  '%m [%p] ',
  '%t:%r:%u@%d:[%p]:',
  '%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:',
  '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: [%l-1] user=%u,db=%d ',
  '%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%m [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ',
  '%m [%p]: [%l-1] db=%d,user=%u ',
  '%m [%p]: [%l-1] user=%u,db=%d ',
  '%m [%p] user=%u,db=%d,app=%a,client=%h ',
  '%m [%p] %u@%d ',
  '%m %u %a %d %c %r %e ',
  '%t-%c-',
  '%m-%c-',
  '%h %m [%p] %q%u@%d ',
  '%t %u %d [%p]: [%l-1] ',
  '%t [%p]: [%l-1] ',
  '%t [%p] ',
  '%t %c ',
  '%m %c ',
  '< %m > ',
  '%m ',
  '%t ',
  '',
];

/** `%n`: seconds since 1970, of this century. */
const EPOCH = String.raw`\b\d{10}\.\d{3}\b`;

/** Pieces that lines name themselves. */
const NAMED = [
  ['user', String.raw`(?:user|usr|u)=([^\s,;\]]*)`],
  ['database', String.raw`(?:db|database|dbname|d)=([^\s,;\]]*)`],
  ['application', String.raw`(?:app|application|application_name|a)=([^,;\]]*?)`],
] as const;

/** A pattern of lookaheads, so that order and what stands between do not matter. Slower than a known prefix. */
function shownBy(heads: readonly string[]): LinePrefix {
  const groups = { time: 0, epoch: 0, user: 0, database: 0, application: 0, session: 0, process: 0 };
  const sample = heads.map((line) => line.slice(0, 300));
  const common = (pattern: string): boolean => {
    const wanted = new RegExp(pattern);
    return sample.filter((line) => wanted.test(line)).length >= sample.length * ENOUGH;
  };
  let pattern = '';
  let number = 0;
  const look = (name: keyof typeof groups, source: string): void => {
    number += 1;
    groups[name] = number;
    pattern += `(?=.{0,300}?${source})`;
  };
  if (common(`^.{0,100}?${TIMESTAMP}`)) look('time', `(${TIMESTAMP})`);
  else if (common(`^.{0,100}?${EPOCH}`)) look('epoch', `(${EPOCH})`);
  if (common(String.raw`^.{0,200}?\[\d+(?:-\d+)?\]`)) look('process', String.raw`\[(\d+)(?:-\d+)?\]`);
  if (common(`^.{0,200}?\\b${SESSION_ID}\\b`)) look('session', `\\b(${SESSION_ID})\\b`);
  for (const [name, source] of NAMED) {
    const here = `\\b${source}(?=[\\s,;\\]])`;
    if (common(`^.{0,200}?${here}`)) look(name, here);
  }
  return finishPrefix(null, `${pattern}.{0,300}?`, number, groups);
}
