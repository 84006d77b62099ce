import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { indexReportSchema } from '../../src/report/index/index-report.js';
import type { IndexReport } from '../../src/report/index/index-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { CliResult, Workplace } from '../support/cli.js';
import { databasesOf, fillDatabase, fixture, sumsOf, within } from '../support/cli-target.js';

const SECRET = 'Sup3r-geheim-4711';
const hasPsql = spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0;

let server: LabServer;
let place: Workplace;
let out = '';
let before: Readonly<Record<string, string>>;
let first: IndexReport;

beforeAll(async () => {
  place = makeWorkplace();
  out = place.path('out');
  server = await startLabServer({ major: 'newest' });
  await fillDatabase(server, 'shop');
  await within(server, 'shop', async (session) => {
    await session.run(`CREATE ROLE watcher LOGIN PASSWORD '${SECRET}' IN ROLE pg_monitor, pg_read_all_data`);
    // A repeat, and one that only looks like it: other values come first.
    await session.run(
      'CREATE INDEX customer_region ON customer (region); CREATE INDEX customer_region_too ON customer (region)',
    );
    await session.run('CREATE INDEX customer_region_name ON customer (name, region)');
  });
  before = await sumsOf(server, 'shop');
  first = reportOf(await advise(['--out', out, '--storage', '20MB']));
});

afterAll(async () => {
  await server?.stop();
  place?.remove();
});

function advise(args: readonly string[], workload = 'small-shop-workload.sql'): Promise<CliResult> {
  const url = urlOf(server.connection, { database: 'shop', user: 'watcher', password: SECRET });
  return place.run(['index', '--json', url, '--workload', fixture(workload), '--budget', '60s', ...args]);
}

/** The one document on stdout; nothing is left of the lab. */
function reportOf(run: CliResult): IndexReport {
  expect({ code: run.code, stderr: run.stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^\d\d:\d\d hypothesise /m),
  });
  expect(run.stdout + run.stderr).not.toContain(SECRET);
  expect(place.labFolders()).toEqual([]);
  expect(place.labProcesses()).toEqual([]);
  return indexReportSchema.strict().parse(JSON.parse(run.stdout));
}

describe('index, as a role that may only read', () => {
  test('finds the planted missing index, builds it and confirms it by measurement', () => {
    const kept = first.indexes.filter((one) => one.decision === 'create');
    const [orders] = kept.filter((one) => one.title.includes('public.orders (customer_id'));
    const decided = first.indexes.map(({ title, decision, reason }) => `${title}: ${decision}, ${reason}`).join('\n');
    expect(orders?.action.up[0], decided).toMatch(/^CREATE INDEX CONCURRENTLY /);
    expect(orders?.estimated.serves.length).toBeGreaterThan(0);
    expect(orders?.estimated.sizeBytes).toBeGreaterThan(0);
    const { sizeBytes, buildMs, worth } = orders?.measured ?? {};
    expect((sizeBytes ?? 0) / (orders?.estimated.sizeBytes ?? 1)).toBeCloseTo(1, 1);
    expect(buildMs).toBeGreaterThan(0);
    expect(worth?.buffers).toBeGreaterThan(0);
    expect(first.measured?.after.buffers).toBeLessThan((first.measured?.before.buffers ?? 0) / 2);
    expect(first.measured?.sizeBytes).toBeLessThanOrEqual(20 * 1024 * 1024);
  });

  test('knows what the writes of the workload pay', () => {
    const orders = first.indexes.find((one) => one.title.includes('public.orders (customer_id'));
    expect(orders?.measured?.writes?.walBytes).toBeGreaterThan(0);
  });

  test('draws the curve, and proves how good the choice is', () => {
    expect(first.curve.length).toBeGreaterThan(3);
    const costs = first.curve.map((point) => point.objective ?? Number.NaN);
    for (const [at, cost] of costs.entries()) expect(cost).toBeLessThanOrEqual((costs[at - 1] ?? 1) + 1e-9);
    expect(first.search.complete).toBe(true);
    expect(first.search.gap).toBeLessThan(0.01);
  });

  test('names the repeat, and leaves the decoy alone', () => {
    expect(first.existing.map((row) => row.index)).toEqual(['public.customer_region_too']);
  });

  test('dropped the repeat in the lab, and made it again', () => {
    expect(first.existing[0]?.trial).toMatchObject({ outcome: 'goes', reason: null, needsSet: false });
    expect(first.removals).toMatchObject({ gone: 1, reverted: true, unasked: 0 });
    expect(first.removals?.sizeBytes).toBeGreaterThan(0);
  });

  test('leaves the target as it was, and no database behind', async () => {
    expect(await sumsOf(server, 'shop')).toEqual(before);
    expect(await databasesOf(server)).toEqual(['postgres', 'shop', 'template0', 'template1']);
  });

  test('writes the files', () => {
    const sql = ['indexes.up.sql', 'indexes.down.sql', 'indexes.drop.up.sql', 'indexes.drop.down.sql'];
    for (const name of ['indexes.html', 'indexes.md', 'indexes.json', ...sql])
      expect(existsSync(join(out, name))).toBe(true);
    expect(JSON.parse(readFileSync(join(out, 'indexes.json'), 'utf8'))).toEqual(first);
    expect(readFileSync(join(out, 'indexes.html'), 'utf8')).toContain('Objective against storage');
  });

  test('chooses the same again', async () => {
    const again = reportOf(await advise(['--out', place.path('again'), '--storage', '20MB']));
    // What the writes pay is measured, and differs a little from run to run; all else is the same.
    const choice = (report: IndexReport): unknown =>
      report.indexes.map(({ title, estimated }) => [title, estimated.sizeBytes, estimated.serves]);
    expect(choice(again)).toEqual(choice(first));
  });
});

test('a budget too small for any index gives none', async () => {
  const none = reportOf(await advise(['--out', place.path('none'), '--storage', '8kB']));
  expect(none.indexes).toEqual([]);
  expect(none.measured).toBeNull();
});

test('--write-weight that is none is refused with a hint', async () => {
  const run = await place.run(['index', 'postgres://x@localhost/y', '--write-weight', 'lots']);
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(/--write-weight: "lots" is not a weight; write auto, 0, or a number such as 2/);
});

test.skipIf(!hasPsql)('the SQL files run, and take back what they did', async () => {
  await fillDatabase(server, 'fresh');
  const psql = (file: string): number | null =>
    spawnSync(
      'psql',
      ['-X', '-v', 'ON_ERROR_STOP=1', '-f', join(out, file), urlOf(server.connection, { database: 'fresh' })],
      { stdio: 'ignore' },
    ).status;
  const indexes = (): Promise<unknown> =>
    within(server, 'fresh', (session) =>
      session.query('SELECT indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY 1', ['public']),
    );
  const original = await indexes();
  expect(psql('indexes.up.sql')).toBe(0);
  expect(await indexes()).not.toEqual(original);
  expect(psql('indexes.down.sql')).toBe(0);
  expect(await indexes()).toEqual(original);
});
