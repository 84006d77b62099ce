import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/plans/catalogue.js';
import { viewPlan } from '../../src/plans/view.js';
import { readPlan } from '../../src/plans/read/read-plan.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { loadParser } from '../../src/sql/parse.js';
import { splitStatements } from '../../src/sql/split.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { runAll } from '../support/plan-bench.js';

/** What a slow moment of the machine makes of a plan does not stand in three runs in a row. */
const RUNS = 3;

describe.each(testMajors())('100 well-written statements on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let session: Session | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major, { shared_buffers: '128MB', work_mem: '8MB' });
    if (!server) return;
    session = await connect(server.connection);
    await runAll(session, fixture('hotels.sql'));
    await session.run('VACUUM ANALYZE');
  });

  afterAll(async () => {
    await session?.close();
    await server?.stop();
  });

  it('have no finding above info', async ({ skip }) => {
    if (!session) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const statements = splitStatements(fixture('hotels-well-written.sql'));
    expect(statements.length).toBe(100);
    const alarms: string[] = [];
    for (const { sql } of statements) {
      let standing: readonly string[] | null = null;
      for (let run = 0; run < RUNS && standing?.length !== 0; run += 1) {
        const found = await alarmsOf(session, sql);
        standing = standing === null ? found : standing.filter((one) => found.includes(one));
      }
      alarms.push(...(standing ?? []).map((one) => `${one}: ${sql}`));
    }
    expect(alarms).toEqual([]);
  });

  it('would be seen, if they were not so well', async ({ skip }) => {
    if (!session) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const found = await alarmsOf(session, "SELECT * FROM booking WHERE date_trunc('day', made) = '2024-07-01'");
    expect(found).toContain('scan/rows-discarded');
  });
});

async function alarmsOf(session: Session, sql: string): Promise<readonly string[]> {
  await session.run('BEGIN');
  try {
    const { rows } = await session.queryText(`EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, FORMAT JSON) ${sql}`);
    const view = viewPlan(readPlan(rows.map(([line]) => line ?? '').join('\n')).tree);
    return catalogue
      .flatMap((kind) => kind.find(view, null))
      .filter(({ severity }) => severity !== 'info')
      .map(({ id }) => id);
  } finally {
    await session.run('ROLLBACK');
  }
}

function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
}
