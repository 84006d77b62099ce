import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/kernel/ports.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { runReportSchema } from '../../src/report/run-report.js';
import type { RunReport } from '../../src/report/run-report.js';
import { makeWorkplace, until, urlOf } from '../support/cli.js';
import type { CliResult, CliRun, Workplace } from '../support/cli.js';
import { databasesOf, fillDatabase, fixture, sumsOf, within } from '../support/cli-target.js';

/** What a stop may take here, on a machine that is busy; on a quiet one it is under 2 s. */
const STOP_MS = 5000;

let server: LabServer;
let place: Workplace;
let before: Readonly<Record<string, string>>;
const workload = fixture('small-shop-workload.sql');

beforeAll(async () => {
  place = makeWorkplace();
  server = await startLabServer({ major: 'newest' });
  await fillDatabase(server, 'shop');
  before = await sumsOf(server, 'shop');
});

afterAll(async () => {
  await server.stop();
  place.remove();
});

const start = (out: string, ...args: readonly string[]): CliRun =>
  place.start([
    'optimize',
    '--json',
    urlOf(server.connection, { database: 'shop' }),
    '--workload',
    workload,
    '--out',
    place.path(out),
    ...args,
  ]);

/** Sends SIGINT and checks that the run ends soon, with 130, and leaves nothing but its output folder. */
async function interrupt(run: CliRun, when: string): Promise<CliResult> {
  const startedMs = performance.now();
  run.child.kill('SIGINT');
  const result = await run.done;
  const tookMs = performance.now() - startedMs;
  process.stdout.write(`SIGINT during ${when}: ended after ${(tookMs / 1000).toFixed(2)} s\n`);
  expect({ code: result.code, stderr: result.stderr }).toEqual({
    code: 130,
    stderr: expect.stringContaining('stopping and cleaning up'),
  });
  expect(tookMs).toBeLessThan(STOP_MS);
  expectNothingLeft();
  expect(await sumsOf(server, 'shop')).toEqual(before);
  return result;
}

function expectNothingLeft(): void {
  expect(place.labFolders()).toEqual([]);
  expect(place.labProcesses()).toEqual([]);
}

function ledgerOf(out: string): LedgerEntry[] {
  const lines = readFileSync(join(place.path(out), 'ledger/entries.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerEntry);
}

/** Never 0 or less, which would be a whole group of processes. */
function postmasterOf(data: string): number {
  const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  expect(pid).toBeGreaterThan(1);
  return pid;
}

/** A run that ended well: the report, the index accepted, the target untouched, nothing left, no half-written file. */
async function expectWhole(result: CliResult, out: string): Promise<RunReport> {
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  const report = runReportSchema.parse(JSON.parse(result.stdout));
  expect(
    report.iterations.filter(({ decision }) => decision === 'accept').map(({ hypothesis }) => hypothesis.advisor),
  ).toEqual(['index/missing-index']);
  expect(JSON.parse(readFileSync(join(place.path(out), 'report.json'), 'utf8'))).toEqual(report);
  const files = readdirSync(place.path(out), { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => /\.part$|lock/.test(name))).toEqual([]);
  expect(ledgerOf(out).at(-1)).toMatchObject({ type: 'run-stopped' });
  expect(await sumsOf(server, 'shop')).toEqual(before);
  expectNothingLeft();
  return report;
}

describe('Ctrl-C', () => {
  test('during the copy', async () => {
    await fillDatabase(
      server,
      'heavy',
      `CREATE TABLE big (id int, body text); INSERT INTO big SELECT g, repeat('x', 400) FROM generate_series(1, 300000) AS g;`,
    );
    const run = place.start([
      'optimize',
      '--json',
      urlOf(server.connection, { database: 'heavy' }),
      '--workload',
      workload,
      '--out',
      place.path('copy'),
    ]);
    await within(server, 'postgres', (session) =>
      until(async () => (await session.query('SELECT 1 FROM pg_stat_progress_copy')).length > 0),
    );
    const { stdout } = await interrupt(run, 'the copy');
    expect(JSON.parse(stdout)).toEqual({
      error: expect.objectContaining({ code: 'run/interrupted', hint: expect.stringContaining('next run') }),
    });
    expect(readdirSync(place.path('copy'))).toEqual(['ledger']);
    await within(server, 'postgres', (session) => session.run('DROP DATABASE heavy'));
  });

  test.runIf(process.platform === 'linux')(
    'during the baseline, while a statement runs that takes minutes',
    async () => {
      const run = start('baseline', '--workload', fixture('small-shop-slow.sql'));
      await run.line(/ baseline /);
      await until(() => place.labActivity().some((title) => /_trial_[ab] .*(SELECT|EXPLAIN)/.test(title)));
      const { stdout } = await interrupt(run, 'the baseline');
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'run/interrupted' } });
      expect(readdirSync(place.path('baseline'))).toEqual(['ledger']);
    },
  );

  test('during a trial: the reports say how far it came, and the next run goes on from there', async () => {
    const run = start('trial');
    await run.line(/ act +Create btree index/);
    const { stdout } = await interrupt(run, 'a trial');
    const cut = runReportSchema.parse(JSON.parse(stdout));
    expect(cut.stop).toMatchObject({ reason: 'interrupted' });
    expect(cut.workload.before.totalMs).toBeGreaterThan(0);
    expect(cut.untried).toContainEqual(
      expect.objectContaining({ advisor: 'index/missing-index', reason: expect.stringContaining('interrupted') }),
    );
    expect(JSON.parse(readFileSync(join(place.path('trial'), 'report.json'), 'utf8'))).toEqual(cut);
    for (const name of ['report.md', 'report.html'])
      expect(existsSync(join(place.path('trial'), name)), name).toBe(true);
    const [begun, cutOff, stopped] = [ledgerOf('trial')[0], ...ledgerOf('trial').slice(-2)];
    expect(begun?.type).toBe('run-started');
    expect(cutOff?.type).toBe('trial-started');
    expect(stopped).toMatchObject({ type: 'run-stopped', reason: 'interrupted' });
    const report = await expectWhole(await start('trial').done, 'trial');
    expect(report.replayed).toBe(cut.iterations.filter(({ decision }) => decision === 'accept').length);
    const tried = ledgerOf('trial').flatMap((entry) => (entry.type === 'trial-started' ? [entry.hypothesis.id] : []));
    expect(tried.filter((id) => cutOff?.type === 'trial-started' && id === cutOff.hypothesis.id)).toHaveLength(2);
  });

  test("on a staging server of the user's: no database is left there", async () => {
    const staging = await startLabServer({ major: 'newest' });
    try {
      const databases = await databasesOf(staging);
      const lab = urlOf(staging.connection, { database: 'postgres' });
      const run = start('staging', '--lab', lab);
      await run.line(/ act +Create btree index/);
      expect((await databasesOf(staging)).length).toBeGreaterThan(databases.length);
      await interrupt(run, 'a trial on a staging server');
      expect(await databasesOf(staging)).toEqual(databases);
      const report = await expectWhole(await start('staging', '--lab', lab).done, 'staging');
      expect(report.stop.reason).not.toBe('interrupted');
      expect(await databasesOf(staging)).toEqual(databases);
      for (const name of ['report.json', 'ledger/entries.jsonl']) {
        expect(readFileSync(join(place.path('staging'), name), 'utf8')).not.toContain(staging.connection.password);
      }
    } finally {
      await staging.stop();
    }
  });
});

describe('kill -9', () => {
  test('of the wizard in a trial: the next start clears up, and goes on', async () => {
    const run = start('killed');
    await run.line(/ act +Create btree index/);
    run.child.kill('SIGKILL');
    expect((await run.done).signal).toBe('SIGKILL');
    expect(place.labFolders().length).toBeGreaterThan(0);
    expect(existsSync(join(place.path('killed'), 'ledger/lock'))).toBe(true);
    expect(ledgerOf('killed')[0]?.type).toBe('run-started');
    expect(ledgerOf('killed').at(-1)?.type).toBe('trial-started');
    const next = await start('killed').done;
    expect(next.stderr).toMatch(/Removed \d lab folders? of runs that were killed/);
    await expectWhole(next, 'killed');
  });

  test("of the lab's postmaster in a trial: tried once more, and the run ends well", async () => {
    const run = start('postmaster');
    await run.line(/ act +Create btree index/);
    const [data = ''] = place.labDataFolders();
    process.kill(postmasterOf(data), 'SIGKILL');
    expect(await run.line(/the lab server ended during/)).toContain('starting it again');
    await expectWhole(await run.done, 'postmaster');
  });
});

test('the what-if engine killed in a trial costs the predictions, not the run', async () => {
  const run = start('foresight');
  await run.line(/ act +Create btree index/);
  const [, data = ''] = place.labDataFolders();
  process.kill(postmasterOf(data), 'SIGKILL');
  const report = await expectWhole(await run.done, 'foresight');
  expect(report.coverage.skipped).toContainEqual(
    expect.objectContaining({ what: expect.stringContaining('what-if engine') }),
  );
});

test('a second run in the same output folder is refused while the first one works', async () => {
  const run = start('shared');
  await run.line(/ baseline /);
  const second = await start('shared').done;
  expect(second.code).toBe(3);
  expect(JSON.parse(second.stdout)).toMatchObject({
    error: { code: 'ledger/locked', hint: expect.stringContaining('--out') },
  });
  await interrupt(run, 'the baseline');
});
