import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Binaries } from './binaries.js';
import { readLog, startFailure } from './cluster.js';
import type { Identity } from './identity.js';
import { cleanEnvironment, commandLine } from './identity.js';
import { programIn } from './package.js';

/** A postmaster that is our child. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason; never rejects. */
  readonly exited: Promise<void>;
  isAlive(): boolean;
}

/** Where a postmaster is to be started. */
interface Launch {
  readonly root: string;
  readonly dataDir: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 10;

/** Starts `postgres` on a data folder and waits until it takes connections. Throws `lab/start` or `lab/disk-full`. */
export async function launch(where: Launch): Promise<Postmaster> {
  const postmaster = spawnPostmaster(where);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (pidFile(where.dataDir)?.status !== 'ready') {
    if (!postmaster.isAlive()) throw startFailure('it ended at once', readLog(where.root));
    if (Date.now() > deadline) {
      throw startFailure(`it was not ready after ${READY_TIMEOUT_MS / 1000} s`, readLog(where.root));
    }
    await delay(POLL_MS);
  }
  return postmaster;
}

/** What `postmaster.pid` says (manual, "Database File Layout"); null when there is none. */
export function pidFile(dataDir: string): { pid: number; sharedMemory: string; status: string } | null {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), sharedMemory: (lines[6] ?? '').trim(), status: (lines[7] ?? '').trim() };
  } catch {
    return null;
  }
}

/** In a process group of its own, so that Ctrl-C in a terminal reaches only the wizard, which then stops it in order. */
function spawnPostmaster({ root, dataDir, identity, binaries }: Launch): Postmaster {
  const log = openSync(join(root, 'log'), 'a', 0o600);
  try {
    const [command, args] = commandLine(identity, programIn(binaries.bin, 'postgres'), ['-D', dataDir]);
    const child = spawn(command, args, {
      cwd: root,
      env: cleanEnvironment(),
      stdio: ['ignore', log, log],
      detached: process.platform !== 'win32',
      ...identity.ids,
    });
    return watch(child);
  } finally {
    closeSync(log);
  }
}

function watch(child: ChildProcess): Postmaster {
  let alive = child.pid !== undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      alive = false;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  // The server must not keep the wizard running; the wizard's end ends the server.
  child.unref();
  return { pid: child.pid ?? -1, exited, isAlive: () => alive };
}
