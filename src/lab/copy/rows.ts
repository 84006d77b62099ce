import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import { sqlstateOf } from '../../postgres/errors.js';
import type { Session } from '../../postgres/session.js';
import { asLabError } from '../databases.js';
import type { TableToCopy } from './tables.js';

/** One connection to each side. */
export interface Lane {
  readonly source: Session;
  readonly lab: Session;
}

/** What copying one table gave. */
export interface CopiedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Bytes that crossed the wire. */
  readonly bytes: number;
  readonly ms: number;
}

export interface RowsOptions {
  /** Never the binary form: the servers are of different majors. */
  readonly asText: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes as they pass. */
  readonly onBytes: (table: TableToCopy, bytes: number) => void;
}

const LOCKED_ATTEMPTS = 3;

/** Copies one table's rows, frozen, in one lab transaction. What only the table is to blame for gives `Skipped`; a lost side throws. */
export async function copyTable(lane: Lane, table: TableToCopy, options: RowsOptions): Promise<CopiedTable | Skipped> {
  let binary = table.binary && !options.asText;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copyOnce(lane, table, binary, options);
    } catch (error) {
      if (options.signal.aborted) throw error;
      if (!(error instanceof WizardError)) throw error;
      const sqlstate = error.sqlstate;
      if (binary && sqlstate !== undefined && NO_BINARY.has(sqlstate)) {
        binary = false;
        continue;
      }
      if (sqlstate === '55P03' && attempt < LOCKED_ATTEMPTS) {
        await delay(250 * attempt);
        continue;
      }
      if (!isOfTable(error)) throw error;
      return {
        what: `rows of ${quoteQualified(table.schema, table.name)}`,
        reason: sqlstate === '55P03' ? 'Another session holds the table locked.' : error.message,
        remedy: sqlstate === '55P03' ? 'Run again when it is free.' : null,
      };
    }
  }
}

/** invalid_binary_representation, datatype_mismatch, undefined_function, protocol errors of a value's own format. */
const NO_BINARY = new Set(['22P03', '42804', '42883', '22021', '08P01']);

/** A refusal of the rows or of the right to read them, and not the end of a server or of its disk. */
function isOfTable(error: WizardError): boolean {
  return error.sqlstate !== undefined && ['target/statement', 'target/permission', 'lab/statement'].includes(error.code);
}

async function copyOnce(lane: Lane, table: TableToCopy, binary: boolean, options: RowsOptions): Promise<CopiedTable> {
  const startedMs = performance.now();
  const name = quoteQualified(table.schema, table.name);
  const columns = table.columns.map(quoteIdent).join(', ');
  const format = binary ? 'FORMAT binary' : 'FORMAT text';
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      options.onBytes(table, chunk.length);
      done(null, chunk);
    },
  });
  try {
    // Emptied in the same transaction, so that FREEZE is allowed: rows come visible to all, and so do their pages.
    await lane.lab.run(`BEGIN; TRUNCATE ONLY ${name}`);
    const sink = lane.lab.copyIn(`COPY ${name} (${columns}) FROM STDIN (${format}, FREEZE)`);
    await pipeline(lane.source.copyOut(`COPY ${name} (${columns}) TO STDOUT (${format})`), count, sink, { signal: options.signal });
    await lane.lab.run('COMMIT');
    const rows = 'rowCount' in sink && typeof sink.rowCount === 'number' ? sink.rowCount : 0;
    return { schema: table.schema, name: table.name, rows, bytes, ms: performance.now() - startedMs };
  } catch (error) {
    await lane.lab.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

void asLabError;
void sqlstateOf;
