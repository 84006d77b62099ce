import type { Readable } from 'node:stream';
import { WizardError } from '../base/errors.js';
import { quoteLiteral } from '../base/quote.js';
import { sendCancel } from './cancel.js';
import { inspectCopyOut, inspectStatement, type Inspection } from './guard.js';
import { CatalogGuard } from './guard-catalog.js';
import { parseOptions } from './pooler.js';
import type { Row, Session } from './session.js';
import { tagged, type Wire } from './wire.js';

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

const BEGIN = 'BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY';

/** For the guard's own questions: no operator of somebody's on the session's search path may answer them, and they are too short to be compiled. */
const TO_ASK = ['SAVEPOINT guard', 'SET LOCAL search_path = pg_catalog', 'SET LOCAL jit = off'];

/** Wraps a connection whose statements all pass the guard. */
export async function openReadOnlySession(
  wire: Wire,
  processId: number,
  options: ReadOnlyOptions,
): Promise<ReadOnlySession> {
  const reader = new Reader(wire, options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS);
  if (options.snapshot !== undefined) await reader.beginLong(options.snapshot);
  return {
    readOnly: true,
    processId,
    settings: wire.settings,
    query: <T extends Row>(sql: string, params?: readonly unknown[]) =>
      reader.guarded(sql, () => wire.send<T>(tagged(sql), params)),
    queryText: (sql) => reader.guarded(sql, () => wire.sendText(tagged(sql))),
    run: async () => refuse('Several statements at once'),
    copyIn: () => refuse('COPY FROM STDIN'),
    copyOut: (sql) => reader.copyOut(sql),
    cancel: () => sendCancel(wire),
    close: () => wire.close(),
    overhead: () => reader.overhead(),
    exportSnapshot: () => reader.exportSnapshot(),
  };
}

/** Whether a session is under the read-only guard. */
export function isReadOnly(session: Session): session is ReadOnlySession {
  return 'readOnly' in session && session.readOnly === true;
}

function refuse(what: string): never {
  throw new WizardError('guard/refused', `${what} may not reach a target under the read-only guard`);
}

class Reader {
  readonly #catalog = new CatalogGuard((sql, params) => this.#timed(() => this.wire.send(tagged(sql), params)));
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
    const inspection = await inspectStatement(sql);
    return this.wire.exclusive(async () => {
      await this.#before(inspection);
      try {
        await this.#check(inspection);
        const result = await this.#timed(work);
        await this.#after(false);
        return result;
      } catch (error) {
        await this.#after(true);
        throw error;
      }
    });
  }

  copyOut(sql: string): Readable {
    let startedMs = 0;
    return this.wire.copyOut(tagged(sql), {
      before: async () => {
        const inspection = await inspectCopyOut(sql);
        await this.#before(inspection);
        await this.#check(inspection).catch(async (error: unknown) => {
          await this.#after(true);
          throw error;
        });
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
      await this.#send(['BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY']);
      if (snapshot !== null) await this.#send([`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`]);
      await this.#send([...this.#limits(LONG_IDLE_TIMEOUT_MS), 'SAVEPOINT wizard']);
      this.#long = true;
    });
  }

  async exportSnapshot(): Promise<string> {
    if (!this.#long) await this.beginLong(null);
    // A snapshot can not be exported from inside a savepoint.
    const [row] = await this.wire.exclusive(async () => {
      await this.#send(['RELEASE SAVEPOINT wizard']);
      const rows = await this.#timed(() =>
        this.wire.send<{ name: string }>(tagged('SELECT pg_catalog.pg_export_snapshot() AS name')),
      );
      await this.#send(['SAVEPOINT wizard']);
      return rows;
    });
    if (!row) throw new WizardError('internal', 'The server exported no snapshot');
    return row.name;
  }

  async #before(inspection: Inspection): Promise<void> {
    const statements = [
      ...(this.#long ? [] : [BEGIN, ...this.#limits(IDLE_TIMEOUT_MS)]),
      ...(this.#catalog.asks(inspection) ? TO_ASK : []),
    ];
    if (statements.length > 0) await this.#send(statements);
  }

  /** Follows `#before`. */
  async #check(inspection: Inspection): Promise<void> {
    if (!this.#catalog.asks(inspection)) return;
    await this.#catalog.check(inspection);
    await this.#send(['ROLLBACK TO SAVEPOINT guard', 'RELEASE SAVEPOINT guard']);
  }

  /**
   * Rolls back always: nothing that a statement set may outlive it, and in a long transaction no lock that it took: it must not
   * hold up a schema change of the target, nor fill its lock table. A lost connection has already been reported.
   */
  async #after(failed: boolean): Promise<void> {
    await this.#send([this.#long ? 'ROLLBACK TO SAVEPOINT wizard' : 'ROLLBACK']).catch((error: unknown) => {
      if (!failed) throw error;
    });
  }

  /** The guard's own settings come last: what the target's `options` ask for may not loosen them. */
  #limits(idleMs: number): string[] {
    const given = parseOptions(this.wire.settings.options)
      .filter(([name]) => !/^(default_)?transaction_/.test(name))
      .map(([name, value]) => `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`);
    return [
      ...given,
      `SET LOCAL statement_timeout = ${this.statementTimeoutMs}`,
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
      `SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
      // The parser of the guard reads strings this way; the server must too. A pooler may drop the encoding that was asked for.
      'SET LOCAL standard_conforming_strings = on',
      `SET LOCAL client_encoding = 'UTF8'`,
    ];
  }

  /** Statements of the guard's own, in one round trip. */
  #send(statements: readonly string[]): Promise<void> {
    return this.#timed(() => this.wire.sendMany(statements.map(tagged).join('; ')));
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
