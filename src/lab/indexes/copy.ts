import { asWizardError } from '../../base/errors.js';
import type { ConnectionSettings } from '../../postgres/session.js';
import { dropDatabase, resetFromTemplate, stemOf } from '../databases.js';
import type { LabServer } from '../server.js';
import { assertSeparate } from '../trial/instance.js';
import type { Instance } from '../trial/instance.js';
import { labSessions } from '../trial/sessions.js';
import type { LabSessions } from '../trial/sessions.js';
import { readDatabaseSettings } from '../trial/state.js';
import { createRunner } from './runner.js';
import type { Runner } from './runner.js';

/** Of what, and where, a copy is made to build and drop indexes in. */
export interface CopyOptions {
  /** A superuser or owner with CREATEDB; its database is the maintenance one, in which nothing is made. */
  readonly connection: ConnectionSettings;
  /** Restarted when it dies; null for a server that is not ours. */
  readonly server: LabServer | null;
  /** The database with the data. It is copied, and left as it is; sessions on it are ended. */
  readonly template: string;
  /** The target, to refuse an experiment on it; null when it can not be the same server. */
  readonly target: Instance | null;
  readonly signal?: AbortSignal;
  readonly note?: (text: string) => void;
}

/**
 * Copies the lab's database under a name that ends with `suffix`, works in the copy and drops it, whatever the work's end. Throws `kernel/forbidden` for the target itself,
 * `run/interrupted`, `lab/died`, `lab/disk-full`.
 */
export async function inCopy<T>(
  options: CopyOptions,
  suffix: string,
  work: (runner: Runner) => Promise<T>,
): Promise<T> {
  const database = `${stemOf(options.template)}_${suffix}`;
  const sessions = labSessions(options.connection, options.signal ?? null);
  const note = options.note ?? (() => undefined);
  try {
    if (options.target !== null) await assertSeparate(sessions, options.template, options.target);
  } catch (thrown) {
    await sessions.closeAll();
    throw thrown;
  }
  try {
    await copyTemplate(sessions, options, database);
    return await work(createRunner(sessions, { database, server: options.server, note }));
  } finally {
    await sessions.closeAll();
    await dropCopy(options, database);
  }
}

async function copyTemplate(
  sessions: LabSessions,
  { connection, template }: CopyOptions,
  database: string,
): Promise<void> {
  const settings = await sessions.within(template, readDatabaseSettings);
  await sessions.within(connection.database, async (admin) => {
    await resetFromTemplate(admin, database, template);
    for (const setting of settings) await admin.run(setting.sql(database));
  });
}

/** The signal that may have ended it must not keep the copy from going. */
async function dropCopy({ connection, note }: CopyOptions, database: string): Promise<void> {
  const sessions = labSessions(connection, null);
  await sessions
    .within(connection.database, (admin) => dropDatabase(admin, database))
    .catch((thrown: unknown) =>
      note?.(`the lab's database ${database} could not be dropped: ${asWizardError(thrown).message}`),
    );
  await sessions.closeAll();
}
