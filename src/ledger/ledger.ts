import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { WizardError } from '../base/errors.js';
import { takeLock } from './lock.js';

/** An append-only list of entries on disk, held by one process at a time. */
export interface FileLedger<Entry> {
  /** Written and synced before it resolves: a kill right after loses nothing. */
  append(entry: Entry): Promise<void>;
  entries(): readonly Entry[];
  /** Bytes of a half-written last line that an earlier crash left and that were cut off. */
  readonly repairedBytes: number;
  close(): void;
}

/**
 * Opens `<folder>/entries.jsonl`, one JSON document a line, and makes what is missing.
 * A half-written last line (a kill while writing) is cut off. Throws `ledger/corrupt` for any other unreadable line, and
 * `ledger/locked` while another living process holds the folder.
 */
export function openLedger<Entry>(folder: string): FileLedger<Entry> {
  mkdirSync(folder, { recursive: true });
  const release = takeLock(join(folder, 'lock'));
  const file = join(folder, 'entries.jsonl');
  try {
    const { entries, repairedBytes } = readEntries<Entry>(file);
    const handle = openSync(file, 'a', 0o600);
    return {
      repairedBytes,
      entries: () => entries,
      append(entry) {
        writeSync(handle, `${JSON.stringify(entry)}\n`);
        fsyncSync(handle);
        entries.push(entry);
        return Promise.resolve();
      },
      close() {
        closeSync(handle);
        release();
      },
    };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

function readEntries<Entry>(file: string): { entries: Entry[]; repairedBytes: number } {
  if (!existsSync(file)) return { entries: [], repairedBytes: 0 };
  const bytes = readFileSync(file);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, position) => {
    try {
      return JSON.parse(line) as Entry;
    } catch (cause) {
      throw new WizardError('ledger/corrupt', `Line ${position + 1} of ${file} is not JSON`, {
        cause,
        hint: 'Move the ledger folder aside to start anew, or remove that line if you know what it was.',
      });
    }
  });
  if (whole < bytes.length) truncateSync(file, whole);
  return { entries, repairedBytes: bytes.length - whole };
}
