import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { WizardError } from '../base/errors.js';
import { PRODUCT } from '../base/product.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { locateBinaries } from './server/binaries.js';
import type { Binaries } from './server/binaries.js';
import { SUPERUSER, createCluster, makePrivate, startFailure } from './server/cluster.js';
import { endNow } from './server/ending.js';
import { chooseIdentity } from './server/identity.js';
import type { Identity } from './server/identity.js';
import { launch } from './server/process.js';
import type { Postmaster } from './server/process.js';
import { signal } from './server/processes.js';
import { createRoot, removeRoot } from './server/root.js';
import { sweepAbandonedServers } from './server/sweep.js';

export { sweepAbandonedServers } from './server/sweep.js';

/** A PostgreSQL server of our own, in a private temporary folder, which ends with this process at the latest. */
export interface LabServer {
  readonly major: number;
  /** Holds relation files that this process may write. */
  readonly dataDir: string;
  readonly binariesFrom: Binaries['from'];
  /** The superuser, database `postgres`. */
  readonly connection: ConnectionSettings;
  /** Ends the server and removes all it left; may be called again, and after the server died. */
  stop(): Promise<void>;
  /** SIGKILL to the postmaster, for tests: its folder stays until `stop`. */
  kill(): void;
  /** Starts a server that died on the data that it left; crash recovery is PostgreSQL's own. Does nothing while it is alive. Throws `lab/start`. */
  restart(): Promise<void>;
  /** Resolves when the postmaster has ended for whatever reason; does not keep this process running. */
  readonly exited: Promise<void>;
  isAlive(): boolean;
}

/** What a lab server is to be. */
export interface LabServerOptions {
  readonly major: number | 'newest';
  /** Added to postgresql.conf, and stronger than the lab's own settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder in which the server's own folder is made; default the system's temporary folder. */
  readonly rootDir?: string;
  /** Told of what takes long or is out of the ordinary. */
  readonly note?: (text: string) => void;
}

/** What has to go when the server ends. */
interface Premises {
  readonly roots: string[];
  readonly dataDir: string;
}

/** Nothing of a lab is worth a longer wait: then it is ended hard. */
const SHUTDOWN_MS = 1500;
const PORT = 5432;
/** Linux takes 107 bytes and macOS 103 in `sun_path`. */
const SOCKET_PATH_BYTES = 103;

const occupied = new Set<Premises>();
let exitHandled = false;

/**
 * Starts a server of a major, after sweeping what killed wizards left behind; any number may run at once. Throws
 * `lab/no-server`, `lab/start`, `lab/disk-full`, and `input/invalid` for a setting that is not one.
 */
export async function startLabServer(options: LabServerOptions): Promise<LabServer> {
  const parent = options.rootDir ?? tmpdir();
  const note = options.note ?? (() => undefined);
  const swept = await sweepAbandonedServers(parent);
  if (swept > 0) note(`Removed ${swept} lab ${swept === 1 ? 'folder' : 'folders'} of runs that were killed.`);
  const identity = chooseIdentity();
  const root = createRoot(identity, parent);
  const premises = occupy(root);
  try {
    const binaries = await locateBinaries(options.major, { identity, root, note });
    return await open(premises, { identity, binaries, settings: options.settings ?? {} });
  } catch (error) {
    vacate(premises);
    if (error instanceof WizardError) throw error;
    throw startFailure('its folder could not be prepared', error instanceof Error ? error.message : String(error));
  }
}

async function open(
  premises: Premises,
  {
    identity,
    binaries,
    settings,
  }: { identity: Identity; binaries: Binaries; settings: Readonly<Record<string, string>> },
): Promise<LabServer> {
  const [root] = premises.roots as [string];
  const password = randomBytes(18).toString('base64url');
  const { host, port, address } = await chooseAddress(premises, identity);
  const dataDir = await createCluster({ root, identity, binaries, password, settings, address });
  let postmaster = await launch({ root, dataDir, identity, binaries });
  let stopping: Promise<void> | null = null;
  let killed = false;
  return {
    major: binaries.major,
    dataDir,
    binariesFrom: binaries.from,
    connection: connectionTo(host, port, password),
    stop: () => (stopping ??= shutDown(premises, postmaster)),
    kill() {
      killed = signal(postmaster.pid, 'SIGKILL');
    },
    async restart() {
      if (stopping) throw new WizardError('lab/start', 'The lab server was stopped, and is not started again.');
      // The end is reported a moment after the signal.
      if (killed) await postmaster.exited;
      if (postmaster.isAlive()) return;
      killed = false;
      // Backends outlive a killed postmaster by a moment, and hold its shared memory.
      endNow(dataDir);
      rmSync(join(dataDir, 'postmaster.pid'), { force: true });
      postmaster = await launch({ root, dataDir, identity, binaries });
    },
    get exited() {
      return postmaster.exited;
    },
    isAlive: () => postmaster.isAlive(),
  };
}

async function shutDown(premises: Premises, postmaster: Postmaster): Promise<void> {
  if (postmaster.isAlive() && process.platform !== 'win32') {
    signal(postmaster.pid, 'SIGINT');
    await atMost(SHUTDOWN_MS, postmaster.exited);
  }
  vacate(premises);
  await atMost(SHUTDOWN_MS, postmaster.exited);
}

async function atMost(limitMs: number, event: Promise<void>): Promise<void> {
  const patience = new AbortController();
  const limit = delay(limitMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([event, limit]);
  patience.abort();
}

function occupy(root: string): Premises {
  const premises: Premises = { roots: [root], dataDir: join(root, 'data') };
  occupied.add(premises);
  if (!exitHandled) {
    exitHandled = true;
    process.on('exit', () => {
      for (const left of occupied) vacate(left);
    });
  }
  return premises;
}

function vacate(premises: Premises): void {
  endNow(premises.dataDir);
  for (const root of premises.roots) removeRoot(root);
  occupied.delete(premises);
}

/** A unix socket in a private folder, near enough to the root for the length of its path; loopback on Windows. */
async function chooseAddress(
  premises: Premises,
  identity: Identity,
): Promise<{ host: string; port: number; address: Record<string, string> }> {
  if (process.platform === 'win32') {
    const port = await freePort();
    const address = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
    return { host: '127.0.0.1', port, address };
  }
  const host = socketFolder(premises, identity);
  makePrivate(identity, host);
  return { host, port: PORT, address: { listen_addresses: '', port: String(PORT), unix_socket_directories: host } };
}

function socketFolder(premises: Premises, identity: Identity): string {
  const near = join(premises.roots[0] as string, 's');
  if (fits(near)) return near;
  for (const parent of [tmpdir(), '/tmp']) {
    const root = createRoot(identity, parent);
    premises.roots.push(root);
    if (fits(join(root, 's'))) return join(root, 's');
  }
  throw new WizardError('lab/start', 'No temporary folder has a path short enough for a unix socket.', {
    hint: 'Point TMPDIR at a folder with a short path, such as /tmp.',
  });
}

function fits(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.${PORT}`) <= SOCKET_PATH_BYTES;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : PORT));
    });
  });
}

function connectionTo(host: string, port: number, password: string): ConnectionSettings {
  return {
    host,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    sslmode: 'disable',
    sslrootcert: null,
    sslcert: null,
    sslkey: null,
    connectTimeoutMs: 10_000,
    applicationName: PRODUCT,
    options: null,
  };
}
