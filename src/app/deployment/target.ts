import { join } from 'node:path';
import { WizardError } from '../../base/errors.js';
import type { JournalEntry } from '../../deploy/journal.js';
import { openLedger, type FileLedger } from '../../ledger/ledger.js';
import { connect, type ReadOnlySession } from '../../postgres/connect.js';
import { readNodeIdentity } from '../../postgres/read/replication.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';
import type { Cleanup } from '../cleanup.js';
import type { CommandContext } from '../command.js';
import { openTarget } from '../open-target.js';
import type { PlanFolder } from './plan-folder.js';

/** A target and the journal of a plan, both open until the end of the command. */
export interface Place {
  readonly reading: Reading;
  readonly session: ReadOnlySession;
  readonly journal: FileLedger<JournalEntry>;
  /** As the journal names it. */
  readonly target: string;
}

/** Opens both. Throws what connecting, and `openJournal`, throw. */
export async function openPlace(
  { folder }: PlanFolder,
  settings: ConnectionSettings,
  { context, cleanup }: { readonly context: CommandContext; readonly cleanup: Cleanup },
): Promise<Place> {
  context.watch({ type: 'phase', phase: 'deploy', text: 'reading the target' });
  const reading = createReading(settings, context.signal);
  cleanup.add(() => reading.drop());
  const session = await reading.session();
  const journal = openJournal(folder);
  cleanup.add(() => journal.close());
  return { reading, session, journal, target: await targetName(session) };
}

/** What somebody holds can not be looked at: it would seem to be gone. */
export function lockedNow(place: string): WizardError {
  return new WizardError('deploy/blocked', `${place} is locked in ACCESS EXCLUSIVE mode by somebody`, {
    hint: 'Nothing was changed. Try again when it is free.',
  });
}

/** Nothing is deployed, and no hash shown, where it could not be written down. Throws `deploy/plan`, and what `openLedger` throws. */
function openJournal(folder: string): FileLedger<JournalEntry> {
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
async function targetName(session: Session): Promise<string> {
  const identity = await readNodeIdentity(session);
  return `${identity.system ?? session.settings.host}/${identity.database}`;
}

/** The reading session of a deployment; with the writer it makes two connections, and no more. */
export interface Reading {
  session(): Promise<ReadOnlySession>;
  drop(): Promise<void>;
}

/** Opens it when it is first asked for, and again after it was dropped. */
function createReading(target: ConnectionSettings, signal: AbortSignal): Reading {
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
