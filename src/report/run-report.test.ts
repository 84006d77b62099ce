import { describe, expect, it } from 'vitest';
import { exampleIteration, exampleRun } from '../../test/support/example-run.js';
import { reportJsonSchema } from './json-schema.js';
import { runReportSchema } from './run-report.js';
import { toRunReport } from './to-run-report.js';

const report = toRunReport(exampleRun());

describe('toRunReport', () => {
  it('gives a document that its schema takes, and that JSON keeps as it is', () => {
    expect(runReportSchema.strict().parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it('carries what the command promises of an iteration', () => {
    const { statements, hypothesis, ...rest } = report.iterations[2] ?? fail();
    expect(rest).toMatchInlineSnapshot(`
      {
        "applyMs": null,
        "decision": "reject",
        "durationMs": 4100,
        "effect": {
          "after": 402,
          "before": 60,
          "ciHigh": 7.3,
          "ciLow": 6.2,
          "metric": "executionMs",
          "ratio": 6.7,
        },
        "effects": [
          {
            "after": 849798,
            "before": 8004,
            "ciHigh": 106,
            "ciLow": 106,
            "metric": "buffers",
            "ratio": 106,
          },
        ],
        "escalation": null,
        "gain": 0,
        "number": 3,
        "reason": "slower beyond tolerance: last-write-offs ratio 6.7 (10 ms -> 67 ms): the matching rows lie at the far end of the index",
        "resultsEqual": true,
        "revertVerified": true,
        "startedAt": "2025-07-01T08:01:00.000Z",
        "state": "a1b2c3",
        "verdict": "regressed",
        "verdictReason": "slower beyond tolerance: last-write-offs 6.7 (10 ms -> 67 ms)",
      }
    `);
    expect(Object.keys(hypothesis)).toEqual(['id', 'advisor', 'title', 'action', 'prediction', 'risk', 'finding']);
    expect(statements[0]?.beforeSamplesMs).toHaveLength(24);
  });

  it('turns figures that JSON can not hold into unknown', () => {
    const effect = {
      metric: 'executionMs',
      before: 0,
      after: 1,
      ratio: Infinity,
      ciLow: Number.NaN,
      ciHigh: Infinity,
    } as const;
    const odd = toRunReport(
      exampleRun({
        iterations: [exampleIteration(1, { verdict: { effect } })],
        noise: { timeLogRatio: Number.NaN, bufferLogRatio: 0, pairs: 0 },
      }),
    );
    expect(odd.iterations[0]?.effect).toEqual({
      metric: 'executionMs',
      before: 0,
      after: 1,
      ratio: null,
      ciLow: null,
      ciHigh: null,
    });
    expect(odd.noise.timeLogRatio).toBeNull();
    expect(runReportSchema.parse(JSON.parse(JSON.stringify(odd)))).toEqual(odd);
  });

  it('says of each finding whether it is still open', () => {
    expect(report.findings.map((finding) => [finding.place, finding.status])).toEqual([
      ['public.customers(lower(email))', 'resolved'],
      ['public.order_items(order_id)', 'resolved'],
      ['public.stock_movements(moved_at)', 'open'],
      ['public.page_views(id)', 'open'],
    ]);
  });

  it('sets predictions beside measurements over the same statements, from the state accepted by then', () => {
    const [first, second] = report.calibration;
    expect(first).toEqual({
      iteration: 1,
      title: 'Create btree index on public.customers (lower(email))',
      predictedStatementRatio: 0.0026,
      measuredStatementRatio: expect.closeTo(0.02 / 48.8, 9) as number,
      predictedWorkloadRatio: 0.55,
      measuredWorkloadRatio: expect.closeTo((47_246 - 600 * 48.78) / 47_246, 6) as number,
    });
    expect(second?.measuredStatementRatio).toBeCloseTo(0.03 / 27.2, 9);
    const left = 47_246 - 600 * 48.78;
    // add-order-line is not in the workload's first measurement, so it weighs one call.
    expect(second?.measuredWorkloadRatio).toBeCloseTo((left - 300 * 27.17 + 0.005) / left, 6);
    // The third was rejected, so the fourth starts from where the second left off.
    const kept = left - 300 * 27.17 + 0.005;
    expect(report.calibration[3]?.measuredWorkloadRatio).toBeCloseTo((kept - 1216 + 10.7) / kept, 6);
    expect(report.calibration.map((row) => row.iteration)).toEqual([1, 2, 3, 4, 5, 8]);
  });

  it('holds no password and no path of the machine unless it was given', () => {
    expect(report.outputFolder).toBeNull();
    expect(toRunReport(exampleRun({ outputFolder: 'out' })).outputFolder).toBe('out');
  });
});

describe('the published schema', () => {
  it('is docs/report-schema.json (else: npx vitest run src/report/run-report.test.ts -u)', async () => {
    await expect(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../../docs/report-schema.json',
    );
  });
});

function fail(): never {
  throw new Error('the example has no such iteration');
}
