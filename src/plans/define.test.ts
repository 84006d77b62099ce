import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import { missingFor } from './define.js';
import { readPlan } from './read/read-plan.js';
import { viewPlan } from './view.js';

const found = (text: string): readonly (readonly [string, string])[] => {
  const view = viewPlan(readPlan(text).tree);
  return catalogue.flatMap((kind) => kind.find(view, null)).map(({ id, severity }) => [id, severity]);
};

const scan = (ms: string): string => `
Seq Scan on t  (cost=0.00..900.00 rows=7 width=4) (actual time=0.010..${ms} rows=7 loops=1)
  Filter: (k = 7)
  Rows Removed by Filter: 50000
Execution Time: ${ms} ms`;

describe('the weight of a finding', () => {
  it('is that of its kind where the statement takes its time, and an info where it is over at once', () => {
    expect(found(scan('90.000'))).toEqual([['scan/rows-discarded', 'warning']]);
    expect(found(scan('4.000'))).toEqual([['scan/rows-discarded', 'info']]);
  });

  it('is an info for a node that hardly counts', () => {
    const small = scan('2.000').trim().split('\n').slice(0, 3);
    const text = `
Nested Loop  (cost=1.00..9000.00 rows=7 width=4) (actual time=0.100..400.000 rows=7 loops=1)
  ->  ${small.join('\n      ')}
  ->  Index Scan using u_pkey on u  (cost=0.00..1.00 rows=1 width=4) (actual time=40.000..56.000 rows=1 loops=7)
Execution Time: 401.000 ms`;
    expect(found(text)).toEqual([['scan/rows-discarded', 'info']]);
  });

  it('is none where the plan lacks what the kind reads', () => {
    const planned = viewPlan(readPlan('Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)').tree);
    expect(missingFor(['run', 'buffers'], planned)).toEqual(['run', 'buffers']);
    for (const kind of catalogue.filter(({ needs }) => needs.length > 0)) expect(kind.find(planned, null)).toEqual([]);
  });
});

it('sees compilation, which not every server has', () => {
  const text = (total: string): string => `
Aggregate  (cost=100000.00..100001.00 rows=1 width=8) (actual time=90.000..90.000 rows=1 loops=1)
  ->  Seq Scan on t  (cost=0.00..90000.00 rows=90 width=4) (actual time=0.010..60.000 rows=90 loops=1)
JIT:
  Functions: 9
  Options: Inlining true, Optimization true, Expressions true, Deforming true
  Timing: Generation 1.000 ms, Inlining 2.000 ms, Optimization 9.000 ms, Emission 8.000 ms, Total ${total} ms
Execution Time: 100.000 ms`;
  expect(found(text('40.000'))).toContainEqual(['overhead/compilation-dominates', 'warning']);
  expect(found(text('9.000'))).toEqual([]);
});
