import { describe, expect, test } from 'vitest';
import type { ObservedPlan, ObservedStatement, ObservedTable, PlanRecord } from '../model/plan-history.js';
import { changedSettings, settle, suspects } from './changed-plans.js';

const TABLE: ObservedTable = {
  name: 'public.t',
  rows: 1000,
  pages: 10,
  lastAnalyze: '2026-01-01T00:00:00Z',
  statistics: 'one',
  indexes: [{ name: 't_a', definition: 'CREATE INDEX t_a ON public.t USING btree (a)' }],
};

function plan(
  parameterClass: ObservedPlan['parameterClass'],
  values: string,
  shape: string,
  over: Partial<ObservedPlan> = {},
): ObservedPlan {
  return { parameterClass, values, shape, ms: 10, buffers: 100, cutOff: false, ...over };
}

function statement(shape: string, over: Partial<ObservedStatement> = {}): ObservedStatement {
  return {
    fingerprint: 'f',
    name: 'one',
    plans: [plan('frequent', 'v', shape)],
    tables: ['public.t'],
    ...over,
  };
}

function record(shape: string, over: Partial<PlanRecord> = {}): PlanRecord {
  return {
    at: '2026-01-02T03:04:05Z',
    serverVersion: '18.1',
    settings: [
      { name: 'work_mem', value: '4096', shown: '4MB' },
      { name: 'random_page_cost', value: '4', shown: '4' },
    ],
    noiseLogRatio: 0.05,
    tables: [TABLE],
    statements: [statement(shape)],
    ...over,
  };
}

const OLD = record('Index Scan:t_a@t');

function suspect(now: PlanRecord, before = OLD) {
  const found = suspects(before, now).suspects[0];
  if (!found) throw new Error('no suspect');
  return found;
}

describe('which plans changed', () => {
  test('none where every shape is as before, however the figures moved', () => {
    const now = record('Index Scan:t_a@t', { tables: [{ ...TABLE, rows: 9999, statistics: 'two' }] });
    expect(suspects(OLD, now)).toEqual({ compared: 1, suspects: [] });
  });

  test('a statement that only one run knows is not compared', () => {
    const now = record('Seq Scan@t', { statements: [statement('Seq Scan@t', { fingerprint: 'g' })] });
    expect(suspects(OLD, now)).toEqual({ compared: 0, suspects: [] });
  });

  test('the same values are compared where both runs used them, whatever their class is called now', () => {
    const before = record('', {
      statements: [
        statement('', {
          plans: [plan('frequent', 'v', 'Seq Scan@t'), plan('rare', 'w', 'Index Scan:t_a@t')],
        }),
      ],
    });
    const now = record('', {
      statements: [
        statement('', {
          plans: [plan('rare', 'v', 'Seq Scan@t'), plan('frequent', 'x', 'Bitmap Heap Scan@t')],
        }),
      ],
    });
    expect(suspects(before, now)).toEqual({ compared: 1, suspects: [] });
  });

  test('else the same class, and that the values are others is told', () => {
    const plans = [plan('frequent', 'x', 'Seq Scan@t')];
    const found = suspect(record('', { statements: [statement('', { plans })] }));
    expect(settle(found, [], null).cause).toEqual({
      certainty: 'likely',
      says: 'it was run with other values; nothing else that was recorded differs',
    });
  });
});

describe('the time', () => {
  test('is that of the set of values which got the slowest', () => {
    const plans = (shape: string, ms: readonly [number, number]) => [
      plan('frequent', 'v', shape, { ms: ms[0] }),
      plan('rare', 'w', shape, { ms: ms[1] }),
    ];
    const before = record('', { statements: [statement('', { plans: plans('Index Scan:t_a@t', [100, 1]) })] });
    const now = record('', { statements: [statement('', { plans: plans('Seq Scan@t', [110, 9]) })] });
    expect(suspect(now, before)).toMatchObject({ parameterClass: 'rare', beforeMs: 1, nowMs: 9, time: 'slower' });
  });

  test.each([
    [30, false, 0.05, 'slower'],
    [3, false, 0.05, 'faster'],
    [11, false, 0.05, 'same'],
    [30, false, 1.1, 'same'],
    [30, true, 0.05, 'unknown'],
  ] as const)('%d ms after 10 ms, cut off %s, noise %d: %s', (ms, cutOff, noiseLogRatio, expected) => {
    const now = record('', {
      noiseLogRatio,
      statements: [statement('', { plans: [plan('frequent', 'v', 'Seq Scan@t', { ms, cutOff })] })],
    });
    expect(suspect(now).time).toBe(expected);
  });
});

describe('the cause', () => {
  test('an index that the old plan used and that is gone', () => {
    const now = record('Seq Scan@t', { tables: [{ ...TABLE, indexes: [], statistics: 'two' }] });
    expect(settle(suspect(now), [], null).cause).toEqual({
      certainty: 'shown',
      says: 'index t_a on public.t is gone',
    });
  });

  test('an index that came and that the new plan uses; one it does not use shows nothing', () => {
    const indexes = [
      ...TABLE.indexes,
      { name: 't_ab', definition: 'CREATE INDEX t_ab ON public.t USING btree (a, b)' },
    ];
    const used = record('Index Scan:t_ab@t', { tables: [{ ...TABLE, indexes }] });
    expect(settle(suspect(used), [], null).cause.certainty).toBe('shown');
    const unused = record('Seq Scan@t', { tables: [{ ...TABLE, indexes }] });
    expect(settle(suspect(unused), [], null).cause.certainty).toBe('likely');
  });

  test('an index of the same name that is another one now', () => {
    const indexes = [{ name: 't_a', definition: 'CREATE INDEX t_a ON public.t USING hash (b)' }];
    expect(settle(suspect(record('Seq Scan@t', { tables: [{ ...TABLE, indexes }] })), [], null).cause).toEqual({
      certainty: 'shown',
      says: 'index t_a on public.t has another definition',
    });
  });

  test('a setting is one only where setting it back brings the old plan back', () => {
    const settings = [
      { name: 'work_mem', value: '64', shown: '64kB' },
      { name: 'random_page_cost', value: '400', shown: '400' },
    ];
    const now = record('Seq Scan@t', { settings });
    expect(changedSettings(OLD, now).map(({ name, value }) => [name, value])).toEqual([
      ['work_mem', '4096'],
      ['random_page_cost', '4'],
    ]);
    const alone = [
      { name: 'work_mem', bringsBack: false },
      { name: 'random_page_cost', bringsBack: true },
    ];
    expect(settle(suspect(now), alone, true).cause).toEqual({
      certainty: 'shown',
      says: 'random_page_cost was 4 and is 400; set back, the old plan returns in the lab',
    });
    const none = alone.map(({ name }) => ({ name, bringsBack: false }));
    expect(settle(suspect(now), none, true).cause.says).toMatch(/^work_mem .*; random_page_cost .*; all set back/);
    expect(settle(suspect(now), none, false).cause).toEqual({
      certainty: 'unknown',
      says: 'nothing that was recorded explains it; settings that differ were set back, and the old plan did not return',
    });
    expect(settle(suspect(now), [], null).cause.certainty).toBe('open');
  });

  test('growth and statistics: both are told, and neither is called the cause', () => {
    const grown = { ...TABLE, rows: 5000, pages: 50, statistics: 'two', lastAnalyze: '2026-02-03T04:05:06Z' };
    expect(settle(suspect(record('Seq Scan@t', { tables: [grown] })), [], null).cause).toEqual({
      certainty: 'open',
      says: 'one or more of: the column statistics of public.t changed (analysed 2026-02-03T04:05); public.t: 1,000 rows before, 5,000 now, 10 pages before, 50 now',
    });
  });

  test('the version of the server', () => {
    expect(settle(suspect(record('Seq Scan@t', { serverVersion: '19.0' })), [], null).cause).toEqual({
      certainty: 'likely',
      says: "the lab's server was 18.1 and is 19.0; nothing else that was recorded differs",
    });
  });

  test('is unknown where nothing differs, and where less than a tenth does', () => {
    const almost = record('Seq Scan@t', { tables: [{ ...TABLE, rows: 1050 }] });
    for (const now of [record('Seq Scan@t'), almost])
      expect(settle(suspect(now), [], null).cause.certainty).toBe('unknown');
  });
});
