import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureIndexSet } from '../../src/lab/indexes/measured-set.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { chooseIdentity, runAs } from '../../src/lab/server/identity.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import { connect } from '../../src/postgres/connect.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import { indexReportSchema } from '../../src/report/index/index-report.js';
import type { IndexReport } from '../../src/report/index/index-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { CliRun, Workplace } from '../support/cli.js';
import { anIndexSpec } from '../support/snapshot.js';
import { runIn, serverWith, statement, workloadOf } from '../support/trial-lab.js';

/** `order` is never analysed; `remote` is on a server that nobody answers for. */
const SCHEMA = `
  CREATE EXTENSION postgres_fdw;
  CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
  CREATE USER MAPPING FOR CURRENT_USER SERVER away;
  CREATE FOREIGN TABLE remote (id int, v text) SERVER away;
  CREATE TABLE "order" (id int PRIMARY KEY, "Käufer" int NOT NULL, twice int GENERATED ALWAYS AS (id * 2) STORED, note text NOT NULL) WITH (autovacuum_enabled = off);
  INSERT INTO "order" (id, "Käufer", note) SELECT g, g * 7919 % 5000, repeat('n', 90) FROM generate_series(1, 60000) AS g;`;

const WORKLOAD = `-- name: of a buyer
-- calls: 500
SELECT note FROM "order" WHERE "Käufer" = 77;
-- name: far away
SELECT v FROM remote WHERE id = 5;
-- name: of a session
SELECT * FROM passing WHERE id = 5;
-- name: of the catalog
SELECT relname FROM pg_class WHERE relname = 'order';
`;

let server: LabServer;
let place: Workplace;

beforeAll(async () => {
  place = makeWorkplace();
  server = await serverWith('odd', SCHEMA);
  writeFileSync(place.path('workload.sql'), WORKLOAD);
});

afterAll(async () => {
  await server?.stop();
  place?.remove();
});

function advise(out: string, budget: string): CliRun {
  const url = urlOf(server.connection, { database: 'odd' });
  const args = ['--workload', place.path('workload.sql'), '--out', place.path(out), '--budget', budget];
  return place.start(['index', '--json', url, ...args]);
}

function reportOf(stdout: string): IndexReport {
  return indexReportSchema.strict().parse(JSON.parse(stdout));
}

test('indexes are found beside statements on what has none, which are listed with the reason', async () => {
  const run = await advise('out', '20s').done;
  expect(run.code, run.stdout.slice(0, 500)).toBe(0);
  const report = reportOf(run.stdout);
  expect(report.interrupted).toBe(false);
  expect(report.indexes.map((one) => `${one.decision} ${one.title}`)).toEqual([
    'create Create btree index on public.order ("Käufer")',
  ]);
  const skipped = report.coverage.skipped.map(({ what, reason }) => `${what}: ${reason}`);
  expect(skipped).toContainEqual(expect.stringMatching(/^statement far away: .*failed/));
  expect(skipped).toContainEqual(expect.stringMatching(/^statement of a session: .*does not exist/));
  expect(new Set(skipped).size).toBe(skipped.length);
  expect(skipped).toContainEqual(expect.stringMatching(/^planner statistics of public\."order": never analysed/));
});

test('stopped while it searches or measures, it gives the best so far, labelled so', async () => {
  const run = advise('stopped', '60s');
  await run.line(/ hypothesise /);
  run.child.kill('SIGINT');
  const { code, stdout, stderr } = await run.done;
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining('stopping and cleaning up') });
  const report = reportOf(stdout);
  expect(report).toMatchObject({ interrupted: true, measured: null });
  expect(report.indexes.every((one) => one.decision === 'unmeasured')).toBe(true);
  expect(report.coverage.skipped.map((row) => row.reason)).toContainEqual(
    expect.stringContaining('stopped by a signal'),
  );
  expect(existsSync(join(place.path('stopped'), 'indexes.json'))).toBe(true);
  expect(place.labFolders()).toEqual([]);
});

test('indexes on a partition tree of 1,000 leaves are built, left out and kept', { timeout: 300_000 }, async () => {
  await runIn(server, 'postgres', 'CREATE DATABASE tree');
  const session = await connect({ ...server.connection, database: 'tree' });
  await session.run('CREATE TABLE parts (id int, kind int, other int) PARTITION BY RANGE (id)');
  for (let n = 0; n < 1000; n += 1)
    await session.run(`CREATE TABLE p${n} PARTITION OF parts FOR VALUES FROM (${n * 100}) TO (${(n + 1) * 100})`);
  await session.run(`INSERT INTO parts SELECT g, g % 5000, g % 7 FROM generate_series(0, 99999) AS g`);
  await session.run('VACUUM ANALYZE parts');
  await session.close();
  const found = await measureIndexSet({
    connection: server.connection,
    server,
    template: 'tree',
    target: null,
    specs: [anIndexSpec('parts', 'parts_kind', ['"kind"']), anIndexSpec('parts', 'parts_other', ['"other"'])],
    workload: workloadOf(
      statement('kind', 'SELECT count(id) FROM parts WHERE kind = 3'),
      statement('one', 'SELECT * FROM parts WHERE id = 4242'),
    ),
    objective: 'buffers',
    budgetBytes: 2 ** 30,
    timeBudgetMs: 120_000,
    statementTimeoutMs: 60_000,
  });
  expect(found.failed).toEqual([]);
  expect(found.dropped.map((one) => `${one.spec.name} ${one.why}`)).toContain('parts_other unused');
  expect(found.kept.length + found.dropped.length).toBe(2);
  expect([...found.kept, ...found.dropped.flatMap((one) => one.built ?? [])].every((one) => one.sizeBytes > 8e6)).toBe(
    true,
  );
});

describe('object ids beyond what four bytes with a sign hold', () => {
  const reset = '/usr/lib/postgresql/15/bin/pg_resetwal';

  test.runIf(existsSync(reset))(
    'candidates are tried as ever, and past the end of the numbers too',
    async ({ skip }) => {
      const lab = await startLabServer({ major: 15 });
      try {
        if (lab.binariesFrom !== 'system') skip('pg_resetwal and the server are not of one build');
        lab.kill();
        // What runs a server as root is somebody else.
        for (let tries = 0; lab.isAlive() && tries < 100; tries += 1) await new Promise((end) => setTimeout(end, 50));
        rmSync(join(lab.dataDir, 'postmaster.pid'), { force: true });
        const ran = await runAs(chooseIdentity(), reset, ['-f', '-o', '4294967200', '-D', lab.dataDir], '/');
        expect(ran, ran.output).toMatchObject({ code: 0 });
        await lab.restart();
        const source = await connect(lab.connection);
        await source.run(
          'CREATE TABLE t (id int, a int, b int); INSERT INTO t SELECT g, g % 90, g % 70 FROM generate_series(1, 9000) AS g',
        );
        await source.run('CREATE STATISTICS both_of (dependencies) ON a, b FROM t');
        await source.run('VACUUM ANALYZE t');
        const clone = await createStatisticsClone({
          server: lab,
          source,
          schema: await extractSchema(source),
          sampler: source,
        });
        clone.setWorkload([{ fingerprint: 'q', queries: ['SELECT * FROM t WHERE id = 5'] }]);
        const specs = Array.from({ length: 60 }, (_, n) => anIndexSpec('t', `try_${n}`, [`(id + ${n})`]));
        await clone.cost([], { add: specs, drop: [] });
        const [answer] = await clone.cost(['q'], { add: [anIndexSpec('t', 'good', ['"id"'])], drop: [] });
        expect(answer?.uses).toEqual(['good']);
        const [least] = await clone.session.query<{ oids: number }>(
          `SELECT count(*) FILTER (WHERE oid > 4294967000)::int4 AS oids FROM pg_class`,
        );
        expect(least?.oids).toBeGreaterThan(0);
        await clone.close();
        await source.close();
      } finally {
        await lab.stop();
      }
    },
  );
});
