import { describe, expect, it } from 'vitest';
import { exampleExamination } from '../../test/support/example-examination.js';
import { aPlan, aSnapshot, aStatement } from '../../test/support/snapshot.js';
import { examineReportSchema } from './examine-report.js';
import { renderExamine } from './examine-terminal.js';
import { toExamineReport } from './to-examine-report.js';

const report = toExamineReport(exampleExamination());

describe('toExamineReport', () => {
  it('gives a document that its schema takes, and that JSON keeps as it is', () => {
    expect(examineReportSchema.strict().parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it('counts what there is', () => {
    expect(report.inventory).toMatchObject({
      tables: 2,
      views: 1,
      indexes: 1,
      rows: 241_000,
      tableBytes: 22_808_192,
      indexBytes: 5_400_000,
    });
    expect(report.inventory.largest.map((row) => [row.table, row.rows, row.indexBytes])).toEqual([
      ['public.orders', 241_000, 5_400_000],
      ['public.countries', null, 0],
    ]);
  });

  it('ranks statements by their measured time, says why, and puts settings after them', () => {
    expect(report.bottlenecks).toEqual([
      {
        rank: 1,
        kind: 'statement',
        name: 'customer-orders',
        fingerprint: 'fp-customer-orders',
        share: 1200 / 1210,
        ms: 1200,
        provenance: 'measured',
        why: '300 calls of 4.00 ms; what settings/work-mem says',
      },
      {
        rank: 2,
        kind: 'setting',
        name: 'public.orders',
        fingerprint: null,
        share: null,
        ms: null,
        provenance: 'unknown',
        why: 'what settings/work-mem says',
      },
    ]);
  });

  it("ranks by the planner's cost, and labels it estimated, where no source measured", () => {
    const statements = [aStatement('a', { calls: 10 }), aStatement('b', { calls: 1 }), aStatement('c')];
    const plans = new Map([
      ['a', aPlan({ 'Total Cost': 10 })],
      ['b', aPlan({ 'Total Cost': 300 })],
    ]);
    const { bottlenecks, baseline } = toExamineReport(
      exampleExamination({ snapshot: aSnapshot({ statements, plans }), findings: [] }),
    );
    expect(bottlenecks.map(({ name, share, ms, provenance }) => [name, share, ms, provenance])).toEqual([
      ['b', 0.75, null, 'estimated'],
      ['a', 0.25, null, 'estimated'],
    ]);
    expect(baseline).toMatchObject({ totalMs: null, provenance: 'unknown' });
  });

  it('puts the gravest finding first', () => {
    expect(report.findings.map((finding) => finding.severity)).toEqual(['critical', 'warning', 'info']);
  });
});

describe('renderExamine', () => {
  it('reads like this', () => {
    expect(renderExamine(report, { columns: 80, colour: false })).toMatchInlineSnapshot(`
      "test  PostgreSQL 18
      2 tables (21.8 MB, 241,000 rows estimated), 1 indexes (5.15 MB), 0 constraints,
      1 views, 0 functions, 1 schemas.
      Read only: 9 statements, 41.5 ms on the target (measured).

      Baseline
      2 statement shapes, 800 calls, total time 1.21 s (measured), from test, since
      when: unknown.

      Bottlenecks (measured by the source of the workload)
      #    share     time  what             why
      1   99.2 %   1.20 s  customer-orders  300 calls of 4.00 ms; what settings/work-…
      2  unknown  unknown  public.orders    what settings/work-mem says

      Findings: 1 critical, 1 warnings, 1 to know
      critical  what schema/key-exhaustion says
                schema/key-exhaustion: size: 5.15 MB (measured, pg_class)
      warning   what settings/work-mem says
                settings/work-mem: size: 5.15 MB (measured, pg_class)
      info      what index/unused-index says
                index/unused-index: size: 5.15 MB (measured, pg_class)

      Coverage
      examined: tables 3, settings
      skipped rows of public.secret: the role may not read it. To see it: GRANT SELECT
        ON public.secret TO wizard
      "
    `);
  });

  it('says unknown, and not healthy, where there is no workload', () => {
    const none = toExamineReport(
      exampleExamination({
        snapshot: {
          ...aSnapshot(),
          workload: { source: 'none', origin: '', statements: [], unusable: [], since: null },
        },
        findings: [],
      }),
    );
    const text = renderExamine(none, { columns: 80, colour: false });
    expect(text).toContain('unknown: no workload was read');
    expect(text).not.toMatch(/healthy|NaN/);
  });
});
