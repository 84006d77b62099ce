import { Readable, type Writable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { toWizardError } from './errors.js';
import type { ConnectionSettings, Row } from './session.js';

/** Marks our own statements. */
export const TAG = '/* database-wizard */';

/**
 * The statement with the tag on both sides: before it for the server's log and pg_stat_activity, which cut at the end; after it for
 * pg_stat_statements, which from PostgreSQL 18 on drops what stands before the first word.
 */
export function tagged(sql: string): string {
  return `${TAG} ${sql}\n${TAG}`;
}

/** Rows as the server prints them. */
export interface TextResult {
  readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What runs before and after a COPY, while the connection is held for it. */
export interface Around {
  readonly before: () => Promise<void>;
  readonly after: (failed: boolean) => Promise<void>;
}

const NOTHING: Around = { before: async () => {}, after: async () => {} };

/** One driver connection: one thing at a time, in the order asked for, every error a `WizardError`. Holds no rule of its own. */
export class Wire {
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    readonly client: pg.Client,
    readonly settings: ConnectionSettings,
  ) {
    // The driver emits `error` when the connection ends while idle; the next statement reports it.
    client.on('error', () => {});
  }

  /** Waits for all that was asked for before, then holds the connection until `work` is done. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  /** One statement over the extended protocol. Call within `exclusive`. */
  async send<T extends Row>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    const config = { text: sql, values: [...params], types: SESSION_TYPES, queryMode: 'extended' };
    try {
      return (await this.client.query<T>(config)).rows;
    } catch (error) {
      throw toWizardError(error, this.settings);
    }
  }

  /** One statement over the extended protocol, values as the server's text. Call within `exclusive`. */
  async sendText(sql: string): Promise<TextResult> {
    const config = { text: sql, rowMode: 'array' as const, types: TEXT_TYPES, queryMode: 'extended' };
    try {
      const result = await this.client.query<(string | null)[]>(config);
      const columns = result.fields.map((field) => ({ name: field.name, typeOid: field.dataTypeID }));
      return { columns, rows: result.rows };
    } catch (error) {
      throw toWizardError(error, this.settings);
    }
  }

  /** Any number of statements over the simple protocol. Call within `exclusive`. */
  async sendMany(sql: string): Promise<void> {
    try {
      await this.client.query({ text: sql, types: TEXT_TYPES });
    } catch (error) {
      throw toWizardError(error, this.settings);
    }
  }

  /** `COPY ... TO STDOUT`. A reader that goes away before the end costs the connection. */
  copyOut(sql: string, around: Around = NOTHING): Readable {
    const stream = copyTo(sql) as ReturnType<typeof copyTo> & CopyCallbacks;
    const copy = new Copy(stream);
    this.#runCopy(copy, around);
    stream.on('close', () => {
      if (copy.isRunning) this.drop();
    });
    return stream;
  }

  /** `COPY ... FROM STDIN`. */
  copyIn(sql: string): Writable {
    const stream = copyFrom(sql) as ReturnType<typeof copyFrom> & CopyCallbacks;
    this.#runCopy(new Copy(stream), NOTHING);
    return stream;
  }

  /** Ends the connection at once, without a word to the server. */
  drop(): void {
    // With an error, because over TLS the driver does not hear of a plain close.
    this.client.connection.stream.destroy(new Error('Connection terminated'));
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }

  #runCopy(copy: Copy, around: Around): void {
    const copying = this.exclusive(async () => {
      if (copy.stream.destroyed) return;
      await around.before();
      const failed = copy.stream.destroyed || (await copy.run(this));
      await around.after(failed);
    });
    copying.catch((error: unknown) => copy.stream.destroy(toWizardError(error, this.settings)));
  }
}

/** Takes what nobody reads any more. */
const NOWHERE = { stream: { write: () => true, once: () => undefined }, sendCopyFail: () => undefined };

/** One COPY, from its stream being asked for until the connection is free again. */
class Copy {
  #running = false;

  constructor(readonly stream: (Readable | Writable) & pg.Submittable & CopyCallbacks) {}

  get isRunning(): boolean {
    return this.#running;
  }

  /** Resolves when the connection is free again: true when the copy failed (its stream has the error). */
  run(wire: Wire): Promise<boolean> {
    const { stream } = this;
    return new Promise((resolve) => {
      const handleError = stream.handleError.bind(stream);
      const handleReady = stream.handleReadyForQuery.bind(stream);
      stream.handleError = (error) => {
        this.#running = false;
        resolve(true);
        // A reader that has gone away listens no more: an error event would end the process.
        if (!(stream instanceof Readable && stream.destroyed)) handleError(toWizardError(error, wire.settings));
        // What was written by then may still be on its way through a stream that has let go of its connection.
        if (!(stream instanceof Readable)) stream.connection = NOWHERE;
      };
      stream.handleReadyForQuery = () => {
        this.#running = false;
        resolve(false);
        handleReady();
      };
      this.#running = true;
      wire.client.query(stream);
    });
  }
}

/** How the driver tells a copy stream what the server said. */
interface CopyCallbacks {
  /** Null once it failed or ended. */
  connection?: unknown;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
}

const identity = (value: string): string => value;

/** Types whose text the driver would turn into something lossy: date, time, timestamp, interval, money, geometry. */
const KEPT_AS_TEXT = new Set([1082, 1083, 1114, 1184, 1186, 1266, 790, 600, 718, 20, 1700]);
/** Arrays of those, and `name[]`, which the driver does not know. */
const ARRAYS_OF_TEXT = new Set([1182, 1183, 1115, 1185, 1187, 1270, 791, 1017, 719, 1016, 1231, 1003]);
const TEXT_ARRAY_OID = 1009;

/** The driver's own parsers, whose type lists only the oids that have a name there. */
const driverParser = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

type TypeParsers = { readonly getTypeParser: typeof pg.types.getTypeParser };

const SESSION_TYPES: TypeParsers = {
  getTypeParser: ((oid: number, format?: string) => {
    if (KEPT_AS_TEXT.has(oid)) return identity;
    if (ARRAYS_OF_TEXT.has(oid)) return driverParser(TEXT_ARRAY_OID, 'text');
    return driverParser(oid, format);
  }) as typeof pg.types.getTypeParser,
};

const TEXT_TYPES: TypeParsers = { getTypeParser: () => identity };
