import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { WizardError } from '../base/errors.js';

/** A migration file as it was given. */
export interface MigrationText {
  readonly name: string;
  readonly text: string;
}

/** Reads files, folders (their `.sql` files in order of their names, those of the way back left out) and standard input. Throws `input/invalid`. */
export async function readMigrationFiles(paths: readonly string[]): Promise<readonly MigrationText[]> {
  const files: MigrationText[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ name: 'standard input', text: await text(process.stdin) });
    else for (const name of await expand(path)) files.push({ name, text: await read(name) });
  }
  return files;
}

async function expand(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  const sql = names.filter(
    (name) => /\.sql$/i.test(name) && !/(?:^|[._\-/\\])(?:down|revert|rollback|undo)\.sql$/i.test(name),
  );
  if (sql.length === 0)
    throw new WizardError('input/invalid', `${path} holds no .sql file`, { hint: 'Give the files by name.' });
  return sql.toSorted().map((name) => join(path, name));
}

async function read(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
    throw new WizardError('input/invalid', `${path} can not be read (${why})`, {
      cause: thrown,
      hint: 'Give the path of a SQL file.',
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw new WizardError('input/invalid', `${path} is not UTF-8`, {
      cause: thrown,
      hint: 'Convert it to UTF-8 first.',
    });
  }
}
