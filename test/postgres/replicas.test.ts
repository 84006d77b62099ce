import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import unusedIndex from '../../src/advisors/index/unused-index.js';
import unlogged from '../../src/advisors/schema/unlogged-with-standbys.js';
import { examineTarget } from '../../src/app/examination.js';
import type { LabServer } from '../../src/lab/server.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings } from '../../src/postgres/session.js';
import { splitStatements } from '../../src/sql/split.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { startStandby, type Standby } from '../support/standby.js';

const SCHEMA = `
  CREATE TABLE parcel (id bigint PRIMARY KEY, weight_g integer NOT NULL, zone integer NOT NULL);
  INSERT INTO parcel SELECT n, n, n % 50 FROM generate_series(1, 2000) AS n;
  CREATE INDEX parcel_weight_idx ON parcel (weight_g);
  CREATE INDEX parcel_zone_idx ON parcel (zone);
  CREATE UNLOGGED TABLE basket (id bigint);`;

const NONE = {
  workload: { source: 'file', origin: 'test', statements: [], unusable: [], since: null },
  skipped: [],
} as const;

/** No test waits five weeks. */
const NOW = { minDays: 0, minSizeBytes: 0 };

describe.each(testMajors())('a primary and its standby on PostgreSQL %s', (major) => {
  let primary: LabServer | null = null;
  let standby: Standby;

  beforeAll(async () => {
    primary = await startQuietServer(major);
    if (!primary) return;
    const session = await connect(primary.connection);
    for (const { sql } of splitStatements(SCHEMA)) await session.run(sql);
    standby = await startStandby(primary, { autovacuum: 'off' });
    await session.close();
    const reading = await connect(standby.connection);
    await reading.run('SET enable_seqscan = off');
    await reading.query('SELECT id FROM parcel WHERE weight_g = 7');
    await reading.close();
  }, 120_000);

  afterAll(async () => {
    await standby?.server.stop();
    await primary?.stop();
  });

  async function examine(target: ConnectionSettings, replicas: readonly ConnectionSettings[]): Promise<Snapshot> {
    const session = await connect(target, { readOnly: true });
    try {
      const { signal } = new AbortController();
      return (await examineTarget(session, NONE, { replicas, exactBloat: false, signal })).snapshot;
    } finally {
      await session.close();
    }
  }

  const unused = async (snapshot: Snapshot): Promise<readonly (readonly [string, number])[]> =>
    (await unusedIndex.examine(snapshot, null, NOW)).map((one) => [one.place, one.actions.length] as const);

  it('count apart: what is used on the standby only is not unused', async ({ skip }) => {
    if (!primary) return skip(`PostgreSQL ${major} can not be had on this machine`);
    let snapshot = await examine(primary.connection, [standby.connection]);
    // PostgreSQL 14 counts in another process, which answers late.
    for (let i = 0; i < 20 && snapshot.replication.looked[0]?.indexes.every((one) => one.scans === 0); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      snapshot = await examine(primary.connection, [standby.connection]);
    }
    expect(snapshot.replication).toMatchObject({ isStandby: false, standbys: 1, notLooked: [] });
    expect(snapshot.coverage.skipped.filter((one) => /standby|replica/.test(one.what))).toEqual([]);
    expect(await unused(snapshot)).toEqual([['public.parcel_zone_idx', 1]]);
    expect(await unlogged.examine(snapshot, null)).toMatchObject([{ place: 'public.basket', actions: [] }]);
  });

  it('is said where nobody named the standby, and nothing is offered', async ({ skip }) => {
    if (!primary) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const snapshot = await examine(primary.connection, []);
    expect(await unused(snapshot)).toEqual([
      ['public.parcel_weight_idx', 0],
      ['public.parcel_zone_idx', 0],
    ]);
    expect(snapshot.coverage.skipped).toContainEqual(expect.objectContaining({ what: 'index use on 1 standby' }));
  });

  it.each<[string, (there: ConnectionSettings) => ConnectionSettings, RegExp]>([
    ['is down', (there) => ({ ...there, port: 1 }), /./],
    ['is the primary itself', () => primary?.connection as ConnectionSettings, /it is no standby/],
    ['has another database', (there) => ({ ...there, database: 'template1' }), /another database/],
  ])('silences the advisor where the replica %s', async (_, other, reason) => {
    if (!primary) return;
    const snapshot = await examine(primary.connection, [other(standby.connection)]);
    expect(snapshot.replication.notLooked).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(reason) }),
    ]);
    expect(await unused(snapshot)).toEqual([]);
    expect(snapshot.coverage.skipped.some((one) => one.what.includes('whether an index is unused'))).toBe(true);
  });

  it('offers nothing on the standby itself', async ({ skip }) => {
    if (!primary) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const snapshot = await examine(standby.connection, []);
    expect(snapshot.replication.isStandby).toBe(true);
    expect((await unused(snapshot)).map(([, actions]) => actions)).toEqual([0]);
  });
});
