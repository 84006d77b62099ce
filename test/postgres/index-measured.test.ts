import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeasuredIndexSet } from '../../src/indexes/measured/measured-index-set.js';
import { EarlierRuns } from '../../src/lab/indexes/earlier-runs.js';
import { measureIndexSet } from '../../src/lab/indexes/measured-set.js';
import type { MeasureSetOptions } from '../../src/lab/indexes/measured-set.js';
import type { LabServer } from '../../src/lab/server.js';
import { readInstance } from '../../src/lab/trial/instance.js';
import { anIndexSpec } from '../support/snapshot.js';
import { given, serverWith, statement, withSession, workloadOf } from '../support/trial-lab.js';

/** The correlation of `reading.sensor` is set to 1 in the statistics, while its rows lie in no order: an index scan then looks cheap, and reads a page for each row. */
const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
  INSERT INTO orders SELECT g, g * 7919 % 2000, repeat('x', 60) FROM generate_series(1, 40000) AS g;
  CREATE TABLE reading (id int PRIMARY KEY, sensor int NOT NULL, value text NOT NULL);
  INSERT INTO reading SELECT g, g * 7919 % 1009, repeat('v', 60) FROM generate_series(1, 40000) AS g;
  CREATE TABLE account (id int PRIMARY KEY, owner text NOT NULL, balance int NOT NULL) WITH (fillfactor = 80);
  INSERT INTO account SELECT g, repeat('o', 40), g * 31 % 5003 FROM generate_series(1, 10000) AS g;
  CREATE TABLE order_line (order_id int, line int, note text NOT NULL, PRIMARY KEY (order_id, line));
  INSERT INTO order_line SELECT g / 4, g % 4, repeat('n', 30) FROM generate_series(1, 40000) AS g;
  CREATE TABLE buyer (id int PRIMARY KEY);
  INSERT INTO buyer SELECT g FROM generate_series(0, 2100) AS g;
  CREATE TABLE invoice (id int PRIMARY KEY, buyer_id int NOT NULL REFERENCES buyer ON DELETE CASCADE, note text NOT NULL);
  INSERT INTO invoice SELECT g, g * 7919 % 2000, repeat('i', 60) FROM generate_series(1, 20000) AS g;
  VACUUM ANALYZE;
  UPDATE pg_catalog.pg_statistic SET stanumbers1 = CASE WHEN stakind1 = 3 THEN '{1}' ELSE stanumbers1 END,
    stanumbers2 = CASE WHEN stakind2 = 3 THEN '{1}' ELSE stanumbers2 END, stanumbers3 = CASE WHEN stakind3 = 3 THEN '{1}' ELSE stanumbers3 END
    WHERE starelid = 'reading'::regclass AND staattnum = 2;`;

const HELPS = anIndexSpec('orders', 'orders_customer', ['"customer_id"']);
const LURES = anIndexSpec('reading', 'reading_sensor', ['"sensor"']);
const UPDATED = anIndexSpec('account', 'account_balance', ['"balance"']);
const PREFIX = anIndexSpec('order_line', 'order_line_order', ['"order_id"']);
const SPECS = [HELPS, LURES, UPDATED, PREFIX];

const WORKLOAD = workloadOf(
  statement('orders of a customer', 'SELECT * FROM orders WHERE customer_id = $1', {
    parameterSets: [given('5'), given('77')],
  }),
  statement('readings', 'SELECT count(value) FROM reading WHERE sensor BETWEEN 100 AND 250'),
  statement('rich', 'SELECT id FROM account WHERE balance = 17', { calls: 1 }),
  statement('book', 'UPDATE account SET balance = balance + 1 WHERE id = 4711', { calls: 5000 }),
  statement('lines', 'SELECT note FROM order_line WHERE order_id = 4711'),
  statement('owner', 'SELECT owner FROM account WHERE id = 17'),
);

let server: LabServer;

beforeAll(async () => {
  server = await serverWith('shop', SCHEMA);
});

afterAll(async () => {
  await server.stop();
});

describe('a set of indexes, measured by blocks', () => {
  let found: MeasuredIndexSet;

  beforeAll(async () => {
    found = await measureIndexSet(options());
  });

  test('keeps the one that helps', () => {
    expect(found.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
    const [kept] = found.kept;
    expect(kept).toMatchObject({ writeCost: null, writes: null });
    expect(kept?.effects.map((effect) => effect.statement)).toEqual(['orders of a customer']);
    // 20 rows on 20 pages of about 460.
    expect(kept?.effects[0]?.without.buffers).toBeGreaterThan(400);
    expect(kept?.effects[0]?.with.buffers).toBeLessThan(30);
    expect(kept?.worth.buffers).toBeGreaterThan(100 * 400);
    expect(kept?.assumed).toBe(0);
    expect(kept?.sizeBytes).toBe(found.sizeBytes);
    expect(found).toMatchObject({ complete: true, proved: true, assumedPlans: 0, failed: [] });
  });

  test('drops the one that the planner likes and reality does not, with its figures', () => {
    const lure = dropped(found, 'reading_sensor');
    expect(lure).toMatchObject({ why: 'slower', reason: expect.stringMatching(/readings takes .* blocks instead of/) });
    const [effect] = lure?.effects ?? [];
    expect(effect?.statement).toBe('readings');
    expect(effect?.with.buffers).toBeGreaterThan(3 * (effect?.without.buffers ?? Number.POSITIVE_INFINITY));
  });

  test('drops the one on a column that is updated all the time, and counts the HOT updates lost', () => {
    const updated = dropped(found, 'account_balance');
    expect(updated?.why).toBe('no-gain');
    expect(updated?.change?.buffers).toBeGreaterThan(0);
    // It does help the read.
    const rich = updated?.effects.find((effect) => effect.statement === 'rich');
    expect(rich?.with.buffers).toBeLessThan((rich?.without.buffers ?? 0) / 5);
    const cost = updated?.built?.writeCost?.updated[0];
    expect(cost?.columns).toEqual(['balance']);
    expect(cost?.hotWithout).toBeGreaterThan((cost?.rows ?? 0) * 0.5);
    expect(cost?.hotWith).toBe(0);
    expect(updated?.built?.writes).toMatchObject({ rowsAssumed: false, unknown: [] });
    expect(updated?.built?.writes?.hotUpdatesLost).toBeGreaterThan(2500);
    expect(updated?.built?.writes?.walBytes).toBeGreaterThan(5000 * 50);
  });

  test('drops the beginning of a primary key, which gains nothing', () => {
    expect(['no-gain', 'unused']).toContain(dropped(found, 'order_line_order')?.why);
  });

  test('reports each affected statement, verified, and names the rest', () => {
    const orders = found.perStatement.find((one) => one.name === 'orders of a customer');
    expect(orders).toMatchObject({ cutOff: 'neither', calls: 100 });
    expect(orders?.planAfter).toContain('orders_customer');
    expect(orders?.planBefore).toContain('Seq Scan');
    expect(orders?.afterBuffers).toBeLessThan((orders?.beforeBuffers ?? 0) / 10);
    expect(orders?.rounds).toBeGreaterThan(1);
    const book = found.perStatement.find((one) => one.name === 'book');
    expect(book?.afterBuffers).toBe(book?.beforeBuffers);
    expect(book?.beforeWalBytes).toBeGreaterThan(0);
    expect(found.unaffected).toContain('owner');
    expect(found.after.buffers).toBeLessThan(found.before.buffers);
  });

  test('leaves nothing behind', async () => {
    expect(await databases()).toEqual(['postgres', 'shop']);
    const left = await withSession(server, 'shop', (session) =>
      session.query(`SELECT 1 FROM pg_namespace WHERE nspname LIKE 'database_wizard%'`),
    );
    expect(left).toEqual([]);
  });
});

test('what may keep a statement from suffering is asked for by the figures, built and measured beside the others, unless writes go to its table', async () => {
  const covers = { ...anIndexSpec('reading', 'reading_sensor_value', ['"sensor"']), include: ['"value"'] };
  const asked: string[] = [];
  const found = await measureIndexSet(
    options({
      specs: [HELPS, LURES],
      companions: ({ kept, dropped: refused }) => {
        asked.push(...[...kept, ...refused].map((one) => one.spec.name));
        expect(refused).toMatchObject([{ why: 'slower', spec: LURES, effects: [{ statement: 'readings' }] }]);
        return Promise.resolve([LURES, covers, UPDATED]);
      },
    }),
  );
  expect(asked).toEqual(['orders_customer', 'reading_sensor']);
  expect(found.kept.map((one) => one.spec.name).toSorted()).toEqual(['orders_customer', 'reading_sensor_value']);
  expect(found.dropped.map((one) => one.spec.name)).toEqual(['reading_sensor']);
  expect(found).toMatchObject({ complete: true, failed: [] });
});

describe('the limits of a measured set', () => {
  test('a budget of nothing keeps nothing, and says what did not fit', async () => {
    const found = await measureIndexSet(options({ budgetBytes: 8192, specs: [HELPS] }));
    expect(found.kept).toEqual([]);
    expect(dropped(found, 'orders_customer')).toMatchObject({
      why: 'budget',
      reason: expect.stringMatching(/do not fit/),
    });
    expect(found.before).toEqual(found.after);
  });

  test('what can not be built is said, and the rest goes on', async () => {
    const unique = { ...anIndexSpec('orders', 'orders_unique', ['"customer_id"']), unique: true };
    const gone = anIndexSpec('orders', 'orders_gone', ['"no_such_column"']);
    const twice = { ...HELPS, keys: ['"note"'] };
    const found = await measureIndexSet(options({ specs: [unique, gone, HELPS, twice] }));
    expect(found.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
    const reasons = found.dropped.map((one) => [one.spec.name, one.why, one.reason]);
    expect(reasons).toEqual([
      ['orders_customer', 'not-built', expect.stringMatching(/is there already/)],
      ['orders_unique', 'not-built', expect.stringMatching(/unique/)],
      ['orders_gone', 'not-built', expect.stringMatching(/no_such_column/)],
    ]);
  });

  test('an index that only the cascade of a foreign key uses is kept, though no plan shows it', async () => {
    const specs = [
      anIndexSpec('invoice', 'invoice_buyer', ['"buyer_id"']),
      anIndexSpec('invoice', 'invoice_note', ['"note"']),
    ];
    const forget = statement('forget', 'DELETE FROM buyer WHERE id = 5');
    const found = await measureIndexSet(options({ specs, workload: workloadOf(forget) }));
    expect(found.kept.map((one) => one.spec.name)).toEqual(['invoice_buyer']);
    const [shown] = found.perStatement;
    expect(shown?.planAfter).not.toContain('invoice_buyer');
    expect(shown?.afterBuffers).toBeLessThan((shown?.beforeBuffers ?? 0) / 3);
  });

  test('a statement that only ends with the index counts its timeout, and keeps it', async () => {
    const slow = statement(
      'slow',
      'SELECT count(*) FROM order_line AS l WHERE l.line = 1 AND EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = l.order_id + 1000000 OFFSET 0)',
    );
    const found = await measureIndexSet(
      options({ specs: [HELPS], workload: workloadOf(slow), statementTimeoutMs: 1000 }),
    );
    expect(found.kept).toMatchObject([{ assumed: 1 }]);
    expect(found.perStatement[0]).toMatchObject({ cutOff: 'before', beforeMs: 1000, beforeBuffers: null });
  });

  test('what an earlier set was seen to do is not run again, and what is new is', async () => {
    const earlier = new EarlierRuns();
    const reads = statement('readings', 'SELECT count(value) FROM reading WHERE sensor = 17');
    const orders = statement('orders', 'SELECT * FROM orders WHERE customer_id = 5');
    const workload = workloadOf(orders, reads);
    const first = await measureIndexSet(options({ specs: [HELPS], workload, earlier }));
    expect(first.unaffected).toEqual(['readings']);
    const same = await measureIndexSet(options({ specs: [HELPS, UPDATED], workload, earlier }));
    expect(same.executions).toBe(0);
    expect([same.kept.length, same.perStatement]).toEqual([1, first.perStatement]);
    const more = await measureIndexSet(options({ specs: [HELPS, LURES], workload, earlier }));
    expect(more.kept.map((one) => one.spec.name)).toEqual(['orders_customer', 'reading_sensor']);
    expect(more.perStatement.find((one) => one.name === 'orders')).toEqual(first.perStatement[0]);
    expect(more.executions).toBeGreaterThan(0);
  });

  test('time that runs out gives what is known, labelled', async () => {
    const found = await measureIndexSet(options({ timeBudgetMs: 1 }));
    expect(found.complete).toBe(false);
    expect(found.kept).toEqual([]);
    expect(found.dropped.every((one) => /time ran out/.test(one.reason))).toBe(true);
  });

  test('the target itself is refused, and nothing is made on it', async () => {
    const target = await withSession(server, 'shop', readInstance);
    await expect(measureIndexSet(options({ target }))).rejects.toMatchObject({ code: 'kernel/forbidden' });
    expect(await databases()).toEqual(['postgres', 'shop']);
  });
});

describe('trouble while a set is measured', () => {
  test('a connection that is killed is opened again', async () => {
    const notes: string[] = [];
    const backends: number[] = [];
    let killed = false;
    const found = await measureIndexSet(
      options({
        specs: [HELPS, LURES],
        note: (text) => notes.push(text),
        progress: (phase) => {
          if (phase === 'build') void backendsOf('shop_indexes').then((found) => backends.push(...found));
          if (phase !== 'measure' || killed || backends.length === 0) return;
          killed = true;
          // By a signal, at once: a statement that ends the session may come when all is done.
          for (const processId of new Set(backends)) process.kill(processId, 'SIGTERM');
        },
      }),
    );
    expect(killed).toBe(true);
    expect(notes.join()).toMatch(/lost: once more/);
    expect(found.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
    expect(await databases()).toEqual(['postgres', 'shop']);
  });

  test('an abort ends it, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const work = measureIndexSet(
      options({ signal: controller.signal, progress: (phase) => phase === 'build' && controller.abort() }),
    );
    await expect(work).rejects.toMatchObject({ code: 'run/interrupted' });
    expect(await databases()).toEqual(['postgres', 'shop']);
  });

  test('an abort while it measures or verifies leaves the choice by what ran until then', async () => {
    const phases = ['measure', 'verify'] as const;
    for (const phase of phases) {
      const controller = new AbortController();
      const isTime = (now: string, done: number, total: number): boolean =>
        now === phase && (now === 'verify' || done * 2 > total);
      const stopped = await measureIndexSet(
        options({
          signal: controller.signal,
          progress: (now, done, total) => isTime(now, done, total) && controller.abort(),
        }),
      );
      expect(stopped).toMatchObject({ complete: false, proved: false });
      expect(stopped.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
      expect(stopped.notes.join()).toContain('chosen by what ran until then');
      const orders = stopped.perStatement.find((one) => one.name === 'orders of a customer');
      expect(orders?.afterBuffers).toBeLessThan((orders?.beforeBuffers ?? 0) / 10);
      expect(await databases()).toEqual(['postgres', 'shop']);
    }
  });

  test('an abort as a statement runs does not make it one that timed out', async () => {
    const controller = new AbortController();
    const long = statement(
      'long',
      'SELECT count(*) FROM orders, generate_series(1, 20000) AS g WHERE customer_id < $1',
      {
        parameterSets: [given('50')],
      },
    );
    const work = measureIndexSet(
      options({
        workload: workloadOf(long),
        specs: [HELPS],
        signal: controller.signal,
        progress: (phase) => phase === 'build' && setTimeout(() => controller.abort(), 1500),
      }),
    );
    await expect(work).rejects.toMatchObject({ code: 'run/interrupted' });
  });

  test('a server that dies is started again', async () => {
    let died = false;
    const found = await measureIndexSet(
      options({
        specs: [HELPS],
        progress: (phase) => {
          if (phase !== 'verify' || died) return;
          died = true;
          server.kill();
        },
      }),
    );
    expect(died).toBe(true);
    expect(found.kept).toHaveLength(1);
    expect(await databases()).toEqual(['postgres', 'shop']);
  });
});

test('finds the small index behind two wide ones that the planner likes better', async () => {
  const wide = anIndexSpec('orders', 'orders_wide', ['"customer_id"', '"id"', '"note"']);
  const wider = anIndexSpec('orders', 'orders_wider', ['"customer_id"', '"note"', '"id"']);
  const other = anIndexSpec('reading', 'reading_wide', ['"value"', '"sensor"', '"id"']);
  const workload = workloadOf(
    statement('orders of a customer', 'SELECT id, note FROM orders WHERE customer_id = 5'),
    statement('readings of a value', "SELECT id, sensor FROM reading WHERE value = 'w'"),
  );
  // Any two of the wide ones do not fit together; the small one fits beside each.
  const found = await measureIndexSet(
    options({ specs: [wide, wider, HELPS, other], workload, budgetBytes: 6_000_000 }),
  );
  expect(found.kept.map((one) => one.spec.name).toSorted()).toEqual(['orders_customer', 'reading_wide']);
  const sizes = [...found.kept, ...found.dropped.flatMap((one) => one.built ?? [])];
  const sizeOf = (name: string): number => sizes.find((one) => one.spec.name === name)?.sizeBytes ?? 0;
  for (const name of ['orders_wide', 'orders_wider']) {
    expect(sizeOf(name)).toBeLessThan(6_000_000);
    expect(sizeOf(name) + sizeOf('reading_wide')).toBeGreaterThan(6_000_000);
  }
});

test('finds the small index behind two wide ones that one plan uses side by side', async () => {
  const wide = anIndexSpec('orders', 'orders_wide', ['"customer_id"', '"id"', '"note"']);
  const narrower = anIndexSpec('orders', 'orders_narrower', ['"customer_id"', '"id"']);
  const few = 'FROM orders WHERE customer_id = 5 AND id < 20000';
  const workload = workloadOf(statement('twice', `SELECT (SELECT count(note) ${few}), (SELECT count(*) ${few})`));
  // Only the small one fits.
  const found = await measureIndexSet(options({ specs: [wide, narrower, HELPS], workload, budgetBytes: 600_000 }));
  expect(found.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
  for (const { built } of found.dropped) expect(built?.sizeBytes).toBeGreaterThan(600_000);
});

test('finds the best of three indexes that one plan uses all of, where only one fits', async () => {
  const specs = [HELPS, UPDATED, anIndexSpec('invoice', 'invoice_buyer', ['"buyer_id"'])];
  const parts = [
    'SELECT count(note) FROM orders WHERE customer_id = 5',
    'SELECT count(owner) FROM account WHERE balance = 17',
    'SELECT count(note) FROM invoice WHERE buyer_id = 7',
  ];
  const workload = workloadOf(statement('three', `SELECT ${parts.map((part) => `(${part})`).join(', ')}`));
  const found = await measureIndexSet(options({ specs, workload, budgetBytes: 400_000 }));
  expect(found.kept.map((one) => one.spec.name)).toEqual(['orders_customer']);
  const sizes = [...found.kept, ...found.dropped.flatMap((one) => one.built ?? [])].map((one) => one.sizeBytes);
  expect(Math.max(...sizes)).toBeLessThan(400_000);
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0) - Math.max(...sizes)).toBeGreaterThan(200_000);
});

function options(extra: Partial<MeasureSetOptions> = {}): MeasureSetOptions {
  return {
    connection: server.connection,
    server,
    template: 'shop',
    target: null,
    specs: SPECS,
    workload: WORKLOAD,
    budgetBytes: 50 * 2 ** 20,
    timeBudgetMs: 60_000,
    objective: 'buffers',
    ...extra,
  };
}

function dropped(found: MeasuredIndexSet, name: string): MeasuredIndexSet['dropped'][number] | undefined {
  return found.dropped.find((one) => one.spec.name === name);
}

async function databases(): Promise<readonly string[]> {
  const rows = await withSession(server, 'postgres', (session) =>
    session.query<{ name: string }>(
      'SELECT datname::text AS name FROM pg_database WHERE NOT datistemplate ORDER BY datname',
    ),
  );
  return rows.map((row) => row.name);
}

async function backendsOf(database: string): Promise<readonly number[]> {
  const rows = await withSession(server, 'postgres', (session) =>
    session.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database]),
  );
  return rows.map(({ pid }) => pid);
}
