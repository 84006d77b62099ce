import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabServer } from '../../src/lab/server.js';
import { chooseIdentity, commandLine, giveTo } from '../../src/lab/server/identity.js';
import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings } from '../../src/postgres/session.js';

/** A PgBouncer before a server. */
export interface Pgbouncer {
  readonly connection: ConnectionSettings;
  stop(): Promise<void>;
}

/** Whether PgBouncer is installed (Debian: `apt-get install pgbouncer`). */
export function hasPgbouncer(): boolean {
  return spawnSync('pgbouncer', ['--version']).status === 0;
}

/** Starts PgBouncer before all databases of a server, on loopback; two server connections for each. */
export async function startPgbouncer(server: LabServer, poolMode: 'transaction' | 'session'): Promise<Pgbouncer> {
  const { host, port, user, password } = server.connection;
  const identity = chooseIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const listen = await freePort();
  const settings = [
    '[databases]',
    `* = host=${host} port=${port} user=${user} password=${password}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1`,
    `listen_port = ${listen}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${poolMode}`,
    'default_pool_size = 4',
  ];
  writeFileSync(join(folder, 'pgbouncer.ini'), settings.join('\n'));
  giveTo(identity, folder);
  const [command, args] = commandLine(identity, 'pgbouncer', [join(folder, 'pgbouncer.ini')]);
  const child = spawn(command, args, { stdio: 'ignore', ...identity.ids });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const connection = { ...server.connection, host: '127.0.0.1', port: listen };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries += 1) {
    const session = await connect(connection, { readOnly: true }).catch((error: unknown) => error);
    if (session instanceof Error) {
      if (tries < 50 && child.exitCode === null) await delay(100);
      else {
        await stop();
        throw session;
      }
    } else {
      await (session as { close(): Promise<void> }).close();
      return { connection, stop };
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
