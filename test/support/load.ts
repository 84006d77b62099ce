import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings } from '../../src/postgres/session.js';

/** Clients that call statements in turn until they are stopped. */
export interface Load {
  /** Statements that failed so far. */
  failed(): number;
  stop(): Promise<void>;
}

/** Starts `clients` connections, each calling all of `statements` again and again. A statement that fails is counted, and the next one called. */
export async function startLoad(
  connection: ConnectionSettings,
  statements: readonly string[],
  clients = 3,
): Promise<Load> {
  const stopped = new AbortController();
  let failed = 0;
  const sessions = await Promise.all(
    Array.from({ length: clients }, () => connect({ ...connection, applicationName: 'load' })),
  );
  const work = sessions.map(async (session) => {
    for (let turn = 0; !stopped.signal.aborted; turn += 1) {
      const sql = statements[turn % statements.length] ?? '';
      await session.query(sql).catch(() => (failed += 1));
    }
  });
  return {
    failed: () => failed,
    async stop() {
      stopped.abort();
      await Promise.all(work);
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
}
