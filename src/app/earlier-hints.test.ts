import { expect, it } from 'vitest';
import { exampleIteration } from '../../test/support/example-run.js';
import type { LedgerEntry } from '../kernel/ports.js';
import type { Iteration } from '../model/run.js';
import { reviewHints } from './earlier-hints.js';

function hinted(name: string, kind: 'accept' | 'reject' = 'accept'): Iteration {
  const one = exampleIteration(1, { decision: { kind } });
  const rewrite = {
    fingerprint: name,
    rule: 'hint',
    from: 'SELECT 1',
    to: 'SELECT 1',
    proof: [],
    hint: { settings: { enable_nestloop: 'off' }, form: 'set-local' as const, until: '2026-06-01' },
  };
  const action = { ...one.hypothesis.action, kind: 'hint' as const, index: null, up: [], down: [], rewrite };
  return { ...one, hypothesis: { ...one.hypothesis, id: `hint-${name}`, action } };
}

const started = (run: string, target = 'shop'): LedgerEntry => ({
  type: 'run-started',
  at: '2026-03-01T00:00:00Z',
  run,
  target,
  state: 's',
});
const said = (run: string, iteration: Iteration): LedgerEntry => ({
  type: 'iteration',
  at: '2026-03-01T10:00:00Z',
  run,
  iteration,
  stateAfter: 's',
});
const review = (iterations: readonly Iteration[], untried: readonly Iteration[] = []) => ({
  run: 'now',
  target: 'shop',
  planned: new Set(['won', 'lost', 'right', 'waiting']),
  outcome: { iterations, untried: untried.map(({ hypothesis }) => ({ hypothesis, reason: 'no time' })) },
});

it('says of each hint of an earlier run what this one saw of it', () => {
  const entries = [
    started('then'),
    ...['won', 'lost', 'right', 'waiting', 'gone'].map((name) => said('then', hinted(name))),
    started('now'),
    said('now', hinted('won')),
    said('now', hinted('lost', 'reject')),
  ];
  const found = reviewHints(entries, review([hinted('won'), hinted('lost', 'reject')], [hinted('waiting')]));
  expect(found.map(({ fingerprint, now }) => [fingerprint, now])).toEqual([
    ['won', 'confirmed'],
    ['lost', 'refuted'],
    ['right', 'not-needed'],
    ['waiting', 'not-tried'],
    ['gone', 'not-seen'],
  ]);
  expect(found[0]).toMatchObject({
    settings: 'enable_nestloop = off',
    since: '2026-03-01T10:00:00Z',
    until: '2026-06-01',
  });
});

it('leaves out hints of other targets, those refuted or withdrawn since, and those of this run', () => {
  const entries: readonly LedgerEntry[] = [
    started('elsewhere', 'other'),
    said('elsewhere', hinted('right')),
    started('then'),
    said('then', hinted('lost')),
    said('then', hinted('won')),
    { type: 'withdrawn', at: '', run: 'then', state: 's', hypothesis: 'hint-won', reason: 'slower together' },
    started('later'),
    said('later', hinted('lost', 'reject')),
    started('now'),
    said('now', hinted('waiting')),
  ];
  expect(reviewHints(entries, review([]))).toEqual([]);
});
