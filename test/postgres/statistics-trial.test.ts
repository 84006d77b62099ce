import { afterAll, beforeAll, expect, it } from 'vitest';
import misplanned from '../../src/advisors/query/misplanned-statement.js';
import advisor from '../../src/advisors/statistics/correlated-columns.js';
import { assertSingleChange } from '../../src/kernel/guards.js';
import { evaluate } from '../../src/kernel/evaluate.js';
import { hypothesise } from '../../src/kernel/hypothesise.js';
import { DEFAULT_THRESHOLDS } from '../../src/kernel/thresholds.js';
import type { OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { NO_REPLICATION } from '../../src/model/replication.js';
import { planNodes } from '../../src/model/plan.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import type { Workload } from '../../src/model/workload.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readSettings } from '../../src/postgres/read/settings.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import { readTarget } from '../../src/postgres/read/target.js';
import { loadParser } from '../../src/sql/parse.js';
import { testMajors } from '../support/majors.js';
import { labOn, statement, workloadOf } from '../support/trial-lab.js';

/** Five columns that say the same, an expression, groups that go together, and a table whose wrong estimate changes no plan. */
const SETUP = `
  CREATE TABLE "Car" (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, c int NOT NULL, d int NOT NULL, "E e" int NOT NULL);
  INSERT INTO "Car" SELECT g, g % 10, g % 10, g % 10, g % 10, g % 10 FROM generate_series(1, 40000) AS g;
  CREATE TABLE maker (id int NOT NULL, name text NOT NULL);
  INSERT INTO maker SELECT g, 'maker ' || g FROM generate_series(1, 1000) AS g;
  CREATE TABLE other (a int NOT NULL, b int NOT NULL);
  INSERT INTO other SELECT g % 20, g % 20 FROM generate_series(1, 40000) AS g;
  CREATE TABLE word (text text NOT NULL);
  INSERT INTO word SELECT CASE WHEN g % 2 = 0 THEN 'Same' ELSE 'w' || g END FROM generate_series(1, 40000) AS g;
  CREATE TABLE pair (x int NOT NULL, y int NOT NULL);
  INSERT INTO pair SELECT g % 300, g % 300 FROM generate_series(1, 40000) AS g;
  VACUUM ANALYZE;`;

const WORKLOAD = [
  statement(
    'joined',
    `SELECT count(m.name) FROM "Car" AS v JOIN maker AS m ON m.id = v.a WHERE v.a = 7 AND b = 7 AND c = 7 AND d = 7 AND "E e" = 7`,
  ),
  statement('alone', 'SELECT count(*) FROM other WHERE a = 7 AND b = 7'),
  statement('expression', `SELECT count(*) FROM word WHERE lower(text) = 'same'`),
  statement('grouped', 'SELECT x, y, count(*) FROM pair GROUP BY x, y'),
  statement('right', 'SELECT count(*) FROM other WHERE a = 7'),
];

let server: LabServer;
let lab: OpenLab;

beforeAll(async () => {
  await loadParser();
  server = await startLabServer({ major: testMajors()[0] ?? 'newest' });
  lab = await labOn(server, 'cars', SETUP);
});

afterAll(async () => {
  await lab?.close();
  await server?.stop();
});

function snapshotOf(of: OpenLab, workload: Workload): Promise<Snapshot> {
  return of.withAccepted(async (session) => ({
    target: await readTarget(session, 'lab'),
    catalog: (await readCatalog(session)).catalog,
    workload,
    settings: await readSettings(session),
    statistics: (await readStatistics(session)).statistics,
    plans: of.plans(),
    replication: NO_REPLICATION,
    rebuilds: [],
    planModes: [],
    coverage: { examined: [], skipped: [] },
  }));
}

it('statistics on several columns are kept where a plan and the time improve by more than they take to collect', async () => {
  const workload = workloadOf(...WORKLOAD);
  const { summary } = await lab.baseline(workload);
  const snapshot = await snapshotOf(lab, workload);
  const findings = await advisor.examine(snapshot, null);
  expect(Object.fromEntries(findings.map(({ statements, actions }) => [statements.join(), actions[0]?.title]))).toEqual(
    {
      joined: 'Create statistics (dependencies, mcv) on a, b, c, d, "E e" from public.Car, and analyse it',
      alone: 'Create statistics (dependencies, mcv) on a, b from public.other, and analyse it',
      expression: 'Create statistics on (lower(text)) from public.word, and analyse it',
      grouped: 'Create statistics (ndistinct) on x, y from public.pair, and analyse it',
    },
  );
  const hypotheses = await hypothesise({ snapshot, measured: summary, whatIf: null }, findings);
  const verdictOn = async (name: string) => {
    const hypothesis = hypotheses.find(({ finding }) => finding.statements.includes(name));
    if (!hypothesis) throw new Error(`no hypothesis for ${name}`);
    assertSingleChange(hypothesis.action);
    const measured = await lab.trial(hypothesis.action);
    if ('failure' in measured) throw new Error(measured.failure);
    expect(measured.revertVerified, measured.revertNote ?? '').toBe(true);
    return evaluate(hypothesis, measured, summary, DEFAULT_THRESHOLDS);
  };
  expect(await verdictOn('joined')).toMatchObject({
    kind: 'improved',
    reason: expect.stringContaining('collecting them took'),
  });
  expect((await verdictOn('alone')).kind).not.toBe('improved');
  expect((await verdictOn('expression')).kind).not.toBe('improved');
});

/** The few customers of one kind have most orders: there are no statistics over two tables. */
const SKEWED = `
  CREATE TABLE customer (id int PRIMARY KEY, "Kind" text NOT NULL);
  INSERT INTO customer SELECT g, CASE WHEN g <= 3 THEN 'vip' ELSE 'plain' || g % 200 END FROM generate_series(1, 5000) AS g;
  CREATE INDEX ON customer ("Kind");
  CREATE TABLE "order" (id int PRIMARY KEY, customer_id int NOT NULL);
  INSERT INTO "order" SELECT g, CASE WHEN g % 2 = 0 THEN 1 + g % 3 ELSE 1 + g % 5000 END FROM generate_series(1, 60000) AS g;
  CREATE INDEX ON "order" (customer_id);
  CREATE TABLE delivery (id int PRIMARY KEY, weight int NOT NULL, pad text NOT NULL);
  INSERT INTO delivery SELECT g, g % 100, repeat('x', 60) FROM generate_series(1, 60000) AS g;
  VACUUM ANALYZE;`;

const joinOf = (kind: string): string =>
  `SELECT sum(d.weight) FROM customer AS c JOIN "order" AS o ON o.customer_id = c.id JOIN delivery AS d ON d.id = o.id WHERE c."Kind" = '${kind}'`;

it('a hint bears on its own statement alone, is measured, accepted, confirmed and withdrawn', async () => {
  const skewed = await labOn(server, 'skewed', SKEWED);
  try {
    const workload = workloadOf(statement('vip', joinOf('vip')), statement('plain', joinOf('plain7')));
    const joins = (name: string): readonly string[] =>
      [...planNodes(skewed.plans().get(name)?.root ?? { 'Node Type': '', 'Total Cost': 0, 'Plan Rows': 0 })]
        .map((node) => node['Node Type'])
        .filter((type) => /Join|Loop/.test(type));
    const { summary } = await skewed.baseline(workload);
    expect([joins('vip')[0], joins('plain')[0]]).toEqual(['Nested Loop', 'Nested Loop']);
    const findings = await misplanned.examine(await snapshotOf(skewed, workload), null, { minMs: 0 });
    expect(findings.map(({ statements }) => statements)).toEqual([['vip']]);
    const [hypothesis] = await hypothesise(
      { snapshot: await snapshotOf(skewed, workload), measured: summary, whatIf: null },
      findings,
    );
    if (!hypothesis) throw new Error('a finding with a hint is a hypothesis');
    const { action } = hypothesis;
    assertSingleChange(action);
    const state = await skewed.stateHash();
    const measured = await skewed.trial(action);
    if ('failure' in measured) throw new Error(measured.failure);
    expect(measured.statements.map(({ fingerprint }) => fingerprint)).toEqual(['vip']);
    expect(measured).toMatchObject({ resultsEqual: true, revertVerified: true });
    expect(measured.statements[0]?.afterBuffers).toBeLessThan((measured.statements[0]?.beforeBuffers ?? 0) / 10);
    await skewed.accept(action, measured);
    expect(await skewed.stateHash()).not.toBe(state);
    const confirmed = await skewed.confirm();
    expect(confirmed).toMatchObject({ resultsEqual: true, statements: [{ fingerprint: 'vip' }] });
    expect(await skewed.load(1)).toMatchObject({ levels: expect.any(Array) as unknown });
    await skewed.baseline(workload);
    expect([joins('vip')[0], joins('plain')[0]]).toEqual(['Hash Join', 'Nested Loop']);
    expect(await skewed.withdraw(action)).toBeNull();
    expect(await skewed.stateHash()).toBe(state);
  } finally {
    await skewed.close();
  }
});
