import { describe, expect, it } from 'vitest';
import { exampleRun } from '../../test/support/example-run.js';
import { calibrationBinRows, calibrationSentence } from './calibration.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { renderRun } from './terminal.js';
import { toRunReport } from './to-run-report.js';

const report = toRunReport(exampleRun());
const { calibrationQuality: quality } = report;

describe('calibration in a report', () => {
  it('is taken from the rows, those without a prediction apart', () => {
    const known = report.calibration.filter(
      (row) => row.predictedStatementRatio !== null && row.measuredStatementRatio !== null,
    );
    expect(quality.pairs).toBe(known.length);
    expect(quality.unknown).toBe(report.calibration.length - known.length);
    // The third was foreseen 625x faster, and was 6.7x slower.
    expect(quality.signErrors).toBe(1);
  });

  it('reads like this', () => {
    expect(calibrationSentence(quality)).toMatchInlineSnapshot(
      `"Calibration over 3 predictions: off by a factor of 36 on average, rank correlation -1.00, 1 in the wrong direction, 0 without any effect. 3 iterations had no prediction or no measurement."`,
    );
    expect(calibrationBinRows(quality)).toMatchInlineSnapshot(`
      [
        [
          "99.0 % or more",
          "3",
          "99.8 %",
          "-123 %",
        ],
      ]
    `);
  });

  it('is unknown, not zero, where nothing was measured', () => {
    const none = toRunReport(exampleRun({ iterations: [] })).calibrationQuality;
    expect(calibrationSentence(none)).toBe('Calibration unknown: no prediction was measured.');
    expect(calibrationBinRows(none)).toEqual([]);
  });

  it('names the ends of its bins', () => {
    const bin = { count: 1, predictedFall: 0.4, measuredFall: -0.2 };
    const bins = [
      { ...bin, from: null, to: 0 },
      { ...bin, from: 0.25, to: 0.5 },
      { ...bin, from: 0.99, to: null, measuredFall: null },
    ];
    expect(calibrationBinRows({ ...quality, bins })).toEqual([
      ['slower', '1', '40 %', '-20 %'],
      ['25 % to 50 %', '1', '40 %', '-20 %'],
      ['99.0 % or more', '1', '40 %', 'unknown'],
    ]);
  });

  it('stands in every face', () => {
    const sentence = calibrationSentence(quality);
    expect(renderMarkdown(report)).toContain(sentence);
    expect(renderHtml(report)).toContain(sentence);
    expect(renderRun(report, { columns: 80, colour: false }).replace(/\s+/g, ' ')).toContain(sentence);
    expect(renderMarkdown(report)).toContain('| 99.0 % or more |');
    expect(renderHtml(report)).toContain('99.0 % or more');
  });
});
