import { describe, expect, it } from 'vitest';
import { exampleRun } from '../../test/support/example-run.js';
import { renderMarkdown } from './markdown.js';
import { renderRun } from './terminal.js';
import { toRunReport } from './to-run-report.js';

const report = toRunReport(exampleRun({ outputFolder: 'out' }));

describe('renderRun', () => {
  it('reads like this', () => {
    expect(renderRun(report, { columns: 80, colour: false })).toMatchInlineSnapshot(`
      "db.example:5432/shop  PostgreSQL 18
      Workload 47.2 s -> 8.71 s (5.4x), p95 60.8 ms -> 0.535 ms, p99 152 ms ->
      1.34 ms: measured in the lab.
      5 accepted, 2 rejected, 1 escalated. Stopped: mature, no hypothesis is left that
      could gain more than 5 %.
      All accepted changes together, against the beginning: confirmed, 3 statements
      touched, workload 48.2 s -> 9.13 s, results equal, none slower beyond tolerance.
      Under load: 1 client 21/s -> 1,204/s, p95 48.9 ms -> 1.31 ms; 2 clients 40/s ->
      2,105/s, p95 51.3 ms -> 1.48 ms (measured in the lab, the sender on the same 2
      cores).
      The target was read only: 31 statements, 212 ms (measured).

      Changes
        1 accepted   Create btree index on public.customers (lower(email))
                     measured: execution time 2,439x faster (ratio 0.00041, 95 %
                     0.00035 to 0.0005); foreseen: 385x faster (estimated)
        2 accepted   Create btree index on public.order_items (order_id)
                     measured: execution time 909x faster (ratio 0.0011, 95 % 0.0009
                     to 0.0014); foreseen: 500x faster (estimated)
        3 refuted    Create btree index on public.stock_movements (moved_at)
                     slower beyond tolerance: last-write-offs ratio 6.7 (10 ms ->
                     67 ms): the matching rows lie at the far end of the index;
                     measured: execution time 6.7x slower (ratio 6.70, 95 % 6.20 to
                     7.30); foreseen: 625x faster (estimated)
        4 accepted   Rewrite NOT IN of welcome-mail as NOT EXISTS
                     measured: execution time 114x faster (ratio 0.0088, 95 % 0.0081
                     to 0.0097); foreseen: unknown
        5 accepted   Drop index public.orders_placed_at_idx1
                     measured: storage -5.15 MB (ratio 0.99, 95 % 0.99 to 0.99);
                     foreseen: same (estimated)
        6 escalated  Widen public.page_views.id to bigint
                     a change of type rewrites the table under ACCESS EXCLUSIVE;
                     measured: unknown; foreseen: unknown
        7 rejected   Create gin index on public.products (name)
                     unverifiable: the lab ended during the trial, twice; measured:
                     unknown; foreseen: 2.5x faster (estimated)
        8 accepted   Analyze public.supplier_prices
                     measured: execution time 233x faster (ratio 0.0043, 95 % 0.0041
                     to 0.0047); foreseen: unknown
        Calibration over 3 predictions: off by a factor of 36 on average, rank
        correlation -1.00, 1 in the wrong direction, 0 without any effect. 3
        iterations had no prediction or no measurement.

      Plans that changed since the last run
        Of 7 statements that the last run planned too, 1 has another plan than on
        2026-01-02 03:04.
        log-in (typical values)
          0.030 ms -> 48.8 ms (1,627x slower), buffers 4 -> 4,000 (1,000x more)
          Cause: index customers_email on public.customers is gone
          was Index Scan:customers_email@customers
          is Seq Scan@customers
        Times are measured in the lab by two runs at different times.

      Statements (mean time of a call, measured in the lab)
      Statement         calls    before     after         change
      log-in              600   48.8 ms  0.020 ms  2,440x faster
      product-reviews     900   9.20 ms   9.29 ms           same
      order-lines         300   27.2 ms  0.030 ms    907x faster
      welcome-mail          1    1.22 s   10.7 ms    114x faster
      record-page-view  6,000  0.040 ms  0.040 ms           same
      last-write-offs       6   10.0 ms   10.1 ms           same
      country-list        500  0.020 ms  0.020 ms           same
      not measured: broken: function nextval has side effects

      What the plans show
        Of 8 plans 2 findings above info: 1 resolved, 1 left.
        log-in: Seq Scan on public.customers read 40,000 rows to keep 1.
          scan/rows-discarded, 98.0 % of the statement; tried for the statement: 1
          accepted, 4 accepted; 2 changes not tried (see "Not tried")
          -> An index on public.customers (email).
        The hint enable_nestloop = off for "price-list-check", of 2025-12-01: the plan
        is right without it. Take it out.

      Scorecard
              Target                              value  source
      met     p95 of critical queries < 100 ms  14.2 ms  measured in the lab, one cli…
      met     > 5x overall                         5.6x  measured in the lab, one cli…
      missed  planning < 5 ms                    6.1 ms  measured in the lab: the slo…
      unknown (1, not measured by this run): > 99.9 % availability

      Coverage: 3 kinds examined, 1 skipped
      skipped pg_stat_statements: the extension is not installed

      Files in out
        report.html
        report.md
        report.json
        migrations/0001_create_btree_index_on_public_customers_lower_email.up.sql
        migrations/0001_create_btree_index_on_public_customers_lower_email.down.sql
        migrations/0002_create_btree_index_on_public_order_items_order_id.up.sql
        migrations/0002_create_btree_index_on_public_order_items_order_id.down.sql
        migrations/0003_drop_index_public_orders_placed_at_idx1.up.sql
        migrations/0003_drop_index_public_orders_placed_at_idx1.down.sql
        migrations/0004_analyze_public_supplier_prices.up.sql
        migrations/0004_analyze_public_supplier_prices.down.sql
        rewrites/0001_rewrite_not_in_of_welcome_mail_as_not_exists.sql
      "
    `);
  });

  it('names no file where none was written', () => {
    expect(renderRun(toRunReport(exampleRun({ iterations: [] })), { columns: 80, colour: false })).not.toContain(
      'Files',
    );
  });
});

describe('renderMarkdown', () => {
  it('labels each figure of an iteration', () => {
    const text = renderMarkdown(report);
    const third = text.slice(text.indexOf('### 3.'), text.indexOf('### 4.'));
    expect(third).toMatchInlineSnapshot(`
      "### 3. Create btree index on public.stock\\_movements (moved\\_at): refuted by measurement

      slower beyond tolerance: last-write-offs ratio 6.7 (10 ms -> 67 ms): the matching rows lie at the far end of the index

      - Finding: last-write-offs sorts public.stock\\_movements to return 10 rows (index/missing-index, public.stock\\_movements(moved\\_at))
      - Evidence: rows read for each row found: 100,000 rows (estimated, plan of log-in)
      - Evidence: mean time: 48.8 ms (measured, lab baseline)
      - Foreseen: statement time ratio 0.0016, workload time ratio 1.00, storage +5.25 MB (estimated: what-if planner cost)
      - Verdict: regressed; slower beyond tolerance: last-write-offs 6.7 (10 ms -> 67 ms)
      - Effect: buffers touched 8,004 -> 849,798, ratio 106 (95 % interval 106 to 106), measured
      - Results equal: yes; revert run and catalog equal: yes
      - Risk: low; plans of other statements on the table may change; none: an index changes no row
      - Lock: takes SHARE UPDATE EXCLUSIVE on public.customers, which blocks DDL and VACUUM but neither reads nor writes

      \`\`\`sql
      CREATE INDEX CONCURRENTLY "stock_movements_moved_at_idx" ON "public"."stock_movements" USING btree ("moved_at");
      \`\`\`

      | Statement | before | after | ratio | 95 % interval | buffers | rounds |
      | --- | ---: | ---: | ---: | --- | --- | ---: |
      | last-write-offs | 10.0 ms | 67.0 ms | 6.70 | 6.16 to 7.30 | 1,723 to 4 | 24 |

      "
    `);
  });
});
