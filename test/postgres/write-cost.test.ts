import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexWriteCost, TableWrite } from '../../src/indexes/measured/write-cost.js';
import { buildIndex } from '../../src/lab/indexes/build.js';
import { measureWriteCosts } from '../../src/lab/indexes/write-cost.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { checksumTables } from '../../src/lab/trial/state.js';
import type { IndexSpec } from '../../src/model/action.js';
import { testMajors } from '../support/majors.js';
import { anIndexSpec } from '../support/snapshot.js';
import { serverWith, withSession } from '../support/trial-lab.js';

const ODD = 'Odd "table" ';
const SCHEMA = `
  CREATE TABLE plain (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, code int NOT NULL UNIQUE, filler text NOT NULL) WITH (fillfactor = 70);
  INSERT INTO plain SELECT g, g * 7919 % 100003, g * 31 % 5003, g, repeat('x', 40) FROM generate_series(1, 30000) AS g;
  CREATE TABLE "Odd ""table"" " (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "select" text NOT NULL, "up ""per""" text GENERATED ALWAYS AS (upper("select")) STORED,
    gone int, flag boolean NOT NULL, price numeric CHECK (price > 0), parent bigint REFERENCES "Odd ""table"" "
  );
  ALTER TABLE "Odd ""table"" " DROP COLUMN gone;
  INSERT INTO "Odd ""table"" " ("select", flag, price) SELECT 'name ' || g, g % 2 = 0, g FROM generate_series(1, 3000) AS g;
  CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END';
  CREATE TRIGGER never BEFORE INSERT OR UPDATE OR DELETE ON "Odd ""table"" " FOR EACH ROW EXECUTE FUNCTION never();
  CREATE TABLE parted (id int NOT NULL, day int NOT NULL, v int NOT NULL) PARTITION BY RANGE (day);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (100);
  INSERT INTO parted SELECT g, g % 100, g % 777 FROM generate_series(1, 20000) AS g;
  CREATE UNLOGGED TABLE unlogged (id int, v int);
  INSERT INTO unlogged SELECT g, g % 977 FROM generate_series(1, 20000) AS g;
  CREATE TABLE empty (id int, v int);
  CREATE TABLE few (id int, v int);
  INSERT INTO few SELECT g, g FROM generate_series(1, 12) AS g;
  CREATE MATERIALIZED VIEW view AS SELECT 1 AS id, 2 AS v;
  VACUUM ANALYZE;`;

let server: LabServer;

beforeAll(async () => {
  server = await serverWith('writes', SCHEMA);
});

afterAll(async () => {
  await server.stop();
});

describe('the write cost of an index', () => {
  let cost: IndexWriteCost;
  let covering: IndexWriteCost;
  let partial: IndexWriteCost;

  beforeAll(async () => {
    const checksum = await checksumOf('plain');
    const specs = [
      candidate('plain', ['"a"']),
      { ...candidate('plain', ['"b"']), include: ['"filler"'], name: 'covering' },
      { ...candidate('plain', ['"b"']), where: 'a < 0', name: 'partial' },
    ];
    const found = await measure(specs, [
      write('plain', 'insert'),
      write('plain', 'delete'),
      write('plain', 'update', ['a']),
      write('plain', 'update', ['b']),
      write('plain', 'update', ['code']),
    ]);
    [cost, covering, partial] = found as [IndexWriteCost, IndexWriteCost, IndexWriteCost];
    expect(await checksumOf('plain')).toBe(checksum);
  });

  test('is WAL, blocks and time of an inserted row', () => {
    expect(cost).toMatchObject({ unmeasured: [], fullPageImages: 0 });
    expect(cost.basis).toBe('24,000 rows of public.plain in tables of their own');
    const { inserted } = cost;
    expect(inserted?.rows).toBe(1998);
    // A heap tuple of about 80 bytes, entries of the two unique indexes, and their record headers; the third index is one entry more.
    expect(inserted?.without.walBytes).toBeGreaterThan(150);
    expect((inserted?.with.walBytes ?? 0) - (inserted?.without.walBytes ?? 0)).toBeGreaterThan(50);
    expect((inserted?.with.buffers ?? 0) - (inserted?.without.buffers ?? 0)).toBeGreaterThan(1.5);
    expect(inserted?.with.ms).toBeGreaterThan(0);
  });

  test('is more for a wider index and nothing for a partial one that holds no row', () => {
    const added = (one: IndexWriteCost): number =>
      (one.inserted?.with.walBytes ?? 0) - (one.inserted?.without.walBytes ?? 0);
    expect(added(covering)).toBeGreaterThan(added(cost) + 30);
    expect(Math.abs(added(partial))).toBeLessThan(5);
  });

  test('of an update depends on whether its column is one of those set', () => {
    const [a, b, code] = cost.updated;
    expect([a?.columns, b?.columns, code?.columns]).toEqual([['a'], ['b'], ['code']]);
    // There is room on each page, so that an update touches no index until one is on its column.
    expect(a).toMatchObject({ hotWithout: a?.rows, hotWith: 0 });
    expect((a?.with.walBytes ?? 0) - (a?.without.walBytes ?? 0)).toBeGreaterThan(100);
    expect(b).toMatchObject({ hotWithout: b?.rows, hotWith: b?.rows });
    expect(Math.abs((b?.with.walBytes ?? 0) - (b?.without.walBytes ?? 0))).toBeLessThan(10);
    // A unique column takes values that are not there yet. It is indexed already, so no update of it stays on its page alone.
    expect(code).toMatchObject({ hotWithout: 0, hotWith: 0 });
    expect(code?.rows).toBeGreaterThan(100);
    expect(covering.updated[1]).toMatchObject({ hotWith: 0 });
  });

  test('of a deleted row is what VACUUM has to do', () => {
    expect(cost.deleted?.rows).toBeGreaterThan(5000);
    expect(cost.deleted?.with.walBytes).toBeGreaterThan(cost.deleted?.without.walBytes ?? 0);
  });

  test('leaves no schema behind', async () => {
    expect(await schemas()).toEqual([]);
  });
});

describe('tables that are not plain', () => {
  test('odd names, identity, generated and dropped columns, and triggers that must not fire', async () => {
    const specs = [
      candidate(ODD, ['"up ""per"""'], 'a "name"'),
      { ...candidate(ODD, ['(lower("select"))'], 'expression'), where: '"flag"' },
    ];
    const [generated, expression] = await measure(specs, [
      write(ODD, 'insert'),
      write(ODD, 'update', ['select']),
      write(ODD, 'update', ['flag']),
    ]);
    expect(generated?.unmeasured).toEqual([]);
    expect(generated?.inserted?.rows).toBe(498);
    // The generated column follows the one that is set.
    expect(generated?.updated[0]).toMatchObject({ columns: ['select'], hotWith: 0 });
    expect(generated?.updated[0]?.hotWithout).toBeGreaterThan(0);
    expect(expression?.unmeasured).toEqual([]);
    // The predicate reads the flag.
    expect(expression?.updated[1]).toMatchObject({ columns: ['flag'], hotWith: 0 });
  });

  test('a partitioned table stands for its largest partition', async () => {
    const [cost] = await measure([candidate('parted', ['"v"'])], [write('parted', 'insert')]);
    expect(cost).toMatchObject({ unmeasured: [], basis: expect.stringMatching(/public\.parted_2/) });
    expect(cost?.inserted?.with.walBytes).toBeGreaterThan(cost?.inserted?.without.walBytes ?? 0);
    expect(cost?.deleted).toBeNull();
  });

  test('an unlogged one writes no WAL, and its index neither', async () => {
    const [cost] = await measure([candidate('unlogged', ['"v"'])], [write('unlogged', 'insert')]);
    expect(cost?.inserted?.with.walBytes).toBe(0);
    expect(cost?.inserted?.with.buffers).toBeGreaterThan(cost?.inserted?.without.buffers ?? 0);
  });

  test.each([
    ['empty', 'public.empty holds 0 rows in the lab, too few to measure a write'],
    ['few', 'public.few holds 12 rows in the lab, too few to measure a write'],
    ['view', 'public.view is a materialised view: nothing writes to it but a refresh'],
    ['missing', 'public.missing is not there'],
  ])('%s: says why not', async (table, reason) => {
    const [cost] = await measure([candidate(table, ['"v"'])], [write(table, 'insert')]);
    expect(cost).toMatchObject({ inserted: null, updated: [], unmeasured: [reason] });
  });

  test('an index that can not be built, a column that is not there, and a table that nothing writes to', async () => {
    const unique = { ...candidate('plain', ['"b"']), unique: true };
    expect(await measure([unique], [write('plain', 'insert')])).toMatchObject([
      { inserted: null, unmeasured: [expect.stringMatching(/could not be built on a sample/)] },
    ]);
    const [cost] = await measure(
      [candidate('plain', ['"a"'])],
      [write('plain', 'insert'), write('plain', 'update', ['nowhere'])],
    );
    expect(cost?.inserted?.rows).toBeGreaterThan(0);
    expect(cost?.unmeasured).toEqual([expect.stringMatching(/^update of nowhere: .*nowhere/)]);
    expect(await measure([candidate('plain', ['"a"'])], [])).toEqual([]);
    expect(await schemas()).toEqual([]);
  });

  test('an abort ends it, and the scratch tables go', async () => {
    let steps = 0;
    const check = (): void => {
      steps += 1;
      if (steps > 3) throw new Error('stop');
    };
    await withSession(server, 'writes', async (session) => {
      const work = measureWriteCosts(session, [candidate('plain', ['"a"'])], () => [write('plain', 'insert')], {
        check,
      });
      await expect(work).rejects.toThrow('stop');
    });
    expect(await schemas()).toEqual([]);
  });
});

describe('building an index', () => {
  test('measures time, size and WAL, and rolls back unless told to keep it', async () => {
    await withSession(server, 'writes', async (session) => {
      const spec = candidate('parted', ['"v"'], 'parted_v');
      const built = await buildIndex(session, spec, { keep: false, timeoutMs: 60_000 });
      if ('reason' in built) throw new Error(built.reason);
      // Two parts and the parent, which is empty itself.
      expect(built.namesInPlans).toHaveLength(3);
      expect(built.namesInPlans).toContain('parted_v');
      expect(built.sizeBytes).toBeGreaterThan(20_000 * 4);
      expect(built.buildMs).toBeGreaterThan(0);
      // Each page once, the free space on it left out.
      expect(built.walBytes).toBeGreaterThan(built.sizeBytes * 0.5);
      expect(built.walBytes).toBeLessThan(built.sizeBytes * 1.5);
      expect(await session.query(`SELECT 1 FROM pg_class WHERE relname = 'parted_v'`)).toEqual([]);
    });
  });

  test('gives up after its time, with the reason', async () => {
    await withSession(server, 'writes', async (session) => {
      const slow = candidate('plain', [`(repeat(md5("filler" || "id"), 400))`], 'slow');
      expect(await buildIndex(session, slow, { keep: true, timeoutMs: 1 })).toEqual({
        reason: 'building it took longer than 1.00 ms',
      });
    });
  });
});

test('where the server logs as little as it may, builds are unknown and writes are seen all the same', async () => {
  const settings = { wal_level: 'minimal', max_wal_senders: '0' };
  const minimal = await startLabServer({ major: testMajors()[0] ?? 'newest', settings });
  try {
    await withSession(minimal, 'postgres', async (session) => {
      await session.run(
        'CREATE TABLE plain AS SELECT g AS id, g * 7919 % 100003 AS v FROM generate_series(1, 20000) AS g',
      );
      const spec = candidate('plain', ['"v"']);
      const built = await buildIndex(session, spec, { keep: false, timeoutMs: 60_000 });
      expect(built).toMatchObject({ walBytes: null });
      const [cost] = await measureWriteCosts(session, [spec], () => [write('plain', 'insert')]);
      expect(cost?.inserted?.without.walBytes).toBeGreaterThan(50);
      expect(cost?.inserted?.with.walBytes).toBeGreaterThan((cost?.inserted?.without.walBytes ?? 0) + 50);
    });
  } finally {
    await minimal.stop();
  }
});

async function measure(specs: readonly IndexSpec[], writes: readonly TableWrite[]): Promise<readonly IndexWriteCost[]> {
  return withSession(server, 'writes', (session) => measureWriteCosts(session, specs, () => writes));
}

function write(table: string, kind: TableWrite['kind'], columns: readonly string[] = []): TableWrite {
  return {
    table: { schema: 'public', name: table },
    fingerprint: kind,
    name: kind,
    kind,
    columns,
    set: columns,
    deletes: kind === 'delete',
    rows: columns.includes('a') ? 100 : columns.includes('b') ? 50 : 10,
    rowsAssumed: false,
  };
}

async function checksumOf(table: string): Promise<string> {
  return withSession(server, 'writes', (session) => checksumTables(session, [{ schema: 'public', name: table }]));
}

async function schemas(): Promise<readonly unknown[]> {
  return withSession(server, 'writes', (session) =>
    session.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'database_wizard%'`),
  );
}

function candidate(table: string, keys: readonly string[], name = 'candidate_idx'): IndexSpec {
  return anIndexSpec(table, name, keys);
}
