import type { Readable, Writable } from 'node:stream';

/** How to reach a server: the outcome of libpq's rules. */
export interface ConnectionSettings {
  /** Host name, IP, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly sslmode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  readonly sslrootcert: string | null;
  readonly sslcert: string | null;
  readonly sslkey: string | null;
  readonly connectTimeoutMs: number;
  readonly applicationName: string;
  /** `options`, e.g. `-c search_path=app`. */
  readonly options: string | null;
  /** `channel_binding=require`: the password may only be proved bound to the TLS channel. */
  readonly channelBinding?: 'require';
}

export type Row = Record<string, unknown>;

/** One connection. int8 comes as string, numeric as string, json parsed, dates and timestamps as text, arrays of text as arrays. */
export interface Session {
  /** One statement over the extended protocol. */
  query<T extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<T[]>;
  /** One statement; rows as arrays of text exactly as the server prints them, null for NULL. For result hashes. */
  queryText(sql: string): Promise<{
    readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
    readonly rows: readonly (readonly (string | null)[])[];
  }>;
  /** Any number of statements over the simple protocol; results are thrown away. */
  run(sql: string): Promise<void>;
  /** `COPY ... TO STDOUT` as a stream. */
  copyOut(sql: string): Readable;
  /** `COPY ... FROM STDIN` as a stream; resolves through the stream's `finish`. */
  copyIn(sql: string): Writable;
  /** Cancels what runs (a second connection sends the cancel). */
  cancel(): Promise<void>;
  close(): Promise<void>;
  readonly processId: number;
  readonly settings: ConnectionSettings;
}
