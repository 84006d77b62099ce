import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WizardError } from '../base/errors.js';
import { detectFormat } from '../logs/detect.js';
import type { Format } from '../logs/detect.js';
import { Intake } from '../logs/intake.js';
import type { IntakeResult } from '../logs/intake.js';
import { ENGLISH } from '../logs/unread.js';
import { pgbenchStatements } from '../logs/pgbench.js';
import { loadParser } from '../sql/parse.js';
import type { Profiling } from './profiling.js';
import { workloadFromText } from './workload-file.js';

/** What files are to be taken for, and how. */
export interface IntakeRequest {
  /** Paths; `-` for standard input. */
  readonly files: readonly string[];
  /** `log_line_prefix` of server logs; null to find it. */
  readonly prefix: string | null;
  /** Whether the first and the last file of counters are two looks. */
  readonly difference: boolean;
  readonly signal: AbortSignal;
  /** Looks at the executions of logs. */
  readonly profiling?: Pick<Profiling, 'observer' | 'behind'>;
}

/**
 * Reads files of any kind that a workload can be in, recognised by their content, gzip or not, as streams: logs of the server and of programs, exports of
 * `pg_stat_statements`, scripts of pgbench, SQL. Throws `input/workload` for one that can not be read, and where nothing usable was found.
 */
export async function intakeFiles(request: IntakeRequest): Promise<IntakeResult> {
  const { files, prefix, difference, signal, profiling } = request;
  await loadParser();
  const intake = new Intake({ difference, observer: profiling?.observer ?? null });
  for (const path of await inOrder(files, prefix, signal)) await readInto(intake, path, request);
  const result = intake.end();
  if (result.workload.statements.length > 0) return result;
  const [first] = result.workload.unusable;
  const foreign = result.files.find((file) => (file.aside?.foreign ?? 0) > 0);
  if (foreign)
    throw new WizardError(
      'input/workload',
      `The log ${foreign.name} is in ${foreign.aside?.language ?? 'another language'}, and messages of a server are read in English only`,
      { hint: ENGLISH },
    );
  const said = result.files
    .map((file) => `${file.name} was taken for ${file.said}, ${file.records} records`)
    .join('; ');
  throw new WizardError(
    'input/workload',
    `No statement that can be measured was found: ${said}${first ? `. ${first.reason}` : ''}`,
    { hint: 'See what it was taken for; for a server log give its log_line_prefix with --prefix.' },
  );
}

/** Enough to tell what a file is, and to find its prefix. */
const BEGINNING = 64 * 1024;

/** Logs of the server by their first time: what follows what in a session goes on in the next file. Anything else stays in the order in which it was given. */
async function inOrder(
  files: readonly string[],
  prefix: string | null,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (files.length < 2 || files.includes('-')) return files;
  const times = await Promise.all(files.map((path) => firstTime(path, prefix, signal)));
  if (times.includes(null)) return files;
  return files
    .map((path, i) => ({ path, time: times[i] ?? '' }))
    .toSorted((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)))
    .map(({ path }) => path);
}

/** Null for what is no log of the server, or shows no time; a file that can not be read is met again. */
async function firstTime(path: string, prefix: string | null, signal: AbortSignal): Promise<string | null> {
  try {
    for await (const bytes of bytesOf(path, signal)) {
      const piece = bytes.toString();
      const { kind } = detectFormat(piece, prefix);
      const isLog = kind === 'stderr' || kind === 'csvlog' || kind === 'jsonlog' || kind === 'exported-csv';
      return isLog ? (/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?/.exec(piece)?.[0].replace('T', ' ') ?? null) : null;
    }
  } catch {
    signal.throwIfAborted();
  }
  return null;
}

async function readInto(intake: Intake, path: string, request: IntakeRequest): Promise<void> {
  const { prefix, signal, profiling } = request;
  const name = path === '-' ? 'standard input' : path;
  let head = Buffer.alloc(0);
  let taken: Taker | null = null;
  try {
    for await (const piece of bytesOf(path, signal)) {
      if (taken) {
        taken.push(piece);
        const behind = profiling?.behind();
        if (behind) await behind;
        continue;
      }
      head = Buffer.concat([head, piece]);
      if (head.length < BEGINNING) continue;
      taken = take(intake, name, detectFormat(beginningOf(head), prefix));
      taken.push(head);
    }
  } catch (cause) {
    if (cause instanceof WizardError) throw cause;
    signal.throwIfAborted();
    throw new WizardError('input/workload', `The workload file ${name} can not be read`, {
      cause,
      hint: 'Give a log, an export of pg_stat_statements or a file of SQL statements, gzip or not; or `pg_stat_statements`.',
    });
  }
  if (!taken) {
    taken = take(intake, name, detectFormat(beginningOf(head), prefix));
    taken.push(head);
  }
  taken.end();
}

/** The text of the first bytes, without a letter that is cut at their end. */
function beginningOf(head: Buffer): string {
  return new StringDecoder('utf8').write(head);
}

interface Taker {
  push(piece: Uint8Array): void;
  end(): void;
}

function take(intake: Intake, name: string, format: Format): Taker {
  if (format.kind !== 'sql' && format.kind !== 'pgbench') return intake.open(name, format);
  const decoder = new StringDecoder('utf8');
  let text = '';
  return {
    push(piece) {
      text += decoder.write(piece);
      if (text.length > MAX_TEXT)
        throw new WizardError('input/workload', `${name} was taken for ${format.said} and is larger than 64 MB`, {
          hint: 'If it is a server log, give its log_line_prefix with --prefix.',
        });
    },
    end() {
      text += decoder.end();
      if (format.kind === 'pgbench') intake.addStatements(name, format.said, pgbenchStatements(text));
      else intake.add(name, format.said, workloadFromText(text, name));
    },
  };
}

/** Statements that a person wrote. */
const MAX_TEXT = 64 * 1024 * 1024;

/** Bytes at a time. From 128 kB on each piece of text is a large object to V8, which took four times as long to make. */
const PIECE = 64 * 1024;

/** A file's bytes in pieces, unpacked when it begins as gzip does. */
async function* bytesOf(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const packed = path !== '-' && (await isGzip(path));
  const raw: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: PIECE, signal });
  const stream = packed ? raw.pipe(createGunzip({ chunkSize: PIECE })) : raw;
  if (packed) raw.on('error', (error) => stream.destroy(error));
  try {
    for await (const piece of stream) yield piece as Buffer;
  } finally {
    // Of one whose beginning was enough, the file behind the unpacking would stay open.
    if (path !== '-') raw.destroy();
  }
}

/** The two bytes of RFC 1952. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
