import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intakeFiles } from '../../src/app/intake.js';
import { watchWorkload } from '../../src/app/watched-workload.js';
import type { LabServer } from '../../src/lab/server.js';
import type { IntakeResult } from '../../src/logs/intake.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SETTINGS = {
  logging_collector: 'on',
  log_filename: 'server.log',
  log_min_duration_statement: '0',
  log_duration: 'off',
  log_line_prefix: '%m [%p] %q%u@%d/%a ',
  log_temp_files: '0',
  log_timezone: 'UTC',
  lc_messages: 'C',
  work_mem: '64kB',
  shared_preload_libraries: 'auto_explain,pg_stat_statements',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_wal': 'on',
  'auto_explain.log_timing': 'off',
};

describe.each(testMajors())('logs of PostgreSQL %s', (major) => {
  let server: LabServer | null;
  let session: Session;
  const workplace = makeWorkplace();
  const context = { watch: () => undefined, signal: new AbortController().signal, env: {} };

  const read = async (file: string): Promise<IntakeResult> =>
    intakeFiles({
      files: [join(server?.dataDir ?? '', 'log', file)],
      prefix: null,
      difference: false,
      signal: context.signal,
    });

  beforeAll(async () => {
    const destination = major === 14 ? 'stderr,csvlog' : 'stderr,csvlog,jsonlog';
    server = await startQuietServer(major, { ...SETTINGS, log_destination: destination });
    if (!server) return;
    session = await connect({ ...server.connection, applicationName: 'shop' });
    await session.run('CREATE EXTENSION pg_stat_statements');
    await session.run('CREATE TABLE "Order" (id int PRIMARY KEY, "größe" text, n int)');
    await session.run(`INSERT INTO "Order" SELECT g, 'it''s ' || g, g % 7 FROM generate_series(1, 5000) AS g`);
    await session.run('ANALYZE "Order"; SELECT pg_stat_statements_reset()');
    for (let i = 1; i <= 25; i += 1)
      await session.run(`SELECT *\n\tFROM "Order" WHERE n = ${i % 7} AND id < 100 /*controller='o',action='a'*/`);
    for (let i = 1; i <= 10; i += 1)
      await session.query('SELECT "größe" FROM "Order" WHERE id = $1 AND "größe" <> $2', [i, `it's "${i}", $2 = x`]);
    await session.run('UPDATE "Order" SET n = n + 1 WHERE id <= 50');
    await session.run('SELECT count(*) FROM (SELECT "größe" FROM "Order" ORDER BY "größe") AS sorted');
    await session.run(`SELECT nothing FROM "Order" WHERE "größe" = 'secret'`).catch(() => undefined);
    await session.run("BEGIN; COMMIT; SET work_mem = '128kB'");
    await delay(300);
  }, 180_000);

  afterAll(async () => {
    await session?.close();
    await server?.stop();
    workplace.remove();
  });

  it('read the same from each destination, and what the server counted itself', async ({ skip }) => {
    if (!server) return skip();
    const files = readdirSync(join(server.dataDir, 'log')).toSorted();
    expect(files).toEqual(
      server.major === 14 ? ['server.csv', 'server.log'] : ['server.csv', 'server.json', 'server.log'],
    );
    const results = await Promise.all(files.map((file) => read(file)));
    for (const { files: taken, workload } of results) {
      expect(taken[0]?.unread).toEqual([]);
      const byCalls = (calls: number) => workload.statements.find((one) => one.calls === calls);
      expect(byCalls(25)).toMatchObject({
        sql: 'SELECT *\n\tFROM "Order" WHERE n = $1 AND id < 100',
        kind: 'select',
        observed: { timed: 25, users: [{ executions: 25 }], sources: [{ name: 'o#a', executions: 25 }] },
      });
      expect(byCalls(25)?.parameterSets.length).toBeGreaterThanOrEqual(2);
      expect(byCalls(10)?.parameterSets[0]?.values[1]).toMatch(/^'it''s "\d+", \$2 = x'$/);
      const sorted = workload.statements.find((one) => one.sql.includes('sorted'));
      expect(sorted?.observed?.temporaryBytes).toBeGreaterThan(8192);
      expect(sorted?.tempBlocks).toBeGreaterThan(0);
      const update = workload.statements.find((one) => one.kind === 'update');
      expect(update?.walBytes).toBeGreaterThan(1000);
      expect(JSON.stringify(workload.unusable)).not.toContain('secret');
    }
    const shown = results.map(({ workload }) =>
      workload.statements
        .map(({ fingerprint, calls, rows, sharedHit, tempBlocks, walBytes, totalMs }) => ({
          fingerprint,
          calls,
          rows,
          sharedHit,
          tempBlocks,
          walBytes,
          totalMs,
        }))
        .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    );
    for (const other of shown.slice(1)) expect(other).toEqual(shown[0]);
    const counted = await session.query<{ query: string; calls: number; rows: number }>(
      `SELECT query, calls::int4, rows::int4 FROM pg_stat_statements WHERE query ~ '^(SELECT|UPDATE)' AND query ~ 'Order' ORDER BY query`,
    );
    expect(counted.map((row) => row.calls).toSorted((a, b) => a - b)).toEqual([1, 1, 10, 25]);
    for (const row of counted.filter((one) => one.calls > 1))
      expect(results[0]?.workload.statements.find((one) => one.calls === row.calls)?.rows ?? row.rows).toBe(row.rows);
  });

  it('give a workload that `examine` takes, which says what it took the file for', async ({ skip }) => {
    if (!server) return skip();
    const log = join(server.dataDir, 'log', 'server.csv');
    const run = await workplace.run([
      'examine',
      urlOf(server.connection),
      '--workload',
      log,
      '--what-if',
      'off',
      '--json',
    ]);
    expect(run.stderr).toContain('server log (csvlog)');
    const report = JSON.parse(run.stdout) as {
      baseline: { source: string; provenance: string; statements: { calls: number }[] };
    };
    expect(report.baseline).toMatchObject({ source: 'log', provenance: 'measured' });
    expect(report.baseline.statements.map((one) => one.calls)).toEqual(expect.arrayContaining([25, 10]));
  });

  it('are ranked by `workload` without a database, and without constants unless asked for', async ({ skip }) => {
    if (!server) return skip();
    const log = join(server.dataDir, 'log', 'server.log');
    const plain = await workplace.run(['workload', log, '--prefix', SETTINGS.log_line_prefix]);
    expect(plain.code).toBe(0);
    expect(plain.stdout).toContain('as given');
    expect(plain.stdout).toMatch(/25 .*SELECT \* FROM "Order" WHERE n = \?/);
    expect(plain.stdout).not.toContain("it's");
    const json = await workplace.run(['workload', log, '--json', '--literals']);
    expect(json.stdout).toContain("it''s");
  });

  it('count what pg_stat_statements counts between two looks, across a reset', async ({ skip }) => {
    if (!server) return skip();
    await session.query('SELECT n FROM "Order" WHERE id = $1', [1]);
    const watching = watchWorkload({ url: urlOf(server.connection), by: 'counters', forMs: 2500 }, context);
    await delay(1500);
    await session.run('SELECT pg_stat_statements_reset()');
    for (let i = 0; i < 3; i += 1) await session.query('SELECT n FROM "Order" WHERE id = $1', [i]);
    const { workload, coverage } = await watching;
    expect(workload.statements.find((one) => one.sql.startsWith('SELECT n FROM'))?.calls).toBe(3);
    expect(coverage.skipped.map((row) => row.what).join()).toMatch(/restarted|gone/);
  });

  it('sample pg_stat_activity where nothing else is there, and say that times are estimates', async ({ skip }) => {
    if (!server) return skip();
    const busy = await connect(server.connection);
    const done = busy.query('SELECT pg_sleep($1), count(*) FROM "Order"', [2]);
    const { workload, waits, coverage } = await watchWorkload(
      { url: urlOf(server.connection), by: 'activity', forMs: 1500 },
      context,
    );
    await done;
    await busy.close();
    expect(workload.source).toBe('activity');
    expect(workload.statements).toEqual([
      expect.objectContaining({ calls: 1, sql: 'SELECT pg_sleep($1), count(*) FROM "Order"' }),
    ]);
    expect(workload.statements[0]?.observed?.latencyMs).toBeNull();
    expect(waits[0]?.name).toBe('Timeout: PgSleep');
    expect(coverage.skipped[0]?.reason).toContain('estimates');
  });

  it('refuses what can not be: files and --url, no files, a log without statements', async ({ skip }) => {
    if (!server) return skip();
    const empty = workplace.path('empty.log');
    writeFileSync(empty, '2026-11-25 03:00:00.123 UTC [1] LOG:  ready\n');
    const runs = await Promise.all([
      workplace.run(['workload']),
      workplace.run(['workload', empty, '--url', 'postgres://x', '--between', '1s']),
      workplace.run(['workload', '--url', 'postgres://x']),
      workplace.run(['workload', empty]),
      workplace.run(['workload', empty, '--prefix', '%y']),
    ]);
    expect(runs.map((run) => run.code)).toEqual([2, 2, 2, 2, 2]);
    expect(runs[3]?.stderr).toContain('taken for server log (stderr)');
  });
});
