import { afterEach, describe, expect, test, vi } from 'vitest';
import type { MarkedSample } from '../../postgres/read/live.js';
import { replay, type JournalEntry, type JournalEvent } from '../journal.js';
import type { StageDecision } from './decide.js';
import { NO_LOOKS, type WindowFigures } from './figures.js';
import { liveLimits } from './limits.js';
import { pastOf } from './stages.js';
import { forDuration, STEADY_CLOCK, type SteadyClock } from './watch.js';

const signal = new AbortController().signal;

describe('how long a step is watched', () => {
  afterEach(() => void vi.useRealTimers());

  test('a clock that only goes forward is asked, once a second and at the end', async () => {
    let now = 5000;
    const clock: SteadyClock = { elapsedMs: () => now, sleep: async (ms) => void (now += ms) };
    const looks: number[] = [];
    await forDuration(2500, { clock, signal }, async (doneMs) => void looks.push(doneMs));
    expect(looks).toEqual([0, 1000, 2000, 2500]);
  });

  test('a machine that slept through the end does not wait again', async () => {
    let now = 0;
    const clock: SteadyClock = { elapsedMs: () => now, sleep: async () => void (now += 90_000) };
    const looks: number[] = [];
    await forDuration(2500, { clock, signal }, async (doneMs) => void looks.push(doneMs));
    expect(looks).toEqual([0, 2500]);
  });

  test.each([
    ['forward', 86_400_000],
    ['back', -86_400_000],
  ])('the system’s clock set %s by a day does not count', async (_where, jumpMs) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const startedMs = performance.now();
    await forDuration(1100, { clock: STEADY_CLOCK, signal }, async () => void vi.setSystemTime(Date.now() + jumpMs));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1100);
  });

  test('an abort ends the waiting with its reason', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const waiting = forDuration(60_000, { clock: STEADY_CLOCK, signal: abort.signal }, async () => undefined);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

const sample: MarkedSample = {
  at: '2026-11-28T10:00:00.000Z',
  entries: [],
  unknown: null,
  hidden: 0,
  evicted: 0,
  transactions: { commits: 0, rollbacks: 0, deadlocks: 0, resetAt: null },
};

function window(to: string): WindowFigures {
  return {
    from: '',
    to,
    statements: [],
    unknown: null,
    incomplete: 0,
    hidden: 0,
    transactions: null,
    looks: NO_LOOKS,
    parts: [],
  };
}

const change = {
  title: 'Create',
  up: ['CREATE INDEX CONCURRENTLY x ON public.t (a)'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS public.x'],
  evidence: { applyMs: 1, sizeBytes: 1, walBytes: null, revertVerified: true, effect: '' },
};
const planned: JournalEvent = { type: 'planned', changes: [change, change], structure: {}, tables: [] };
const begun = (soakMs: number): JournalEvent => ({
  type: 'begun',
  direction: 'up',
  backend: { processId: 7, startedAt: 'then' },
  soakMs,
});
const settled = (step: number, direction: 'up' | 'down'): JournalEvent => ({
  type: 'settled',
  step,
  direction,
  applied: true,
  how: 'ran',
  tookMs: 5,
  note: null,
  after: { [`step ${step}`]: direction },
});
const before: JournalEvent = { type: 'before', window: window('before'), history: window('history') };
const soaking = (step: number): JournalEvent => ({ type: 'soaking', step, soakMs: 600_000, sample });
const decided = (step: number, choice: StageDecision['choice']): JournalEvent => ({
  type: 'decided',
  step,
  window: window(`step ${step}`),
  decision: {
    choice,
    verdict: choice === 'go' ? 'fine' : 'slower',
    reason: '',
    limits: liveLimits(null),
    assessment: {
      statements: [],
      judgedShare: 1,
      gain: null,
      rollbacks: null,
      deadlocks: null,
      lockWaits: null,
      lagMs: null,
      unknown: null,
    },
  },
});
const validating: JournalEvent = { type: 'validating', windowMs: 1000, sample };

/** Each an hour after the one before, or before it. */
function story(events: readonly JournalEvent[], hours = 1): JournalEntry[] {
  return events.map((event, at) => ({
    ...event,
    at: new Date(Date.UTC(2026, 10, 28) + at * hours * 3_600_000).toISOString(),
    target: 't/db',
    hash: 'h',
  }));
}

describe('the journal of a deployment that is watched', () => {
  const read = (...events: readonly JournalEvent[]): ReturnType<typeof replay> =>
    replay(story([planned, ...events]), 't/db', 'h');

  test('knows a step that is applied and not decided, also where the start ended before the first sample', () => {
    expect(read(begun(600_000), before, settled(1, 'up'))).toMatchObject({
      soak: { step: 1, soakMs: 600_000, sample: null },
    });
    expect(read(begun(600_000), before, settled(1, 'up'), soaking(1), begun(0))).toMatchObject({
      soak: { step: 1, soakMs: 600_000, sample: { at: sample.at } },
    });
    expect(read(begun(0), settled(1, 'up'))).toMatchObject({ soak: null });
  });

  test('holds each step against the windows before it, without those of steps that were taken back', () => {
    const one = read(begun(1), before, settled(1, 'up'), soaking(1), decided(1, 'go'), settled(2, 'up'), soaking(2));
    expect(one && pastOf(one).map(({ to }) => to)).toEqual(['before', 'step 1']);
    const back = read(begun(1), before, settled(1, 'up'), decided(1, 'go'), settled(1, 'down'), settled(2, 'up'));
    expect(back && pastOf(back).map(({ to }) => to)).toEqual(['before']);
  });

  test('tells what was withdrawn from what somebody took back', () => {
    expect(read(begun(1), settled(1, 'up'), decided(1, 'revert'))).toMatchObject({
      status: ['applied', 'pending'],
      soak: null,
    });
    expect(read(begun(1), settled(1, 'up'), decided(1, 'revert'), settled(1, 'down'))).toMatchObject({
      status: ['withdrawn', 'pending'],
    });
    expect(read(begun(1), settled(1, 'up'), decided(1, 'stop'), settled(1, 'down'))).toMatchObject({
      status: ['reverted', 'pending'],
    });
  });

  test('a validation ends with what it is about', () => {
    expect(read(begun(0), settled(1, 'up'), validating)).toMatchObject({ validation: { windowMs: 1000 } });
    expect(read(begun(0), settled(1, 'up'), validating, settled(1, 'down'))).toMatchObject({ validation: null });
  });

  test('times that go backwards change nothing: the order of the lines counts', () => {
    const events = [
      planned,
      begun(600_000),
      before,
      settled(1, 'up'),
      soaking(1),
      decided(1, 'go'),
      settled(2, 'up'),
      soaking(2),
      decided(2, 'revert'),
      settled(2, 'down'),
      validating,
    ];
    const timeless = (record: ReturnType<typeof replay>): unknown => ({ ...record, begunAt: null });
    expect(timeless(replay(story(events, -1), 't/db', 'h'))).toEqual(timeless(replay(story(events), 't/db', 'h')));
    expect(replay(story(events, -1), 't/db', 'h')).toMatchObject({ status: ['applied', 'withdrawn'] });
  });
});
