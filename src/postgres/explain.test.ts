import { expect, test } from 'vitest';
import { toPlan } from './explain.js';

const root = { 'Node Type': 'Result', 'Total Cost': 1, 'Plan Rows': 1 };

test('reads a plan that was only estimated, parsed or as text', () => {
  const expected = { root, planningMs: null, executionMs: null, triggerMs: null };
  expect(toPlan([{ Plan: root }])).toEqual(expected);
  expect(toPlan(JSON.stringify([{ Plan: root }]))).toEqual(expected);
});

test('adds up the time in triggers of a plan that was run', () => {
  const Triggers = [{ Time: 1.5, Calls: 1 }, { Time: 2 }, { Calls: 3 }];
  expect(toPlan([{ Plan: root, 'Planning Time': 0.1, 'Execution Time': 5, Triggers }])).toEqual({
    root,
    planningMs: 0.1,
    executionMs: 5,
    triggerMs: 3.5,
  });
  expect(toPlan([{ Plan: root, 'Planning Time': 0.1, 'Execution Time': 5 }]).triggerMs).toBe(0);
});

test.each([[undefined], [[]], [['Utility Statement']], ['[]']])('has no plan in %j', (output) => {
  expect(() => toPlan(output)).toThrow(expect.objectContaining({ code: 'internal' }));
});
