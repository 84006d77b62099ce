import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../../postgres/session.js';
import { asLabError, inLab } from '../databases.js';
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

/** How often a table is tried that another session holds locked; the read-only session gives up after half a second each time. */
const LOCKED_ATTEMPTS = 3;

/** Copies one table's rows, frozen, in one lab transaction. What only the table is to blame for gives `Skipped`; a lost side or a full disk throws. */
export async function copyTable(lane: Lane, table: TableToCopy, options: RowsOptions): Promise<CopiedTable | Skipped> {
  let binary = table.binary && !options.asText;
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      return await copyOnce(lane, table, binary, options);
    } catch (error) {
      if (options.signal.aborted || !(error instanceof WizardError) || !isOfTable(error)) throw error;
      const isLocked = error.sqlstate === LOCK_NOT_AVAILABLE;
      if (isLocked && attempt < LOCKED_ATTEMPTS) await delay(250 * attempt);
      else if (binary && NO_BINARY.has(error.sqlstate ?? '')) binary = false;
      else return skippedRows(table, isLocked ? 'Another session holds the table locked.' : error.message, isLocked ? 'Run again when it is free.' : null);
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

/** invalid_binary_representation, datatype_mismatch, undefined_function: what a type without a portable binary form causes. */
const NO_BINARY: ReadonlySet<string> = new Set(['22P03', '42804', '42883']);

/** A refusal of the rows or of the right to read them, and not the end of a server or of its disk. */
function isOfTable(error: WizardError): boolean {
  return error.sqlstate !== undefined && ['target/statement', 'target/permission', 'lab/statement'].includes(error.code);
}

/** The entry for a table that is there but empty. */
export function skippedRows(table: { readonly schema: string; readonly name: string }, reason: string, remedy: string | null): Skipped {
  return { what: `rows of ${quoteQualified(table.schema, table.name)}`, reason, remedy };
}

async function copyOnce(lane: Lane, table: TableToCopy, binary: boolean, options: RowsOptions): Promise<CopiedTable> {
  const startedMs = performance.now();
  const name = quoteQualified(table.schema, table.name);
  const list = table.columns.map(quoteIdent).join(', ');
  const format = binary ? 'FORMAT binary' : 'FORMAT text';
  try {
    // Emptied in the same transaction, so that FREEZE is allowed: rows come visible to all, and so do their pages.
    await inLab(() => lane.lab.run(`BEGIN; TRUNCATE ONLY ${name}`));
    const to = lane.lab.copyIn(`COPY ${name} (${list}) FROM STDIN (${format}, FREEZE)`);
    const from = lane.source.copyOut(`COPY ${name} (${list}) TO STDOUT (${format})`);
    const bytes = await pump({ from, to, lane, onBytes: (count) => options.onBytes(table, count) });
    await inLab(() => lane.lab.run('COMMIT'));
    const rows = 'rowCount' in to && typeof to.rowCount === 'number' ? to.rowCount : 0;
    return { schema: table.schema, name: table.name, rows, bytes, ms: performance.now() - startedMs };
  } catch (error) {
    await lane.lab.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

interface Pumped {
  readonly from: Readable;
  readonly to: Writable;
  readonly lane: Lane;
  readonly onBytes: (count: number) => void;
}

/**
 * Moves a stream's bytes; gives their number. Not `stream.pipeline`: when the lab refuses a row, the source's stream must be read to
 * its end (after a cancel), for a reader that leaves early costs the connection, and with it the snapshot.
 */
async function pump({ from, to, lane, onBytes }: Pumped): Promise<number> {
  let bytes = 0;
  let refusal: unknown = null;
  const written = new Promise<void>((resolve, reject) => {
    to.once('error', reject);
    to.once('finish', resolve);
  });
  written.catch((error: unknown) => {
    refusal ??= asLabError(error);
    from.resume();
    void lane.source.cancel().catch(() => {});
  });
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      const part = chunk as Buffer;
      if (refusal !== null) continue;
      bytes += part.length;
      onBytes(part.length);
      if (!to.write(part)) await Promise.race([once(to, 'drain'), written]).catch(() => {});
    }
  } catch (error) {
    if (refusal === null) {
      to.destroy(error instanceof Error ? error : new Error(String(error)));
      await written.catch(() => {});
      throw error;
    }
  }
  if (refusal !== null) throw refusal;
  to.end();
  await inLab(() => written);
  return bytes;
}
