import { describe, expect, it } from 'vitest';
import { firstWrongEstimate, misestimateOf, wrongAtSource } from './estimates.js';
import { labelOf } from './label.js';
import { readPlan } from './read/read-plan.js';
import { timeByCause } from './time-by-cause.js';
import { shareOf, viewPlan } from './view.js';
import type { PlanView } from './view.js';

const view = (text: string): PlanView => viewPlan(readPlan(text).tree);
const selves = ({ nodes }: PlanView): readonly (readonly [string, number | null])[] =>
  nodes.map((one) => [labelOf(one.node), one.selfMs]);

const PARALLEL = `
Gather  (cost=1000.00..9000.00 rows=1000 width=4) (actual time=2.000..52.000 rows=900 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Nested Loop  (cost=0.00..8000.00 rows=417 width=4) (actual time=1.000..48.000 rows=300 loops=3)
        ->  Parallel Seq Scan on a  (cost=0.00..100.00 rows=417 width=4) (actual time=0.500..8.000 rows=300 loops=3)
        ->  Index Scan using b_pkey on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.040..0.100 rows=1 loops=900)
Planning Time: 0.300 ms
Execution Time: 53.000 ms`;

describe('exclusive time', () => {
  it('adds loops up and shares them among the processes of a Gather', () => {
    const plan = view(PARALLEL);
    expect(plan.nodes.map(({ processes }) => processes)).toEqual([1, 3, 3, 3]);
    // 900 loops of 0.1 ms in three processes are 30 ms on the clock.
    expect(selves(plan)).toEqual([
      ['Gather', 4],
      ['Nested Loop', 10],
      ['Parallel Seq Scan on a', 8],
      ['Index Scan by b_pkey on b', 30],
    ]);
    expect(plan.nodes.map(({ rows }) => rows)).toEqual([900, 900, 900, 900]);
    expect(plan.executionMs).toBe(53);
  });

  it('takes a CTE off the scan that makes it run, not off the node that it is printed under', () => {
    const plan = view(`
Hash Join  (cost=1.00..2.00 rows=1 width=4) (actual time=60.000..100.000 rows=10 loops=1)
  CTE x
    ->  Seq Scan on t  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..50.000 rows=10 loops=1)
  ->  CTE Scan on x a  (cost=0.00..1.00 rows=10 width=4) (actual time=0.020..55.000 rows=10 loops=1)
  ->  Hash  (cost=0.00..1.00 rows=10 width=4) (actual time=2.000..2.000 rows=10 loops=1)
        ->  CTE Scan on x b  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..1.000 rows=10 loops=1)`);
    expect(selves(plan)).toEqual([
      ['Hash Join', 43],
      ['Seq Scan on t', 50],
      ['CTE Scan on x a', 5],
      ['Hash', 1],
      ['CTE Scan on x b', 1],
    ]);
  });

  it.each([
    ['InitPlan 1 (returns $0)', '$0'],
    ['InitPlan 1', '(InitPlan 1).col1'],
  ])('takes %s off the node that uses it', (name, use) => {
    const plan = view(`
Aggregate  (cost=1.00..2.00 rows=1 width=4) (actual time=40.000..40.000 rows=1 loops=1)
  ${name}
    ->  Seq Scan on u  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..25.000 rows=1 loops=1)
  ->  Seq Scan on t  (cost=0.00..1.00 rows=10 width=4) (actual time=25.020..38.000 rows=10 loops=1)
        Filter: (v > ${use})`);
    expect(selves(plan).map(([, ms]) => ms)).toEqual([2, 25, 13]);
  });

  it('knows no time without timing, and gives shares of cost for a plan that was not run', () => {
    const untimed = view('Seq Scan on t  (cost=0.00..1.00 rows=10 width=4) (actual rows=10 loops=1)');
    expect([untimed.timed, untimed.root.selfMs, untimed.executionMs]).toEqual([false, null, null]);
    expect(shareOf(untimed, untimed.root)).toBeNull();
    const planned = view(`
Limit  (cost=0.00..100.00 rows=1 width=4)
  ->  Seq Scan on t  (cost=0.00..80.00 rows=10 width=4)`);
    expect(planned.nodes.map((one) => shareOf(planned, one))).toEqual([1, 0.8]);
  });
});

const CHAIN = `
Hash Join  (cost=1.00..2.00 rows=20 width=4) (actual time=1.000..100.000 rows=50000 loops=1)
  ->  Nested Loop  (cost=0.00..1.00 rows=10 width=4) (actual time=0.020..55.000 rows=20000 loops=1)
        ->  Seq Scan on t  (cost=0.00..1.00 rows=10 width=4) (actual time=0.020..5.000 rows=20000 loops=1)
              Filter: ((a = 7) AND (b = 7))
        ->  Index Scan using u_pkey on u  (cost=0.00..1.00 rows=1 width=4) (actual time=0.001..0.002 rows=1 loops=20000)
  ->  Hash  (cost=0.00..1.00 rows=900 width=4) (actual time=2.000..2.000 rows=1000 loops=1)
        ->  Seq Scan on v  (cost=0.00..1.00 rows=900 width=4) (actual time=0.010..1.000 rows=1000 loops=1)`;

describe('wrong estimates', () => {
  it('finds the node where the error came in, and what stands on it', () => {
    const plan = view(CHAIN);
    expect(wrongAtSource(plan, 10, 1000).map(({ one, factor }) => [one.id, factor])).toEqual([[3, 2000]]);
    const first = firstWrongEstimate(plan);
    expect(first?.one.id).toBe(3);
    expect(first?.leadsTo.map(({ one }) => one.id)).toEqual([2, 1]);
  });

  it.each([
    ['fewer rows below a LIMIT say nothing', 'Limit', 100_000, 10, null],
    ['more rows below a LIMIT do', 'Limit', 5, 48_000, 9600],
    ['fewer rows below a sort do', 'Sort', 100_000, 10, 10_000],
    ['more rows below a merge join may be the same ones again', 'Merge Join', 5, 48_000, null],
  ])('%s', (_, parent, estimated, actual, factor) => {
    const plan = view(`
${parent}  (cost=1.00..2.00 rows=10 width=4) (actual time=1.000..1.000 rows=10 loops=1)
  ->  Seq Scan on t  (cost=0.00..1.00 rows=${estimated} width=4) (actual time=0.020..1.000 rows=${actual} loops=1)`);
    expect(misestimateOf(plan.nodes[1] ?? plan.root)?.factor ?? null).toBe(factor);
    expect(wrongAtSource(plan, 10, 1000)).toHaveLength(factor === null ? 0 : 1);
  });

  it('says that no row came where none did, and counts it as one in the factor', () => {
    const { root } = view(
      'Seq Scan on t  (cost=0.00..1.00 rows=5000 width=4) (actual time=1.000..1.000 rows=0 loops=1)',
    );
    expect(misestimateOf(root)).toMatchObject({ estimated: 5000, actual: 0, factor: 5000, tooFew: false });
  });
});

describe('cost by itself', () => {
  it('is not that of partitions that are left out, and that of subqueries is told as theirs', () => {
    const pruned = view(
      'Append  (cost=0.00..250.00 rows=9 width=4)\n  Subplans Removed: 5\n  ->  Seq Scan on a  (cost=0.00..40.00 rows=9 width=4)',
    );
    expect(pruned.nodes.map(({ selfCost }) => selfCost)).toEqual([0, 40]);
    const subquery = view(
      'Seq Scan on t  (cost=0.00..900.00 rows=9 width=4)\n  Filter: (NOT (SubPlan 1))\n  SubPlan 1\n    ->  Seq Scan on a  (cost=0.00..40.00 rows=9 width=4)',
    );
    expect(timeByCause(subquery)?.causes.map(({ cause }) => cause)).toEqual([
      'running subqueries for rows',
      'reading whole tables',
    ]);
  });
});
