import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { examineReportSchema } from '../../src/report/examine-report.js';
import type { ExamineReport } from '../../src/report/examine-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { fillDatabase, fixture, sumsOf, within } from '../support/cli-target.js';

const SECRET = 'Sup3r-geheim-4711';
const workload = fixture('small-shop-workload.sql');

let server: LabServer;
let place: Workplace;

beforeAll(async () => {
  place = makeWorkplace();
  server = await startLabServer({ major: 'newest' });
  await fillDatabase(server, 'shop');
  await within(server, 'shop', (session) =>
    session.run(`
      CREATE ROLE watcher LOGIN PASSWORD '${SECRET}' IN ROLE pg_monitor, pg_read_all_data;
      CREATE ROLE bare LOGIN PASSWORD '${SECRET}'`),
  );
});

afterAll(async () => {
  await server.stop();
  place.remove();
});

/** The document of `examine --json`, after checking that it is alone on stdout and that nothing is left behind. */
async function examine(args: readonly string[], url: string): Promise<ExamineReport> {
  const run = await place.run(['examine', '--json', ...args, url]);
  expect({ code: run.code, stderr: run.stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^00:\d\d examine {5}reading the target$/m),
  });
  for (const text of [run.stdout, run.stderr]) expect(text).not.toContain(SECRET);
  expect(place.labFolders()).toEqual([]);
  return examineReportSchema.strict().parse(JSON.parse(run.stdout));
}

const shop = (user?: string): string =>
  urlOf(server.connection, { database: 'shop', ...(user ? { user, password: SECRET } : {}) });
const gaps = (report: ExamineReport): string =>
  report.coverage.skipped.map(({ what, reason }) => `${what}: ${reason}`).join('\n');

describe('examine', () => {
  test('a superuser sees everything, the planted fault by name, and the target stays as it was', async () => {
    const before = await sumsOf(server, 'shop');
    const report = await examine(['--workload', workload], shop());
    expect(report.inventory).toMatchObject({ tables: 2, rows: 41_000, functions: 1 });
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        advisor: 'index/missing-index',
        place: expect.stringContaining('public.orders(customer_id'),
        evidence: expect.arrayContaining([expect.anything()]),
      }),
    );
    expect(report.findings.filter((finding) => finding.title.includes('status'))).toEqual([]);
    expect(report.coverage.examined).toContainEqual({ what: 'tables', count: 2 });
    expect(report.coverage.examined.filter(({ what }) => what.startsWith('advisor ')).length).toBeGreaterThan(10);
    expect(report.overhead.statements).toBeGreaterThan(0);
    expect(await sumsOf(server, 'shop')).toEqual(before);
  });

  test('the text for people says the same: inventory, finding with evidence, what was skipped', async () => {
    const run = await place.run(['examine', shop(), '--workload', workload]);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe('');
    for (const part of ['2 tables', 'public.orders', 'customer_id', 'to try:', 'Coverage', 'examined:'])
      expect(run.stdout).toContain(part);
  });

  test('a role with pg_monitor and pg_read_all_data sees the same findings', async () => {
    const all = await examine(['--workload', workload], shop());
    const report = await examine(['--workload', workload], shop('watcher'));
    expect(report.findings.map(({ advisor, place: where }) => [advisor, where])).toEqual(
      all.findings.map(({ advisor, place: where }) => [advisor, where]),
    );
    expect(report.inventory).toEqual(all.inventory);
    expect(gaps(report)).not.toMatch(/not a member/);
  });

  test('a role that may only connect is told what it could not see, and how to see it', async () => {
    const report = await examine(['--workload', workload], shop('bare'));
    expect(report.inventory.tables).toBe(2);
    expect(report.coverage.skipped).toContainEqual(
      expect.objectContaining({
        reason: 'role bare is not a member of pg_monitor',
        remedy: 'GRANT pg_monitor TO "bare"',
      }),
    );
    expect(report.coverage.skipped).toContainEqual(
      expect.objectContaining({ reason: 'role bare is not a member of pg_read_all_data' }),
    );
    expect(report.coverage.examined).toContainEqual({ what: 'column statistics', count: 0 });
  });

  test('without any workload it says so, and exits with 0', async () => {
    const report = await examine([], shop());
    expect(report.baseline).toMatchObject({ source: 'none', totalMs: null });
    expect(gaps(report)).toMatch(/pg_stat_statements is not installed/);
  });

  test('--check exits with 1 when there are findings, with 0 when there are none', async () => {
    await fillDatabase(server, 'nothing', '');
    const run = await place.run(['examine', '--check', '--json', '--workload', workload, shop()]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toHaveProperty('findings');
    expect((await place.run(['examine', '--check', urlOf(server.connection, { database: 'nothing' })])).code).toBe(0);
  });

  test('an empty database has no findings, and nobody calls it healthy', async () => {
    await fillDatabase(server, 'empty', '');
    const url = urlOf(server.connection, { database: 'empty' });
    const report = await examine([], url);
    expect(report).toMatchObject({ findings: [], inventory: { tables: 0, indexes: 0, rows: null } });
    expect(report.coverage.examined).toContainEqual({ what: 'tables', count: 0 });
    const { stdout } = await place.run(['examine', url]);
    expect(stdout).not.toMatch(/healthy|all good|no problems|optimal/i);
    expect(stdout).toContain('Coverage');
  });

  test('names that need quotes: a schema with quotes and blanks, a keyword, letters of any script', async () => {
    await fillDatabase(
      server,
      'Übel "q" \'s',
      `CREATE SCHEMA "Odd ""S";
       CREATE TABLE "Odd ""S"."order" ("select" int PRIMARY KEY, "größe ☃" int NOT NULL, "semi;colon" text);
       INSERT INTO "Odd ""S"."order" SELECT g, g * 7 % 1000, 'x' FROM generate_series(1, 20000) AS g;
       CREATE INDEX "Ж" ON "Odd ""S"."order" ("semi;colon");
       CREATE INDEX "Ж, again" ON "Odd ""S"."order" ("semi;colon");
       `,
    );
    const report = await examine([], urlOf(server.connection, { database: 'Übel "q" \'s' }));
    expect(report.target.database).toBe('Übel "q" \'s');
    expect(report.inventory.largest[0]?.table).toContain('order');
    const duplicate = report.findings.find((finding) => finding.advisor === 'index/duplicate-index');
    expect(duplicate?.actions[0]?.up[0]).toContain('"Odd ""S"."Ж');
  });

  test('an interrupted look ends at once, with 130 and nothing left', async () => {
    const run = place.start(['examine', '--json', '--workload', workload, shop()]);
    await run.line(/reading the target/);
    const signalledMs = performance.now();
    run.child.kill('SIGINT');
    const { code, stdout } = await run.done;
    expect(performance.now() - signalledMs).toBeLessThan(5000);
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'run/interrupted', hint: expect.stringContaining('nothing of it is kept') },
    });
    expect(place.labFolders()).toEqual([]);
    expect(place.labProcesses()).toEqual([]);
  });

  test('a server that takes the connection and never answers can be left with Ctrl-C', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const connected = new Promise<Socket>((resolve) => mute.once('connection', resolve));
    const { port } = mute.address() as AddressInfo;
    const run = place.start(['examine', '--json', `postgres://u@127.0.0.1:${port}/x?connect_timeout=600`]);
    const socket = await connected;
    run.child.kill('SIGTERM');
    expect((await run.done).code).toBe(130);
    socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });
});

test('a thousand tables are read within seconds', async () => {
  await fillDatabase(server, 'wide', '');
  await within(server, 'wide', (session) =>
    session.run(`DO $$ BEGIN FOR i IN 1 .. 1000 LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int, b text, c timestamptz)', i);
      EXECUTE format('CREATE INDEX ON t%s (a)', i);
      EXECUTE format('INSERT INTO t%s SELECT g, g, g, now() FROM generate_series(1, 10) AS g', i);
    END LOOP; END $$`),
  );
  await within(server, 'wide', (session) => session.run('ANALYZE'));
  const startedMs = performance.now();
  const report = await examine([], urlOf(server.connection, { database: 'wide' }));
  const tookMs = performance.now() - startedMs;
  process.stdout.write(
    `examine of 1,000 tables: ${(tookMs / 1000).toFixed(1)} s; ${report.overhead.statements} statements, ${report.overhead.totalMs.toFixed(0)} ms on the target\n`,
  );
  expect(report.inventory.tables).toBe(1000);
  expect(tookMs).toBeLessThan(60_000);
});
