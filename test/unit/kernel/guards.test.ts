/** SPEC L7: each test tries to get round one of the kernel's prohibitions. */
import { beforeAll, expect, test } from 'vitest';
import { assertMeasured, assertSingleChange, assertValidated } from '../../../src/kernel/guards.js';
import { runLoop } from '../../../src/kernel/loop.js';
import { escalationFor, DEFAULT_ESCALATION_LIMITS } from '../../../src/kernel/escalate.js';
import type { Hypothesis } from '../../../src/model/hypothesis.js';
import { loadParser } from '../../../src/sql/parse.js';
import { anIndexSpec } from '../../support/snapshot.js';
import { createIndex, finding, makeWorld, measurement, TIMES, workload } from './fakes.js';

beforeAll(() => loadParser());

const hinted = {
  fingerprint: 'a',
  rule: 'hint',
  from: 'SELECT 1',
  to: 'SELECT 1',
  proof: [],
  hint: { settings: { enable_nestloop: 'off' }, form: 'set-local', until: '2026-06-01' },
} as const;

const onExpression = anIndexSpec('t', 'i', ['(lower(a))']);

test('an index on an expression may have its table analysed', () => {
  const up = ['CREATE INDEX i ON t ((lower(a)))', 'ANALYZE t'];
  expect(() => assertSingleChange(createIndex('ia', { up, index: onExpression }))).not.toThrow();
});

test('a lab that is not a lab is refused before anything runs', async () => {
  const world = makeWorld([finding(['a'], createIndex('ia'))], {});
  world.role = 'production';
  await expect(runLoop(world.ports, workload, world.options)).rejects.toMatchObject({ code: 'kernel/forbidden' });
  expect(world.tried).toEqual([]);
});

test('a lab that turns into production half-way is refused at the next trial', async () => {
  const world = makeWorld([finding(['a'], createIndex('ia')), finding(['b'], createIndex('ib'))], {
    'Create index ia': { a: 0.1 },
  });
  world.trial = (_action, measured) => {
    world.role = 'production';
    return measured;
  };
  await expect(runLoop(world.ports, workload, world.options)).rejects.toMatchObject({ code: 'kernel/forbidden' });
  expect(world.tried).toHaveLength(1);
});

test.each([
  ['two statements in two entries', createIndex('ia', { up: ['CREATE INDEX i ON t (a)', 'CREATE INDEX j ON t (b)'] })],
  ['two statements in one entry', createIndex('ia', { up: ['CREATE INDEX i ON t (a); CREATE INDEX j ON t (b)'] })],
  [
    'the ANALYZE of a whole database after an index on an expression',
    createIndex('ia', { up: ['CREATE INDEX i ON t ((lower(a)))', 'ANALYZE'], index: onExpression }),
  ],
  [
    'the ANALYZE of another table after one',
    createIndex('ia', { up: ['CREATE INDEX i ON t ((lower(a)))', 'ANALYZE other'], index: onExpression }),
  ],
  [
    'two tables analysed after one',
    createIndex('ia', { up: ['CREATE INDEX i ON t ((lower(a)))', 'ANALYZE t, other'], index: onExpression }),
  ],
  [
    'an ANALYZE after an index that does not need it',
    createIndex('ia', { up: ['CREATE INDEX i ON t (a)', 'ANALYZE t'] }),
  ],
  ['an ANALYZE before its index', createIndex('ia', { up: ['ANALYZE t', 'CREATE INDEX i ON t (a)'] })],
  ['an ANALYZE that claims to be an index', createIndex('ia', { up: ['ANALYZE t'] })],
  ['another kind behind a comment', createIndex('ia', { up: ['/* CREATE INDEX */ DROP TABLE t'] })],
  ['no statement at all', createIndex('ia', { up: [] })],
  [
    'a rewrite that also changes the schema',
    createIndex('ia', {
      kind: 'rewrite',
      rewrite: { fingerprint: 'a', rule: 'r', from: 'SELECT 1', to: 'SELECT 2', proof: [] },
    }),
  ],
  [
    'an index that also rewrites',
    createIndex('ia', { rewrite: { fingerprint: 'a', rule: 'r', from: 'SELECT 1', to: 'SELECT 2', proof: [] } }),
  ],
  [
    'a hint that is also another text',
    createIndex('ia', {
      kind: 'hint',
      up: [],
      down: [],
      index: null,
      rewrite: { ...hinted, to: 'SELECT 2' },
    }),
  ],
  [
    'a rewrite to another text, with a hint',
    createIndex('ia', { kind: 'rewrite', up: [], down: [], index: null, rewrite: { ...hinted, to: 'SELECT 2' } }),
  ],
  ['a rewrite with a hint', createIndex('ia', { kind: 'rewrite', up: [], down: [], index: null, rewrite: hinted })],
  [
    'a statistics target beside another change of the column',
    createIndex('ia', {
      kind: 'column-statistics',
      up: ['ALTER TABLE t ALTER a SET STATISTICS 100', 'ALTER TABLE t ALTER a SET NOT NULL'],
    }),
  ],
  [
    'two statistics targets',
    createIndex('ia', {
      kind: 'column-statistics',
      up: ['ALTER TABLE t ALTER a SET STATISTICS 100, ALTER b SET STATISTICS 100', 'ANALYZE t'],
    }),
  ],
  ['a drop of two indexes', createIndex('ia', { kind: 'drop-index', up: ['DROP INDEX a, b'] })],
  ['a drop of a table as an index', createIndex('ia', { kind: 'drop-index', up: ['DROP TABLE t'] })],
  ['a cascade', createIndex('ia', { kind: 'drop-index', up: ['DROP INDEX a CASCADE'] })],
  [
    'two alterations in one statement',
    createIndex('ia', { kind: 'constraint', up: ['ALTER TABLE t VALIDATE CONSTRAINT c, DROP COLUMN d'] }),
  ],
  [
    'a setting that hides DDL in a DO block',
    createIndex('ia', { kind: 'setting', up: ['DO $$ BEGIN DROP TABLE t; END $$'] }),
  ],
  [
    'a setting block with a second statement inside',
    createIndex('ia', {
      kind: 'setting',
      up: [
        "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '64MB'); DROP TABLE t; END $wizard$",
      ],
    }),
  ],
  ['a rebuild of all indexes of a table', createIndex('ia', { kind: 'reindex', up: ['REINDEX TABLE CONCURRENTLY t'] })],
  ['a rebuild of a database', createIndex('ia', { kind: 'reindex', up: ['REINDEX DATABASE d'] })],
  ['an ANALYZE as statistics', createIndex('ia', { kind: 'create-statistics', up: ['ANALYZE t'] })],
  [
    'two objects of statistics',
    createIndex('ia', {
      kind: 'create-statistics',
      up: ['CREATE STATISTICS s ON a, b FROM t', 'CREATE STATISTICS r ON a, c FROM t'],
    }),
  ],
  ['VACUUM FULL as an analyze', createIndex('ia', { kind: 'analyze', up: ['VACUUM FULL t'] })],
])('many or foreign changes in one iteration: %s', async (_name, action) => {
  expect(() => assertSingleChange(action)).toThrow(expect.objectContaining({ code: 'kernel/forbidden' }));
  const world = makeWorld([finding(['a'], action)], {});
  await expect(runLoop(world.ports, workload, world.options)).rejects.toMatchObject({ code: 'kernel/forbidden' });
  expect(world.tried).toEqual([]);
});

test('an index without workload evidence is never tried', async () => {
  const world = makeWorld([finding([], createIndex('ia'))], { 'Create index ia': { a: 0.1 } });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(world.tried).toEqual([]);
  expect(outcome.untried[0]?.reason).toContain('workload evidence');
});

test('an index whose evidence names a statement which the workload does not hold is refused', async () => {
  const world = makeWorld([finding(['not-in-the-workload'], createIndex('ia'))], { 'Create index ia': { a: 0.1 } });
  await expect(runLoop(world.ports, workload, world.options)).rejects.toMatchObject({ code: 'kernel/forbidden' });
});

test('a verdict without measurement is refused', () => {
  const verdict = {
    kind: 'improved',
    effect: null,
    effects: [],
    gain: 1,
    resultsEqual: true,
    revertVerified: true,
    reason: '',
  } as const;
  expect(() => assertMeasured(verdict, null)).toThrow(/no measurement/);
  const effect = { metric: 'executionMs', before: 1, after: 0.1, ratio: 0.1, ciLow: 0.1, ciHigh: 0.1 } as const;
  expect(() => assertMeasured({ ...verdict, effect }, null)).toThrow(/no measurement/);
  expect(() => assertMeasured({ ...verdict, effect }, measurement(TIMES, {}))).toThrow(/no execution/);
  expect(() => assertMeasured({ ...verdict, effect }, measurement(TIMES, { a: 0.1 }))).not.toThrow();
});

test.each([
  ['revert', { revertVerified: false }],
  ['constraints', { constraintsIntact: false }],
  ['results', { resultsEqual: false }],
])('an acceptance without validated %s is refused', (_name, over) => {
  const effect = { metric: 'executionMs', before: 1, after: 0.1, ratio: 0.1, ciLow: 0.1, ciHigh: 0.1 } as const;
  const verdict = {
    kind: 'improved',
    effect,
    effects: [effect],
    gain: 0.5,
    resultsEqual: true,
    revertVerified: true,
    reason: '',
  } as const;
  const accept = { kind: 'accept', reason: '', escalation: null } as const;
  expect(() => assertValidated(accept, verdict, { ...measurement(TIMES, { a: 0.1 }), ...over })).toThrow(
    /about to be accepted/,
  );
  expect(() => assertValidated(accept, verdict, null)).toThrow(/not tried/);
  expect(() => assertValidated(accept, { ...verdict, kind: 'neutral' }, measurement(TIMES, { a: 0.1 }))).toThrow(
    /verdict/,
  );
});

test.each([
  ['more than eight weeks', { effortWeeks: 9 }, 'architecture'],
  ['downtime over four hours', { downtimeMs: 4 * 3_600_000 + 1 }, 'change management'],
  ['unknown downtime', { downtimeMs: null }, 'change management'],
  ['data at risk', { level: 'high' as const }, 'DBA and data governance'],
])('escalates: %s', (_name, over, decidedBy) => {
  const action = createIndex('ia');
  const hypothesis: Hypothesis = {
    id: 'h',
    advisor: 'x/y',
    title: action.title,
    finding: finding(['a'], action),
    action,
    prediction: {
      workloadRatio: null,
      statementRatio: null,
      throughputRatio: null,
      storageBytes: null,
      basis: '',
      provenance: 'unknown',
    },
    risk: { level: 'low', behaviour: '', data: '', downtimeMs: 0, effortWeeks: 0, ...over },
  };
  expect(escalationFor(hypothesis, DEFAULT_ESCALATION_LIMITS)?.decidedBy).toBe(decidedBy);
  expect(
    escalationFor(
      { ...hypothesis, risk: { ...hypothesis.risk, level: 'low', downtimeMs: 0, effortWeeks: 0 } },
      DEFAULT_ESCALATION_LIMITS,
    ),
  ).toBeNull();
});
