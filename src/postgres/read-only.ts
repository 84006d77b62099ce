import type { Readable } from 'node:stream';
import { WizardError } from '../base/errors.js';
import { quoteLiteral } from '../base/quote.js';
import { sendCancel } from './cancel.js';
import { assertCopyOut, assertReadOnly } from './guard.js';
import { parseOptions } from './pooler.js';
import type { Row, Session } from './session.js';
import type { Wire } from './wire.js';

/** What this session has cost the target so far: statements sent, and milliseconds until their answers. */
export interface Overhead {
  readonly statements: number;
  readonly totalMs: number;
}

/** A session that can not write: each statement is checked and runs in a read-only transaction. `run` and `copyIn` throw `guard/refused`. */
export interface ReadOnlySession extends Session {
  readonly readOnly: true;
  overhead(): Overhead;
  /** Opens one long transaction and gives its snapshot's name; it lives until `close`. */
  exportSnapshot(): Promise<string>;
}

/** Opens one long read-only transaction on the session and exports its snapshot, for other sessions' `snapshot` option. Throws `guard/refused` on a session that is not read-only. */
export async function exportSnapshot(session: Session): Promise<string> {
  if (!isReadOnly(session)) throw new WizardError('guard/refused', 'A snapshot is exported by a read-only session');
  return session.exportSnapshot();
}

export interface ReadOnlyOptions {
  readonly statementTimeoutMs?: number;
  readonly snapshot?: string;
}

const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 500;
const IDLE_TIMEOUT_MS = 60_000;
/** A session that holds a snapshot for others is idle while they copy. */
const LONG_IDLE_TIMEOUT_MS = 6 * 3_600_000;

/** Wraps a connection whose statements all pass the guard. */
export async function openReadOnlySession(wire: Wire, processId: number, options: ReadOnlyOptions): Promise<ReadOnlySession> {
  const reader = new Reader(wire, options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS);
  if (options.snapshot !== undefined) await reader.beginLong(options.snapshot);
  return {
    readOnly: true,
    processId,
    settings: wire.settings,
    query: <T extends Row>(sql: string, params?: readonly unknown[]) => reader.guarded(sql, () => wire.send<T>(sql, params)),
    queryText: (sql) => reader.guarded(sql, () => wire.sendText(sql)),
    run: async () => refuse('Several statements at once'),
    copyIn: () => refuse('COPY FROM STDIN'),
    copyOut: (sql) => reader.copyOut(sql),
    cancel: () => sendCancel(wire),
    close: () => wire.close(),
    overhead: () => reader.overhead(),
    exportSnapshot: () => reader.exportSnapshot(),
  };
}

function isReadOnly(session: Session): session is ReadOnlySession {
  return 'readOnly' in session && session.readOnly === true;
}

function refuse(what: string): never {
  throw new WizardError('guard/refused', `${what} may not reach a target under the read-only guard`);
}

class Reader {
  #long = false;
  #statements = 0;
  #totalMs = 0;

  constructor(
    readonly wire: Wire,
    readonly statementTimeoutMs: number,
  ) {}

  overhead(): Overhead {
    return { statements: this.#statements, totalMs: this.#totalMs };
  }

  async guarded<T>(sql: string, work: () => Promise<T>): Promise<T> {
    await assertReadOnly(sql);
    return this.wire.exclusive(async () => {
      await this.#before();
      const result = await this.#timed(work).catch(async (error: unknown) => {
        await this.#after(true);
        throw error;
      });
      await this.#after(false);
      return result;
    });
  }

  copyOut(sql: string): Readable {
    let startedMs = 0;
    return this.wire.copyOut(sql, {
      before: async () => {
        await assertCopyOut(sql);
        await this.#before();
        startedMs = performance.now();
      },
      after: async (failed) => {
        this.#count(performance.now() - startedMs);
        await this.#after(failed);
      },
    });
  }

  /** Call once, before any statement. */
  async beginLong(snapshot: string | null): Promise<void> {
    await this.wire.exclusive(async () => {
      await this.wire.sendMany('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      if (snapshot !== null) await this.wire.sendMany(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
      await this.wire.sendMany(`${this.#limits(LONG_IDLE_TIMEOUT_MS)}; SAVEPOINT wizard`);
      this.#long = true;
    });
  }

  async exportSnapshot(): Promise<string> {
    if (!this.#long) await this.beginLong(null);
    // A snapshot can not be exported from inside a savepoint.
    const [row] = await this.wire.exclusive(async () => {
      await this.wire.sendMany('RELEASE SAVEPOINT wizard');
      const rows = await this.#timed(() => this.wire.send<{ name: string }>('SELECT pg_catalog.pg_export_snapshot() AS name'));
      await this.wire.sendMany('SAVEPOINT wizard');
      return rows;
    });
    if (!row) throw new WizardError('internal', 'The server exported no snapshot');
    return row.name;
  }

  async #before(): Promise<void> {
    if (this.#long) return;
    await this.#timed(() =>
      this.wire.sendMany(`BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY; ${this.#limits(IDLE_TIMEOUT_MS)}`),
    );
  }

  /** Rolls back always: nothing that a statement set may outlive it. A lost connection has already been reported. */
  async #after(failed: boolean): Promise<void> {
    if (this.#long && !failed) return;
    await this.#timed(() => this.wire.sendMany(this.#long ? 'ROLLBACK TO SAVEPOINT wizard' : 'ROLLBACK')).catch((error: unknown) => {
      if (!failed) throw error;
    });
  }

  #limits(idleMs: number): string {
    const own = [
      `SET LOCAL statement_timeout = ${this.statementTimeoutMs}`,
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
      `SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
    ];
    const given = parseOptions(this.wire.settings.options)
      .filter(([name]) => !LIMITS.has(name))
      .map(([name, value]) => `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`);
    return [...own, ...given].join('; ');
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.#count(performance.now() - startedMs);
    }
  }

  #count(ms: number): void {
    this.#statements += 1;
    this.#totalMs += ms;
  }
}

/** What the guard itself sets; the target's `options` may not loosen it. */
const LIMITS = new Set([
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'default_transaction_read_only',
  'transaction_read_only',
]);
