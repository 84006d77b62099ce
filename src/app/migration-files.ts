import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { asWizardError, WizardError } from '../base/errors.js';
import { readScript } from '../migrations/script.js';
import type { Script } from '../migrations/script.js';

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

/** Parses all of them. Throws `sql/parse`, which names every file that can not be parsed. Needs `loadParser()`. */
export function readScripts(
  files: readonly MigrationText[],
): readonly { readonly name: string; readonly script: Script }[] {
  const errors: WizardError[] = [];
  const scripts = files.flatMap(({ name, text: sql }) => {
    try {
      return [{ name, script: readScript(sql, name) }];
    } catch (thrown) {
      errors.push(asWizardError(thrown));
      return [];
    }
  });
  const [first, ...others] = errors;
  if (first && others.length === 0) throw first;
  if (first)
    throw new WizardError('sql/parse', errors.map(({ message }) => message).join('\n'), {
      cause: first,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  return scripts;
}

/** By its ending, or Flyway's undo (`U1_2__name.sql`). */
const WAY_BACK = /(?:^|[._\-/\\])(?:(?:down|revert|rollback|undo)|U\d[\d._]*__[^/\\]*)\.sql$/i;

/** What Sqitch keeps beside `deploy`. */
const BESIDE = /^(?:revert|verify)[/\\]/;

async function expand(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  const isSqitch = names.some((name) => /^deploy[/\\]/.test(name));
  const sql = names.filter((name) => /\.sql$/i.test(name) && !WAY_BACK.test(name) && !(isSqitch && BESIDE.test(name)));
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
