import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/advisors/catalogue.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import type { Session } from '../../src/postgres/session.js';
import { splitStatements } from '../../src/sql/split.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { aSnapshot } from '../support/snapshot.js';

/** Indexes that only look redundant, each beside the one that it is taken for; then those that are. */
const SCHEMA = `
  CREATE TABLE owner (id bigint PRIMARY KEY);
  CREATE TABLE item (id bigint PRIMARY KEY, owner_id bigint NOT NULL REFERENCES owner, name text, code text, state text, a int, b int, c int, tags int[]);
  INSERT INTO owner SELECT generate_series(1, 10);
  INSERT INTO item SELECT n, 1 + n % 10, 'n' || n, 'c' || n, CASE WHEN n % 2 = 0 THEN 'open' END, n, n, n, ARRAY[n] FROM generate_series(1, 2000) AS n;
  CREATE INDEX decoy_owner ON item (owner_id);
  CREATE UNIQUE INDEX decoy_unique ON item (code);
  CREATE INDEX item_name ON item (name);
  CREATE INDEX decoy_collation ON item (name COLLATE "C");
  CREATE INDEX decoy_opclass ON item (name text_pattern_ops);
  CREATE INDEX decoy_nulls ON item (name NULLS FIRST);
  CREATE INDEX found_mirrored ON item (name DESC NULLS LAST);
  CREATE INDEX decoy_partial ON item (name) WHERE state = 'open';
  CREATE INDEX decoy_expression ON item (lower(name));
  CREATE INDEX item_ab ON item (a, b DESC);
  CREATE INDEX decoy_mixed ON item (a, b);
  CREATE INDEX decoy_second ON item (b, a);
  CREATE INDEX item_c ON item USING brin (c) WITH (pages_per_range = 4);
  CREATE INDEX decoy_range ON item USING brin (c) WITH (pages_per_range = 64);
  CREATE TABLE watched (id bigint NOT NULL, tag bigint NOT NULL);
  INSERT INTO watched SELECT n, n FROM generate_series(1, 100) AS n;
  CREATE UNIQUE INDEX decoy_identity ON watched (tag);
  ALTER TABLE watched REPLICA IDENTITY USING INDEX decoy_identity;
  CREATE INDEX decoy_cluster ON watched (id);
  ALTER TABLE watched CLUSTER ON decoy_cluster;

  CREATE INDEX found_turned ON item (a DESC, b);
  CREATE INDEX found_again ON item (name) WITH (fillfactor = 70);
  CREATE INDEX found_prefix ON item (a DESC);
  CREATE INDEX found_whole ON item (b) WHERE id > 5;
  CREATE INDEX found_hash ON item USING hash (b);
  CREATE TABLE log (at int NOT NULL, kind int NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
  CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20);
  CREATE INDEX log_kind ON log (kind);
  CREATE INDEX found_log ON log (kind);
  CREATE INDEX found_incomplete ON ONLY log (at, kind);
  ANALYZE`;

describe.each(testMajors())('decoys on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let session: Session;

  beforeAll(async () => {
    server = await startQuietServer(major);
    if (!server) return;
    session = await connect(server.connection);
    for (const { sql } of splitStatements(SCHEMA)) await session.run(sql);
  }, 60_000);

  afterAll(async () => {
    await session?.close();
    await server?.stop();
  });

  const find = async (id: string, options?: unknown): Promise<readonly string[]> => {
    const { catalog } = await readCatalog(session);
    const { statistics } = await readStatistics(session);
    const advisor = catalogue.find((one) => one.id === id);
    const found = await advisor?.examine({ ...aSnapshot(), catalog, statistics }, null, options);
    return (found ?? []).map((one) => one.place.replace('public.', '')).toSorted();
  };

  it.for([
    ['index/duplicate-index', ['found_again', 'found_log', 'found_mirrored', 'found_turned']],
    ['index/overlapping-index', ['found_hash', 'found_prefix', 'found_whole']],
    ['index/invalid-index', ['found_incomplete']],
    ['index/mergeable-indexes', []],
    ['index/bloated-index', []],
  ] as const)('%s finds what is, and only that', async ([id, expected], { skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    expect(await find(id)).toEqual(expected);
  });

  it('knows which compares otherwise than its column', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const { catalog } = await readCatalog(session);
    const others = catalog.indexes.filter((index) => index.keys.some((key) => !key.collationIsDefault));
    expect(others.map((index) => index.name)).toEqual(['decoy_collation']);
  });

  it('calls none unused that serves, enforces or identifies', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const unused = await find('index/unused-index', { minDays: 0, minSizeBytes: 0 });
    expect(unused).toContain('decoy_collation');
    for (const kept of ['decoy_owner', 'decoy_unique', 'decoy_identity', 'decoy_cluster', 'item_pkey'])
      expect(unused).not.toContain(kept);
  });

  it('takes an index that is being built for no invalid one', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const [holder, builder] = [await connect(server.connection), await connect(server.connection)];
    await holder.run('BEGIN');
    await holder.run('UPDATE item SET code = code WHERE id = 1');
    const building = builder.run('CREATE INDEX CONCURRENTLY soon ON item (c)');
    const seen = async (): Promise<boolean | undefined> =>
      (await readCatalog(session)).catalog.indexes.find((one) => one.name === 'soon')?.building;
    for (let i = 0; i < 100 && (await seen()) === undefined; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await seen()).toBe(true);
    expect(await find('index/invalid-index')).toEqual(['found_incomplete']);
    // Given up half-way it is invalid, and nobody builds it.
    await builder.cancel();
    await expect(building).rejects.toThrow();
    expect(await find('index/invalid-index')).toEqual(['found_incomplete', 'soon']);
    await holder.run('ROLLBACK');
    await holder.close();
    await builder.close();
    await session.run('DROP INDEX soon');
  });
});
