import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import { isLocked, retryWhileLocked } from '../../postgres/locked.js';
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
  /** Give back the pages by which the lab (16+) extends a file ahead of its rows: up to 512 kB of each table, which plans would pay for. */
  readonly trim: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes as they pass. */
  readonly onBytes: (table: TableToCopy, bytes: number) => void;
}

/** Copies one table's rows, frozen, in one lab transaction. What only the table is to blame for gives `Skipped`; a lost side or a full disk throws. */
export async function copyTable(lane: Lane, table: TableToCopy, options: RowsOptions): Promise<CopiedTable | Skipped> {
  let binary = table.binary && !options.asText;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      const form = binary ? 'binary' : 'text';
      return await retryWhileLocked(() =>
        table.columns.length === 0 ? countRows(lane, table) : copyOnce(lane, table, form, options),
      );
    } catch (error) {
      if (options.signal.aborted || !(error instanceof WizardError) || !isOfTable(error)) throw error;
      if (binary && NO_BINARY.has(error.sqlstate ?? '')) binary = false;
      else if (isLocked(error))
        return skippedRows(table, 'Another session holds the table locked.', 'Run again when it is free.');
      else return skippedRows(table, error.message, null);
    }
  }
}

/** invalid_binary_representation, datatype_mismatch, undefined_function: what a type without a portable binary form causes. */
const NO_BINARY: ReadonlySet<string> = new Set(['22P03', '42804', '42883']);

/** A refusal of the rows or of the right to read them, and not the end of a server or of its disk. */
function isOfTable(error: WizardError): boolean {
  return (
    error.sqlstate !== undefined && ['target/statement', 'target/permission', 'lab/statement'].includes(error.code)
  );
}

/** The entry for a table that is there but empty. */
export function skippedRows(
  table: { readonly schema: string; readonly name: string },
  reason: string,
  remedy: string | null,
): Skipped {
  return { what: `rows of ${quoteQualified(table.schema, table.name)}`, reason, remedy };
}

async function copyOnce(
  lane: Lane,
  table: TableToCopy,
  form: 'binary' | 'text',
  options: RowsOptions,
): Promise<CopiedTable> {
  const startedMs = performance.now();
  const name = quoteQualified(table.schema, table.name);
  const list = table.columns.map(quoteIdent).join(', ');
  try {
    // Emptied in the same transaction, so that FREEZE is allowed: rows come visible to all, and so do their pages.
    await inLab(() => lane.lab.run(`BEGIN; TRUNCATE ONLY ${name}`));
    const to = lane.lab.copyIn(`COPY ${name} (${list}) FROM STDIN (FORMAT ${form}, FREEZE)`);
    const from = lane.source.copyOut(`COPY ${name} (${list}) TO STDOUT (FORMAT ${form})`);
    const bytes = await pump({ from, to, lane, onBytes: (count) => options.onBytes(table, count) });
    await inLab(() => lane.lab.run('COMMIT'));
    const rows = 'rowCount' in to && typeof to.rowCount === 'number' ? to.rowCount : 0;
    if (options.trim && rows > 0) await inLab(() => lane.lab.run(`VACUUM (TRUNCATE) ${name}`));
    return { schema: table.schema, name: table.name, rows, bytes, ms: performance.now() - startedMs };
  } catch (error) {
    await lane.lab.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** COPY wants a column: a table whose columns are all computed, or that has none, is copied by its number of rows. */
async function countRows(lane: Lane, table: TableToCopy): Promise<CopiedTable> {
  const startedMs = performance.now();
  const name = quoteQualified(table.schema, table.name);
  const [row] = await lane.source.query<{ rows: string }>(`SELECT pg_catalog.count(*) AS rows FROM ONLY ${name}`);
  const rows = Number(row?.rows ?? 0);
  await inLab(() => lane.lab.run(`INSERT INTO ${name} SELECT FROM pg_catalog.generate_series(1, ${rows})`));
  return { schema: table.schema, name: table.name, rows, bytes: 0, ms: performance.now() - startedMs };
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
  let cancelled: Promise<void> = Promise.resolve();
  const written = new Promise<void>((resolve, reject) => {
    to.once('error', reject);
    to.once('finish', resolve);
  });
  written.catch((error: unknown) => {
    refusal ??= asLabError(error);
    from.resume();
    cancelled = lane.source.cancel().catch(() => {});
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
  if (refusal !== null) {
    // A cancel on its way must not meet the next statement.
    await cancelled;
    throw refusal;
  }
  to.end();
  await inLab(() => written);
  return bytes;
}
