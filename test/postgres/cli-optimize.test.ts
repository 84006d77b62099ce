import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/kernel/ports.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import { runReportSchema } from '../../src/report/run-report.js';
import type { RunReport } from '../../src/report/run-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { CliResult, Workplace } from '../support/cli.js';
import { databasesOf, fillDatabase, fixture, sumsOf, within } from '../support/cli-target.js';

const SECRET = 'Sup3r-geheim-4711';
const hasPsql = spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0;

let server: LabServer;
let place: Workplace;
let out = '';
let first: RunReport;
let firstRun: CliResult;
let before: Readonly<Record<string, string>>;

beforeAll(async () => {
  place = makeWorkplace();
  out = place.path('out');
  server = await startLabServer({ major: 'newest', settings: { shared_preload_libraries: 'pg_stat_statements' } });
  await fillDatabase(server, 'shop');
  await within(server, 'shop', (session) =>
    session.run(`CREATE ROLE watcher LOGIN PASSWORD '${SECRET}' IN ROLE pg_monitor, pg_read_all_data`),
  );
  before = await sumsOf(server, 'shop');
  firstRun = await optimize(['--workload', fixture('small-shop-workload.sql'), '--out', out]);
  first = reportOf(firstRun);
});

afterAll(async () => {
  await server.stop();
  place.remove();
});

function optimize(args: readonly string[], database = 'shop'): Promise<CliResult> {
  return place.run([
    'optimize',
    '--json',
    urlOf(server.connection, { database, user: 'watcher', password: SECRET }),
    ...args,
  ]);
}

/** The one document on stdout; nothing is left of the lab. */
function reportOf(run: CliResult): RunReport {
  expect({ code: run.code, stderr: run.stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^00:\d\d baseline /m),
  });
  expect(place.labFolders()).toEqual([]);
  expect(place.labProcesses()).toEqual([]);
  return runReportSchema.strict().parse(JSON.parse(run.stdout));
}

function ledgerOf(folder: string): LedgerEntry[] {
  const lines = readFileSync(join(folder, 'ledger/entries.jsonl'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerEntry);
}

const trialsIn = (entries: readonly LedgerEntry[]): number =>
  entries.filter(({ type }) => type === 'trial-started').length;

describe('optimize, as a role that may only read', () => {
  test('accepts the planted missing index, by measurement', () => {
    const accepted = first.iterations.filter(({ decision }) => decision === 'accept');
    expect(accepted).toHaveLength(1);
    expect(accepted[0]).toMatchObject({
      hypothesis: {
        id: expect.any(String),
        advisor: 'index/missing-index',
        title: expect.stringContaining('public.orders (customer_id'),
        action: {
          up: [expect.stringMatching(/^CREATE INDEX CONCURRENTLY /)],
          down: [expect.stringMatching(/^DROP INDEX CONCURRENTLY /)],
        },
        prediction: { provenance: 'estimated', workloadRatio: expect.any(Number) },
        risk: { level: 'low', downtimeMs: 0 },
      },
      verdict: 'improved',
      effect: {
        metric: expect.any(String),
        before: expect.any(Number),
        after: expect.any(Number),
        ratio: expect.any(Number),
        ciLow: expect.any(Number),
        ciHigh: expect.any(Number),
      },
      resultsEqual: true,
      revertVerified: true,
      reason: expect.stringContaining('time'),
    });
    const effect = accepted[0]?.effect;
    expect(effect?.ratio).toBeLessThan(0.5);
    expect(effect?.ciLow).toBeLessThanOrEqual(effect?.ratio ?? 0);
    expect(effect?.ciHigh).toBeGreaterThanOrEqual(effect?.ratio ?? 1);
  });

  test('leaves the decoy alone: no accepted change touches status', () => {
    const accepted = first.iterations.filter(({ decision }) => decision === 'accept');
    expect(accepted.filter(({ hypothesis }) => /\(status/.test(hypothesis.title))).toEqual([]);
  });

  test('carries why it stopped, the workload before and after, the scorecard and the coverage', () => {
    expect(first.stop).toEqual({ reason: expect.stringMatching(/^(mature|small-gains)$/), detail: expect.any(String) });
    expect(first.replayed).toBe(0);
    for (const side of [first.workload.before, first.workload.after]) {
      for (const figure of [side.totalMs, side.p50Ms, side.p95Ms, side.p99Ms, side.buffers])
        expect(figure).toBeGreaterThan(0);
      expect(side.perStatement.map(({ name }) => name).toSorted()).toEqual([
        'close an order',
        'new order',
        'one order',
        'orders of a customer',
        'turnover',
      ]);
      expect(side.failed).toEqual([]);
    }
    expect(first.workload.after.totalMs ?? 0).toBeLessThan((first.workload.before.totalMs ?? 0) / 2);
    expect(first.scorecard.length).toBeGreaterThan(15);
    for (const row of first.scorecard) expect(row.status === 'unknown').toBe(row.measured === null);
    expect(first.coverage.examined).toContainEqual({ what: 'tables', count: 2 });
    expect(first.overhead.statements).toBeGreaterThan(0);
  });

  test('the folder holds reports, migrations and the ledger, whole, and stdout is the report that it holds', () => {
    expect(readdirSync(out).toSorted()).toEqual([
      'ledger',
      'migrations',
      'report.catalog.json',
      'report.html',
      'report.json',
      'report.md',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(first);
    expect(first.migrations).toHaveLength(1);
    for (const { up, down } of first.migrations) {
      expect(readFileSync(join(out, up), 'utf8')).toContain('CREATE INDEX CONCURRENTLY');
      expect(readFileSync(join(out, down), 'utf8')).toContain('DROP INDEX CONCURRENTLY');
    }
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('orders of a customer');
    expect(readdirSync(join(out, 'ledger'))).toEqual(['entries.jsonl']);
    expect(ledgerOf(out).map(({ type }) => type)).toEqual([
      'run-started',
      'plans',
      ...first.iterations.flatMap(() => ['trial-started', 'iteration']),
      'run-stopped',
    ]);
  });

  test('the target is as it was: every row, sequence and catalog', async () => {
    expect(await sumsOf(server, 'shop')).toEqual(before);
    expect(await databasesOf(server)).not.toContainEqual(expect.stringContaining('wizard'));
  });

  test('the password is nowhere', () => {
    for (const text of [firstRun.stdout, firstRun.stderr]) expect(text).not.toContain(SECRET);
    for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
      const path = join(out, name);
      if (statSync(path).isFile()) expect(readFileSync(path, 'utf8'), name).not.toContain(SECRET);
    }
  });

  test.skipIf(!hasPsql)('plain psql applies the migrations to a fresh copy, and reverts them', async () => {
    await fillDatabase(server, 'fresh');
    const schema = (): Promise<unknown> => within(server, 'fresh', async (session) => extractSchema(session));
    const psql = (file: string): void => {
      const run = spawnSync(
        'psql',
        ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', join(out, file), urlOf(server.connection, { database: 'fresh' })],
        { encoding: 'utf8' },
      );
      expect({ file, status: run.status, stderr: run.stderr }).toEqual({ file, status: 0, stderr: '' });
    };
    const untouched = await schema();
    for (const { up } of first.migrations) psql(up);
    expect(JSON.stringify(await schema())).toContain('customer_id, id');
    for (const { down } of first.migrations.toReversed()) psql(down);
    expect(await schema()).toEqual(untouched);
  });

  test('a rerun takes up the ledger: what was accepted is there, nothing is tried again', async () => {
    const entries = ledgerOf(out).length;
    const again = reportOf(await optimize(['--workload', fixture('small-shop-workload.sql'), '--out', out]));
    const added = ledgerOf(out).slice(entries);
    expect(again.replayed).toBe(1);
    expect(first.planChanges).toBeNull();
    expect(again.planChanges).toMatchObject({ compared: 5, changes: [] });
    expect(again.iterations[0]?.hypothesis.id).toBe(
      first.iterations.find(({ decision }) => decision === 'accept')?.hypothesis.id,
    );
    const measured = new Set(
      first.iterations
        .filter(({ verdict }) => verdict !== 'insufficient')
        .map(({ hypothesis, state }) => `${state} ${hypothesis.id}`),
    );
    const tried = added.flatMap((entry) =>
      entry.type === 'trial-started' ? [`${entry.state} ${entry.hypothesis.id}`] : [],
    );
    expect(tried.filter((trial) => measured.has(trial))).toEqual([]);
    expect(again.migrations).toHaveLength(1);
    expect(again.workload.after.totalMs ?? 0).toBeLessThan((again.workload.before.totalMs ?? 0) / 2);
  });
});

describe('optimize in other surroundings', () => {
  test('the workload of pg_stat_statements, and a budget that ends the run before any trial', async () => {
    await within(server, 'shop', async (session) => {
      await session.run('CREATE EXTENSION pg_stat_statements');
      await session.query('SELECT pg_stat_statements_reset()');
      for (let customer = 1; customer <= 20; customer += 1)
        await session.query('SELECT id, amount FROM orders WHERE customer_id = $1', [customer]);
    });
    const report = reportOf(await optimize(['--budget', '1ms', '--out', place.path('out-statements')]));
    expect(report.stop.reason).toBe('budget');
    expect(report.iterations).toEqual([]);
    expect(report.untried).toContainEqual(expect.objectContaining({ advisor: 'index/missing-index' }));
    expect(report.workload.before.perStatement).toContainEqual(
      expect.objectContaining({ name: expect.stringContaining('customer_id'), calls: 20 }),
    );
    expect(report.migrations).toEqual([]);
    expect(existsSync(place.path('out-statements/migrations'))).toBe(false);
    expect(trialsIn(ledgerOf(place.path('out-statements')))).toBe(0);
    await within(server, 'shop', (session) => session.run('DROP EXTENSION pg_stat_statements'));
  });

  test('--lab with the server of the target itself: databases of its own, which go; the target stays as it was', async () => {
    const databases = await databasesOf(server);
    const sums = await sumsOf(server, 'shop');
    const lab = urlOf(server.connection, { database: 'postgres' });
    const run = await optimize([
      '--workload',
      fixture('small-shop-workload.sql'),
      '--lab',
      lab,
      '--out',
      place.path('out-lab'),
    ]);
    const report = reportOf(run);
    expect(report.iterations.map(({ decision }) => decision)).toContain('accept');
    expect(await databasesOf(server)).toEqual(databases);
    expect(await sumsOf(server, 'shop')).toEqual(sums);
    expect(run.stderr).not.toContain('in a private folder');
  });

  test('statements that fail, sleep, have side effects or are no queries are all named, and none stops the run', async () => {
    const report = reportOf(
      await optimize([
        '--workload',
        fixture('small-shop-trouble.sql'),
        '--budget',
        '1ms',
        '--out',
        place.path('out-trouble'),
      ]),
    );
    const failed = new Map(report.workload.before.failed.map(({ name, reason }) => [name, reason]));
    expect(failed.get('division by zero')).toContain('division by zero');
    expect(failed.get('no such column')).toContain('nothing');
    expect(failed.get('volatile')).toContain('volatile function');
    expect(failed.get('sleeps')).toContain('pg_sleep');
    const endless = report.workload.before.perStatement.find(({ name }) => name === 'takes minutes');
    expect(endless?.timedOutMs).toBeGreaterThan(0);
    expect(endless?.meanMs).toBe(endless?.timedOutMs);
    const skipped = report.coverage.skipped.map(({ what, reason }) => `${what}: ${reason}`).join('\n');
    expect(skipped).toMatch(/locks out everybody: .*LockStmt/);
    expect(skipped).toMatch(/not SQL: .*syntax error/);
    const named = new Set([...failed.keys(), ...report.workload.before.perStatement.map(({ name }) => name)]);
    for (const name of ['orders of a customer', 'takes a number']) expect(named).toContain(name);
    expect(await sumsOf(server, 'shop')).toEqual(before);
  });
});
