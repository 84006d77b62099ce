import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, chmodSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT_NAME } from '../../src/lab/server/root.js';
import type { ConnectionSettings } from '../../src/postgres/session.js';

/** What was compiled; `npm test` does it. `DATABASE_WIZARD_DIST` names another build. */
export const DIST = process.env['DATABASE_WIZARD_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));

const MAIN = join(DIST, 'cli/main.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command line that is under way. */
export interface CliRun {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
  /** Resolves with the first line on stderr that matches, seen already or to come; rejects when the run ends without it. */
  line(pattern: RegExp): Promise<string>;
}

/** A folder for one test file: the wizard's temporary folder, its output folders. `remove` takes it all away. */
export interface Workplace {
  readonly root: string;
  /** A path within, not made yet. */
  path(name: string): string;
  /** Starts `database-wizard ...args`. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): CliRun;
  /** The same, to its end. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult>;
  /** Folders of lab servers that are there now. */
  labFolders(): readonly string[];
  /** Paths of their data folders, the lab with the data before the statistics clone. */
  labDataFolders(): readonly string[];
  /** Processes that work in a lab's folder; Linux only, empty elsewhere. */
  labProcesses(): readonly number[];
  /** What those processes do, as PostgreSQL writes it into their titles. */
  labActivity(): readonly string[];
  remove(): void;
}

/** Makes a workplace under the system's temporary folder. */
export function makeWorkplace(): Workplace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'cli-')));
  chmodSync(root, 0o755);
  const tmp = mkdtempSync(join(root, 't'));
  chmodSync(tmp, 0o1777);
  const runs = new Set<ChildProcess>();
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): CliRun => {
    const run = spawnCli(args, { ...quietEnvironment(), TMPDIR: tmp, HOME: root, ...env }, root);
    runs.add(run.child);
    void run.done.finally(() => runs.delete(run.child));
    return run;
  };
  return {
    root,
    path: (name) => join(root, name),
    start,
    run: (args, env) => start(args, env).done,
    labFolders: () => readdirSync(tmp).filter((name) => ROOT_NAME.test(name)),
    labDataFolders: () => dataFoldersIn(tmp),
    labProcesses: () => processesUnder(tmp),
    labActivity: () => processesUnder(tmp).map(titleOf),
    remove() {
      for (const child of runs) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

/** A connection string for the command line. */
export function urlOf(
  settings: ConnectionSettings,
  over: { user?: string; password?: string; database?: string } = {},
): string {
  const part = encodeURIComponent;
  const user = part(over.user ?? settings.user);
  const password = part(over.password ?? settings.password ?? '');
  return `postgresql://${user}:${password}@/${part(over.database ?? settings.database)}?host=${part(settings.host)}&port=${settings.port}`;
}

function spawnCli(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): CliRun {
  const child = spawn(process.execPath, [MAIN, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      for (const look of waiting) look();
    });
  }
  let ended = false;
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      resolve({ code, signal, ...output });
      for (const look of waiting) look();
    });
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = output.stderr
          .split('\n')
          .slice(0, -1)
          .find((text) => pattern.test(text));
        if (found === undefined && !ended) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without a line like ${String(pattern)}:\n${output.stderr}`));
      };
      waiting.add(look);
      look();
    });
  return { child, done, line };
}

/** Without what would steer connections or colours. */
function quietEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PG|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|VITEST)/.test(name)),
  );
}

/** Asks again and again until the answer is neither false nor null; the test's own timeout is the limit. */
export async function until<T>(ask: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined)
      return answer as Exclude<T, false | null | undefined>;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Only the lab that holds the data is started without WAL senders. */
function dataFoldersIn(tmp: string): string[] {
  const folders = readdirSync(tmp)
    .filter((name) => ROOT_NAME.test(name))
    .map((name) => join(tmp, name, 'data'));
  const holdsData = (folder: string): boolean =>
    /^max_wal_senders = '0'/m.test(readFileSync(join(folder, 'postgresql.conf'), 'utf8'));
  return folders.toSorted((a, b) => Number(holdsData(b)) - Number(holdsData(a)));
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function processesUnder(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const at = readlinkSync(`/proc/${pid}/cwd`);
      return at.startsWith(`${folder}/`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}
