import { WizardError } from '../../base/errors.js';
import { connect } from '../../postgres/connect.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';

/** All sessions that the lab holds, so that an abort reaches each of them. */
export interface LabSessions {
  /** Opens one on a database of the lab. Throws `run/interrupted` after an abort. */
  open(database: string): Promise<Session>;
  close(session: Session): Promise<void>;
  /** Runs `work` on a session of its own, which is closed afterwards. */
  within<T>(database: string, work: (session: Session) => Promise<T>): Promise<T>;
  /** Throws `run/interrupted` after an abort. */
  checkAborted(): void;
  /** Closes every session; one that does not answer is left behind. */
  closeAll(): Promise<void>;
}

/** Sessions of one server; an abort cancels what runs in each of them. */
export function labSessions(connection: ConnectionSettings, signal: AbortSignal | null): LabSessions {
  const sessions = new Set<Session>();
  const onAbort = (): void => {
    for (const session of sessions) void session.cancel().catch(() => undefined);
  };
  signal?.addEventListener('abort', onAbort);
  const checkAborted = (): void => {
    if (signal?.aborted) throw interrupted();
  };
  const open = async (database: string): Promise<Session> => {
    checkAborted();
    const session = await connect({ ...connection, database }, { statementTimeoutMs: 0 });
    sessions.add(session);
    if (!signal?.aborted) return session;
    await close(session);
    throw interrupted();
  };
  const close = async (session: Session): Promise<void> => {
    sessions.delete(session);
    await session.close().catch(() => undefined);
  };
  return {
    open,
    close,
    checkAborted,
    async within(database, work) {
      const session = await open(database);
      try {
        return await work(session);
      } finally {
        await close(session);
      }
    },
    async closeAll() {
      signal?.removeEventListener('abort', onAbort);
      await Promise.all([...sessions].map(close));
    },
  };
}

/** Why a statement of the lab failed, as far as the trial treats it differently. */
export type Trouble = 'timeout' | 'lost' | 'disk-full' | 'aborted' | 'statement';

/** Tells the kinds of trouble apart; anything that no server said is `statement` too. */
export function troubleOf(thrown: unknown): Trouble {
  if (!(thrown instanceof WizardError)) return 'statement';
  if (thrown.code === 'run/interrupted') return 'aborted';
  if (thrown.code === 'lab/disk-full' || thrown.sqlstate === '53100') return 'disk-full';
  if (thrown.code === 'lab/died' || thrown.code === 'target/connection-lost' || thrown.code === 'target/unreachable')
    return 'lost';
  return thrown.sqlstate === '57014' ? 'timeout' : 'statement';
}

/** The error of a run that a signal ended. */
export function interrupted(): WizardError {
  return new WizardError('run/interrupted', 'The run was stopped while the lab worked', {
    hint: 'The ledger keeps what was done; the next run goes on from there.',
  });
}
