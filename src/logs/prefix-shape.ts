import { groupBy } from '../base/group.js';
import { compileShown, SESSION_ID, TIMESTAMP } from './prefix.js';
import type { LinePrefix } from './prefix.js';

/**
 * Prefixes that beginnings of lines show by their form: what is a time, a process, an address, a name beside its key or its `@`. `beginnings` end in front of the severity. The most
 * frequent forms first, and of each those that sessions' lines alone have in whole (`%q`). What can not be told apart, such as a user and a database with a blank between, is passed over.
 */
export function prefixesShown(beginnings: readonly string[]): readonly LinePrefix[] {
  const shapes = [...groupBy(beginnings.map(piecesOf), shapeOf)].toSorted(
    (a, b) => b[1].length - a[1].length || b[0].length - a[0].length,
  );
  return shapes.slice(0, MOST_SHAPES).flatMap(([, lines]) => {
    const pieces = told(lines);
    const letters = pieces.flatMap(({ escape }) => (escape === null || escape === UNTOLD ? [] : [escape]));
    if (new Set(letters).size < letters.length) return [];
    const text = (from: number, to: number): string => pieces.slice(from, to).map(written).join('');
    const cut = pieces.map((_, at) => `${text(0, at)}${at === 0 ? '' : '%q'}${text(at, pieces.length)}`);
    return cut.map(compileShown);
  });
}

/** Sessions, background processes, and what differs by a name with a blank. */
const MOST_SHAPES = 4;

/** A piece of a prefix: text that stands there as it is, or what an escape wrote. */
interface Piece {
  /** A letter of `log_line_prefix`, `NUMBER` or `NAME`; null for text. */
  readonly escape: string | null;
  readonly text: string;
}

/** Which number, which name it is, the other lines tell, or nothing does. */
const [NUMBER, NAME] = ['#', 'name'];
/** Of `compileShown`: something that nobody names. */
const UNTOLD = '?';

const shapeOf = (pieces: readonly Piece[]): string => pieces.map(written).join('');

function written({ escape, text }: Piece): string {
  return escape === null ? text.replaceAll('%', '%%') : `%${escape}`;
}

const BACKENDS =
  'client backend|autovacuum (?:launcher|worker)|logical replication \\w+(?: worker)?|parallel worker|background (?:writer|worker)|checkpointer|wal ?(?:writer|sender|receiver|summarizer)|archiver|startup|postmaster|not initialized';

/** What a value's own form tells, whatever stands beside it; the first that fits counts. */
const FORMS: readonly (readonly [RegExp, (text: string) => string])[] = [
  [new RegExp(`^${TIMESTAMP}`), (text) => (/:\d\d\.\d/.test(text) ? 'm' : 't')],
  [/^\d{10}\.\d{3}\b/, () => 'n'],
  [new RegExp(`^[0-9a-f]{8}${SESSION_ID.slice('[0-9a-f]+'.length)}\\b`), () => 'c'],
  [/^(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})\(\d+\)/, () => 'r'],
  [/^(?:\d{1,3}(?:\.\d{1,3}){3}\b|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}|\[local\])/, () => 'h'],
  [new RegExp(`^(?:${BACKENDS})(?![\\w-])`), () => 'b'],
  [/^\d+\/\d+\b/, () => 'v'],
  [/^00000\b/, () => 'e'],
  [/^\d+(?![\w.])(?!-[^\d\s])/, () => NUMBER],
];

/** Keys that people write in front of a value. */
const KEYS: readonly (readonly [RegExp, string])[] = [
  [/^(?:user|usr|u)$/i, 'u'],
  [/^(?:db|database|dbname|d)$/i, 'd'],
  [/^(?:app|application|application_name|appname|a)$/i, 'a'],
  [/^(?:pid|process|p)$/i, 'p'],
  [/^(?:client|host|remote|ip|h|r)$/i, 'r'],
  [/^(?:line|l)$/i, 'l'],
  [/^(?:session|session_id|sess|sid)$/i, 'c'],
  [/^(?:tx|txid|xid|trx)$/i, 'x'],
  [/^(?:vxid|vtx)$/i, 'v'],
  [/^(?:sqlstate|state|err|error|code)$/i, 'e'],
  [/^(?:backend|type|backend_type)$/i, 'b'],
  [/^(?:query_?id|qid)$/i, 'Q'],
  [/^(?:cmd|command|ps|tag)$/i, 'i'],
];

const KEY = /^\w+(?==)/;
const VALUE = /^[^\s,;|()[\]]*/;
/** Applications' names hold blanks. */
const LONG_VALUE = /^.*?(?=[,;|()[\]]|\s+\w+=|\s*$)/;
const AT = /^(\[unknown\]|[^\s@,;=()[\]|/:]+)@(\[unknown\]|[^\s@,;=()[\]|/:]+)/;
const WORD = /^(?:\[unknown\]|[^\s,;|()[\]/:@=-][^\s,;|()[\]/:@=]*)/;

function piecesOf(beginning: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let rest = beginning; rest !== '';) {
    const next = nextPieces(rest);
    pieces.push(...next);
    rest = rest.slice(next.reduce((length, { text }) => length + text.length, 0));
    const [name, blank, last] = pieces.slice(-3);
    // A name with a blank, or two names that nothing tells apart.
    if (name?.escape === NAME && blank?.text === ' ' && last?.escape === NAME)
      pieces.splice(-3, 3, { escape: NAME, text: `${name.text} ${last.text}` });
  }
  return pieces;
}

/** The pieces that a text begins with. */
function nextPieces(text: string): readonly Piece[] {
  const [key] = KEY.exec(text) ?? [];
  const named = key === undefined ? undefined : KEYS.find(([name]) => name.test(key))?.[1];
  if (key !== undefined && named !== undefined) {
    const [value = ''] = (named === 'a' ? LONG_VALUE : VALUE).exec(text.slice(key.length + 1)) ?? [];
    return [
      { escape: null, text: `${key}=` },
      { escape: named, text: value },
    ];
  }
  const form = FORMS.find(([pattern]) => pattern.test(text));
  const [found = ''] = form?.[0].exec(text) ?? [];
  if (form && found !== '') return [{ escape: form[1](found), text: found }];
  const [, user, database] = AT.exec(text) ?? [];
  if (user !== undefined && database !== undefined) {
    return [
      { escape: 'u', text: user },
      { escape: null, text: '@' },
      { escape: 'd', text: database },
    ];
  }
  const [word] = WORD.exec(text) ?? [];
  return [word === undefined ? { escape: null, text: text.slice(0, 1) } : { escape: NAME, text: word }];
}

/** The pieces of lines of one form, with the names and numbers told as far as they can be. */
function told(lines: readonly (readonly Piece[])[]): readonly Piece[] {
  const pieces = lines[0] ?? [];
  const values = (at: number): ReadonlySet<string> => new Set(lines.map((line) => line[at]?.text ?? ''));
  const used = new Set(pieces.map(({ escape }) => escape));
  const numbers = NUMBERS.filter((escape) => !used.has(escape));
  const names = pieces.filter(({ escape }) => escape === NAME).length;
  const isTime = (escape: string | null): boolean => escape === 'm' || escape === 't';
  return pieces.map((piece, at) => {
    if (isTime(piece.escape) && pieces.slice(0, at).some(({ escape }) => isTime(escape)))
      return { ...piece, escape: 's' };
    if (piece.escape === NUMBER) {
      const isNone = [...values(at)].every((value) => value === '0');
      return { ...piece, escape: isNone ? 'x' : (numbers.shift() ?? UNTOLD) };
    }
    if (piece.escape !== NAME) return piece;
    const isApplication =
      names === 1 && used.has('d') && !used.has('a') && (values(at).size > 1 || pieces[at - 2]?.escape === 'd');
    return { ...piece, escape: isApplication ? 'a' : UNTOLD };
  });
}

/** As people order them. */
const NUMBERS = ['p', 'l', 'x'];
