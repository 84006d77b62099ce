import { formatCount } from '../base/units.js';
import { calibrationSentence } from './calibration.js';
import { hintWords, planFindingPlace, planReviewSentence, triedWords } from './plan-review.js';
import { planBufferWords, planCauseWords, planChangesSentence, planTimeWords } from './plan-changes.js';
import type { ReportedIteration, RunReport } from './run-report.js';
import { displayWidth, fit, stripColours, table, wrap } from './text/columns.js';
import { paintFor } from './text/paint.js';
import type { Paint, TextOptions } from './text/paint.js';
import {
  effectWords,
  formatRatio,
  isRefuted,
  loadWords,
  meanWords,
  metricWords,
  oneLine,
  predictionWords,
  quantileWords,
  readOnlyWords,
  statementChange,
  times,
  togetherWords,
  totalWords,
  rewriteOrigin,
} from './words.js';

/** The end of a run for a terminal. No line is wider than `columns`; without `colour` it is plain text. */
export function renderRun(report: RunReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const blocks = [
    heading(report, options, paint),
    decisions(report, options, paint),
    planChanges(report, options, paint),
    statements(report, options, paint),
    planReview(report, options, paint),
    scorecard(report, options, paint),
    skipped(report, options, paint),
    written(report, options, paint),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function heading(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { before, after } = report.workload;
  const counts = (kind: string): number => report.iterations.filter((iteration) => iteration.decision === kind).length;
  const factor =
    before.totalMs !== null && after.totalMs !== null && after.totalMs > 0 ? before.totalMs / after.totalMs : null;
  return [
    paint.bold(fit(`${oneLine(report.target.label)}  PostgreSQL ${report.target.major}`, columns)),
    ...wrap(
      `Workload ${totalWords(before)} -> ${totalWords(after)}${factor === null ? '' : ` (${times(factor)})`}, ` +
        `p95 ${quantileWords(before, before.p95Ms)} -> ${quantileWords(after, after.p95Ms)}, p99 ${quantileWords(before, before.p99Ms)} -> ${quantileWords(after, after.p99Ms)}: measured in the lab.`,
      columns,
    ),
    ...wrap(
      `${counts('accept')} accepted, ${counts('reject')} rejected, ${counts('escalate')} escalated. ` +
        `Stopped: ${oneLine(report.stop.reason)}, ${oneLine(report.stop.detail)}.`,
      columns,
    ),
    ...(report.together.verdict === 'none'
      ? []
      : wrap(oneLine(togetherWords(report.together)), columns).map(
          report.together.verdict === 'confirmed' ? (line) => line : paint.warn,
        )),
    ...(report.load === null ? [] : wrap(oneLine(loadWords(report.load)), columns)),
    ...wrap(readOnlyWords(report.overhead), columns).map(paint.dim),
  ];
}

function decisions(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (report.iterations.length === 0) return [];
  const lines = [paint.bold('Changes')];
  for (const iteration of report.iterations) {
    const [word, colour] = decisionWord(iteration, paint);
    const title = fit(oneLine(iteration.hypothesis.title), Math.max(10, columns - 16));
    lines.push(`${String(iteration.number).padStart(3)} ${colour(word.padEnd(10))} ${title}`);
    for (const line of wrap(detail(iteration), Math.max(10, columns - 15)))
      lines.push(paint.dim(`${' '.repeat(15)}${line}`));
  }
  if (report.calibration.length > 0)
    lines.push(...wrap(calibrationSentence(report.calibrationQuality), columns - 2).map((line) => `  ${line}`));
  return lines.map((line) => clip(line, columns));
}

function detail({ decision, effect, reason, hypothesis: { prediction } }: ReportedIteration): string {
  const measured = effect
    ? `measured: ${metricWords(effect.metric)} ${effectWords(effect)} (ratio ${formatRatio(effect.ratio)}, 95 % ${formatRatio(effect.ciLow)} to ${formatRatio(effect.ciHigh)})`
    : 'measured: unknown';
  const foreseen = `foreseen: ${predictionWords(prediction)}${prediction.provenance === 'estimated' ? ' (estimated)' : ''}`;
  return `${decision === 'accept' ? '' : `${oneLine(reason)}; `}${measured}; ${foreseen}`;
}

function decisionWord(iteration: ReportedIteration, paint: Paint): readonly [string, (text: string) => string] {
  if (iteration.decision === 'accept') return ['accepted', paint.good];
  if (iteration.decision === 'escalate') return ['escalated', paint.warn];
  return [isRefuted(iteration) ? 'refuted' : 'rejected', paint.bad];
}

function statements(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { before, after } = report.workload;
  const later = new Map(after.perStatement.map((row) => [row.fingerprint, row]));
  const rows = before.perStatement
    .map((row) => ({ row, next: later.get(row.fingerprint) }))
    .toSorted((a, b) => (b.row.meanMs ?? 0) * b.row.calls - (a.row.meanMs ?? 0) * a.row.calls);
  if (rows.length === 0) return [];
  const changes = rows.map(({ row, next }) => statementChange(row, next));
  const lines = table(
    [
      { title: 'Statement', align: 'left', shrinks: true },
      { title: 'calls', align: 'right' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      { title: 'change', align: 'right' },
    ],
    rows.map(({ row, next }, position) => [
      oneLine(row.name),
      formatCount(row.calls),
      meanWords(row),
      meanWords(next),
      next?.carriedOver === true && next.meanMs === row.meanMs ? 'untouched' : (changes[position]?.words ?? 'unknown'),
    ]),
    columns,
    (text, row, column) => {
      if (row < 0) return paint.dim(text);
      const ratio = changes[row]?.ratio ?? null;
      if (column !== 4 || ratio === null) return text;
      return ratio < 0.9 ? paint.good(text) : ratio > 1.1 ? paint.bad(text) : paint.dim(text);
    },
  );
  const failed = [
    ...before.failed,
    ...after.failed.filter((row) => before.failed.every((known) => known.fingerprint !== row.fingerprint)),
  ];
  return [
    paint.bold(fit('Statements (mean time of a call, measured in the lab)', columns)),
    ...lines,
    ...failed.flatMap((row) =>
      wrap(`not measured: ${oneLine(row.name)}: ${oneLine(row.reason)}`, columns, '  ').map(paint.warn),
    ),
  ];
}

function planChanges({ planChanges: all }: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (all === null) return [];
  const lines = [
    paint.bold('Plans that changed since the last run'),
    ...indented(oneLine(planChangesSentence(all)), columns, 2),
  ];
  for (const change of all.changes) {
    const colour = change.time === 'slower' ? paint.bad : change.time === 'faster' ? paint.good : paint.dim;
    lines.push(
      ...indented(oneLine(`${change.name} (${change.parameterClass} values)`), columns, 2),
      ...indented(`${planTimeWords(change)}, buffers ${planBufferWords(change)}`, columns, 4).map(colour),
      ...indented(oneLine(planCauseWords(change)), columns, 4),
      ...indented(`was ${oneLine(change.planBefore)}`, columns, 4).map(paint.dim),
      ...indented(`is  ${oneLine(change.planNow)}`, columns, 4).map(paint.dim),
    );
  }
  if (all.changes.length > 0)
    lines.push(...indented('Times are measured in the lab by two runs at different times.', columns, 2).map(paint.dim));
  return lines.map((line) => clip(line, columns));
}

/** Findings that are left, as many as a screen bears. */
const MOST_LEFT = 5;

function planReview(
  { planReview: all, iterations, startedAt }: RunReport,
  { columns }: TextOptions,
  paint: Paint,
): readonly string[] {
  if (all.findings.length + all.hints.length === 0) return [];
  const left = all.findings.filter(({ status }) => status !== 'resolved');
  const lines = [paint.bold('What the plans show'), ...indented(planReviewSentence(all), columns, 2)];
  for (const one of left.slice(0, MOST_LEFT))
    lines.push(
      ...indented(oneLine(`${one.name}: ${one.title}`), columns, 2).map(paint.warn),
      ...indented(oneLine(`${planFindingPlace(one)}; ${triedWords(one, iterations)}`), columns, 4).map(paint.dim),
      ...indented(oneLine(`-> ${one.remedy}`), columns, 4),
    );
  for (const hint of all.hints)
    lines.push(...indented(oneLine(hintWords(hint, startedAt)), columns, 2).map(paint.warn));
  if (left.length > MOST_LEFT) lines.push(paint.dim(`  and ${left.length - MOST_LEFT} more, in the report`));
  return lines.map((line) => clip(line, columns));
}

function indented(text: string, columns: number, by: number): readonly string[] {
  return wrap(text, Math.max(10, columns - by)).map((line) => `${' '.repeat(by)}${line}`);
}

function scorecard(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (report.scorecard.length === 0) return [];
  const known = report.scorecard.filter((row) => row.status !== 'unknown');
  const unknown = report.scorecard.filter((row) => row.status === 'unknown');
  const lines = table(
    [
      { title: '', align: 'left' },
      { title: 'Target', align: 'left' },
      { title: 'value', align: 'right' },
      { title: 'source', align: 'left', shrinks: true },
    ],
    known.map((row) => [row.status, oneLine(row.target), oneLine(row.value), oneLine(row.source)]),
    columns,
    (text, row, column) => {
      if (row < 0 || column === 3) return paint.dim(text);
      return column === 0 ? (known[row]?.status === 'met' ? paint.good(text) : paint.bad(text)) : text;
    },
  );
  const rest =
    unknown.length > 0
      ? wrap(
          `unknown (${unknown.length}, not measured by this run): ${unknown.map((row) => oneLine(row.target)).join('; ')}`,
          columns,
          '  ',
        )
      : [];
  return [paint.bold('Scorecard'), ...(known.length > 0 ? lines : []), ...rest.map(paint.dim)];
}

function skipped(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { examined, skipped: left } = report.coverage;
  const lines = [paint.bold(`Coverage: ${examined.length} kinds examined, ${left.length} skipped`)];
  for (const row of left.slice(0, 5))
    lines.push(...wrap(`skipped ${oneLine(row.what)}: ${oneLine(row.reason)}`, columns, '  ').map(paint.warn));
  if (left.length > 5) lines.push(paint.dim(`and ${left.length - 5} more, in the report`));
  return lines.map((line) => clip(line, columns));
}

function written(report: RunReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const changes = [
    ...report.migrations.flatMap(({ up, down }) => [up, down]),
    ...report.rewrites.flatMap(({ file, patch }) => (patch === null ? [file] : [file, patch])),
  ];
  if (report.outputFolder === null && changes.length === 0) return [];
  const paths = [...(report.outputFolder === null ? [] : ['report.html', 'report.md', 'report.json']), ...changes];
  const folder = report.outputFolder === null ? '' : ` in ${oneLine(report.outputFolder)}`;
  return [
    ...wrap(`Files${folder}`, columns).map(paint.bold),
    ...paths.flatMap((path) => wrap(oneLine(path), columns - 2).map((line) => `  ${line}`)),
    ...report.rewrites.flatMap((row) =>
      rewriteOrigin(row).flatMap((text) => wrap(`${oneLine(row.file)}: ${text}`, columns, '  ')),
    ),
  ];
}

/** The last guard on width, for a terminal too narrow for the layout: colours go where something is cut. */
function clip(line: string, columns: number): string {
  return displayWidth(line) <= columns ? line : fit(stripColours(line), columns);
}
