import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Confirmation, TrialMeasurement } from '../../src/kernel/ports.js';
import type { OpenLab } from '../../src/lab/lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import type { Action } from '../../src/model/action.js';
import { testMajors } from '../support/majors.js';
import { SHOP, action, labOn, rewriteAction, statement, workloadOf } from '../support/trial-lab.js';

const WITHOUT_ORDERS = 'SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM orders)';
const WITHOUT_ORDERS_BY_EXISTS =
  'SELECT name FROM customer AS c WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = c.id)';
const ABOVE_AVERAGE = `SELECT count(*) FROM orders AS o
  WHERE o.amount > (SELECT avg(i.amount) FROM orders AS i WHERE i.customer_id = o.customer_id)`;

const WORKLOAD = workloadOf(
  statement('by customer', 'SELECT id, status FROM orders WHERE customer_id = 5'),
  statement('one order', 'SELECT * FROM orders WHERE id = 17'),
  statement('without orders', WITHOUT_ORDERS),
  statement('new order', "INSERT INTO orders VALUES (99999, 5, 'open', 1, 1)"),
  statement('above average', ABOVE_AVERAGE, { calls: 1 }),
);

const CREATE_INDEX = action(
  'create-index',
  'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)',
  'DROP INDEX CONCURRENTLY orders_customer',
);
const REWRITE = rewriteAction('without orders', WITHOUT_ORDERS, WITHOUT_ORDERS_BY_EXISTS);

let server: LabServer;

beforeAll(async () => {
  server = await startLabServer({ major: testMajors()[0] ?? 'newest' });
});

afterAll(async () => {
  await server?.stop();
});

async function labWith(database: string, ...accepted: readonly Action[]): Promise<OpenLab> {
  const lab = await labOn(server, database, SHOP, { statementTimeoutMs: 6000, baselineBudgetMs: 500 });
  await lab.baseline(WORKLOAD);
  for (const one of accepted) {
    const trial = await lab.trial(one);
    if ('failure' in trial) throw new Error(trial.failure);
    await lab.accept(one, trial satisfies TrialMeasurement);
  }
  return lab;
}

async function confirmed(lab: OpenLab): Promise<Confirmation> {
  const outcome = await lab.confirm();
  if (outcome === null || 'failure' in outcome) throw new Error(outcome?.failure ?? 'nothing was accepted');
  return outcome;
}

test('an index and a rewrite are held against the beginning together', async () => {
  const lab = await labWith('shop', CREATE_INDEX, REWRITE);
  const { before, after, statements, resultsEqual, resultDifferences } = await confirmed(lab);
  expect(statements.map((one) => one.name).toSorted()).toEqual([
    'above average',
    'by customer',
    'new order',
    'without orders',
  ]);
  const effect = (name: string): (typeof statements)[number] | undefined => statements.find((one) => one.name === name);
  expect(effect('by customer')?.afterBuffers).toBeLessThan((effect('by customer')?.beforeBuffers ?? 0) / 4);
  expect(effect('new order')?.afterWalBytes).toBeGreaterThan(effect('new order')?.beforeWalBytes ?? 0);
  expect(effect('above average')?.beforeTimedOutMs).toBe(6000);
  expect(resultDifferences).toEqual([]);
  // The statement that did not finish leaves no result behind, and a rewrite is among what is compared.
  expect(resultsEqual).toBeNull();
  const row = (summary: typeof before, name: string): (typeof before.perStatement)[number] | undefined =>
    summary.perStatement.find((one) => one.name === name);
  expect(row(before, 'above average')?.timedOutMs).toBe(6000);
  expect(row(after, 'above average')?.timedOutMs).toBeNull();
  expect(row(after, 'one order')).toEqual({ ...row(before, 'one order'), carriedOver: true });
  await lab.close();
});

test('a rewrite alone changes no database, and results are equal', async () => {
  const lab = await labWith('texts', REWRITE);
  const { statements, resultsEqual } = await confirmed(lab);
  expect(statements.map((one) => one.name)).toEqual(['without orders']);
  expect(resultsEqual).toBe(true);
  await lab.close();
});

test('an accepted change is taken back, and what was accepted after it stays', async () => {
  const lab = await labWith('withdrawn', CREATE_INDEX, REWRITE);
  expect(await lab.withdraw(CREATE_INDEX)).toBeNull();
  const indexes = await lab.withAccepted((session) =>
    session.query<{ name: string }>("SELECT relname AS name FROM pg_class WHERE relname = 'orders_customer'"),
  );
  expect(indexes).toEqual([]);
  const { statements } = await confirmed(lab);
  expect(statements.map((one) => one.name)).toEqual(['without orders']);
  expect(await lab.withdraw(CREATE_INDEX)).toMatchObject({ failure: expect.stringContaining('orders_customer') });
  await lab.close();
});

test('without an accepted change there is nothing to confirm', async () => {
  const lab = await labWith('nothing');
  expect(await lab.confirm()).toBeNull();
  await lab.close();
});

test('a way back that is barred is told, not passed over', async () => {
  const barred = action('create-index', 'CREATE INDEX orders_amount ON orders (amount)', 'DROP INDEX another_one');
  const lab = await labWith('barred', barred);
  expect(await lab.confirm()).toEqual({
    failure: expect.stringContaining('could not be reverted after what was accepted later'),
  });
  await lab.close();
});

test('statistics of the beginning come back for what no statement reverts', async () => {
  let restored = 0;
  const lab = await labOn(server, 'statistics', SHOP, {
    baselineBudgetMs: 500,
    restoreStatistics: () => Promise.resolve(void (restored += 1)),
  });
  await lab.baseline(workloadOf(statement('by customer', 'SELECT id, status FROM orders WHERE customer_id = 5')));
  await lab.accept(action('analyze', 'ANALYZE orders', ''), null);
  expect(await confirmed(lab)).toMatchObject({ statements: [] });
  expect(restored).toBe(1);
  await lab.close();
});
