import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialFailure, TrialMeasurement } from '../../src/kernel/ports.js';
import { openLab } from '../../src/lab/lab.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { checksumTables } from '../../src/lab/trial/state.js';
import type { WorkloadSummary } from '../../src/model/measurement.js';
import type { StatementEffect } from '../../src/model/verdict.js';
import { testMajors } from '../support/majors.js';
import {
  LET_THROUGH,
  SHOP,
  action,
  given,
  labOn,
  rewriteAction,
  statement,
  withSession,
  workloadOf,
} from '../support/trial-lab.js';

const SPILL =
  'SELECT a.id, a.status FROM orders AS a CROSS JOIN generate_series(1, 2) AS g ORDER BY a.weight, a.amount, g';
/** One major a run: the trial asks nothing of a server that changed since 14, which `DATABASE_WIZARD_MAJORS=14` shows. */
const MAJOR = testMajors()[0] ?? 'newest';

const STATUSES = 'SELECT status, id FROM orders ORDER BY status LIMIT 30';
const IN_LIST = 'SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM orders) ORDER BY id';

const WORKLOAD = workloadOf(
  statement('by customer', 'SELECT id, status, amount FROM orders WHERE customer_id = $1', {
    parameterSets: [given('5'), { class: 'absent', values: ['-1'] }],
  }),
  statement('one order', 'SELECT * FROM orders WHERE id = 17'),
  statement('open orders', "SELECT count(*) FROM orders WHERE status = 'open'"),
  statement('statuses', STATUSES),
  statement('floats', 'SELECT status, sum(weight), avg(weight::float8) FROM orders GROUP BY status'),
  statement('customers without orders', IN_LIST),
  statement('spill', SPILL),
  statement('series', 'SELECT count(*) FROM generate_series(1, 200000)'),
  statement('random', 'SELECT random()'),
  statement('new order', "INSERT INTO orders VALUES (99999, 5, 'open', 1, 1)"),
  statement('raise', "UPDATE orders SET amount = amount + 1 WHERE status = 'open'"),
  statement('forget customer', 'DELETE FROM customer WHERE id = 1005'),
  statement('log', "INSERT INTO log (text) VALUES ('x') RETURNING id"),
  statement('fails', 'SELECT 1 / (id - 17) FROM orders WHERE id < 30'),
  statement('endless', 'SELECT count(*) FROM generate_series(1, 1000000000)'),
  statement('sleeps', 'SELECT pg_sleep(1)'),
  statement('calls a volatile function', 'SELECT touch()'),
  statement('vacuums', 'VACUUM orders'),
);

const TOUCH = `CREATE FUNCTION touch() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
  CREATE FUNCTION look() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT count(*) FROM orders WHERE customer_id = 5); END';`;

const CREATE_INDEX = action(
  'create-index',
  'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)',
  'DROP INDEX CONCURRENTLY orders_customer',
);

let server: LabServer;
let lab: OpenLab;
let summary: WorkloadSummary;
let noise: TrialMeasurement['noise'];
let checksum: string;

beforeAll(async () => {
  server = await startLabServer({ major: MAJOR, settings: { work_mem: '1MB' } });
  lab = await labOn(server, 'shop', `${SHOP}\n${TOUCH}`, { ...LET_THROUGH, statementTimeoutMs: 1000 });
  checksum = await checksumOf('shop');
  ({ summary, noise } = await lab.baseline(WORKLOAD));
});

afterAll(async () => {
  await server.stop();
});

describe('the baseline', () => {
  test('measures every statement that can be run', () => {
    expect(summary.perStatement.map((one) => one.name)).toEqual([
      'by customer',
      'one order',
      'open orders',
      'statuses',
      'floats',
      'customers without orders',
      'spill',
      'series',
      'random',
      'endless',
      'new order',
      'raise',
      'forget customer',
      'log',
    ]);
    expect(summary.perStatement.every((one) => one.meanMs > 0 && !one.carriedOver)).toBe(true);
    expect(summary.totalMs).toBeCloseTo(
      summary.perStatement.reduce((sum, one) => sum + one.calls * one.meanMs, 0),
      6,
    );
    expect(summary.p50Ms).toBeLessThanOrEqual(summary.p95Ms);
    expect(summary.p95Ms).toBeLessThanOrEqual(summary.p99Ms);
  });

  test('says which could not, and why', () => {
    expect(Object.fromEntries(summary.failed.map((one) => [one.name, one.reason]))).toEqual({
      fails: expect.stringMatching(/division by zero/),
      sleeps: 'not run: a rollback would not undo the volatile function pg_sleep',
      'calls a volatile function': 'not run: a rollback would not undo the volatile function touch',
      vacuums: 'not run: VacuumStmt is not a statement that the planner plans',
    });
  });

  test('knows its own noise', () => {
    expect(noise.pairs).toBeGreaterThan(25);
    expect(noise.timeLogRatio).toBeGreaterThan(0);
    expect(noise.bufferLogRatio).toBeLessThan(0.05);
  });

  test('rolls every write back', async () => {
    expect(await checksumOf('shop_trial_a')).toBe(checksum);
    expect(await checksumOf('shop_trial_b')).toBe(checksum);
  });

  test('sees WAL of writes and spilled blocks', () => {
    expect(summaryOf('new order').walBytes).toBeGreaterThan(100);
    expect(summaryOf('raise').walBytes).toBeGreaterThan(600 * 50);
    expect(summaryOf('one order').walBytes).toBe(0);
    expect(lab.plans().get('spill')?.root['Temp Written Blocks']).toBeGreaterThan(0);
    // That which does not finish has none.
    expect(lab.plans().size).toBe(13);
  });

  test('counts the blocks of foreign-key checks, which the plan does not show', () => {
    expect(summaryOf('forget customer').buffers).toBeGreaterThan(190);
  });
});

describe('a trial', () => {
  test('of an index that helps', async () => {
    const trial = await measured(CREATE_INDEX);
    expect(trial).toMatchObject({
      resultsEqual: true,
      resultDifferences: [],
      revertVerified: true,
      revertNote: null,
      constraintsIntact: true,
    });
    const reading = effect(trial, 'by customer');
    expect(reading.timeCiHigh).toBeLessThan(0.5);
    expect(reading.afterBuffers).toBeLessThan(reading.beforeBuffers / 4);
    expect(reading.rounds).toBeGreaterThanOrEqual(5);
    expect(reading.beforeSamplesMs).toHaveLength(reading.afterSamplesMs.length);
    expect(reading.planAfter).toContain('orders_customer');
    const deleting = effect(trial, 'forget customer');
    expect(deleting.afterBuffers).toBeLessThan(deleting.beforeBuffers / 4);
    expect(effect(trial, 'new order').afterWalBytes).toBeGreaterThan(effect(trial, 'new order').beforeWalBytes);
    expect(trial.statements.map((one) => one.name)).not.toContain('one order');
    expect(trial.storageBytesAfter).toBeGreaterThan(trial.storageBytesBefore);
    expect(trial.applyMs).toBeGreaterThan(0);
    const after = trial.workloadAfter.perStatement;
    expect(after.find((one) => one.name === 'one order')).toEqual({ ...summaryOf('one order'), carriedOver: true });
    expect(after.find((one) => one.name === 'by customer')?.carriedOver).toBe(false);
    expect(trial.workloadAfter.failed).toEqual(summary.failed);
  });

  test('of an index that nobody needs', async () => {
    const trial = await measured(
      action('create-index', 'CREATE INDEX log_text ON log (text)', 'DROP INDEX log_text', ['log']),
    );
    expect(trial.statements.map((one) => one.name)).toEqual(['log']);
    expect(effect(trial, 'log').afterBuffers).toBeGreaterThan(effect(trial, 'log').beforeBuffers);
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true });
  });

  test('of dropping an index that is needed', async () => {
    const definition = 'CREATE INDEX CONCURRENTLY orders_status ON public.orders USING btree (status)';
    const trial = await measured(action('drop-index', 'DROP INDEX CONCURRENTLY orders_status', definition));
    const reading = effect(trial, 'open orders');
    expect(reading.timeCiLow).toBeGreaterThan(1.5);
    expect(reading.afterBuffers).toBeGreaterThan(reading.beforeBuffers);
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true });
    expect(trial.storageBytesAfter).toBeLessThan(trial.storageBytesBefore);
  });

  test('of a setting: seen by the new sessions, and by statements which spill', async () => {
    const trial = await measured(setting('work_mem', '64MB'));
    expect(effect(trial, 'spill').afterBuffers).toBeLessThan(effect(trial, 'spill').beforeBuffers);
    // The planner does not foresee that this one spills: its plan and cost are the same on both sides.
    expect(effect(trial, 'series').beforeBuffers).toBeGreaterThan(0);
    expect(effect(trial, 'series').afterBuffers).toBe(0);
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true });
  });

  test('of a setting whose revert leaves something behind', async () => {
    const change = setting('work_mem', '64MB');
    const trial = await measured({ ...change, down: ['SELECT 1'] });
    expect(trial).toMatchObject({ revertVerified: false, revertNote: expect.stringContaining('work_mem') });
  });

  test('of ANALYZE, which there is nothing to revert of', async () => {
    const trial = await measured(action('analyze', 'ANALYZE orders', ''));
    expect(trial).toMatchObject({
      revertVerified: true,
      revertNote: 'it changes no schema: there is nothing to revert',
    });
  });

  test('of a revert that does not restore', async () => {
    const trial = await measured({ ...CREATE_INDEX, down: ['DROP INDEX orders_status'] });
    expect(trial.revertVerified).toBe(false);
    expect(trial.revertNote).toContain('orders_customer');
  });

  test('of a revert that fails', async () => {
    const trial = await measured({ ...CREATE_INDEX, down: ['DROP INDEX no_such_index'] });
    expect(trial).toMatchObject({ revertVerified: false, revertNote: expect.stringContaining('no_such_index') });
  });

  test('of a type change that loses digits on the way', async () => {
    const change = 'ALTER TABLE orders ALTER COLUMN weight TYPE int';
    const trial = await measured(
      action('alter-column-type', change, 'ALTER TABLE orders ALTER COLUMN weight TYPE real'),
    );
    expect(trial.resultsEqual).toBe(false);
    expect(trial.resultDifferences.join()).toContain('floats');
    expect(trial).toMatchObject({
      revertVerified: false,
      revertNote: 'the catalog is as before, and the rows are not',
    });
  });

  test('of a type change that loses nothing', async () => {
    const change = 'ALTER TABLE orders ALTER COLUMN customer_id TYPE bigint';
    const trial = await measured(
      action('alter-column-type', change, 'ALTER TABLE orders ALTER COLUMN customer_id TYPE integer'),
    );
    expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true, constraintsIntact: true });
    expect(trial.statements.map((one) => one.name)).toContain('one order');
  });

  test('of a change that drops rows and a constraint', async () => {
    const change =
      'DO $$ BEGIN DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey; END $$';
    const trial = await measured(action('alter-column-type', change, 'SELECT 1'));
    expect(trial).toMatchObject({ constraintsIntact: false, revertVerified: false });
  });

  test('of a change that can not be applied', async () => {
    const trial = await lab.trial(
      action('create-index', 'CREATE UNIQUE INDEX CONCURRENTLY u ON orders (customer_id)', 'DROP INDEX u'),
    );
    expect((trial as TrialFailure).failure).toMatch(/could not be applied.*unique/s);
  });

  test('changes nothing in the accepted state', async () => {
    expect(await checksumOf('shop')).toBe(checksum);
  });
});

describe('a rewrite', () => {
  test('that is right is faster and equal', async () => {
    const to =
      'SELECT name FROM customer AS c WHERE NOT EXISTS (SELECT FROM orders WHERE customer_id = c.id) ORDER BY c.id';
    const trial = await measured(rewriteAction('customers without orders', IN_LIST, to));
    expect(trial.statements.map((one) => one.name)).toEqual(['customers without orders']);
    expect(trial).toMatchObject({
      resultsEqual: true,
      revertVerified: true,
      storageBytesBefore: 0,
      storageBytesAfter: 0,
    });
  });

  test('that is wrong is caught', async () => {
    const to = 'SELECT name FROM customer WHERE id > 1001 ORDER BY id';
    const trial = await measured(rewriteAction('customers without orders', IN_LIST, to));
    expect(trial.resultsEqual).toBe(false);
    expect(trial.resultDifferences).toEqual(['customers without orders: 10 rows before, 9 after']);
  });

  test('that sorts the wrong way is caught', async () => {
    const trial = await measured(rewriteAction('statuses', STATUSES, STATUSES.replace('LIMIT', 'DESC LIMIT')));
    expect(trial.resultsEqual).toBe(false);
  });

  test('whose order can not be seen is not called equal', async () => {
    const trial = await measured(rewriteAction('customers without orders', IN_LIST, `${IN_LIST} DESC`));
    expect(trial).toMatchObject({ resultsEqual: null, resultDifferences: [] });
  });

  test('of what differs from itself decides nothing', async () => {
    const trial = await measured(rewriteAction('random', 'SELECT random()', 'SELECT random() / 2'));
    expect(trial).toMatchObject({ resultsEqual: null, resultDifferences: [] });
  });

  test('that fails is caught', async () => {
    const trial = await measured(
      rewriteAction(
        'one order',
        'SELECT * FROM orders WHERE id = 17',
        'SELECT * FROM orders WHERE id = 17 / (id - id)',
      ),
    );
    expect(trial.resultsEqual).toBe(false);
    expect(trial.failed.map((one) => one.reason).join()).toMatch(/division by zero.*with the change/);
  });

  test('that never ends counts as that slow at the least', async () => {
    const endless = 'SELECT * FROM orders WHERE id = 17 AND (SELECT count(*) FROM generate_series(1, 1000000000)) > 0';
    const trial = await measured(rewriteAction('one order', 'SELECT * FROM orders WHERE id = 17', endless));
    const reading = effect(trial, 'one order');
    expect(reading.afterMs).toBe(5000);
    expect(reading.timeCiLow).toBeGreaterThan(100);
    expect(reading.rounds).toBeGreaterThanOrEqual(3);
    expect(trial.resultsEqual).toBeNull();
  });
});

test('a rewrite that is equal for one set of values and undecided for another is not called equal', async () => {
  const from = 'SELECT id FROM orders WHERE customer_id = $1 LIMIT 1';
  const other = await openLab({
    connection: server.connection,
    server,
    database: 'shop',
    target: null,
    trialBudgetMs: 300,
    baselineBudgetMs: 300,
  });
  await other.baseline(workloadOf(statement('any', from, { parameterSets: [given('5'), given('-1')] })));
  const to = 'SELECT max(id) AS id FROM orders WHERE customer_id = $1 HAVING count(*) > 0 LIMIT 1';
  expect(await other.trial(rewriteAction('any', from, to))).toMatchObject({
    resultsEqual: null,
    resultDifferences: [],
  });
  await other.close({ keepAccepted: true });
});

test('a statement that reads through a function is always measured', async () => {
  const other = await openLab({
    connection: server.connection,
    server,
    database: 'shop',
    target: null,
    trialBudgetMs: 500,
    baselineBudgetMs: 500,
  });
  await other.baseline(workloadOf(statement('look', 'SELECT look()')));
  const trial = (await other.trial(CREATE_INDEX)) as TrialMeasurement;
  expect(effect(trial, 'look').timeCiHigh).toBeLessThan(0.5);
  await other.close({ keepAccepted: true });
});

function summaryOf(name: string): WorkloadSummary['perStatement'][number] {
  const found = summary.perStatement.find((one) => one.name === name);
  if (!found) throw new Error(`${name} was not measured`);
  return found;
}

function effect(trial: TrialMeasurement, name: string): StatementEffect {
  const found = trial.statements.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is not among ${trial.statements.map((one) => one.name).join()}`);
  return found;
}

async function measured(change: Parameters<OpenLab['trial']>[0]): Promise<TrialMeasurement> {
  const trial = await lab.trial(change);
  if ('failure' in trial) throw new Error(trial.failure);
  return trial;
}

function setting(name: string, value: string): ReturnType<typeof action> {
  const block = (end: string): string =>
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${end}', current_database()); END $$`;
  return action('setting', block(`SET ${name} = ''${value}''`), block(`RESET ${name}`), []);
}

function checksumOf(database: string): Promise<string> {
  const tables = ['customer', 'orders', 'log'].map((name) => ({ schema: 'public', name }));
  return withSession(server, database, (session) => checksumTables(session, tables));
}
