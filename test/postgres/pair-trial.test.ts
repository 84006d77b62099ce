import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrialFailure, TrialMeasurement } from '../../src/kernel/ports.js';
import { pairAction } from '../../src/app/rewrite-pairs.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { SHOP, action, labOn, rewriteAction, statement, workloadOf } from '../support/trial-lab.js';

const FROM = 'SELECT id, status FROM orders WHERE customer_id + 0 = 5';
const TO = 'SELECT id, status FROM orders WHERE customer_id = 5';
const INDEX = action(
  'create-index',
  'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)',
  'DROP INDEX CONCURRENTLY IF EXISTS orders_customer',
);

let server: LabServer;
let lab: OpenLab;
let hash: string;

beforeAll(async () => {
  server = await startLabServer({ major: 'newest' });
  lab = await labOn(server, 'pairs', SHOP);
  await lab.baseline(workloadOf(statement('sum', FROM)));
  hash = await lab.stateHash();
});

afterAll(async () => {
  await lab.close();
  await server.stop();
});

function measured(trial: TrialMeasurement | TrialFailure): TrialMeasurement {
  if ('failure' in trial) throw new Error(trial.failure);
  return trial;
}

test('a text is tried on the side that has its index, and the index goes again', async () => {
  const trial = measured(await lab.trial(pairAction(rewriteAction('sum', FROM, TO), [INDEX])));
  expect(trial).toMatchObject({ resultsEqual: true, revertVerified: true, constraintsIntact: true });
  expect(trial.equivalence).toContain('no difference on');
  expect(trial.storageBytesAfter).toBeGreaterThan(trial.storageBytesBefore);
  const [effect] = trial.statements;
  expect([effect?.planBefore, effect?.planAfter].map((plan) => /Index|Bitmap/.test(plan ?? ''))).toEqual([false, true]);
  expect(await lab.stateHash()).toBe(hash);
});

test('a text that gives other rows is refuted with its index as without', async () => {
  const wrong = rewriteAction('sum', FROM, 'SELECT id, status FROM orders WHERE customer_id = 6');
  expect(await lab.trial(pairAction(wrong, [INDEX]))).toMatchObject({
    failure: expect.stringContaining('refuted') as string,
  });
});

test('an index that can not be taken back is seen', async () => {
  const kept = { ...INDEX, down: [] };
  expect(measured(await lab.trial(pairAction(rewriteAction('sum', FROM, TO), [kept])))).toMatchObject({
    revertVerified: false,
  });
});

test('both are never accepted at once', async () => {
  const pair = pairAction(rewriteAction('sum', FROM, TO), [INDEX]);
  const trial = measured(await lab.trial(pair));
  await expect(lab.accept(pair, trial)).rejects.toMatchObject({ code: 'kernel/forbidden' });
  expect(await lab.stateHash()).toBe(hash);
});
