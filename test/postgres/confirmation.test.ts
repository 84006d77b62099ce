import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Confirmation, TrialMeasurement } from '../../src/kernel/ports.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { levelsUpTo, listOf } from '../../src/lab/trial/load.js';
import type { CaseRecord } from '../../src/lab/trial/summary.js';
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

test('the mix is sent from more and more clients to both states, writes undone', async () => {
  const lab = await labOn(server, 'load', SHOP, { statementTimeoutMs: 400, baselineBudgetMs: 300, loadWindowMs: 100 });
  await lab.baseline(
    workloadOf(
      statement('by customer', 'SELECT id, status FROM orders WHERE customer_id = 5'),
      statement('new order', "INSERT INTO orders VALUES (99999, 5, 'open', 1, 1)"),
      statement('above average', ABOVE_AVERAGE, { calls: 1 }),
    ),
  );
  const trial = await lab.trial(CREATE_INDEX);
  if ('failure' in trial) throw new Error(trial.failure);
  await lab.accept(CREATE_INDEX, trial);
  expect(await lab.load(2)).toBeNull();
  await confirmed(lab);
  const load = await lab.load(3);
  if (load === null || 'failure' in load) throw new Error(load?.failure ?? 'nothing was confirmed');
  expect(load.levels.map(({ clients }) => clients)).toEqual([1, 2, 3]);
  // Each state has one list, sent twice at every number of clients.
  for (const side of ['before', 'after'] as const) {
    expect(new Set(load.levels.map((level) => level[side].executions)).size).toBe(1);
    expect(load.levels.every((level) => level[side].errors === 0 && level[side].perSecond > 0)).toBe(true);
  }
  expect(load.levels[0]?.after.perSecond).toBeGreaterThan(load.levels[0]?.before.perSecond ?? Infinity);
  expect(load.leftOut.map(({ name }) => name)).toEqual(['above average']);
  expect(await lab.withAccepted((session) => session.query('SELECT FROM orders WHERE id = 99999'))).toEqual([]);
  await lab.withScratch((session) => session.run('SELECT 1'));
  // The databases are others now.
  expect(await lab.load(2)).toBeNull();
  await lab.close();
});

test('an abort ends a load at once', async () => {
  const abort = new AbortController();
  const lab = await labOn(server, 'aborted', SHOP, {
    baselineBudgetMs: 300,
    loadWindowMs: 600_000,
    signal: abort.signal,
  });
  await lab.baseline(workloadOf(statement('by customer', 'SELECT id, status FROM orders WHERE customer_id = 5')));
  const trial = await lab.trial(CREATE_INDEX);
  if ('failure' in trial) throw new Error(trial.failure);
  await lab.accept(CREATE_INDEX, trial);
  await confirmed(lab);
  setTimeout(() => abort.abort(), 500);
  await expect(lab.load(2)).rejects.toMatchObject({ code: 'run/interrupted' });
  await lab.close();
});

test('the list holds each statement in the share of its calls, in an order that is always the same', () => {
  const record = (name: string, calls: number, ms: number): CaseRecord =>
    ({
      oneCase: { key: name, fingerprint: name, name, calls },
      samples: [{ executionMs: ms }],
    }) as unknown as CaseRecord;
  const records = [record('often', 900, 1), record('seldom', 99, 1), record('once', 1, 10)];
  const list = listOf(records, 1200);
  const count = (name: string): number => list.filter((one) => one.name === name).length;
  expect(Math.abs(count('often') / list.length - 0.9)).toBeLessThanOrEqual(1 / list.length);
  expect(Math.abs(count('seldom') / list.length - 0.099)).toBeLessThanOrEqual(1 / list.length);
  expect(listOf(records, 1200).map(({ name }) => name)).toEqual(list.map(({ name }) => name));
  expect(levelsUpTo(1)).toEqual([1]);
  expect(levelsUpTo(6)).toEqual([1, 2, 4, 6]);
  expect(listOf([], 1000)).toEqual([]);
});
