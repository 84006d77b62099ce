import { expect, test } from 'vitest';
import type { TrialCase } from '../trial/cases.js';
import { emptyRecord, figuresOf } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { problemOf } from './settle.js';
import type { ChoiceRules } from './settle.js';

/** An update that took 0.09 ms without the index and, on a quieter moment, 0.1 ms with it. */
function updateRecord(): CaseRecord {
  const oneCase: TrialCase = {
    key: 'f#0',
    fingerprint: 'f',
    name: 'close an order',
    kind: 'update',
    calls: 50,
    parameterClass: 'typical',
    parameterSet: 0,
    values: [],
    sql: 'UPDATE t SET a = 1 WHERE id = 1',
    shape: { isWrite: true } as unknown as TrialCase['shape'],
    soils: true,
    opaque: false,
  };
  const record = emptyRecord(oneCase);
  const plan = { uses: [], estimatedCost: 8, shape: 'Update', text: 'Update t' };
  for (const [present, ms] of [
    [['i'], 0.1],
    [[], 0.09],
  ] as const) {
    const seen = { ...plan, present };
    record.plans.push(seen);
    figuresOf(record, seen).runs.push({ ms, buffers: 8, walBytes: 100, rows: 1 });
  }
  return record;
}

test('what a write costs by itself is what it was seen to cost without the index, however much upkeep was measured elsewhere', () => {
  const rules: ChoiceRules = {
    objective: 'time',
    indexes: [{ name: 'i', sizeBytes: 8192 }],
    budgetBytes: 1e9,
    readTolerance: 1.15,
    writeTolerance: 2,
    leastGain: 0,
    upkeepOf: () => new Map([['i', 0.3]]),
  };
  const [statement] = problemOf([updateRecord()], rules, 'time').statements;
  expect(statement?.cases[0]?.plans.map((plan) => plan.value)).toEqual([0.09, 0.09]);
});
