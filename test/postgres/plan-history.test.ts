import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examineTarget } from '../../src/app/examination.js';
import { followPlans } from '../../src/app/plan-history.js';
import type { PlanHistory } from '../../src/app/plan-history.js';
import type { LedgerEntry } from '../../src/kernel/ports.js';
import { openLab } from '../../src/lab/lab.js';
import type { LabServer } from '../../src/lab/server.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { given, runIn, serverWith, statement, withSession, workloadOf } from '../support/trial-lab.js';

/** 40,000 rows in two columns of the same values, one of them with an index of an odd name. */
const SCHEMA = `
  CREATE SCHEMA "Größe";
  CREATE TABLE "Größe"."order" (id int PRIMARY KEY, "a ""b" int, c int, pad text);
  INSERT INTO "Größe"."order" SELECT g, g % 4000, g % 4000, repeat('x', 100) FROM generate_series(1, 40000) AS g;
  CREATE INDEX "an ""odd"" index" ON "Größe"."order" ("a ""b");
  VACUUM ANALYZE;`;

const WORKLOAD = workloadOf(
  statement('by index', 'SELECT pad FROM "Größe"."order" WHERE "a ""b" = $1', { parameterSets: [given('5')] }),
  statement('by nothing', 'SELECT pad FROM "Größe"."order" WHERE c = $1', { parameterSets: [given('5')] }),
  statement('joined', 'SELECT count(*) FROM "Größe"."order" AS o JOIN "Größe"."order" AS p ON p.id = o.c'),
  statement('by key', 'UPDATE "Größe"."order" SET c = 1 WHERE id = $1', { parameterSets: [given('7')] }),
);

let server: LabServer;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  server = await serverWith('odd', SCHEMA);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One run on the database as it is now, with what the ledger holds of those before. */
async function run(target = 'here'): Promise<PlanHistory> {
  const ledger = openLedger<LedgerEntry>(join(folder, 'ledger'));
  const lab = await openLab({
    connection: server.connection,
    server,
    database: 'odd',
    target: null,
    baselineBudgetMs: 200,
  });
  const beyond = { replicas: [], exactBloat: false, signal: new AbortController().signal };
  const examine = () =>
    withSession(server, 'odd', async (session) => {
      const { snapshot } = await examineTarget(session, { workload: WORKLOAD, skipped: [] }, beyond);
      return snapshot;
    });
  try {
    return await followPlans({ lab, ledger, run: 'one', target, examine }, await lab.baseline(WORKLOAD));
  } finally {
    await lab.close();
    ledger.close();
  }
}

const change = (sql: string): Promise<void> => runIn(server, 'odd', sql);

const causes = ({ changes }: PlanHistory) =>
  Object.fromEntries((changes?.changes ?? []).map(({ name, cause }) => [name, cause]));

test('the first run has nothing to compare with, nor has one on another target', async () => {
  expect(await run()).toEqual({ changes: null, skipped: [] });
  expect(await run('elsewhere')).toEqual({ changes: null, skipped: [] });
});

test('where nothing changed, no plan is said to have changed', async () => {
  expect(await run()).toEqual({ changes: { since: expect.any(String), compared: 4, changes: [] }, skipped: [] });
});

test('an index that went is the cause for the plan that used it, and for no other', async () => {
  await change(String.raw`DROP INDEX "Größe"."an ""odd"" index"`);
  const history = await run();
  expect(history.changes?.changes).toEqual([
    expect.objectContaining({
      name: 'by index',
      parameterClass: 'given',
      planBefore: expect.stringContaining('an "odd" index'),
      planNow: expect.stringContaining('Seq Scan'),
      cause: { certainty: 'shown', says: 'index an "odd" index on Größe.order is gone' },
    }),
  ]);
  const [only] = history.changes?.changes ?? [];
  expect(only?.nowBuffers).toBeGreaterThan((only?.beforeBuffers ?? 0) * 10);
});

test('of two settings that differ the one is named which brings the old plan back, and the database is left as it was', async () => {
  await change('ALTER DATABASE odd SET enable_hashjoin = off');
  await change("ALTER DATABASE odd SET work_mem = '5MB'");
  const history = await run();
  expect(causes(history)).toEqual({
    joined: {
      certainty: 'shown',
      says: 'enable_hashjoin was on and is off; set back, the old plan returns in the lab',
    },
  });
  await withSession(server, 'odd', async (session) => {
    expect(await session.query('SHOW enable_hashjoin')).toEqual([{ enable_hashjoin: 'off' }]);
  });
});

test('an index that came, and growth with new statistics, of which neither is called the cause', async () => {
  await change('CREATE INDEX by_c ON "Größe"."order" (c)');
  expect(causes(await run())['by nothing']).toEqual({
    certainty: 'shown',
    says: 'index by_c on Größe.order is new',
  });
  await change(`INSERT INTO "Größe"."order" SELECT g, 5, 5, 'y' FROM generate_series(40001, 90000) AS g`);
  await change('ANALYZE');
  const cause = causes(await run())['by nothing'];
  expect(cause?.certainty).toBe('open');
  expect(cause?.says).toMatch(
    /^one or more of: the column statistics of Größe.order changed.*; Größe.order: 40,000 rows before, 90,000 now/,
  );
});
