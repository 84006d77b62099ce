import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { WizardError } from '../../base/errors.js';
import type { Binaries } from './binaries.js';
import type { Identity } from './identity.js';
import { giveTo, runAs } from './identity.js';
import { programIn } from './package.js';

/** A data folder to be made. */
interface ClusterPlan {
  readonly root: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
  readonly password: string;
  /** Settings of the caller, which win over the lab's own. */
  readonly settings: Readonly<Record<string, string>>;
  /** Settings without which the launcher could not reach the server; they win over everything. */
  readonly address: Readonly<Record<string, string>>;
}

/** The superuser of every lab server. */
export const SUPERUSER = 'postgres';

/**
 * A lab is thrown away, so nothing waits for the disk; but WAL keeps its full pages, since its bytes are measured, and
 * nothing runs in the background that would disturb a measurement.
 */
const LAB_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'on',
  autovacuum: 'off',
  max_connections: '40',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  track_io_timing: 'on',
  // In the data folder, so that a SIGKILL leaks none and a container's 64 MB of /dev/shm is no limit. As fast as posix,
  // measured on a parallel hash join of 2 x 400,000 rows. Windows has its own kind.
  ...(process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' }),
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Runs `initdb` and writes the configuration; gives the data folder. Throws `lab/start` or `lab/disk-full`. */
export async function createCluster(plan: ClusterPlan): Promise<string> {
  const dataDir = join(plan.root, 'data');
  const secret = join(plan.root, 'secret');
  makePrivate(plan.identity, dataDir);
  makePrivate(plan.identity, secret);
  const passwordFile = join(secret, 'password');
  appendFileSync(passwordFile, `${plan.password}\n`, { mode: 0o600 });
  giveTo(plan.identity, passwordFile);
  let result = await initdb(plan, dataDir, passwordFile, 'C.UTF-8');
  if (result.code !== 0 && /invalid locale/.test(result.output))
    result = await initdb(plan, dataDir, passwordFile, 'C');
  if (result.code !== 0) throw startFailure('initdb failed', result.output);
  const lines = Object.entries({ ...LAB_SETTINGS, ...plan.settings, ...plan.address }).map(settingLine);
  appendFileSync(join(dataDir, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
  return dataDir;
}

/** Makes a folder that only the server's user may enter. */
export function makePrivate(identity: Identity, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  giveTo(identity, folder);
}

/** The error for a server that did not come up, from what it said last. */
export function startFailure(what: string, output: string): WizardError {
  const said = output.trim().split('\n').slice(-8).join('\n');
  if (/no space left on device|ENOSPC/i.test(output)) {
    return new WizardError('lab/disk-full', `The lab server did not start, for want of disk: ${said}`, {
      hint: 'Free some space, or point TMPDIR at a folder with room.',
    });
  }
  return new WizardError('lab/start', `The lab server did not start: ${what}.${said ? `\n${said}` : ''}`, {
    hint: 'The lines above are the last of its log. A setting given to the lab may not fit this major or this machine.',
  });
}

/** The whole log of a server; empty when it has none. */
export function readLog(root: string): string {
  try {
    return readFileSync(join(root, 'log'), 'utf8');
  } catch {
    return '';
  }
}

async function initdb(plan: ClusterPlan, dataDir: string, passwordFile: string, locale: string) {
  return runAs(
    plan.identity,
    programIn(plan.binaries.bin, 'initdb'),
    [
      `--pgdata=${dataDir}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      `--locale=${locale}`,
      '--no-sync',
      '--no-instructions',
    ],
    plan.root,
  );
}

/** One line of postgresql.conf, where a quote is doubled and a backslash escapes. */
function settingLine([name, value]: [string, string]): string {
  if (!/^[A-Za-z_][\w.]*$/.test(name) || /[\r\n\0]/.test(value)) {
    throw new WizardError('input/invalid', `The lab can not take the setting ${JSON.stringify(name)}.`, {
      hint: "Give a parameter's name as in postgresql.conf, and a value of one line.",
    });
  }
  return `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
