import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { relative, isAbsolute, sep } from 'node:path';
import { promisify } from 'node:util';
import { WizardError } from '../base/errors.js';

/** A clean git worktree which gets one branch and one commit. Nothing outside it is changed, and nothing is pushed. */
export interface Worktree {
  /** The top folder, without symbolic links. */
  readonly root: string;
  readonly branch: string;
  /** Whether a path, there or not, lies within. */
  holds(path: string): boolean;
  /** Makes the branch and commits these files. Gives the commit's name. On failure the branch is gone again, and the files stay. */
  commit(files: readonly string[], message: string): Promise<string>;
}

/** Looks at a worktree before anything is done. Throws `git/refused`. */
export async function openWorktree(path: string, branch: string): Promise<Worktree> {
  const top = await git(path, ['rev-parse', '--show-toplevel']);
  const root = await realpath(top.trim());
  if (branch.startsWith('-') || !(await succeeds(root, ['check-ref-format', `refs/heads/${branch}`])))
    throw refused(`"${branch}" can not be the name of a branch`, 'Give another one with --branch.');
  if (await succeeds(root, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`]))
    throw refused(`The branch ${branch} exists already in ${root}`, 'Give another one with --branch.');
  await assertClean(root, []);
  return {
    root,
    branch,
    holds: (file) => isWithin(root, file),
    commit: (files, message) => commit({ root, branch }, files, message),
  };
}

async function commit(
  { root, branch }: Pick<Worktree, 'root' | 'branch'>,
  files: readonly string[],
  message: string,
): Promise<string> {
  const paths = files.map((file) => relative(root, file));
  await assertClean(root, paths);
  const before = (await git(root, ['rev-parse', '--abbrev-ref', 'HEAD']).catch(() => 'HEAD')).trim();
  const start = (await git(root, ['rev-parse', '--verify', '--quiet', 'HEAD']).catch(() => '')).trim();
  await git(root, ['switch', '--quiet', '--create', branch]);
  try {
    await git(root, ['add', '--', ...paths]);
    await git(root, ['commit', '--quiet', '--file=-'], message);
    return (await git(root, ['rev-parse', 'HEAD'])).trim();
  } catch (thrown) {
    if (start !== '') {
      await git(root, ['reset', '--quiet']).catch(() => '');
      await git(
        root,
        before === 'HEAD' ? ['switch', '--quiet', '--detach', start] : ['switch', '--quiet', before],
      ).catch(() => '');
      await git(root, ['branch', '--quiet', '--delete', '--force', branch]).catch(() => '');
    }
    throw thrown;
  }
}

/** Nothing changed, staged or unknown to git but the files given. */
async function assertClean(root: string, own: readonly string[]): Promise<void> {
  const known = new Set(own.map((path) => path.split(sep).join('/')));
  const status = await git(root, ['status', '--porcelain=v1', '-z', '--untracked-files=all']);
  const others = status.split('\0').filter((entry) => entry !== '' && !known.has(entry.slice(3)));
  const [first] = others;
  if (first === undefined) return;
  const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
  throw refused(
    `${root} is not clean: ${first.slice(3)}${more}`,
    'Commit or stash what is there, or give another worktree: `git worktree add <folder>`.',
  );
}

function isWithin(root: string, path: string): boolean {
  const inside = relative(root, path);
  return inside !== '' && !isAbsolute(inside) && inside.split(sep)[0] !== '..' && inside.split(sep)[0] !== '.git';
}

async function succeeds(root: string, args: readonly string[]): Promise<boolean> {
  return git(root, args).then(
    () => true,
    (thrown: unknown) => {
      if (thrown instanceof WizardError && thrown.message.startsWith('git was not found')) throw thrown;
      return false;
    },
  );
}

/** A hook or a passphrase that waits for somebody must not hold the run for ever. */
const TIMEOUT_MS = 120_000;

async function git(folder: string, args: readonly string[], input = ''): Promise<string> {
  const run = promisify(execFile)('git', ['-C', folder, ...args], {
    env: environment(),
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  run.child.stdin?.on('error', () => undefined).end(input);
  try {
    return (await run).stdout;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw refused('git was not found', 'Install git, or leave --git out and commit the files yourself.', thrown);
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim() : '';
    const words = said
      .replaceAll(/^(?:fatal|error): /gm, '')
      .split('\n')
      .slice(0, 3)
      .join(' ');
    throw refused(`git ${args[0] ?? ''} in ${folder}: ${words || 'it did not end'}`, hintFor(said), thrown);
  }
}

function hintFor(said: string): string {
  if (/not a git repository/i.test(said))
    return 'Give the folder of a git worktree, e.g. one that `git worktree add` made.';
  if (/tell me who you are|user\.email|ident/i.test(said)) return 'Set user.name and user.email with `git config`.';
  return 'The files are written; commit them yourself when this is mended.';
}

/** The caller's own repository, where git runs us as a hook, is not meant; nobody is there to answer. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|OBJECT_DIRECTORY)$/.test(name),
  );
  return { ...Object.fromEntries(own), GIT_TERMINAL_PROMPT: '0', GIT_LITERAL_PATHSPECS: '1', LC_ALL: 'C' };
}

function refused(message: string, hint: string, cause?: unknown): WizardError {
  return new WizardError('git/refused', message, { hint, cause });
}
