import type { Session } from '../session.js';

/** Seconds that the slowest replica lags behind (`pg_stat_replication.replay_lag`); null without a replica, or where the role may not see it. */
export async function readReplicaLag(session: Session): Promise<number | null> {
  const [row] = await session.query<{ lag: number | null }>(
    `SELECT pg_catalog.max(EXTRACT(EPOCH FROM r.replay_lag))::float8 AS lag FROM pg_catalog.pg_stat_replication AS r`,
  );
  return row?.lag ?? null;
}
