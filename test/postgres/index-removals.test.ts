import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropIndexAction } from '../../src/advisors/actions.js';
import type { MeasuredRemovals } from '../../src/indexes/measured/measured-removals.js';
import { measureRemovals } from '../../src/lab/indexes/removals.js';
import type { RemovalOptions } from '../../src/lab/indexes/removals.js';
import type { LabServer } from '../../src/lab/server.js';
import { readInstance } from '../../src/lab/trial/instance.js';
import type { Catalog } from '../../src/model/catalog.js';
import { placeOf } from '../../src/model/catalog.js';
import { structureText } from '../../src/model/catalog-equality.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { anIndexSpec } from '../support/snapshot.js';
import { serverWith, statement, withSession, workloadOf } from '../support/trial-lab.js';

/** `visit_page` is the beginning of `visit_wide`, which is many times as large: what reads it alone would miss it. */
const SCHEMA = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Käufer" int NOT NULL, at int NOT NULL, note text NOT NULL);
  INSERT INTO "order" SELECT g, g * 7919 % 2000, g, repeat('x', 60) FROM generate_series(1, 40000) AS g;
  CREATE INDEX "by ""Käufer""" ON "order" ("Käufer");
  CREATE INDEX order_again ON "order" ("Käufer");
  COMMENT ON INDEX order_again IS 'it''s kept';
  CREATE INDEX order_doubled ON "order" ((at * 2));
  ALTER INDEX order_doubled ALTER COLUMN 1 SET STATISTICS 500;
  CREATE INDEX order_at ON "order" (at);
  CREATE TABLE seat (hall int NOT NULL, number int NOT NULL);
  CREATE UNIQUE INDEX seat_rule ON seat (hall, number);
  CREATE TABLE visit (id int PRIMARY KEY, page int NOT NULL, url text NOT NULL);
  INSERT INTO visit SELECT g, g * 7919 % 500, repeat(md5(g::text), 8) FROM generate_series(1, 40000) AS g;
  CREATE INDEX visit_page ON visit (page);
  CREATE INDEX visit_wide ON visit (page, url);
  CREATE TABLE parent (id int PRIMARY KEY);
  INSERT INTO parent SELECT g FROM generate_series(1, 3000) AS g;
  CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent ON DELETE CASCADE, note text NOT NULL);
  INSERT INTO child SELECT g, 1 + g % 3000, repeat('c', 80) FROM generate_series(1, 60000) AS g;
  CREATE INDEX child_parent ON child (parent_id);
  CREATE FUNCTION pages(wanted int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM visit WHERE page = wanted';
  CREATE FUNCTION has_page(unused int, wanted int) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN pages(wanted) > 0; END';
  CREATE FUNCTION slow_pages(wanted int) RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN pages(wanted); END';
  CREATE OPERATOR <# (FUNCTION = has_page, LEFTARG = int, RIGHTARG = int);
  CREATE VIEW per_page AS SELECT slow_pages(g) AS n FROM generate_series(1, 20) AS g;
  CREATE VIEW per_page_twice AS SELECT n FROM per_page;
  CREATE TABLE note (id int NOT NULL, seen bigint NOT NULL DEFAULT slow_pages(7));
  CREATE TABLE checked (page int NOT NULL CHECK (has_page(0, page)));
  CREATE DOMAIN known_page AS int CHECK (has_page(0, VALUE));
  CREATE TABLE watched (page int NOT NULL);
  CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pages(NEW.page); RETURN NEW; END';
  CREATE TRIGGER watches BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION look();
  CREATE SCHEMA tenant;
  CREATE TABLE tenant."order" (id int PRIMARY KEY, "Käufer" int NOT NULL);
  INSERT INTO tenant."order" SELECT g, g FROM generate_series(1, 20000) AS g;
  CREATE INDEX "by ""Käufer""" ON tenant."order" ("Käufer");
  CREATE INDEX order_again ON tenant."order" ("Käufer");
  VACUUM ANALYZE;`;

const WORKLOAD = workloadOf(
  statement('of a buyer', 'SELECT note FROM "order" WHERE "Käufer" = 17'),
  statement('of a tenant', 'SELECT id FROM tenant."order" WHERE "Käufer" = 17'),
  statement('latest', 'SELECT id FROM "order" ORDER BY at DESC LIMIT 3'),
  statement('per page', 'SELECT page, count(*) FROM visit WHERE page BETWEEN 10 AND 400 GROUP BY page'),
  statement('new order', `INSERT INTO "order" SELECT 1000000 + g, 5, g, 'n' FROM generate_series(1, 50) AS g`, {
    calls: 100,
  }),
  statement('no parent', 'DELETE FROM parent WHERE id BETWEEN 100 AND 120'),
);

let server: LabServer;

beforeAll(async () => {
  server = await serverWith('shop', SCHEMA);
});

afterAll(async () => {
  await server.stop();
});

function remove(
  names: readonly string[],
  changes: Partial<Omit<RemovalOptions, 'removals'>> = {},
): Promise<MeasuredRemovals | null> {
  return measureRemovals({
    connection: server.connection,
    server,
    template: 'shop',
    target: null,
    kept: [],
    removals: (catalog) => Promise.resolve(named(catalog, names)),
    workload: WORKLOAD,
    timeBudgetMs: 60_000,
    statementTimeoutMs: 10_000,
    ...changes,
  });
}

function named(catalog: Catalog, names: readonly string[]): Awaited<ReturnType<RemovalOptions['removals']>> {
  return catalog.indexes
    .filter((index) => names.includes(placeOf(index)))
    .map((index) => ({ index, action: dropIndexAction(index, catalog), finding: {} as never }));
}

const structure = (): Promise<string> =>
  withSession(server, 'shop', async (session) => structureText((await readCatalog(session)).catalog));

describe('indexes that are there, dropped together', () => {
  let found: MeasuredRemovals | null;
  let before: string;

  beforeAll(async () => {
    before = await structure();
    found = await remove([
      'public.by "Käufer"',
      'tenant.by "Käufer"',
      'public.order_at',
      'public.visit_page',
      'public.child_parent',
    ]);
  });

  test('those go that another one stands in for, with one name in two schemas', () => {
    expect(found?.gone.map((one) => placeOf(one.index))).toEqual(['public.by "Käufer"', 'tenant.by "Käufer"']);
    expect(found?.sizeBytes).toBeGreaterThan(100_000);
  });

  test('what a statement misses stays, and is told with the figures', () => {
    const reasons = Object.fromEntries((found?.stay ?? []).map((one) => [one.index.name, one.reason]));
    expect(reasons).toEqual({
      order_at: expect.stringMatching(/^without it "latest" takes .+ instead of .+/),
      visit_page: expect.stringMatching(/^without it "per page" takes .+ instead of .+/),
      // No plan shows what a cascade reads.
      child_parent: expect.stringMatching(/^without it "no parent" takes .+ instead of .+/),
    });
  });

  test('writes pay less, measured', () => {
    const row = found?.perStatement.find((one) => one.name === 'new order');
    expect(row?.afterWalBytes).toBeLessThan((row?.beforeWalBytes ?? 0) * 0.9);
    expect(found?.after.walBytes).toBeLessThan(found?.before.walBytes ?? 0);
  });

  test('the way back ran, and the template is as it was', async () => {
    expect(found?.reverted).toBe(true);
    expect(await structure()).toBe(before);
    const databases = await withSession(server, 'postgres', (session) =>
      session.query("SELECT 1 FROM pg_database WHERE datname LIKE '%removals'"),
    );
    expect(databases).toEqual([]);
  });
});

test('a kept index stands in for one that is there', async () => {
  const wide = anIndexSpec('order', 'order_at_note', ['"at"', '"note"']);
  const found = await remove(['public.order_at'], { kept: [wide] });
  expect(found?.gone.map((one) => one.index.name)).toEqual(['order_at']);
  expect(found?.perStatement.map((one) => one.name)).toContain('latest');
});

test('what a function reads is missed as well', async () => {
  const workload = workloadOf(statement('in a function', 'SELECT sum(pages(g)) FROM generate_series(1, 40) AS g'));
  const found = await remove(['public.visit_page', 'public.order_again'], { workload });
  expect(found?.gone.map((one) => one.index.name)).toEqual(['order_again']);
  expect(found?.stay.map((one) => one.reason)).toEqual([expect.stringMatching(/^without it "in a function" takes/)]);
});

test.each([
  ['a view over a view', 'SELECT sum(n) FROM per_page_twice'],
  ['an operator', 'SELECT count(*) FROM generate_series(1, 40) AS g WHERE 0 <# g'],
  ['a default', 'INSERT INTO note (id) SELECT g FROM generate_series(1, 20) AS g'],
  ['a check', 'INSERT INTO checked SELECT g FROM generate_series(1, 20) AS g'],
  ['a domain', 'SELECT count(g::known_page) FROM generate_series(1, 20) AS g'],
  ['a trigger', 'INSERT INTO watched SELECT g FROM generate_series(1, 20) AS g'],
])('what %s reads through a function that the statement does not name is missed as well', async (_, sql) => {
  const found = await remove(['public.visit_page'], { workload: workloadOf(statement('hidden', sql)) });
  expect(found?.stay.map((one) => one.reason)).toEqual([expect.stringMatching(/^without it "hidden" takes/)]);
});

test('of two indexes that a statement uses the one stays that it misses', async () => {
  const sql = `SELECT (SELECT count(*) FROM visit WHERE page BETWEEN 10 AND 400), (SELECT note FROM "order" WHERE "Käufer" = 17 LIMIT 1)`;
  const workload = workloadOf(statement('both', sql));
  const found = await remove(['public.visit_page', 'public.by "Käufer"'], { workload });
  expect(found?.gone.map((one) => one.index.name)).toEqual(['by "Käufer"']);
  expect(found?.stay.map((one) => one.index.name)).toEqual(['visit_page']);
});

test('without time nothing goes', async () => {
  const found = await remove(['public.by "Käufer"', 'public.visit_page'], { timeBudgetMs: 0 });
  expect(found).toMatchObject({ gone: [], reverted: null });
  expect(found?.stay.map((one) => one.reason)).toEqual([
    expect.stringContaining('the time ended before every statement had run'),
    expect.stringContaining('the time ended before every statement had run'),
  ]);
});

test('a write that fails, and that no index serves, speaks for none', async () => {
  const workload = workloadOf(statement('twice', `INSERT INTO "order" VALUES (1, 5, 7, 'n')`));
  const found = await remove(['public.order_again'], { workload });
  expect(found).toMatchObject({ unasked: 1, stay: [], reverted: true });
});

test('a rule that a statement names stays', async () => {
  const sql = 'INSERT INTO seat VALUES (1, 5) ON CONFLICT (hall, number) DO NOTHING';
  const found = await remove(['public.seat_rule'], { workload: workloadOf(statement('by rule', sql)) });
  expect(found?.stay.map((one) => one.reason)).toEqual([
    expect.stringMatching(/^"by rule" can not be planned without it: .*ON CONFLICT/),
  ]);
});

test('a statement that can not be planned is told of', async () => {
  const workload = workloadOf(statement('nowhere', 'SELECT * FROM gone_by_now'));
  const found = await remove(['public.order_again'], { workload });
  expect(found).toMatchObject({ unasked: 1, perStatement: [], reverted: true });
});

test('the way back brings along what no definition tells', async () => {
  const found = await remove(['public.order_again', 'public.order_doubled']);
  expect(found?.gone.flatMap((one) => one.action.down.slice(1))).toEqual([
    `COMMENT ON INDEX "public"."order_again" IS 'it''s kept'`,
    'ALTER INDEX "public"."order_doubled" ALTER COLUMN 1 SET STATISTICS 500',
  ]);
  expect(found?.reverted).toBe(true);
});

test('nothing goes where the server does not count scans', async () => {
  await withSession(server, 'postgres', (session) => session.run('ALTER DATABASE shop SET track_counts = off'));
  const found = await remove(['public.order_again']);
  await withSession(server, 'postgres', (session) => session.run('ALTER DATABASE shop RESET track_counts'));
  expect(found).toMatchObject({ gone: [], stay: [{ reason: expect.stringContaining('track_counts is off') }] });
});

test('nothing that might go is nothing', async () => {
  expect(await remove([])).toBeNull();
});

test('the target itself is refused', async () => {
  const target = await withSession(server, 'shop', readInstance);
  await expect(remove(['public.order_again'], { target })).rejects.toMatchObject({ code: 'kernel/forbidden' });
});

test('an abort ends it, and leaves nothing behind', async () => {
  const stop = new AbortController();
  const running = remove(['public.order_again'], { signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toMatchObject({ code: 'run/interrupted' });
});
