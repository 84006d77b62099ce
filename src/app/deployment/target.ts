import { join } from 'node:path';
import { WizardError } from '../../base/errors.js';
import type { JournalEntry } from '../../deploy/journal.js';
import { openLedger, type FileLedger } from '../../ledger/ledger.js';
import { connect, type ReadOnlySession } from '../../postgres/connect.js';
import { readNodeIdentity } from '../../postgres/read/replication.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';
import { openTarget } from '../staging.js';

/** Nothing is deployed, and no hash shown, where it could not be written down. Throws `deploy/plan`, and what `openLedger` throws. */
export function openJournal(folder: string): FileLedger<JournalEntry> {
  try {
    return openLedger<JournalEntry>(join(folder, 'deploy'));
  } catch (thrown) {
    if (thrown instanceof WizardError) throw thrown;
    throw new WizardError('deploy/plan', `The journal can not be written to ${join(folder, 'deploy')}`, {
      cause: thrown,
      hint: 'Copy the plan to a folder that may be written: the journal stands beside it.',
    });
  }
}

/** Its file, for people. */
export function journalFile(folder: string): string {
  return join(folder, 'deploy', 'entries.jsonl');
}

/** As the journal names a target. */
export async function targetName(session: Session): Promise<string> {
  const identity = await readNodeIdentity(session);
  return `${identity.system ?? session.settings.host}/${identity.database}`;
}

/** The reading session of a deployment; with the writer it makes two connections, and no more. */
export interface Reading {
  session(): Promise<ReadOnlySession>;
  drop(): Promise<void>;
}

/** Opens it when it is first asked for, and again after it was dropped. */
export function createReading(target: ConnectionSettings, signal: AbortSignal): Reading {
  let current: ReadOnlySession | null = null;
  return {
    // After an abort what was begun must still be looked at.
    session: async () =>
      (current ??= signal.aborted
        ? await connect(target, { readOnly: true })
        : (await openTarget(target, signal)).session),
    async drop() {
      const last = current;
      current = null;
      await last?.close();
    },
  };
}
