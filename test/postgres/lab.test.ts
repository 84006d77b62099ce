import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialFailure, TrialMeasurement } from '../../src/kernel/ports.js';
import { openLab } from '../../src/lab/lab.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { readInstance } from '../../src/lab/trial/instance.js';
import { storageOf } from '../../src/lab/trial/state.js';
import {
  SHOP,
  action,
  given,
  labOn,
  rewriteAction,
  runIn,
  runScript,
  statement,
  withSession,
  workloadOf,
} from '../support/trial-lab.js';

const BY_CUSTOMER = 'SELECT id, status FROM orders WHERE customer_id = 5';
const ENDLESS = 'SELECT count(*) FROM generate_series(1, 1000000000)';
const CREATE_INDEX = action(
  'create-index',
  'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)',
  'DROP INDEX CONCURRENTLY orders_customer',
);
const WORKLOAD = workloadOf(
  statement('by customer', BY_CUSTOMER),
  statement('count', 'SELECT count(*) FROM orders WHERE weight > 100'),
);

let server: LabServer;

beforeAll(async () => {
  server = await startLabServer({ major: 'newest' });
});

afterAll(async () => {
  await server.stop();
});

describe('accepting', () => {
  let lab: OpenLab;
  let hash: string;

  beforeAll(async () => {
    lab = await labOn(server, 'accepts', SHOP);
    await lab.baseline(WORKLOAD);
    hash = await lab.stateHash();
  });

  test('a copy of the same source has the same state', async () => {
    const twin = await labOn(server, 'twin', SHOP);
    expect(await twin.stateHash()).toBe(hash);
    await runIn(server, 'twin', 'DELETE FROM orders WHERE id % 2 = 0');
    await runIn(server, 'twin', 'VACUUM ANALYZE orders');
    expect(await twin.stateHash()).not.toBe(hash);
  });

  test('refuses what was not tried last', async () => {
    const trial = await measured(lab, CREATE_INDEX);
    const other = action('create-index', 'CREATE INDEX other ON orders (weight)', 'DROP INDEX other');
    await expect(lab.accept(other, trial)).rejects.toMatchObject({ code: 'kernel/forbidden' });
    await measured(lab, other);
    await expect(lab.accept(CREATE_INDEX, trial)).rejects.toMatchObject({ code: 'kernel/forbidden' });
    expect(await lab.stateHash()).toBe(hash);
  });

  test('makes the change part of the state that the next trial starts from', async () => {
    const trial = await measured(lab, CREATE_INDEX);
    await lab.accept(CREATE_INDEX, trial);
    expect(await lab.stateHash()).not.toBe(hash);
    expect(lab.plans().get('by customer')?.root.Plans?.[0]?.['Index Name']).toBe('orders_customer');
    const back = await measured(
      lab,
      action('drop-index', 'DROP INDEX CONCURRENTLY orders_customer', CREATE_INDEX.up[0] as string),
    );
    expect(back.statements.find((one) => one.name === 'by customer')?.timeCiLow).toBeGreaterThan(1);
    expect(await databases('accepts')).toEqual(['accepts', 'accepts_trial_a', 'accepts_trial_b']);
  });

  test('carries settings of the database over, its search path among them', async () => {
    const before = await lab.stateHash();
    const up = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO "we ird", public', current_database()); END $$`;
    const down = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET search_path', current_database()); END $$`;
    await runIn(server, 'accepts', 'CREATE SCHEMA "we ird"; CREATE TABLE "we ird"."t t" (a int)');
    const setting = action('setting', up, down, []);
    await lab.accept(setting, await measured(lab, setting));
    expect(await lab.stateHash()).not.toBe(before);
    const { summary } = await lab.baseline(workloadOf(statement('unqualified', 'SELECT * FROM "t t", orders')));
    expect(summary.failed).toEqual([]);
  });

  test('a rewrite changes the workload, and every later measurement', async () => {
    const slow = workloadOf(statement('slow', 'SELECT count(*) FROM orders WHERE customer_id + 0 = 5'));
    const first = await lab.baseline(slow);
    const before = await lab.stateHash();
    const rewrite = rewriteAction(
      'slow',
      'SELECT count(*) FROM orders WHERE customer_id + 0 = 5',
      'SELECT count(*) FROM orders WHERE customer_id = 5',
    );
    await lab.accept(rewrite, await measured(lab, rewrite));
    expect(await lab.stateHash()).not.toBe(before);
    const second = await lab.baseline(slow);
    expect(second.summary.buffers).toBeLessThan(first.summary.buffers / 2);
  });

  test('a rewrite which the verifier refutes is not measured, and its counterexample is told', async () => {
    const from = 'SELECT count(*) FROM customer WHERE note IS DISTINCT FROM $1';
    const careful = await labOn(server, 'verified', SHOP);
    await careful.baseline(workloadOf(statement('others', from, { parameterSets: [given("'vip'")] })));
    const wrong = await careful.trial(rewriteAction('others', from, 'SELECT count(*) FROM customer WHERE note <> $1'));
    expect(wrong).toMatchObject({
      failure: expect.stringMatching(/^refuted by the verifier .*INSERT INTO .*ROLLBACK;$/s) as string,
    });
    const right = await careful.trial(
      rewriteAction('others', from, 'SELECT count(*) FROM customer WHERE NOT (note IS NOT DISTINCT FROM $1)'),
    );
    expect(right).toMatchObject({
      resultsEqual: true,
      equivalence: expect.stringMatching(/^no difference on 300 small databases, \d+ of which gave rows$/) as string,
    });
  });

  test('takes up what an earlier run accepted without a trial', async () => {
    const again = await labOn(server, 'replays', SHOP);
    await again.accept(CREATE_INDEX, null);
    const { summary } = await again.baseline(WORKLOAD);
    expect(summary.perStatement[0]?.planShape).toContain('orders_customer');
  });
});

describe('trouble', () => {
  test('the server killed in the middle of a trial: once more from the accepted state', async () => {
    const notes: string[] = [];
    let killed = false;
    const lab = await labOn(server, 'killed once', SHOP, {
      note: (text) => notes.push(text),
      progress: (phase, done) => {
        if (phase !== 'evaluate' || done === 0 || killed) return;
        killed = true;
        server.kill();
      },
    });
    await lab.baseline(WORKLOAD);
    const trial = await measured(lab, CREATE_INDEX);
    expect(killed).toBe(true);
    expect(notes.join()).toMatch(/ended during the trial/);
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true });
    expect(trial.statements.find((one) => one.name === 'by customer')?.timeCiHigh).toBeLessThan(1);
  });

  test('killed in every trial: no measurement', async () => {
    const lab = await labOn(server, 'killed twice', SHOP, {
      progress: (phase) => phase === 'evaluate' && server.kill(),
    });
    await lab.baseline(WORKLOAD);
    const trial = (await lab.trial(CREATE_INDEX)) as TrialFailure;
    expect(trial.failure).toMatch(/ended twice during the trial/);
    await server.restart();
  });

  test('killed while a change is accepted: accepted once, wholly', async () => {
    const lab = await labOn(server, 'killed in accept', SHOP);
    await lab.baseline(WORKLOAD);
    await runIn(
      server,
      'killed in accept',
      "CREATE FUNCTION wait(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN 1; END'",
    );
    const slow = action('create-index', 'CREATE INDEX slow ON customer (wait(id))', 'DROP INDEX slow');
    const accepting = lab.accept(slow, null);
    await untilRunning('CREATE INDEX slow');
    server.kill();
    await accepting;
    const indexes = await withSession(server, 'killed in accept', (session) =>
      session.query("SELECT indexname FROM pg_indexes WHERE indexname = 'slow'"),
    );
    expect(indexes).toHaveLength(1);
    expect(await databases('killed in accept')).toEqual(['killed in accept']);
  });

  test('disk full', async () => {
    const lab = await labOn(server, 'full', SHOP);
    await lab.baseline(WORKLOAD);
    const full =
      "DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$";
    const trial = (await lab.trial(action('create-index', full, ''))) as TrialFailure;
    expect(trial.failure).toMatch(/^the lab ran out of disk/);
  });

  test('an abort ends the baseline within two seconds, and leaves nothing running', async () => {
    const stopper = new AbortController();
    const lab = await labOn(server, 'aborted', SHOP, { signal: stopper.signal });
    const baseline = lab.baseline(workloadOf(statement('endless', ENDLESS)));
    await untilRunning(ENDLESS);
    const startedMs = performance.now();
    stopper.abort();
    await expect(baseline).rejects.toMatchObject({ code: 'run/interrupted' });
    expect(performance.now() - startedMs).toBeLessThan(2000);
    await expect(lab.trial(CREATE_INDEX)).rejects.toMatchObject({ code: 'kernel/forbidden' });
    await lab.close();
    expect(await running(ENDLESS)).toBe(0);
  });

  test('an abort ends a change that runs', async () => {
    const stopper = new AbortController();
    const lab = await labOn(server, 'aborted change', SHOP, { signal: stopper.signal });
    await lab.baseline(WORKLOAD);
    const trial = lab.trial(action('alter-column-type', 'DO $$ BEGIN PERFORM pg_sleep(60); END $$', ''));
    await untilRunning('pg_sleep');
    const startedMs = performance.now();
    stopper.abort();
    await expect(trial).rejects.toMatchObject({ code: 'run/interrupted' });
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  test('names that need quotes', async () => {
    const sql = `CREATE SCHEMA "Sch ""ema";
      CREATE TABLE "Sch ""ema"."Ta ble 表" ("Co l" int);
      INSERT INTO "Sch ""ema"."Ta ble 表" SELECT g FROM generate_series(1, 20000) AS g;
      VACUUM ANALYZE;`;
    const lab = await labOn(server, 'Odd name é 表', sql);
    await lab.baseline(workloadOf(statement('odd', 'SELECT * FROM "Sch ""ema"."Ta ble 表" WHERE "Co l" = 7')));
    const base = action(
      'create-index',
      'CREATE INDEX "In dex" ON "Sch ""ema"."Ta ble 表" ("Co l")',
      'DROP INDEX "Sch ""ema"."In dex"',
    );
    const trial = await measured(lab, { ...base, tables: [{ schema: 'Sch "ema', name: 'Ta ble 表' }] });
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true, constraintsIntact: true });
    expect(trial.storageBytesAfter).toBeGreaterThan(trial.storageBytesBefore);
    expect(trial.statements[0]?.timeCiHigh).toBeLessThan(1);
  });

  test('rolled-back rows do not pile up', async () => {
    const lab = await labOn(server, 'bulk', SHOP);
    await lab.baseline(workloadOf(statement('bulk', 'UPDATE orders SET weight = weight + 1')));
    const size = (database: string): Promise<number> =>
      withSession(server, database, (session) => storageOf(session, [{ schema: 'public', name: 'orders' }]));
    // 1.5 measured, and 4.0 without any VACUUM.
    expect((await size('bulk_trial_a')) / (await size('bulk'))).toBeLessThan(2.5);
  });
});

describe('a staging server of the user', () => {
  test('works for a role with CREATEDB, and nothing is left', async () => {
    await runIn(server, 'postgres', "CREATE ROLE stager LOGIN CREATEDB PASSWORD 'stage'");
    await runIn(server, 'postgres', 'CREATE DATABASE staging OWNER stager');
    const connection = { ...server.connection, user: 'stager', password: 'stage' };
    await withSession({ ...server, connection }, 'staging', (session) =>
      runScript(session, SHOP.replace('VACUUM ANALYZE;', 'ANALYZE;')),
    );
    const lab = await openLab({
      connection,
      server: null,
      database: 'staging',
      target: null,
      trialBudgetMs: 500,
      baselineBudgetMs: 500,
    });
    await lab.baseline(WORKLOAD);
    const trial = await measured(lab, CREATE_INDEX);
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true });
    await lab.accept(CREATE_INDEX, trial);
    await lab.close();
    expect(await databases('staging')).toEqual([]);
  });

  test('is refused when it is the target itself', async () => {
    await runIn(server, 'postgres', 'CREATE DATABASE production');
    const target = await withSession(server, 'production', readInstance);
    const options = { connection: server.connection, server: null, target };
    await expect(openLab({ ...options, database: 'production' })).rejects.toMatchObject({ code: 'kernel/forbidden' });
    const other = await openLab({ ...options, database: 'postgres' });
    await other.close({ keepAccepted: true });
    const restored = { ...target, startedAt: '2001-01-01 00:00:00.000000' };
    await (await openLab({ ...options, target: restored, database: 'production' })).close({ keepAccepted: true });
  });
});

async function measured(lab: OpenLab, change: Parameters<OpenLab['trial']>[0]): Promise<TrialMeasurement> {
  const trial = await lab.trial(change);
  if ('failure' in trial) throw new Error(trial.failure);
  return trial;
}

async function databases(beginning: string): Promise<readonly string[]> {
  const rows = await withSession(server, 'postgres', (session) =>
    session.query<{ name: string }>(
      'SELECT datname::text AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1',
      [beginning],
    ),
  );
  return rows.map((row) => row.name);
}

async function running(text: string): Promise<number> {
  const rows = await withSession(server, 'postgres', (session) =>
    session.query(
      "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE $1",
      [`%${text}%`],
    ),
  );
  return rows.length;
}

async function untilRunning(text: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while ((await running(text)) === 0) {
    if (performance.now() > deadline) throw new Error(`${text} never ran`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
