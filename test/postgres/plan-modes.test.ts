import { afterAll, beforeAll, expect, test } from 'vitest';
import { preparedQuestions } from '../../src/app/prepared.js';
import { watchPlanModes } from '../../src/lab/plan-modes/follow.js';
import type { PreparedQuestion } from '../../src/lab/plan-modes/measure.js';
import { loadParser } from '../../src/sql/parse.js';
import type { LabServer } from '../../src/lab/server.js';
import type { PlanModes } from '../../src/model/plan-modes.js';
import type { ParameterClass } from '../../src/model/workload.js';
import advisor from '../../src/advisors/query/slow-generic-plan.js';
import { splitStatements } from '../../src/sql/split.js';
import { aSnapshot } from '../support/snapshot.js';
import { runIn, serverWith, statement, withSession, workloadOf } from '../support/trial-lab.js';

const SETS = (
  [
    ['frequent', '0'],
    ['rare', '77'],
    ['absent', '-1'],
  ] as const
).map(([parameterClass, value]) => ({ parameterClass: parameterClass as ParameterClass, value }));

const JOINED = advisor.docs.workload?.[0] ?? '';

const WORKLOAD = workloadOf(
  statement('joined', JOINED),
  statement('by key', 'SELECT balance FROM account WHERE id = $1'),
  statement('locks', 'SELECT id FROM booking WHERE batch = $1 FOR UPDATE'),
  statement('writes', 'DELETE FROM booking WHERE batch = $1'),
  statement('without', 'SELECT count(*) FROM account'),
  statement('untyped', "SELECT date '2026-01-01' + interval $1"),
);

let server: LabServer;

beforeAll(async () => {
  await loadParser();
  questions = preparedQuestions(WORKLOAD, planned, () => undefined).map((one) => ({
    ...one,
    timeoutMs: 30_000,
    // All rounds, however busy the machine: of nine pairs a few that were disturbed do not hide a plan four times slower.
    budgetMs: 60_000,
  }));
  server = await serverWith('modes', 'SELECT 1;');
  await withSession(server, 'modes', async (session) => {
    for (const { sql } of splitStatements(advisor.docs.bad)) await session.run(sql);
  });
});

afterAll(async () => {
  await server.stop();
});

const planned = WORKLOAD.statements.flatMap(({ fingerprint, sql }) =>
  SETS.map(({ parameterClass, value }) => ({
    fingerprint,
    parameterClass,
    values: [fingerprint === 'untyped' ? `'${value} days'` : value],
    sql,
    shape: '',
    ms: 0,
    buffers: 0,
    timedOutMs: null,
    relations: new Set<string>(),
  })),
);

let questions: readonly PreparedQuestion[];

test('only reads with parameters are asked about', () => {
  expect(questions.map(({ name }) => name)).toEqual(['joined', 'by key', 'untyped']);
});

test('the server goes over to a generic plan that is measured slower for the frequent value, and the advisor says so', async () => {
  const watch = watchPlanModes();
  await withSession(server, 'modes', async (session) => {
    const found = await watch.look(session, questions);
    expect(found).toEqual([
      {
        fingerprint: 'joined',
        chosen: 'generic',
        sets: [expect.objectContaining({ parameterClass: 'frequent', genericTimedOutMs: null })],
      },
    ]);
    const [set] = found[0]?.sets ?? [];
    expect(set?.genericShape).toContain('Nested Loop');
    expect(set?.customShape).toContain('Hash Join');
    expect(set?.genericBuffers).toBeGreaterThan((set?.customBuffers ?? 0) * 10);
    expect(set?.rounds).toBe(9);
    expect(watch.skipped).toEqual([
      { what: 'generic against custom plan of untyped', reason: expect.stringMatching(/syntax/), remedy: null },
    ]);
    expect(await session.query('SELECT name FROM pg_prepared_statements')).toEqual([]);
    const again = await watch.look(session, questions);
    expect(again[0]).toBe(found[0]);
    const [finding] = await advisor.examine(aSnapshot({ statements: WORKLOAD.statements, planModes: found }), null);
    expect(finding?.title).toMatch(/^Prepared, joined goes over to a generic plan, which is [\d.]+ times slower/);
  });
});

test('a generic plan that is cut off gives a lower bound', async () => {
  // A check constraint keeps the child out where the value is known to the planner, and only there: each of its rows costs 20 ms.
  const sets = [{ parameterClass: 'given' as const, values: ['1'] }];
  const sql = 'SELECT count(*) FROM kept WHERE slow(id) AND k = $1';
  const question = { fingerprint: 'kept', name: 'kept', sql, sets, budgetMs: 0, check: () => undefined };
  await withSession(server, 'modes', async (session) => {
    await session.run(`CREATE FUNCTION slow(int) RETURNS boolean LANGUAGE plpgsql COST 0.0001
      AS 'BEGIN PERFORM pg_sleep(0.02); RETURN true; END'`);
    await session.run('CREATE TABLE kept AS SELECT 1 AS id, 1 AS k');
    await session.run('CREATE TABLE kept_old (CHECK (k = 2)) INHERITS (kept)');
    await session.run('INSERT INTO kept_old SELECT n, 2 FROM generate_series(1, 1000) AS n');
    const watch = watchPlanModes();
    const found = await watch.look(session, [{ ...question, timeoutMs: 1500 }]);
    expect(found[0]).toMatchObject({
      chosen: 'custom',
      sets: [{ parameterClass: 'given', genericMs: 1500, genericTimedOutMs: 1500, genericBuffers: null, rounds: 5 }],
    });
    expect(found[0]?.sets[0]?.ciLow).toBeGreaterThan(1.15);
    const both = await watchPlanModes().look(session, [{ ...question, timeoutMs: 5 }]);
    expect(both).toEqual([]);
  });
});

test('where the role keeps to custom plans, none is chosen and nothing is found', async () => {
  await runIn(server, 'modes', 'ALTER DATABASE modes SET plan_cache_mode = force_custom_plan');
  const found = await withSession<readonly PlanModes[]>(server, 'modes', (session) =>
    watchPlanModes().look(session, questions),
  );
  expect(found.map(({ chosen }) => chosen)).toEqual(['custom']);
  expect(await advisor.examine(aSnapshot({ statements: WORKLOAD.statements, planModes: found }), null)).toEqual([]);
});
