import { WizardError } from '../../base/errors.js';
import type { Session } from '../../postgres/session.js';
import type { LabServer } from '../server.js';
import { troubleOf } from '../trial/sessions.js';
import type { LabSessions } from '../trial/sessions.js';

/** One session on a database of the lab that comes back when it was lost. */
export interface Runner {
  /** Runs `work`, and once more on a new session where the connection ended under it: it must be a whole step, which may be repeated. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Throws `run/interrupted` after an abort. */
  check(): void;
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly database: string;
  /** Restarted when it died; null for a server that is not ours. */
  readonly server: LabServer | null;
  readonly note: (text: string) => void;
}

/** Throws `lab/died` when the connection is lost too often, else what the work throws; after an abort every error is the abort. */
export function createRunner(sessions: LabSessions, { database, server, note }: RunnerOptions): Runner {
  let session: Session | null = null;
  let losses = 0;
  const drop = async (): Promise<void> => {
    const old = session;
    session = null;
    if (old !== null) await sessions.close(old);
  };
  const reopen = async (): Promise<Session> => {
    const deadline = performance.now() + RECOVERY_MS;
    for (;;) {
      try {
        await server?.restart();
        return await sessions.open(database);
      } catch (thrown) {
        sessions.checkAborted();
        if (troubleOf(thrown) !== 'lost' || performance.now() > deadline) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  return {
    check: () => sessions.checkAborted(),
    close: drop,
    async use(work) {
      for (;;) {
        try {
          session ??= losses === 0 ? await sessions.open(database) : await reopen();
          return await work(session);
        } catch (thrown) {
          sessions.checkAborted();
          if (troubleOf(thrown) !== 'lost') throw thrown;
          losses += 1;
          await drop();
          if (losses > MOST_LOSSES)
            throw new WizardError('lab/died', 'The connection to the lab was lost again and again', { cause: thrown });
          note('the connection to the lab was lost: once more on a new one');
        }
      }
    },
  };
}

/** A server that one of its backends' crash took along is back within seconds. */
const RECOVERY_MS = 30_000;
const MOST_LOSSES = 3;
