import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import type { IndexRebuild } from '../../src/model/index-rebuild.js';
import type { Skipped } from '../../src/model/coverage.js';
import { connect } from '../../src/postgres/connect.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readIndexFill } from '../../src/postgres/read/index-fill.js';
import { splitStatements } from '../../src/sql/split.js';

const SCHEMA = `
  CREATE ROLE watcher LOGIN PASSWORD 'w' IN ROLE pg_monitor, pg_stat_scan_tables;
  CREATE ROLE bare LOGIN PASSWORD 'b';
  CREATE TABLE event (id bigint NOT NULL);
  INSERT INTO event SELECT generate_series(1, 100000);
  CREATE INDEX event_id_idx ON event (id) WITH (fillfactor = 30);
  ALTER INDEX event_id_idx RESET (fillfactor);
  CREATE INDEX event_small_idx ON event (id) WHERE id < 100;`;

let server: LabServer;

beforeAll(async () => {
  server = await startLabServer({ major: 'newest' });
  const session = await connect(server.connection);
  for (const { sql } of splitStatements(SCHEMA)) await session.run(sql);
  await session.close();
});

afterAll(() => server.stop());

/** Through the guard, as on a target. */
async function read(user: string, password: string): Promise<{ rebuilds: IndexRebuild[]; skipped: Skipped[] }> {
  const session = await connect({ ...server.connection, user, password }, { readOnly: true });
  try {
    return await readIndexFill(session, (await readCatalog(session)).catalog);
  } finally {
    await session.close();
  }
}

it('says what is missing, and reads what it may', async () => {
  expect(await read('watcher', 'w')).toMatchObject({
    rebuilds: [],
    skipped: [{ reason: 'The extension pgstattuple is not installed.' }],
  });
  const session = await connect(server.connection);
  await session.run('CREATE SCHEMA "Odd Tools"; CREATE EXTENSION pgstattuple SCHEMA "Odd Tools"');
  await session.run('GRANT USAGE ON SCHEMA "Odd Tools" TO watcher');
  await session.close();
  expect(await read('bare', 'b')).toMatchObject({
    rebuilds: [],
    skipped: [
      { reason: 'This role may not call pgstatindex.', remedy: expect.stringContaining('pg_stat_scan_tables') },
    ],
  });
  const { rebuilds, skipped } = await read('watcher', 'w');
  expect(skipped).toEqual([]);
  expect(rebuilds.map(({ index }) => index.name)).toEqual(['event_id_idx']);
  // 100,000 keys take 276 pages when built at 90 %.
  expect((rebuilds[0]?.rebuiltBytes ?? 0) / 8192).toBeCloseTo(276, -1);
  expect((rebuilds[0]?.sizeBytes ?? 0) / 8192).toBeGreaterThan(700);
});
