import type { Readable, Writable } from 'node:stream';
import { WizardError } from '../base/errors.js';
import { sendCancel } from './cancel.js';
import { describeTarget } from './errors.js';
import { openClient } from './open.js';
import { detectPooling, parseOptions } from './pooler.js';
import { openReadOnlySession, type ReadOnlySession } from './read-only.js';
import type { ConnectionSettings, Row, Session } from './session.js';
import { tagged, Wire } from './wire.js';

/** The oldest server that is served: PostgreSQL 14. */
const OLDEST_VERSION_NUM = 140_000;

export interface ConnectOptions {
  /** For production: every statement checked, inside a read-only transaction. */
  readonly readOnly?: boolean;
  /** Milliseconds; 0 is none. Default 30 000 when read-only, else the server's own. */
  readonly statementTimeoutMs?: number;
  /** Hears what the server says beside its answers (NOTICE and WARNING). */
  readonly onNotice?: (text: string) => void;
  /** Read-only only: see the data of an exported snapshot, in one long transaction. */
  readonly snapshot?: string;
}

/** Connects. With `readOnly` the session is a `ReadOnlySession`. Throws a `WizardError` of the `target/` codes. */
export async function connect(
  settings: ConnectionSettings,
  options: ConnectOptions & { readonly readOnly: true },
): Promise<ReadOnlySession>;
export async function connect(settings: ConnectionSettings, options?: ConnectOptions): Promise<Session>;
export async function connect(settings: ConnectionSettings, options: ConnectOptions = {}): Promise<Session> {
  const wire = new Wire(await openClient(settings), settings);
  try {
    const backend = await readBackend(wire);
    if (options.readOnly === true) return await openReadOnlySession(wire, backend.processId, options);
    if (backend.processId !== driverKey(wire).processID) await refusePooling(wire);
    await applySettings(wire, options);
    const { onNotice } = options;
    if (onNotice) wire.client.on('notice', ({ message }) => onNotice(message ?? ''));
    return openSession(wire, backend.processId);
  } catch (error) {
    wire.drop();
    throw error;
  }
}

interface Backend {
  readonly processId: number;
}

async function readBackend(wire: Wire): Promise<Backend> {
  const [row] = await wire.exclusive(() =>
    wire.send<{ version: number; pid: number }>(
      tagged(
        `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version, pg_catalog.pg_backend_pid() AS pid`,
      ),
    ),
  );
  if (!row) throw new WizardError('internal', 'The server did not say its version');
  if (row.version < OLDEST_VERSION_NUM) {
    throw new WizardError(
      'target/too-old',
      `${describeTarget(wire.settings)} is PostgreSQL ${Math.floor(row.version / 10_000)}`,
      {
        hint: 'database-wizard works with PostgreSQL 14 and newer.',
      },
    );
  }
  return { processId: row.pid };
}

async function refusePooling(wire: Wire): Promise<void> {
  const pooling = await detectPooling(wire);
  if (pooling !== 'transaction') return;
  throw new WizardError(
    'target/pooler',
    `${describeTarget(wire.settings)} is a pooler which gives each transaction another server connection`,
    {
      hint: 'Connect to the server itself, or to a pool with pool_mode = session.',
    },
  );
}

async function applySettings(wire: Wire, options: ConnectOptions): Promise<void> {
  const wanted = parseOptions(wire.settings.options);
  if (options.statementTimeoutMs !== undefined) wanted.push(['statement_timeout', String(options.statementTimeoutMs)]);
  for (const [name, value] of wanted) {
    await wire.exclusive(() => wire.send(tagged('SELECT pg_catalog.set_config($1, $2, false)'), [name, value]));
  }
}

/** The key that the server gave for cancelling; the driver's types leave it out. */
function driverKey(wire: Wire): { processID: number; secretKey: number } {
  return wire.client as unknown as { processID: number; secretKey: number };
}

function openSession(wire: Wire, processId: number): Session {
  return {
    processId,
    settings: wire.settings,
    query: <T extends Row>(sql: string, params?: readonly unknown[]) => wire.exclusive(() => wire.send<T>(sql, params)),
    queryText: (sql) => wire.exclusive(() => wire.sendText(sql)),
    run: (sql) => wire.exclusive(() => wire.sendMany(sql)),
    copyOut: (sql): Readable => wire.copyOut(sql),
    copyIn: (sql): Writable => wire.copyIn(sql),
    cancel: () => sendCancel(wire),
    close: () => wire.close(),
  };
}

export { exportSnapshot, type ReadOnlySession } from './read-only.js';
