import { describe, expect, test } from 'vitest';
import type { StatementKind } from '../../model/workload.js';
import { decideStage, type StageDecision, type StageQuestion } from './decide.js';
import { NO_LOOKS, type LookFigures, type StatementFigures, type WindowFigures } from './figures.js';
import { liveLimits } from './limits.js';
import { validate } from './validate.js';

const LIMITS = liveLimits(10_000);

function statement(
  name: string,
  calls: number,
  meanMs: number,
  deviationMs = meanMs / 2,
  kind: StatementKind = 'select',
): StatementFigures {
  return { fingerprint: name, name, kind, calls, meanMs, deviationMs };
}

function window(
  statements: readonly StatementFigures[] | null,
  over: Partial<Omit<WindowFigures, 'looks'>> & { readonly looks?: Partial<LookFigures> } = {},
): WindowFigures {
  return {
    from: '2026-11-28T10:00:00.000Z',
    to: '2026-11-28T10:02:00.000Z',
    statements,
    unknown: statements === null ? 'pg_stat_statements is not installed in this database' : null,
    incomplete: 0,
    hidden: 0,
    transactions: { ended: 10_000, rolledBack: 10, deadlocks: 0 },
    parts: [],
    ...over,
    looks: { ...NO_LOOKS, count: 120, ...over.looks },
  };
}

const BEFORE = window([statement('big', 1000, 10), statement('small', 1000, 5)]);

function decide(after: WindowFigures, over: Partial<StageQuestion> = {}): StageDecision {
  return decideStage(
    { past: [BEFORE], after, promised: [], revertible: true, withoutFigures: 'refuse', ...over },
    LIMITS,
  );
}

describe('stop or go', () => {
  test('goes on where statements that matter are not slower', () => {
    expect(decide(window([statement('big', 900, 10.2), statement('small', 1100, 5)]))).toMatchObject({
      choice: 'go',
      verdict: 'fine',
      reason:
        '2 statements with 100 % of the time not slower beyond tolerance; rollbacks 10 of 10,000 -> 10 of 10,000 transactions; the lab promised no statement a gain',
    });
  });

  test.each<[string, WindowFigures, StageDecision['choice'], StageDecision['verdict']]>([
    ['slower with confidence', window([statement('big', 1000, 13), statement('small', 1000, 5)]), 'revert', 'slower'],
    ['slower within tolerance', window([statement('big', 9000, 10.8, 1), statement('small', 1000, 5)]), 'go', 'fine'],
    ['perhaps slower than tolerated', window([statement('big', 1000, 11.2)]), 'stop', 'insufficient'],
    [
      'slower, and too few calls to be sure',
      window([statement('big', 40, 13, 13), statement('small', 1000, 5)]),
      'go',
      'fine',
    ],
    [
      'a slower one that does not matter',
      window([statement('big', 1000, 10), statement('tiny', 100, 0.05)], {}),
      'go',
      'fine',
    ],
    ['only a statement that was not called before', window([statement('new', 1000, 10)]), 'stop', 'insufficient'],
    ['no statement at all', window([]), 'stop', 'insufficient'],
    ['few calls', window([statement('big', 12, 10)]), 'stop', 'insufficient'],
    ['figures that are not there', window(null), 'stop', 'unknown'],
    [
      'more rollbacks',
      window([statement('big', 1000, 10)], { transactions: { ended: 10_000, rolledBack: 60, deadlocks: 0 } }),
      'revert',
      'errors',
    ],
    [
      'rollbacks as before',
      window([statement('big', 1000, 10)], { transactions: { ended: 10_000, rolledBack: 14, deadlocks: 0 } }),
      'go',
      'fine',
    ],
    [
      'deadlocks',
      window([statement('big', 1000, 10)], { transactions: { ended: 10_000, rolledBack: 10, deadlocks: 14 } }),
      'revert',
      'errors',
    ],
    ['counters of transactions reset', window([statement('big', 1000, 10)], { transactions: null }), 'stop', 'unknown'],
    ['waits for locks', window([statement('big', 1000, 10)], { looks: { waiting: 40 } }), 'stop', 'lock-waits'],
    ['a standby far behind', window([statement('big', 1000, 10)], { looks: { lagMs: 11_000 } }), 'stop', 'lag'],
    ['a standby close behind', window([statement('big', 1000, 10)], { looks: { lagMs: 9000 } }), 'go', 'fine'],
  ])('%s', (_what, after, choice, verdict) => expect(decide(after)).toMatchObject({ choice, verdict }));

  test('the reason says how much, how often, and how sure', () => {
    expect(decide(window([statement('big', 1000, 13), statement('small', 1000, 5)])).reason).toBe(
      'slower beyond tolerance: "big" 10.0 ms -> 13.0 ms, x1.30 (99 %: 1.22..1.38), 1,000 and 1,000 calls, 72.2 % of the time',
    );
  });

  test('a write may become slower by more than a read', () => {
    const past = [window([statement('write', 1000, 10, 5, 'update')])];
    expect(decide(window([statement('write', 1000, 17, 8, 'update')]), { past })).toMatchObject({ verdict: 'fine' });
    expect(decide(window([statement('write', 1000, 24, 8, 'update')]), { past })).toMatchObject({ verdict: 'slower' });
  });

  test('a burst of other work is no regression: it was slower in a part of the window only', () => {
    const slower = [statement('big', 1000, 13), statement('small', 1000, 5)];
    const lasting = window(slower, { parts: [{ big: 12.5 }, { big: 13 }, {}] });
    expect(decide(lasting)).toMatchObject({ choice: 'revert', verdict: 'slower' });
    const burst = window(slower, { parts: [{ big: 19 }, { big: 10 }, { big: 10 }] });
    expect(decide(burst)).toMatchObject({ choice: 'stop', verdict: 'insufficient' });
  });

  test('what can not be taken back is left', () => {
    expect(decide(window([statement('big', 1000, 13)]), { revertible: false })).toMatchObject({
      choice: 'stop',
      verdict: 'slower',
      reason: expect.stringContaining('nothing to take back'),
    });
  });

  test('each statement is held against the latest window in which it was called often enough', () => {
    const improved = window([statement('big', 1000, 2), statement('rare', 3, 40)]);
    const first = window([statement('big', 1000, 10), statement('rare', 100, 10, 1)]);
    const after = window([statement('big', 1000, 3), statement('rare', 100, 10, 1)]);
    const { assessment } = decide(after, { past: [first, improved] });
    expect(assessment.statements.map(({ name, state, before }) => [name, state, before?.meanMs])).toEqual([
      ['big', 'slower', 2],
      ['rare', 'fine', 10],
    ]);
  });

  test('nothing is decided by figures alone where go is given for those that are missing; harm is', () => {
    expect(decide(window(null), { withoutFigures: 'go' })).toMatchObject({ choice: 'go', verdict: 'unknown' });
    const failing = window(null, { transactions: { ended: 10_000, rolledBack: 900, deadlocks: 0 } });
    expect(decide(failing, { withoutFigures: 'go' })).toMatchObject({ choice: 'revert', verdict: 'errors' });
    expect(decide(window([statement('big', 1000, 10)]), { past: [] })).toMatchObject({
      choice: 'stop',
      verdict: 'unknown',
    });
  });
});

describe('what a step promised', () => {
  const promised = [{ fingerprint: 'big', name: 'big', ratio: 0.4 }];
  test.each<[string, number, number, StageDecision['choice'], StageDecision['verdict']]>([
    ['a gain', 1000, 4, 'go', 'fine'],
    ['none, surely', 5000, 10, 'revert', 'no-gain'],
    ['one of two hundredths, surely', 500_000, 9.8, 'revert', 'no-gain'],
    ['perhaps one', 200, 9.4, 'stop', 'insufficient'],
    ['too few calls', 20, 4, 'stop', 'insufficient'],
  ])('%s', (_what, calls, meanMs, choice, verdict) => {
    const past = [window([statement('big', 500_000, 10), statement('small', 500_000, 50)])];
    const after = window([statement('big', calls, meanMs), statement('small', 500_000, 50)]);
    expect(decide(after, { past, promised })).toMatchObject({ choice, verdict });
  });
});

describe('a validation', () => {
  const said = (after: WindowFigures, promised: StageQuestion['promised'] = []): string =>
    validate({ past: [BEFORE], after, promised, drift: [] }, LIMITS).verdict;
  const promised = [{ fingerprint: 'big', name: 'big', ratio: 0.4 }];
  test.each<[string, string, string]>([
    ['validated', said(window([statement('big', 1000, 4), statement('small', 900, 5)]), promised), 'validated'],
    ['slower', said(window([statement('big', 1000, 13)])), 'regressed'],
    ['no gain', said(window([statement('big', 9000, 10, 1), statement('small', 900, 5)]), promised), 'no-gain'],
    ['few calls', said(window([statement('big', 3, 4)])), 'insufficient'],
    ['no figures', said(window(null)), 'unknown'],
    [
      'waits and lag of the moment',
      said(window([statement('big', 900, 10)], { looks: { waiting: 90, lagMs: 1e9 } })),
      'validated',
    ],
  ])('%s', (_what, is, expected) => expect(is).toBe(expected));
});
