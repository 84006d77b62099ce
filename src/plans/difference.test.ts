import { describe, expect, it } from 'vitest';
import { describeChanges, describeDifference } from './difference.js';
import { foreignPlan } from './foreign.js';
import { readPlan } from './read/read-plan.js';
import { timeByCause } from './time-by-cause.js';
import { viewPlan } from './view.js';
import type { PlanView } from './view.js';
import { whereCutOff } from './whole.js';

const view = (text: string): PlanView => viewPlan(readPlan(text).tree);

const BEFORE = `
Sort  (cost=90.00..95.00 rows=100 width=8) (actual time=90.000..95.000 rows=100 loops=1)
  Buffers: shared hit=1000
  ->  Hash Join  (cost=1.00..80.00 rows=100 width=8) (actual time=1.000..80.000 rows=100 loops=1)
        Buffers: shared hit=1000
        ->  Seq Scan on o  (cost=0.00..50.00 rows=10 width=8) (actual time=0.010..50.000 rows=100 loops=1)
              Buffers: shared hit=900
        ->  Hash  (cost=1.00..1.00 rows=10 width=8) (actual time=1.000..1.000 rows=10 loops=1)
              Buffers: shared hit=100
              ->  Seq Scan on c  (cost=0.00..1.00 rows=10 width=8) (actual time=0.010..0.500 rows=10 loops=1)
                    Buffers: shared hit=100
Planning Time: 1.000 ms
Trigger t: time=3.000 calls=1
Execution Time: 100.000 ms`;

const AFTER = `
Nested Loop  (cost=1.00..8.00 rows=100 width=8) (actual time=0.100..4.000 rows=100 loops=1)
  Buffers: shared hit=50
  ->  Index Scan using o_at on o  (cost=0.00..5.00 rows=100 width=8) (actual time=0.010..2.000 rows=100 loops=1)
        Buffers: shared hit=40
  ->  Seq Scan on c  (cost=0.00..1.00 rows=10 width=8) (actual time=0.010..0.010 rows=1 loops=100)
        Buffers: shared hit=10
Planning Time: 1.000 ms
Execution Time: 5.000 ms`;

describe('what changed between two plans', () => {
  it('says it in words, the figures first', () => {
    expect(describeDifference(view(BEFORE), view(AFTER))).toEqual([
      'Execution time: 100 ms before, 5.00 ms after (x0.050).',
      'Planning time: 1.00 ms before, 1.00 ms after (x1.0).',
      'Blocks touched: 1,000 before, 50 after (x0.050).',
      'Rows given: 100 before, 100 after (x1.0).',
      'o is read by an index scan by o_at instead of a seq scan.',
      'c, o are joined by a nested loop instead of a hash join.',
      'No Sort any more.',
      'Of o 100 rows an execution are expected instead of 10.',
    ]);
  });

  it('tells a join of another kind, and a table that is not read any more', () => {
    const semi = BEFORE.replace('Hash Join', 'Hash Right Semi Join');
    expect(describeChanges(view(BEFORE), view(semi))).toEqual([
      'c, o are joined by a hash right semi join instead of a hash join.',
    ]);
    expect(describeChanges(view(BEFORE), view(BEFORE.replace('cost=90.00', 'cost=95.00')))).toEqual([]);
    expect(describeChanges(view(BEFORE), view('Seq Scan on o  (cost=0.00..50.00 rows=10 width=8)'))).toEqual([
      'c is not read any more: it was by a seq scan.',
      'A join is gone: c, o.',
      'No Sort any more.',
    ]);
  });

  it('says that nothing did', () => {
    expect(describeDifference(view(AFTER), view(AFTER)).at(-1)).toBe(
      'Both do the same work in the same order: no node, no index and no join differs.',
    );
  });
});

describe('time by cause', () => {
  it('adds up to the execution time, with what is beside the plan', () => {
    const found = timeByCause(view(BEFORE));
    expect(found?.causes.map(({ cause, amount, nodes }) => [cause, amount, nodes])).toEqual([
      ['reading whole tables', 50.5, [3, 5]],
      ['joining', 29.5, [2, 4]],
      ['sorting', 15, [1]],
      ['triggers and foreign keys', 3, []],
      ['starting and ending', 2, []],
    ]);
    expect(found).toMatchObject({ unit: 'ms', provenance: 'measured', total: 100 });
  });

  it('is of blocks without times, of cost without a run, and null without either', () => {
    const untimed = BEFORE.replaceAll(/time=[\d.]+\.\.[\d.]+ /g, '').replaceAll(/(?:Planning|Execution) Time.*/g, '');
    expect(timeByCause(view(untimed))).toMatchObject({ unit: 'blocks', total: 1000, provenance: 'measured' });
    const planned = BEFORE.replaceAll(/ \(actual.*\)/g, '').replaceAll(/\s+Buffers.*/g, '');
    expect(timeByCause(view(planned))).toMatchObject({ unit: 'cost', provenance: 'estimated', total: 95 });
    expect(timeByCause(view('Seq Scan on t (actual rows=1 loops=1)'))).toBeNull();
  });
});

describe('a plan that is not whole', () => {
  const lines = BEFORE.trim().split('\n');
  it.each([2, 3, 4, 5, 6, 7, 8])('is seen when it ends after line %i', (count) => {
    expect(whereCutOff(readPlan(lines.slice(0, count).join('\n')).tree)).not.toBeNull();
  });

  it('is seen when it ends within a line', () => {
    expect(whereCutOff(readPlan(BEFORE.slice(0, BEFORE.indexOf('(actual time=0.010..0.500'))).tree)).toBe(
      'node 5 (Seq Scan) lacks its figures',
    );
    expect(whereCutOff(readPlan(BEFORE).tree)).toBeNull();
    expect(whereCutOff(readPlan(AFTER).tree)).toBeNull();
  });
});

it.each([
  ['{"query_block": {"select_id": 1}}', 'MySQL or MariaDB'],
  ['| id | select_type | table |', 'MySQL or MariaDB'],
  ['-> Table scan on t  (cost=1.15 rows=9)', 'MySQL'],
  ['<ShowPlanXML xmlns="x">', 'SQL Server'],
  ['Plan hash value: 123', 'Oracle'],
  ['QUERY PLAN\n|--SCAN t', 'SQLite'],
  [BEFORE, null],
])('knows whose plan it is', (text, whose) => expect(foreignPlan(text)).toBe(whose));
