import { WizardError } from '../base/errors.js';
import { PARTS, SEVERITIES } from './record.js';

/** What a line's prefix holds of what is used, each a group number of `pattern`; 0 where the prefix does not have it. */
export interface PrefixGroups {
  readonly time: number;
  readonly epoch: number;
  readonly user: number;
  readonly database: number;
  readonly application: number;
  readonly session: number;
  readonly process: number;
}

/** A compiled `log_line_prefix`. */
export interface LinePrefix {
  /** As `log_line_prefix` has it; null when it was put together from what lines show. */
  readonly text: string | null;
  /** Match the prefix and `LOG:  `, the first that does counts; the last two groups are a severity and the name of another part. */
  readonly patterns: readonly RegExp[];
  readonly groups: PrefixGroups;
  readonly severity: number;
  readonly part: number;
}

/** Time stamps as `%t`, `%m` and `%s` write them; zones are abbreviations or offsets. */
export const TIMESTAMP = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: (?:[A-Za-z]{1,6}|[+-]\d\d(?::?\d\d)?|<[+-]\d+>[+-]?\d*))?`;

/**
 * Compiles a `log_line_prefix`: every escape of the manual ("Error Reporting and Logging", `log_line_prefix`), `%q` and paddings included.
 * Throws `input/invalid` for an escape that does not exist.
 */
export function compilePrefix(text: string): LinePrefix {
  const plain = compileWith({ ...FORMS, ...PLAIN_NAMES }, text);
  const any = compileWith(FORMS, text);
  return { ...any, patterns: [...plain.patterns, ...any.patterns] };
}

/** A prefix put together from what lines show, in which `%?` is something that nobody names; its `text` is null where it holds one. */
export function compileShown(text: string): LinePrefix {
  const plain = compileWith({ ...FORMS, ...PLAIN_NAMES, '?': UNTOLD }, text);
  const any = compileWith({ ...FORMS, '?': UNTOLD }, text);
  return { ...any, text: text.includes('%?') ? null : text, patterns: [...plain.patterns, ...any.patterns] };
}

/** The beginning of a line; null where it is none of a message or a part of one. */
export function matchPrefix({ patterns }: LinePrefix, line: string): RegExpExecArray | null {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}

function compileWith(forms: Forms, text: string): LinePrefix {
  const groups = { time: 0, epoch: 0, user: 0, database: 0, application: 0, session: 0, process: 0 };
  let pattern = '';
  let number = 0;
  let optional = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter !== '%') {
      pattern += escapeRegExp(letter);
      continue;
    }
    const escape = /^%(-?\d*)(.?)/.exec(text.slice(at));
    const [whole = '%', padding = '', kind = ''] = escape ?? [];
    at += whole.length - 1;
    if (kind === '%') {
      pattern += '%';
    } else if (kind === 'q') {
      pattern += '(?:';
      optional += 1;
    } else {
      const form = forms[kind];
      if (form === undefined)
        throw new WizardError('input/invalid', `--prefix: %${kind} is no escape of log_line_prefix`, {
          hint: 'Give it as the server has it: SHOW log_line_prefix.',
        });
      const [name, source] = form;
      const padded = padding === '' ? ['', ''] : padding.startsWith('-') ? ['', ' *'] : [' *', ''];
      if (name !== null && groups[name] === 0) {
        number += 1;
        groups[name] = number;
        pattern += `${padded[0]}(${source})${padded[1]}`;
      } else {
        pattern += `${padded[0]}(?:${source})${padded[1]}`;
      }
    }
  }
  return finishPrefix(text, pattern + ')?'.repeat(optional), number, groups);
}

/** A pattern for the prefix, with `count` groups, made into one for whole lines. */
export function finishPrefix(text: string | null, pattern: string, count: number, groups: PrefixGroups): LinePrefix {
  return {
    text,
    patterns: [new RegExp(`^${pattern}(?:(${SEVERITIES})|(${PARTS})):\\s{1,2}`)],
    groups,
    severity: count + 1,
    part: count + 2,
  };
}

/** Text that means itself in a pattern. */
export function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/** `%c`: two hexadecimal numbers, the start of the session and its process. */
export const SESSION_ID = String.raw`[0-9a-f]+\.[0-9a-f]+`;

type Forms = Readonly<Record<string, readonly [keyof PrefixGroups | null, string]>>;

/**
 * What each escape writes: the group that it is kept as, and its form. Names may hold anything, so they are taken as short as the rest of the line allows. A name is of 63 bytes at
 * the most (`NAMEDATALEN`); each byte of an application's that is not ASCII is written as `\x..` since PostgreSQL 16.
 */
const FORMS: Forms = {
  a: ['application', '.{0,252}?'],
  u: ['user', '.{0,63}?'],
  d: ['database', '.{0,63}?'],
  r: [null, String.raw`[^\s,]*?(?:\(\d+\))?`],
  h: [null, String.raw`[^\s,]*?`],
  L: [null, String.raw`[^\s,]*?`],
  b: [null, '[A-Za-z][A-Za-z _-]*?'],
  p: ['process', String.raw`\d+`],
  P: [null, String.raw`\d*`],
  t: ['time', TIMESTAMP],
  m: ['time', TIMESTAMP],
  n: ['epoch', String.raw`\d+\.\d+`],
  i: [null, '[A-Za-z ]*?'],
  e: [null, '[0-9A-Z]{5}'],
  c: ['session', SESSION_ID],
  l: [null, String.raw`\d+`],
  s: [null, TIMESTAMP],
  v: [null, String.raw`(?:-?\d+/\d+)?`],
  x: [null, String.raw`\d+`],
  Q: [null, String.raw`-?\d+`],
};

/** Names as they most often are: with a blank in each, nobody could tell where an application's name ends and a user's begins. */
const PLAIN_NAMES: Forms = {
  u: ['user', String.raw`\[unknown\]|[^\s,;=()[\]|]{0,63}?`],
  d: ['database', String.raw`\[unknown\]|[^\s,;=()[\]|@/:]{0,63}?`],
};

const UNTOLD: Forms[string] = [null, '.{0,252}?'];
