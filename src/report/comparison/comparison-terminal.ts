import { formatCount, formatMs, formatPercent } from '../../base/units.js';
import { pad, page, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import type { ComparisonReport } from './comparison-report.js';

/** The comparison for a terminal. The counterexample is printed as it is, to be copied. */
export function renderComparison(report: ComparisonReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const { columns } = options;
  const text = page(
    [
      [
        paint.bold(VERDICTS[report.verdict]),
        ...(report.reason === null ? [] : wrap(oneLine(report.reason), columns)),
        ...wrap(evidence(report), columns),
      ],
      speedLines(report, columns),
      report.remarks.flatMap((remark) => wrap(`- ${remark}`, columns, '  ')),
      report.skipped.flatMap(({ what, reason }) =>
        wrap(`Left out: ${oneLine(what)}: ${oneLine(reason)}`, columns, '  '),
      ),
    ],
    columns,
  );
  return report.counterexample === null
    ? text
    : `${text}\nTo see it, in psql on a database with these tables; it is rolled back:\n\n${report.counterexample}\n`;
}

const VERDICTS: Readonly<Record<ComparisonReport['verdict'], string>> = {
  different: 'Different: there is a database on which the two statements differ.',
  proved: 'The same: it is proved.',
  'not-shown-different': 'Not shown different. That is not a proof that they are the same.',
  unknown: 'Unknown: nothing could be compared.',
};

function speedLines({ speed }: ComparisonReport, columns: number): readonly string[] {
  const { faster, reason, first, second, timeRatio, noise, pairs } = speed;
  const said = {
    first: 'The first is faster',
    second: 'The second is faster',
    neither: 'Neither is faster beyond what is noise',
    unknown: 'Which is faster is unknown',
  }[faster];
  const why = reason === null ? '' : `: ${oneLine(reason)}`;
  if (!first || !second || !timeRatio) return wrap(`${said}${why}.`, columns);
  const side = (name: string, { ms, blocks }: typeof first): string =>
    `  ${name} ${pad(formatMs(ms), 9, 'right')} ${pad(formatCount(blocks), 13, 'right')} blocks`;
  return [
    ...wrap(`${said}${why}, measured on a copy:`, columns),
    side('first ', first),
    side('second', second),
    ...wrap(
      `The second takes x${shown(timeRatio.ratio)} of the first's time (95 %: ${shown(timeRatio.low)}..${shown(timeRatio.high)}), in ${pairs} pairs; noise ${formatPercent(noise)}.`,
      columns,
    ),
  ];
}

function shown(ratio: number): string {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}

function evidence({ databases, databasesWithRows, tookMs, serverMajor, verdict }: ComparisonReport): string {
  if (databases === 0) return `PostgreSQL ${serverMajor}.`;
  const tried = `${formatCount(databases)} small ${databases === 1 ? 'database' : 'databases'} on PostgreSQL ${serverMajor}, in ${formatMs(tookMs)}`;
  if (verdict === 'different') return `Found on the last of ${tried}.`;
  return `Tried: ${tried}; on ${formatCount(databasesWithRows)} of them there were rows to compare.`;
}
