import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from './session.js';

export interface PassfileOptions {
  /** Null or undefined: `~/.pgpass`, on Windows `%APPDATA%\postgresql\pgpass.conf`. */
  readonly file: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly note: (text: string) => void;
}

/** Looks the password up in the password file (libpq, "The Password File"); null when none fits. A file that others may read is ignored, with a note. Never throws. */
export async function findPassword(settings: ConnectionSettings, options: PassfileOptions): Promise<string | null> {
  const file = options.file ?? defaultFile(options.env);
  const text = await readPrivate(file, options.note);
  if (text === null) return null;
  const wanted = [settings.host, String(settings.port), settings.database, settings.user];
  for (const line of text.split(/\r?\n/)) {
    const password = matchLine(line, wanted);
    if (password !== null) return password;
  }
  return null;
}

/** The password of one line of a password file when its four fields fit, else null. `\:` and `\\` are escapes. */
export function matchLine(line: string, wanted: readonly string[]): string | null {
  if (line.startsWith('#')) return null;
  const field = String.raw`((?:[^:\\]|\\.)*)`;
  const match = new RegExp(`^${field}:${field}:${field}:${field}:(.*)$`, 's').exec(line);
  if (!match) return null;
  const fits = wanted.every((want, at) => match[at + 1] === '*' || unescape(match[at + 1] ?? '') === want);
  return fits ? unescape(match[5] ?? '') : null;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function defaultFile(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(env['APPDATA'] ?? homedir(), 'postgresql', 'pgpass.conf');
  return join(env['HOME'] ?? homedir(), '.pgpass');
}

async function readPrivate(file: string, note: (text: string) => void): Promise<string | null> {
  const facts = await stat(file).catch(() => null);
  if (facts === null) return null;
  if (!facts.isFile()) {
    note(`The password file ${file} was ignored: it is not a plain file.`);
    return null;
  }
  if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
    note(`The password file ${file} was ignored: others may read it. Run chmod 0600 on it.`);
    return null;
  }
  return readFile(file, 'utf8').catch(() => {
    note(`The password file ${file} was ignored: it can not be read.`);
    return null;
  });
}
