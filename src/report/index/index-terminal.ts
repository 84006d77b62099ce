import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../../base/units.js';
import { fit, page, table, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine, readOnlyWords } from '../words.js';
import type { Advice, IndexReport, ProposedIndex } from './index-report.js';
import {
  actionWords,
  compressionSentence,
  costWords,
  curveNote,
  gainWords,
  measuredSentence,
  noneSentence,
  reasonWords,
  removalSentence,
  searchSentence,
  servesWords,
  unaffectedSentence,
} from './words.js';

/** An index selection for a terminal. No line is wider than `columns`; without `colour` it is plain text. */
export function renderIndexes(report: IndexReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const blocks = [
    heading(report, options, paint),
    proposals(report, options, paint),
    advice('Indexes that are there', report.existing, options, paint),
    advice('Missing for another reason than the plans of this workload', report.missing, options, paint),
    refused(report, options, paint),
    curve(report, options, paint),
    skipped(report, options, paint),
    report.outputFolder === null ? [] : [fit(`Files in ${oneLine(report.outputFolder)}`, options.columns)],
  ];
  return page(blocks, options.columns);
}

function heading(report: IndexReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const budget =
    report.storageBudgetBytes === null ? 'no storage limit' : `at most ${formatBytes(report.storageBudgetBytes)} more`;
  return [
    paint.bold(fit(`${oneLine(report.target.label)}  PostgreSQL ${report.target.major}`, columns)),
    ...wrap(
      `${formatCounted(report.workload.statements, 'statement')}, ${formatCounted(report.workload.calls, 'call')}, ${formatMs(report.workload.totalMs)} measured in the lab; ${budget}.`,
      columns,
    ),
    ...wrap(searchSentence(report), columns),
    ...wrap(compressionSentence(report) ?? '', columns).filter((line) => line !== ''),
    ...wrap(measuredSentence(report), columns),
    ...wrap(oneLine(unaffectedSentence(report) ?? ''), columns).filter((line) => line !== ''),
    ...wrap(oneLine(removalSentence(report) ?? ''), columns).filter((line) => line !== ''),
    ...wrap(readOnlyWords(report.overhead), columns).map(paint.dim),
  ];
}

/** Those that were kept, and where nothing was measured all. */
function proposals(report: IndexReport, options: TextOptions, paint: Paint): readonly string[] {
  const { indexes } = report;
  if (indexes.length === 0) return [paint.bold('Indexes'), ...wrap(noneSentence(report), options.columns)];
  const kept = indexes.filter((one) => isShown(report, one));
  const none = kept.length === 0 ? ['None was kept.'] : [];
  return [paint.bold('Indexes'), ...none, ...kept.flatMap((one) => row(one, details(one), options, paint))];
}

/** Why others are not, and no more of them than one reads. */
function refused(report: IndexReport, options: TextOptions, paint: Paint): readonly string[] {
  const others = report.indexes.filter((one) => !isShown(report, one));
  if (others.length === 0) return [];
  const unread = others.length - MOST_REFUSED;
  return [
    paint.bold('Not kept'),
    ...others.slice(0, MOST_REFUSED).flatMap((one) => row(one, [reasonWords(one)], options, paint)),
    ...(unread > 0 ? [paint.dim(`${' '.repeat(INDENT)}and ${formatCount(unread)} more: indexes.md`)] : []),
  ];
}

function isShown({ measured }: IndexReport, { decision }: ProposedIndex): boolean {
  return decision === 'create' || measured === null;
}

function row(one: ProposedIndex, texts: readonly string[], { columns }: TextOptions, paint: Paint): readonly string[] {
  const width = Math.max(10, columns - INDENT);
  const colour = one.decision === 'create' ? paint.good : one.decision === 'refuted' ? paint.bad : paint.warn;
  const [first = '', ...rest] = wrap(oneLine(one.title), width);
  return [
    `${colour(one.decision.padEnd(INDENT - 1))} ${first}`,
    ...rest.map((line) => ' '.repeat(INDENT) + line),
    ...texts.flatMap((text) => wrap(oneLine(text), width).map((line) => paint.dim(' '.repeat(INDENT) + line))),
  ];
}

/** Before what is said of an index stands what became of it. */
const INDENT = 12;
/** Not kept, on a terminal: `indexes.md` has them all. */
const MOST_REFUSED = 10;

function details(one: ProposedIndex): readonly string[] {
  return [
    `for ${servesWords(one)}; ${gainWords(one)}`,
    costWords(one),
    reasonWords(one),
    ...(one.redundant.length > 0 ? [`makes redundant: ${one.redundant.join(', ')}`] : []),
  ];
}

function advice(title: string, rows: readonly Advice[], { columns }: TextOptions, paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  return [
    paint.bold(title),
    ...rows.flatMap((row) => [
      ...wrap(`${oneLine(row.advice)} (${row.advisor})`, columns, '  '),
      ...actionWords(row).flatMap((text) =>
        wrap(oneLine(text), columns - 2, '  ').map((line) => paint.dim(`  ${line}`)),
      ),
    ]),
  ];
}

/** The width of the longest bar. */
const BAR = 30;

function curve(report: IndexReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { curve: points } = report;
  if (points.length === 0) return [];
  const note = curveNote(report);
  const rows = points.map((point) => [
    point.storageBytes === null ? 'no limit' : formatBytes(point.storageBytes),
    formatBytes(point.usedBytes),
    formatCount(point.indexes),
    formatPercent(point.objective),
    '#'.repeat(Math.round(BAR * Math.min(1, point.objective ?? 0))),
  ]);
  return [
    paint.bold('Objective against storage (estimated: planner costs, mostly their logarithms, by weight)'),
    ...table(
      [
        { title: 'budget', align: 'right' },
        { title: 'used', align: 'right' },
        { title: 'indexes', align: 'right' },
        { title: 'objective', align: 'right' },
        { title: '', align: 'left', shrinks: true },
      ],
      rows,
      columns,
      (text, row) => (row < 0 ? paint.dim(text) : text),
    ),
    ...(note === null ? [] : wrap(note, columns).map(paint.dim)),
  ];
}

function skipped({ coverage }: IndexReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  return coverage.skipped.flatMap((row) =>
    wrap(`skipped ${oneLine(row.what)}: ${oneLine(row.reason)}`, columns, '  ').map(paint.warn),
  );
}
