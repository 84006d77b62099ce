import { lstat, mkdir, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { WizardError } from '../base/errors.js';
import { openWorktree, type Worktree } from '../git/worktree.js';
import type { Watch } from '../kernel/ports.js';
import { catalogue } from '../report/formats/catalogue.js';
import type { FormatFile, FormatFolder, HandedChange, MigrationFormat } from '../report/formats/define.js';
import { notYetIn } from '../report/formats/parts.js';
import { oneLine } from '../report/words.js';
import { writeWhole } from './whole-file.js';

/** Names of all formats. */
export const formatIds: readonly [string, ...string[]] = [
  'plain',
  ...catalogue.map(({ id }) => id).filter((id) => id !== 'plain'),
];

/** Where and how migrations go beside the output folder. */
export interface Handover {
  readonly format: MigrationFormat;
  readonly folder: string;
  readonly worktree: Worktree | null;
}

export interface HandoverInput {
  readonly format?: string | undefined;
  readonly into?: string | undefined;
  readonly git?: string | undefined;
  readonly branch?: string | undefined;
}

/** Looks, before a long run, whether what is asked for can be done. Null where nothing is asked for. Throws `input/invalid`, `git/refused`. */
export async function openHandover(input: HandoverInput, out: string | null): Promise<Handover | null> {
  const { format: id = 'plain', into, git, branch } = input;
  if (input.format === undefined && into === undefined && git === undefined) return null;
  const format = catalogue.find((one) => one.id === id);
  if (format === undefined) throw new WizardError('internal', `There is no format ${id}`);
  if (into === undefined && git === undefined && out === null)
    throw new WizardError('input/invalid', '--format needs a folder to write to', {
      hint: 'Give --into <folder> or --out <folder>.',
    });
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const worktree = git === undefined ? null : await openWorktree(resolve(git), branch ?? `database-wizard/${time}`);
  const folder = await withoutLinks(
    resolve(into ?? (worktree === null ? join(out ?? '', id) : join(worktree.root, 'migrations'))),
  );
  if (worktree && !worktree.holds(folder))
    throw new WizardError('input/invalid', `${folder} is not in the worktree ${worktree.root}`, {
      hint: 'Give a folder of that worktree with --into.',
    });
  return { format, folder, worktree };
}

/** Writes what is not in the folder yet, and commits it where that was asked for. No file that is there is overwritten. */
export async function handOver(
  handover: Handover | null,
  changes: readonly HandedChange[],
  watch: Watch,
): Promise<readonly string[]> {
  if (handover === null) return [];
  const { format, folder, worktree } = handover;
  const note = (text: string): void => watch({ type: 'note', text: oneLine(text) });
  const found: FormatFolder = { files: await readFolder(folder), now: new Date() };
  const fresh = notYetIn(found, changes);
  if (fresh.length < changes.length)
    note(`${changes.length - fresh.length} of ${changes.length} changes are in ${folder} already`);
  if (fresh.length === 0) {
    note(`no migration to write for ${format.id}`);
    return [];
  }
  const { files, notes } = format.write(fresh, found);
  for (const file of files) await writeFormatFile(folder, file);
  const paths = files.map(({ path }) => join(folder, path));
  note(`${files.length} files for ${format.id} are in ${folder}`);
  for (const text of notes) note(text);
  if (worktree !== null) {
    const commit = await worktree.commit(paths, commitMessage(fresh));
    note(`committed as ${commit.slice(0, 12)} on branch ${worktree.branch} in ${worktree.root}; nothing was pushed`);
  }
  return paths;
}

/** What was measured of each change; what is said in the files is said here. */
function commitMessage(changes: readonly HandedChange[]): string {
  const [only] = changes;
  const subject =
    changes.length === 1 && only ? oneLine(only.title) : `${changes.length} database changes with their evidence`;
  const blocks = changes.map(({ title, words }) =>
    [`* ${oneLine(title)}`, ...words.map((line) => `    ${oneLine(line)}`)].join('\n'),
  );
  return `${subject.slice(0, 100)}\n\n${blocks.join('\n\n')}\n`;
}

/** Larger files are no migrations. */
const MOST_BYTES = 4 * 1024 * 1024;

async function readFolder(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const visit = async (path: string, within: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch((thrown: unknown) => {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
      throw unusable(path, thrown);
    });
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const name = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) {
        files.set(`${name}/`, '');
        await visit(join(path, entry.name), name);
      } else if (entry.isFile()) {
        const { size } = await lstat(join(path, entry.name));
        files.set(name, size > MOST_BYTES ? '' : await readFile(join(path, entry.name), 'utf8'));
      }
    }
  };
  await visit(folder, '');
  return files;
}

async function writeFormatFile(folder: string, { path, content, appends }: FormatFile): Promise<void> {
  const target = join(folder, path);
  if (appends === true) return writeWhole(target, content);
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx' });
  } catch (thrown) {
    throw unusable(target, thrown);
  }
}

function unusable(path: string, thrown: unknown): WizardError {
  const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
  return new WizardError('input/invalid', `${path} can not be written (${why})`, {
    cause: thrown,
    hint: why === 'EEXIST' ? 'Nothing is ever overwritten: move that file away.' : 'Give another folder with --into.',
  });
}

/** The path with symbolic links followed as far as it is there. */
async function withoutLinks(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null || dirname(path) === path) return real ?? path;
  return join(await withoutLinks(dirname(path)), basename(path));
}
