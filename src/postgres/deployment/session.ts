import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import type { RelationName } from '../../model/catalog.js';
import { connect } from '../connect.js';
import { parseOptions } from '../pooler.js';
import { isoTime } from '../read/scope.js';
import type { ConnectionSettings, Session } from '../session.js';
import { tagged } from '../wire.js';
import { DEPLOYMENT_LOCK } from './lock.js';

/** What a person approved: nothing else is sent by a deployment session. */
export interface Approved {
  readonly hash: string;
  /** Exactly as they will be sent. */
  readonly statements: ReadonlySet<string>;
}

/** How long one statement may wait for a lock, and run. Milliseconds; 0 is without end. */
export interface StatementLimits {
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** How statements run. */
export interface Running {
  readonly limits: StatementLimits;
  /** SETs that hold for these statements alone. Approved like them. */
  readonly settings: readonly string[];
}

/** A server process: its number alone may be given to another one later. */
export interface Backend {
  readonly processId: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** The one kind of session that may change a target, and only by approved statements. Opened by a deployment alone. */
export interface DeploymentSession {
  readonly backend: Backend;
  /** Takes the lock of which each database has one; false while another session has it. It goes with the session. */
  takeLock(): Promise<boolean>;
  /** Runs one statement outside any transaction block. Throws `guard/refused` for one that was not approved. */
  alone(sql: string, running: Running): Promise<void>;
  /** Runs statements in one transaction; `beforeCommit` gets its number when all of them ran. Throws `guard/refused` like `alone`. */
  together(
    statements: readonly string[],
    running: Running,
    beforeCommit: (xid: string) => Promise<void>,
  ): Promise<void>;
  /** Drops an index CONCURRENTLY that is invalid; one that is valid, or has another oid by now, is left. False where nothing was dropped. */
  removeInvalidIndex(index: RelationName & { readonly oid: number }, limits: StatementLimits): Promise<boolean>;
  /** Asks the server to end the statement that runs. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Connects for a deployment. Throws `target/pooler` behind a pooler that keeps no session, and the other `target/` codes. */
export async function openDeploymentSession(
  settings: ConnectionSettings,
  approved: Approved,
  onNotice: (text: string) => void,
): Promise<DeploymentSession> {
  const session = await connect(settings, { statementTimeoutMs: OWN_TIMEOUT_MS, onNotice });
  try {
    await session.run(OWN_SETTINGS);
    const backend = await readBackend(session);
    return deploymentSession(session, backend, approved);
  } catch (thrown) {
    await session.close();
    throw thrown;
  }
}

/** For the session's own small statements. */
const OWN_TIMEOUT_MS = 30_000;

/** The parser that the plan was checked by reads strings this way; a server that ends idle sessions would end a waiting deployment. */
const OWN_SETTINGS =
  'SET standard_conforming_strings = on; SET idle_session_timeout = 0; SET idle_in_transaction_session_timeout = 60000; SET default_transaction_read_only = off';

function deploymentSession(session: Session, backend: Backend, approved: Approved): DeploymentSession {
  const assertApproved = (sql: string): void => {
    if (approved.statements.has(sql)) return;
    throw new WizardError('guard/refused', 'A statement that nobody approved was about to reach the target', {
      hint: 'Nothing was sent.',
    });
  };
  const limit = (limits: StatementLimits): Promise<void> =>
    session.run(
      `SET lock_timeout = ${Math.round(limits.lockTimeoutMs)}; SET statement_timeout = ${Math.round(limits.statementTimeoutMs)}`,
    );
  const inTransaction = async (
    statements: readonly string[],
    beforeCommit: (xid: string) => Promise<void>,
  ): Promise<void> => {
    await session.run('BEGIN');
    try {
      for (const sql of statements) await session.run(tagged(sql));
      const [row] = await session.query<{ xid: string }>(tagged('SELECT pg_catalog.pg_current_xact_id()::text AS xid'));
      await beforeCommit(row?.xid ?? '');
      await session.run('COMMIT');
    } catch (thrown) {
      await session.run('ROLLBACK').catch(() => undefined);
      throw thrown;
    }
  };
  const withSettings = async (settings: readonly string[], work: () => Promise<void>): Promise<void> => {
    if (settings.length === 0) return work();
    try {
      for (const sql of settings) await session.run(tagged(sql));
      await work();
    } finally {
      // A connection that was lost has no settings any more.
      await restore(session).catch(() => undefined);
    }
  };
  return {
    backend,
    async takeLock() {
      const [row] = await session.query<{ taken: boolean }>(
        tagged('SELECT pg_catalog.pg_try_advisory_lock($1::int4, $2::int4) AS taken'),
        [DEPLOYMENT_LOCK.key, DEPLOYMENT_LOCK.kind],
      );
      return row?.taken === true;
    },
    async alone(sql, { limits, settings }) {
      [...settings, sql].forEach(assertApproved);
      await limit(limits);
      await withSettings(settings, () => session.run(tagged(sql)));
    },
    async together(statements, { limits, settings }, beforeCommit) {
      [...settings, ...statements].forEach(assertApproved);
      await limit(limits);
      await withSettings(settings, () => inTransaction(statements, beforeCommit));
    },
    async removeInvalidIndex(index, limits) {
      const [found] = await session.query<{ oid: string }>(tagged(INVALID_SQL), [index.schema, index.name]);
      if (found === undefined || Number(found.oid) !== index.oid) return false;
      await limit(limits);
      await session.run(tagged(`DROP INDEX CONCURRENTLY ${quoteQualified(index.schema, index.name)}`));
      return true;
    },
    cancel: () => session.cancel(),
    close: () => session.close(),
  };
}

/** As it was opened: the role, the connection's own settings and ours. */
async function restore(session: Session): Promise<void> {
  await session.run('RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL');
  for (const [name, value] of parseOptions(session.settings.options))
    await session.query(tagged('SELECT pg_catalog.set_config($1, $2, false)'), [name, value]);
  await session.run(`${OWN_SETTINGS}; SET statement_timeout = ${OWN_TIMEOUT_MS}`);
}

async function readBackend(session: Session): Promise<Backend> {
  const [row] = await session.query<{ started_at: string }>(
    `SELECT ${isoTime('a.backend_start')} AS started_at FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = pg_catalog.pg_backend_pid()`,
  );
  return { processId: session.processId, startedAt: row?.started_at ?? '' };
}

const INVALID_SQL = `
  SELECT c.oid::int8 AS oid FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  WHERE n.nspname = $1 AND c.relname = $2 AND NOT i.indisvalid`;
