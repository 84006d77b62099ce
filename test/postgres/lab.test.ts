import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialMeasurement } from '../../src/kernel/ports.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { SHOP, action, labOn, statement, workloadOf } from '../support/trial-lab.js';

let server: LabServer;

beforeAll(async () => {
  server = await startLabServer({ major: 'newest' });
});

afterAll(async () => {
  await server.stop();
});

describe('the lab', () => {
  test('measures an index that helps', async () => {
    const lab = await labOn(server, 'helps', SHOP);
    const baseline = await lab.baseline(
      workloadOf(
        statement('by customer', 'SELECT * FROM orders WHERE customer_id = $1 ORDER BY id'),
        statement('one order', 'SELECT * FROM orders WHERE id = 17'),
        statement('new order', "INSERT INTO orders VALUES (99999, 5, 'open', 1, 1)"),
      ),
    );
    console.log(JSON.stringify(baseline, null, 1));
    const trial = (await lab.trial(
      action('create-index', 'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)', 'DROP INDEX CONCURRENTLY orders_customer'),
    )) as TrialMeasurement;
    console.log(JSON.stringify(trial, null, 1));
    expect(trial.resultsEqual).toBe(true);
    await lab.close();
  });
});
