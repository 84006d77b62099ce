import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings } from '../../src/postgres/session.js';

/** Files of a data folder that belong to one server and are not copied. */
const OWN_FILES = new Set(['postgresql.conf', 'postmaster.pid', 'postmaster.opts', 'current_logfiles']);

/** A hot standby that streams from a server of ours. */
export interface Standby {
  readonly server: LabServer;
  readonly connection: ConnectionSettings;
}

/** Makes one the way a base backup does: a second server of the same major whose folder is overwritten while the first is in backup mode. */
export async function startStandby(primary: LabServer, settings: Readonly<Record<string, string>>): Promise<Standby> {
  const server = await startLabServer({ major: primary.major, settings });
  server.kill();
  await server.exited;
  for (const name of readdirSync(server.dataDir).filter((one) => !OWN_FILES.has(one)))
    rmSync(join(server.dataDir, name), { recursive: true });
  rmSync(join(server.dataDir, 'postmaster.pid'), { force: true });
  const label = await copyInBackupMode(primary, server.dataDir);
  const { host, port, user, password } = primary.connection;
  const source = `host=${host} port=${port} user=${user} password=${password}`;
  const write = (name: string, text: string): void => writeFileSync(join(server.dataDir, name), text, { mode: 0o644 });
  write('backup_label', label);
  write('standby.signal', '');
  write('postgresql.auto.conf', `primary_conninfo = '${source}'\n`);
  await server.restart();
  return { server, connection: { ...server.connection, password } };
}

async function copyInBackupMode(primary: LabServer, to: string): Promise<string> {
  const session = await connect(primary.connection);
  try {
    const isOld = primary.major < 15;
    await session.query(isOld ? "SELECT pg_start_backup('copy', true, false)" : "SELECT pg_backup_start('copy', true)");
    cpSync(primary.dataDir, to, {
      recursive: true,
      filter: (path) => !OWN_FILES.has(path.slice(primary.dataDir.length + 1)),
    });
    const [stopped] = await session.query<{ labelfile: string }>(
      isOld ? 'SELECT labelfile FROM pg_stop_backup(false, false)' : 'SELECT labelfile FROM pg_backup_stop(false)',
    );
    return stopped?.labelfile ?? '';
  } finally {
    await session.close();
  }
}
