import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { fillColumn, inBatches } from '../../src/migrations/backfill.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { startStandby } from '../support/standby.js';

const TABLE = { schema: null, name: 'Order "é"' };

/** One row on each page, so that batches can be told by their rows. */
const SETUP = `
  DROP TABLE IF EXISTS "Order ""é"""; CREATE TABLE "Order ""é""" (id int, pad text, token int) WITH (autovacuum_enabled = off);
  ALTER TABLE "Order ""é""" ALTER pad SET STORAGE PLAIN; INSERT INTO "Order ""é""" SELECT n, repeat('x', 5000) FROM generate_series(1, 300) AS n;
  CREATE OR REPLACE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN n; END $$`;

describe.each(testMajors())('a fill in batches on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let client: pg.Client;

  const connected = async (): Promise<pg.Client> => {
    const { host, port, user, password, database } = (server as LabServer).connection;
    const made = new pg.Client({ host, port, user, password: password ?? '', database });
    await made.connect();
    return made;
  };

  /** Rows of each batch, in the order in which they were done. */
  const batches = async (): Promise<readonly number[]> => {
    const { rows } = await client.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM "Order ""é""" WHERE token IS NOT NULL GROUP BY xmin ORDER BY min(id)',
    );
    return rows.map(({ n }) => n);
  };

  beforeAll(async () => {
    server = await startQuietServer(major);
    if (server) client = await connected();
  });

  beforeEach(({ skip }) => skip(server === null, 'no server of this major is installed'));

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('halves batches that take too long, and makes the others longer', async () => {
    await client.query(SETUP);
    await client.query(fillColumn(TABLE, 'token', 'slow(id)'));
    const sizes = await batches();
    // 50 rows of 5 ms are above the target whatever the machine does, and so are 25.
    expect(sizes.slice(0, 3)).toEqual([50, 25, 12]);
    expect(sizes.reduce((sum, n) => sum + n)).toBe(300);
    for (const [i, n] of sizes.slice(1, -1).entries())
      expect([Math.floor((sizes[i] ?? 0) / 2), (sizes[i] ?? 0) + 10]).toContain(n);
  });

  it('finds rows that somebody moved behind it, in batches too', async () => {
    await client.query(SETUP);
    await client.query(`INSERT INTO "Order ""é""" SELECT n, repeat('x', 5000) FROM generate_series(301, 2500) AS n`);
    const other = await connected();
    await other.query('BEGIN');
    // Every row comes to stand after the pages that are there when the fill begins.
    await other.query('UPDATE "Order ""é""" SET id = id');
    const filling = client.query(fillColumn(TABLE, 'token', 'id'));
    await waitForLock(other);
    await other.query('COMMIT');
    await filling;
    await other.end();
    const sizes = await batches();
    expect(sizes.reduce((sum, n) => sum + n)).toBe(2500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
  });

  it('goes on where it was cut off, and does no row twice', async () => {
    await client.query(SETUP);
    await client.query('CREATE SEQUENCE IF NOT EXISTS given');
    const other = await connected();
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const fill = fillColumn(TABLE, 'token', "slow(nextval('given')::int)");
    const filling = other.query(fill).catch((thrown: unknown) => thrown);
    other.on('error', () => undefined);
    for (;;) {
      const { rows: done } = await client.query('SELECT FROM "Order ""é""" WHERE token IS NOT NULL LIMIT 1');
      if (done.length > 0) break;
    }
    await client.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    expect(await filling).toBeInstanceOf(Error);
    const kept = 'SELECT id, token FROM "Order ""é""" WHERE token IS NOT NULL ORDER BY id';
    const first = await client.query<{ id: number; token: number }>(kept);
    expect(first.rows.length).toBeLessThan(300);
    await client.query(fill);
    const all = await client.query<{ id: number; token: number }>(kept);
    expect(all.rows).toHaveLength(300);
    expect(new Set(all.rows.map(({ token }) => token)).size).toBe(300);
    expect(all.rows).toEqual(expect.arrayContaining(first.rows));
    await client.query('DROP SEQUENCE given');
  });

  it('deletes in batches', async () => {
    await client.query(SETUP);
    await client.query(
      inBatches({ relation: TABLE, statement: 'DELETE FROM "Order ""é"""', where: null, quiet: false }),
    );
    expect((await client.query('SELECT FROM "Order ""é"""')).rows).toEqual([]);
  });

  it('waits for a standby that is behind, and says so', { timeout: 90_000 }, async () => {
    await client.query(SETUP);
    const standby = await startStandby(server as LabServer, { recovery_min_apply_delay: '8s' });
    const told: string[] = [];
    client.on('notice', ({ message }) => told.push(message ?? ''));
    try {
      await waitUntil(client, "SELECT FROM pg_stat_replication WHERE state = 'streaming'");
      await client.query("SET database_wizard.backfill_lag = '1500ms'");
      // Longer than that, whatever the machine does, and shorter than the standby's delay.
      await client.query(fillColumn(TABLE, 'token', 'slow(id)'));
      expect(told).toContainEqual(expect.stringMatching(/^waits for a standby that is 00:00:\d\d\S* behind$/));
      expect((await batches()).reduce((sum, n) => sum + n)).toBe(300);
    } finally {
      await standby.server.stop();
    }
  });
});

async function waitUntil(client: pg.Client, sql: string): Promise<void> {
  for (;;) {
    const { rows } = await client.query(sql);
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** In a transaction the view of other sessions would stay as it was first seen. */
async function waitForLock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query('SELECT FROM pg_locks WHERE NOT granted');
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
