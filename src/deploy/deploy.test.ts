import { beforeAll, describe, expect, test } from 'vitest';
import type { TargetPressure } from '../postgres/read/obstacles.js';
import { loadParser } from '../sql/parse.js';
import { estimateStep } from './estimate.js';
import { planHash } from './hash.js';
import { lastBegun, replay } from './journal.js';
import type { JournalEntry, JournalEvent } from './journal.js';
import { statementLimits } from './limits.js';
import { obstaclesIn } from './obstacles.js';
import { toSteps } from './plan.js';
import type { PlannedChange } from './plan.js';

const evidence = { applyMs: 100, sizeBytes: 1000, walBytes: null, revertVerified: true, effect: 'faster' };
const create: PlannedChange = {
  title: 'Create',
  up: ['CREATE INDEX CONCURRENTLY x ON public.t (a)'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS public.x'],
  evidence,
};

beforeAll(() => loadParser());

describe('what is in the way', () => {
  const calm: TargetPressure = {
    inRecovery: false,
    transactions: [],
    prepared: [],
    baseBackups: 0,
    standbys: [{ name: 'near', lagMs: 9000, lagBytes: 1 }],
    notOwned: [],
    dataDirectory: null,
    serverStartedAtSeconds: 0,
    port: 5432,
    defaultTablespace: true,
    notLooked: [],
  };
  const limits = { patienceMs: 1000, longTransactionMs: 30_000, lagMs: 10_000 };
  const disk = { neededBytes: 1000, freeBytes: 1000 };

  test('nothing, or what is not known', () => {
    expect(obstaclesIn(calm, disk, limits)).toEqual([]);
    expect(obstaclesIn(calm, { neededBytes: null, freeBytes: 5 }, limits)).toEqual([]);
    expect(obstaclesIn({ ...calm, standbys: [{ name: 'x', lagMs: null, lagBytes: null }] }, disk, limits)).toEqual([]);
  });

  test.each([
    ['a standby', { inRecovery: true }, disk, 'the server is a standby', false],
    ['a base backup', { baseBackups: 1 }, disk, 'a base backup is being taken', true],
    [
      'lag',
      { standbys: [{ name: 'far', lagMs: 12_000, lagBytes: 1 }] },
      disk,
      'the standby far is 12.0 s behind',
      true,
    ],
    [
      'disk',
      {},
      { neededBytes: 2048, freeBytes: 1024 },
      '2.00 kB of disk are needed (estimated), and 1.00 kB are free',
      false,
    ],
  ])('%s', (_what, change, space, words, passes) => {
    expect(obstaclesIn({ ...calm, ...change }, space, limits)).toEqual([
      { what: expect.stringContaining(words), passes },
    ]);
  });
});

describe('what a step is expected to take', () => {
  test('scales with the table', () => {
    const [step] = toSteps([create]);
    expect(estimateStep({ up: step?.up ?? [], evidence, migration: null }, { lab: 100, target: 300 })).toMatchObject({
      durationMs: 300,
      diskBytes: 6000,
      walBytes: 3000,
    });
  });

  test('is unknown where the lab or the table is not known', () => {
    const [step] = toSteps([create]);
    const unknown = { durationMs: null, diskBytes: null, walBytes: null };
    expect(estimateStep({ up: step?.up ?? [], evidence, migration: null }, { lab: null, target: 300 })).toMatchObject(
      unknown,
    );
    expect(estimateStep({ up: step?.up ?? [], evidence, migration: null }, { lab: 0, target: 300 })).toMatchObject(
      unknown,
    );
  });
});

test('a statement that blocks clients waits for a moment only, and may not run for long', () => {
  const limits = { patienceMs: 120_000, longTransactionMs: 0, lagMs: 0 };
  const blocking = statementLimits({ blocksClients: true, form: 'alter-type' }, 100, limits);
  const concurrent = statementLimits({ blocksClients: false, form: 'create-index' }, 100, limits);
  expect(blocking.lockTimeoutMs).toBeLessThanOrEqual(250);
  expect(blocking.statementTimeoutMs).toBeLessThan(concurrent.statementTimeoutMs);
  expect(concurrent.lockTimeoutMs).toBeGreaterThan(1000);
});

test('the hash is bound to the target, every statement, the evidence and the state', () => {
  const base = { target: 't/db', steps: toSteps([create]), structure: { a: '1', b: '2' }, withdrawals: 0 };
  const others = [
    { ...base, target: 't/other' },
    { ...base, steps: toSteps([{ ...create, up: ['CREATE INDEX CONCURRENTLY x ON public.t (b)'] }]) },
    { ...base, steps: toSteps([{ ...create, down: [] }]) },
    { ...base, steps: toSteps([{ ...create, evidence: { ...evidence, sizeBytes: 1001 } }]) },
    { ...base, structure: { a: '1', b: '3' } },
    { ...base, withdrawals: 1 },
    {
      ...base,
      steps: toSteps([
        { ...create, evidence: { ...evidence, promised: [{ fingerprint: 'f', name: 'f', ratio: 0.5 }] } },
      ]),
    },
  ].map(planHash);
  expect(new Set([planHash(base), ...others]).size).toBe(8);
  expect(planHash({ ...base, structure: { b: '2', a: '1' } })).toBe(planHash(base));
});

describe('the journal', () => {
  const story = (...events: readonly JournalEvent[]): JournalEntry[] =>
    events.map((event) => ({ ...event, at: '2026-11-25T00:00:00Z', target: 't/db', hash: 'h' }));
  const planned: JournalEvent = { type: 'planned', changes: [create, create], structure: { a: '1' }, tables: [] };
  const begun: JournalEvent = { type: 'begun', direction: 'up', backend: { processId: 7, startedAt: 'then' } };
  const started = (step: number, direction: 'up' | 'down' = 'up'): JournalEvent => ({
    type: 'started',
    step,
    direction,
    attempt: 1,
    before: { structure: { a: '1' }, indexes: [] },
  });
  const settled = (step: number, direction: 'up' | 'down', applied: boolean, a: string): JournalEvent => ({
    type: 'settled',
    step,
    direction,
    applied,
    how: 'ran',
    tookMs: 5,
    note: null,
    after: { a },
  });

  test('tells which step is open, with its transaction', () => {
    const entries = story(planned, begun, started(1), settled(1, 'up', true, '2'), started(2), {
      type: 'committing',
      step: 2,
      direction: 'up',
      xid: '77',
    });
    expect(replay(entries, 't/db', 'h')).toMatchObject({
      status: ['applied', 'pending'],
      open: { step: 2, xid: '77' },
      expected: { a: '2' },
      backend: { processId: 7 },
      effects: [{ before: { a: '1' }, after: { a: '2' } }, null],
    });
  });

  test('a step that was not applied stays to be done; one that was taken back is so', () => {
    const failed = story(planned, begun, started(1), settled(1, 'up', false, '1'));
    expect(replay(failed, 't/db', 'h')).toMatchObject({ status: ['pending', 'pending'], open: null });
    const back = story(
      planned,
      begun,
      started(1),
      settled(1, 'up', true, '2'),
      started(1, 'down'),
      settled(1, 'down', true, '1'),
    );
    expect(replay(back, 't/db', 'h')).toMatchObject({ status: ['reverted', 'pending'], expected: { a: '1' } });
  });

  test('is one for each target and hash', () => {
    const entries = story(planned, begun);
    expect(replay(entries, 't/other', 'h')).toBeNull();
    expect(replay(entries, 't/db', 'other')).toBeNull();
    expect(lastBegun(entries, 't/db')?.hash).toBe('h');
    expect(lastBegun(story(planned), 't/db')).toBeNull();
  });
});
