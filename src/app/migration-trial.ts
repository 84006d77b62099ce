import { WizardError } from '../base/errors.js';
import { dropDatabase } from '../lab/databases.js';
import { tryMigration, type MigrationTrialStep } from '../lab/migration/trial.js';
import { readInstance, sameServer } from '../lab/trial/instance.js';
import type { Catalog } from '../model/catalog.js';
import type { MigrationTrial } from '../model/migration-trial.js';
import { exportPlanner } from '../postgres/clone/planner.js';
import { connect } from '../postgres/connect.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { copyToLab } from './lab-copy.js';
import { openTarget } from './open-target.js';
import { openPlace } from './staging.js';

/** What is tried, and where. */
export interface TrialQuestion {
  readonly source: ConnectionSettings;
  readonly major: number;
  readonly catalog: Catalog;
  readonly lab: 'auto' | ConnectionSettings;
  readonly steps: readonly MigrationTrialStep[];
}

/** One copy is made, and what the migration writes comes on top of it. */
const COPIES = 3;

/** What a target writes: with less, builds and rewrites would not go through the WAL, and it would seem to be less. */
const LAB_SETTINGS = { wal_level: 'replica', max_wal_senders: '0', max_wal_size: '1GB', autovacuum: 'off' };

/** Copies the target and runs the steps of a planned migration there, and their ways back. The target is only read. Throws `lab/` codes, `kernel/forbidden`. */
export async function tryOnCopy(question: TrialQuestion, context: CommandContext): Promise<MigrationTrial> {
  const { signal, watch } = context;
  const note = (text: string): void => watch({ type: 'note', text });
  const cleanup = createCleanup(note);
  try {
    watch({ type: 'phase', phase: 'copy', text: 'copying the target to the lab' });
    const { session } = await openTarget(question.source, signal);
    cleanup.add(() => session.close());
    const planner = await untilAborted(signal, exportPlanner(session));
    const target = await untilAborted(signal, readInstance(session));
    await session.close();
    const { connection: place } = await openPlace(
      { ...question, copies: COPIES, settings: LAB_SETTINGS },
      { signal, cleanup, note },
    );
    const admin = await connect(place);
    cleanup.add(() => admin.close());
    if (sameServer(await readInstance(admin), target))
      throw new WizardError('kernel/forbidden', 'The lab is the server of the target: nothing is ever tried on it', {
        hint: 'Give --lab the address of another server, or --lab auto.',
      });
    const { database } = await copyToLab({ source: question.source, lab: place, planner, signal, watch });
    cleanup.add(() => dropDatabase(admin, database));
    watch({ type: 'phase', phase: 'evaluate', text: 'running the migration on the copy' });
    const copy = await connect({ ...place, database });
    cleanup.add(() => copy.close());
    const total = question.steps.length * 2;
    return await untilAborted(
      signal,
      tryMigration(copy, question.steps, (text, done) => watch({ type: 'work', phase: 'evaluate', text, done, total })),
    );
  } finally {
    await cleanup.run();
  }
}
