import { describe, expect, it } from 'vitest';
import { catalogue } from '../../plans/catalogue.js';
import { readPlan } from '../../plans/read/read-plan.js';
import { viewPlan } from '../../plans/view.js';
import { displayWidth } from '../text/columns.js';
import { bar } from './plan-bar.js';
import { renderPlanHtml } from './plan-html.js';
import { planReportSchema } from './plan-report.js';
import type { PlanReport } from './plan-report.js';
import { renderPlan } from './plan-terminal.js';
import { compact } from './plan-words.js';
import { toPlanReport } from './to-plan-report.js';

const PLAN = `
Nested Loop  (cost=1.00..9000.00 rows=10 width=8) (actual time=0.100..940.000 rows=20000 loops=1)
  Buffers: shared hit=61000 read=900
  ->  Seq Scan on public."<script>alert(1)</script>" o  (cost=0.00..50.00 rows=10 width=8) (actual time=0.010..50.000 rows=20000 loops=1)
        Filter: ((a = 1) AND (b = '<b>'::text))
        Rows Removed by Filter: 480000
        Buffers: shared hit=1000 read=900
  ->  Index Scan using c_pkey on c  (cost=0.00..1.00 rows=1 width=8) (actual time=0.040..0.044 rows=1 loops=20000)
        Index Cond: (id = o.c_id)
        Buffers: shared hit=60000
Planning Time: 1.000 ms
Execution Time: 950.000 ms`;

const report = (text: string, more: Partial<PlanReport> = {}): PlanReport => {
  const view = viewPlan(readPlan(text).tree);
  return {
    ...toPlanReport({
      tool: { name: 'database-wizard', version: '0' },
      startedAt: '2026-01-01T00:00:00Z',
      finishedAt: '2026-01-01T00:00:01Z',
      given: { what: 'plan', form: 'text', origin: 'argument' },
      target: null,
      query: "SELECT '<i>' AS x\u001b[31m",
      source: 'given',
      view,
      findings: catalogue.flatMap((kind) => kind.find(view, null)),
      advice: [],
      parallel: null,
      foundIn: [],
      difference: null,
      coverage: { examined: [], skipped: [{ what: 'x', reason: 'y', remedy: null }] },
      overhead: null,
    }),
    ...more,
  };
};

describe('a plan report', () => {
  it('is what its schema says, with the first wrong estimate and the findings by weight', () => {
    const made = report(PLAN);
    expect(planReportSchema.parse(made)).toEqual(made);
    expect(made.firstWrongEstimate).toMatchObject({
      node: 2,
      estimatedRows: 10,
      actualRows: 20000,
      factor: 2000,
      leadsTo: [1],
    });
    expect(made.findings.map(({ id, severity, node }) => [id, severity, node])).toEqual([
      ['estimates/nested-loop-underestimated', 'warning', 1],
      ['estimates/misestimated-rows', 'warning', 2],
      ['scan/rows-discarded', 'warning', 2],
    ]);
  });

  it('for a terminal of 100 columns', () => {
    expect(renderPlan(report(PLAN), { columns: 100, colour: false })).toMatchInlineSnapshot(`
      "Plan
      A plan in text form, 3 nodes; 950 ms executing, 1.00 ms planning, 61,900 blocks (measured).
      SELECT '<i>' AS x [31m

        #     self                rows   estimate blocks          node
        1  10.0 ms ▏             20.0k  2000x low      0          Nested Loop
        2  50.0 ms ▋             20.0k  2000x low   1900 ▎          Seq Scan on public.<script>alert(1)</…
        3   880 ms ███████████▏  20.0k         ok  60.0k ████████   Index Scan by c_pkey on c

      Time by cause (measured)
      ██████████████████▌   92.6 %  reading by an index, 880 ms (node 3)
      █                     5.26 %  reading whole tables, 50.0 ms (node 2)
      ▎                     1.05 %  joining, 10.0 ms (node 1)
      ▎                     1.05 %  starting and ending, 10.0 ms

      The first wrong estimate
      Node 2 (Seq Scan on public.<script>alert(1)</script> o): 10 rows an execution expected, 20,000 came
      (2000x off). From it come the wrong estimates of 1 node above: node 1 (Nested Loop).

      Findings (3)
      warning estimates/nested-loop-underestimated at node 1, 92.6 % of the statement
        The nested loop ran its inner side 20,000 times; 10 were expected.
          rows of the outer side: 10 rows (estimated)
          rows of the outer side: 20,000 rows (measured)
          executions of the inner side: 20,000 loops (measured)
          share of the statement: 92.6 % (measured)
        -> Mend the estimate of Seq Scan on public.<script>alert(1)</script> o (92.6 % of the statement
           hangs on it): ANALYZE the tables below it, then extended statistics. To see what another join
           would do: SET LOCAL enable_nestloop = off in a test session.
      warning estimates/misestimated-rows at node 2, 5.26 % of the statement
        Seq Scan on public.<script>alert(1)</script> o gave 20,000 rows where 10 were expected.
          rows of one execution: 10 rows (estimated)
          rows of one execution: 20,000 rows (measured)
          too few by a factor of: 2,000 (measured)
        -> ANALYZE "public"."<script>alert(1)</script>" first. If the estimate stays wrong the columns
           depend on each other: CREATE STATISTICS (dependencies, mcv) ON "a", "b" FROM
           "public"."<script>alert(1)</script>", then ANALYZE again; keep it only if the plan changes and
           time falls.
      warning scan/rows-discarded at node 2, 5.26 % of the statement
        Seq Scan on public.<script>alert(1)</script> o read 500,000 rows to keep 20,000.
          rows thrown away by the filter: 480,000 rows (measured)
          rows kept: 20,000 rows (measured)
          filter: ((a = 1) AND (b = '<b>'::text)) (measured)
        -> An index on "public"."<script>alert(1)</script>" (a, b), equality first, then ranges.

      What it can not know
      x: y
      "
    `);
  });

  it.each([40, 80, 120, 200])('is never wider than %i columns', (columns) => {
    for (const colour of [true, false]) {
      const lines = renderPlan(report(PLAN), { columns, colour }).split('\n');
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
    }
  });

  it('has no colour where none is wanted, and nothing of a stranger that a terminal would obey', () => {
    const made = report(PLAN);
    expect(renderPlan(made, { columns: 80, colour: false })).not.toContain('\u001b');
    expect(renderPlan(made, { columns: 80, colour: true })).not.toContain('\u001b[31m\n');
  });

  it('says what is not known of a plan that was not run', () => {
    const text = renderPlan(report('Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)'), { columns: 80, colour: false });
    expect(text).toContain('It was not run');
    expect(text).toContain('(estimated)');
    expect(text).not.toContain('measured');
  });

  it('is a page without scripts on which nothing of a stranger is markup', () => {
    const page = renderPlanHtml(report(PLAN, { difference: { against: '<u>', words: ['<s>'] } }));
    expect(page).not.toMatch(/<script|<b>'|<i>|<u>|<s>/);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('id="n3"');
  });
});

it.each([
  [0, '0'],
  [9999, '9999'],
  [12_345, '12.3k'],
  [999_900, '1.00M'],
  [1_234_567, '1.23M'],
  [null, '?'],
])('%s is %s in short', (count, text) => expect(compact(count)).toBe(text));

it.each([
  [0, '    '],
  [null, '    '],
  [0.001, '▏   '],
  [0.5, '██  '],
  [1, '████'],
  [7, '████'],
])('a bar of %s', (share, text) => expect(bar(share, 4)).toBe(text));

it('shows several plans under their numbers, and says once what none of them tells', () => {
  const text = renderPlan({ ...report(PLAN), further: [report(PLAN), report(PLAN)] }, { columns: 80, colour: false });
  expect(text.match(/^Plan.*$/gm)).toEqual(['Plan 1 of 3', 'Plan 2 of 3', 'Plan 3 of 3']);
  expect(text.match(/^What it can not know$/gm)).toHaveLength(1);
  expect(renderPlan(report(PLAN), { columns: 80, colour: false })).toMatch(/^Plan\n/);
});
