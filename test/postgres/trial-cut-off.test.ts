import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialMeasurement } from '../../src/kernel/ports.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { measureBaseline } from '../../src/lab/trial/baseline.js';
import { prepareCases } from '../../src/lab/trial/cases.js';
import { connect } from '../../src/postgres/connect.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import type { WorkloadSummary } from '../../src/model/measurement.js';
import { testMajors } from '../support/majors.js';
import { anIndexSpec } from '../support/snapshot.js';
import {
  LET_THROUGH,
  SHOP,
  createIndex,
  given,
  labOn,
  rewriteAction,
  statement,
  workloadOf,
} from '../support/trial-lab.js';

const TIMEOUT_MS = 6000;

/** Reads all orders once per order without an index on the customer: 900 million rows. */
const ABOVE_AVERAGE = `SELECT count(*) FROM orders AS o
  WHERE o.amount > (SELECT avg(i.amount) FROM orders AS i WHERE i.customer_id = o.customer_id)`;
const JOINED = `SELECT count(*) FROM orders AS o
  JOIN (SELECT customer_id, avg(amount) AS usual FROM orders GROUP BY customer_id) AS i ON i.customer_id = o.customer_id
  WHERE o.amount > i.usual`;

const CREATE_INDEX = createIndex(anIndexSpec('orders', 'orders_customer', ['"customer_id"']));

let server: LabServer;
let lab: OpenLab;
let summary: WorkloadSummary;

beforeAll(async () => {
  server = await startLabServer({ major: testMajors()[0] ?? 'newest' });
  lab = await labOn(server, 'shop', SHOP, {
    ...LET_THROUGH,
    statementTimeoutMs: TIMEOUT_MS,
    trialBudgetMs: 500,
    baselineBudgetMs: 500,
  });
  const workload = workloadOf(
    statement('above average', ABOVE_AVERAGE, { calls: 1 }),
    statement('one order', 'SELECT * FROM orders WHERE id = 17'),
  );
  summary = (await lab.baseline(workload)).summary;
});

afterAll(async () => {
  await lab?.close();
  await server?.stop();
});

test('a statement that does not finish stands in the baseline with what it had cost by then', () => {
  expect(summary.failed).toEqual([]);
  const cutOff = summary.perStatement.find((one) => one.name === 'above average');
  expect(cutOff).toMatchObject({ timedOutMs: TIMEOUT_MS, meanMs: TIMEOUT_MS });
  expect(cutOff?.buffers).toBeGreaterThan(1000);
  expect(summary.perStatement.find((one) => one.name === 'one order')?.timedOutMs).toBeNull();
});

test('of a large workload that has used up the time of the baseline a slow statement runs once', async () => {
  const [one, other] = [await connect(server.connection), await connect(server.connection)];
  const fast = Array.from({ length: 20 }, (_, i) => statement(`fast ${i}`, `SELECT ${i}`));
  const workload = workloadOf(...fast, statement('slow', 'SELECT pg_sleep(1.1)'));
  const { cases } = await prepareCases(one, workload, { rewrites: [], allowVolatile: true });
  const options = { budgetMs: 0, timeoutMs: TIMEOUT_MS, check: () => undefined, progress: () => undefined };
  const { records, failed, noise } = await measureBaseline(one, other, cases, options);
  const runs = new Map(records.map((record) => [record.oneCase.name, record.samples.length]));
  expect([failed, runs.get('slow'), runs.get('fast 0')]).toEqual([[], 1, 10]);
  expect(noise.pairs).toBe(100);
  await one.close();
  await other.close();
});

test('where the time of a run is short, each statement runs once before any runs with further values, and writes keep a share', async () => {
  const [one, other] = [await connect(server.connection), await connect(server.connection)];
  const sets = { parameterSets: [given('0.35'), given('0.36')] };
  const workload = workloadOf(
    statement('first', 'SELECT pg_sleep($1)', sets),
    statement('second', 'SELECT pg_sleep($1), 2', sets),
    statement('write', 'SELECT pg_sleep($1), 3', sets),
  );
  const prepared = await prepareCases(one, workload, { rewrites: [], allowVolatile: true });
  const cases = prepared.cases.map((each) => ({ ...each, soils: each.name === 'write' }));
  // A sleep runs twice to warm up: when the first has, three quarters of the time are over.
  const options = {
    budgetMs: 0,
    limitMs: 800,
    timeoutMs: TIMEOUT_MS,
    check: () => undefined,
    progress: () => undefined,
  };
  const { records, failed } = await measureBaseline(one, other, cases, options);
  expect(records.map(({ oneCase }) => `${oneCase.name} ${oneCase.parameterSet}`)).toEqual(['first 0', 'write 0']);
  expect(failed.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
    'second: not run: the statements before it took the time that there is to measure them all',
    expect.stringMatching(/^first: all but 1 of its parameter sets, as it takes 3\d\d ms$/),
    expect.stringMatching(/^write: all but 1/),
  ]);
  await one.close();
  await other.close();
});

test('an index that lets it finish is measured against the timeout, and says that no result was compared', async () => {
  const trial = await tried(CREATE_INDEX);
  expect(trial.failed).toEqual([]);
  const [effect] = trial.statements;
  expect(effect).toMatchObject({ name: 'above average', beforeTimedOutMs: TIMEOUT_MS, beforeMs: TIMEOUT_MS });
  expect(effect?.timeCiHigh).toBeLessThan(1);
  expect(effect?.rounds).toBeGreaterThanOrEqual(3);
  expect(trial.resultsEqual).toBeNull();
  expect(trial.resultsUncompared).toEqual([
    'above average: not compared: the unchanged statement did not finish in 6.00 s',
  ]);
  expect(trial.indexCheck).toEqual({ agrees: true, note: expect.stringContaining('amcheck') });
  expect(trial.workloadAfter.perStatement.find((one) => one.name === 'above average')?.timedOutMs).toBeNull();
});

test('a change that does not help is no measurement', async () => {
  const trial = await tried(rewriteAction('above average', ABOVE_AVERAGE, `${ABOVE_AVERAGE} AND o.id > 0`));
  expect(trial.statements).toEqual([]);
  expect(trial.failed.map((one) => one.reason)).toEqual(['timed out after 6.00 s, with the change and without']);
  expect(trial.resultsEqual).toBeNull();
  expect(trial.workloadAfter.perStatement.find((one) => one.name === 'above average')?.timedOutMs).toBe(TIMEOUT_MS);
});

test('a rewrite whose original does not finish even when waited for is not called equal', async () => {
  const trial = await tried(rewriteAction('above average', ABOVE_AVERAGE, JOINED));
  expect(trial.statements[0]?.timeCiHigh).toBeLessThan(1);
  expect(trial.resultsEqual).toBeNull();
});

describe('with little time for a statement', () => {
  let hurried: OpenLab;

  beforeAll(async () => {
    hurried = await labOn(
      server,
      'hurried',
      'CREATE SEQUENCE runs; CREATE TABLE three AS SELECT generate_series(1, 3) AS id',
      {
        ...LET_THROUGH,
        allowVolatile: true,
        statementTimeoutMs: 400,
      },
    );
  });

  afterAll(() => hurried?.close());

  const slept = (seconds: string): string => `SELECT id FROM three, pg_sleep(${seconds}) ORDER BY id`;

  test('one that is slow with the first of its parameters is measured with few of them', async () => {
    const parameterSets = Array.from({ length: 12 }, (_, i) => given(String(0.25 + i / 1000)));
    const { summary: found } = await hurried.baseline(workloadOf(statement('slow', slept('$1'), { parameterSets })));
    expect(found.failed).toEqual([
      {
        fingerprint: 'slow',
        name: 'slow',
        reason: expect.stringMatching(/^all but 1 of its parameter sets, as it takes 2\d\d ms$/),
      },
    ]);
    expect(found.perStatement).toMatchObject([{ name: 'slow', calls: 100 }]);
  });

  test('a rewrite whose original finishes when waited for is compared, and measured against where it was cut off', async () => {
    await hurried.baseline(workloadOf(statement('slept', slept('0.8'))));
    const trial = await hurried.trial(rewriteAction('slept', slept('0.8'), slept('0.01')));
    expect(trial).toMatchObject({ failed: [], resultsEqual: true, resultsUncompared: [] });
    const [effect] = 'failure' in trial ? [] : trial.statements;
    expect(effect).toMatchObject({ name: 'slept', beforeTimedOutMs: 400, beforeMs: 400 });
    expect(effect?.timeCiHigh).toBeLessThan(0.5);
  });

  test('a change with which it finishes once and then not gives no other result', async () => {
    await hurried.baseline(workloadOf(statement('slept', slept('0.8'))));
    const once = slept("CASE WHEN nextval('runs') > 1 THEN 1 ELSE 0.01 END");
    const trial = await hurried.trial(rewriteAction('slept', slept('0.8'), once));
    expect(trial).toMatchObject({ statements: [], resultsEqual: true });
    expect('failure' in trial ? [] : trial.failed.map(({ reason }) => reason)).toEqual([
      'timed out after 400 ms with the change',
    ]);
  });
});

async function tried(change: Parameters<OpenLab['trial']>[0]): Promise<TrialMeasurement> {
  const trial = await lab.trial(change);
  if ('failure' in trial) throw new Error(trial.failure);
  return trial;
}
