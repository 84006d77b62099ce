import { skippedSentences } from './text/skipped.js';
import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../base/units.js';
import type { ExamineReport } from './examine-report.js';
import { fit, page, table, wrap } from './text/columns.js';
import { paintFor } from './text/paint.js';
import type { Paint, TextOptions } from './text/paint.js';
import { evidenceSentences, oneLine } from './words.js';

/** An examination for a terminal. No line is wider than `columns`; without `colour` it is plain text. */
export function renderExamine(report: ExamineReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const blocks = [
    inventory(report, options, paint),
    baseline(report, options, paint),
    bottlenecks(report, options, paint),
    findings(report, options, paint),
    coverage(report, options, paint),
  ];
  return page(blocks, options.columns);
}

function inventory(
  { target, inventory: all, overhead }: ExamineReport,
  { columns }: TextOptions,
  paint: Paint,
): readonly string[] {
  const facts =
    `${formatCount(all.tables)} tables (${formatBytes(all.tableBytes)}, ${formatCount(all.rows)} rows estimated), ` +
    `${formatCount(all.indexes)} indexes (${formatBytes(all.indexBytes)}), ${formatCount(all.constraints)} constraints, ` +
    `${formatCount(all.views)} views, ${formatCount(all.functions)} functions, ${formatCount(all.schemas)} schemas.`;
  return [
    paint.bold(fit(`${oneLine(target.label)}  PostgreSQL ${target.major}`, columns)),
    ...wrap(facts, columns),
    ...(all.extensions.length > 0 ? wrap(`Extensions: ${all.extensions.map(oneLine).join(', ')}.`, columns) : []),
    ...wrap(
      `Read only: ${formatCounted(overhead.statements, 'statement')}, ${formatMs(overhead.totalMs)} on the target (measured).`,
      columns,
    ).map(paint.dim),
  ];
}

function baseline({ baseline: base }: ExamineReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (base.source === 'none')
    return [
      paint.bold('Baseline'),
      ...wrap('unknown: no workload was read; see what was skipped below.', columns).map(paint.warn),
    ];
  const since = base.since === null ? 'since when: unknown' : `since ${oneLine(base.since)}`;
  return [
    paint.bold('Baseline'),
    ...wrap(
      `${formatCount(base.statements.length)} statement shapes, ${formatCounted(base.calls, 'call')}, total time ${formatMs(base.totalMs)} (${base.provenance}), from ${oneLine(base.origin)}, ${since}.`,
      columns,
    ),
    ...skippedSentences(base.unusable.map(({ name, reason }) => ({ what: name, reason, remedy: null }))).flatMap(
      (text) => wrap(`not usable: ${text}`, columns, '  ').map(paint.warn),
    ),
  ];
}

function bottlenecks({ bottlenecks: rows }: ExamineReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  const estimated = rows.some((row) => row.kind === 'statement' && row.provenance === 'estimated');
  const lines = table(
    [
      { title: '#', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'what', align: 'left' },
      { title: 'why', align: 'left', shrinks: true },
    ],
    rows.map((row) => [
      String(row.rank),
      formatPercent(row.share),
      formatMs(row.ms),
      fit(oneLine(row.name), Math.max(16, Math.floor(columns / 3))),
      oneLine(row.why),
    ]),
    columns,
    (text, row, column) => (row < 0 || column === 4 ? paint.dim(text) : text),
  );
  return [
    paint.bold(
      fit(
        `Bottlenecks (${estimated ? "shares of the planner's cost: estimated" : 'measured by the source of the workload'})`,
        columns,
      ),
    ),
    ...lines,
  ];
}

function findings({ findings: rows }: ExamineReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const counts = (severity: string): number => rows.filter((row) => row.severity === severity).length;
  const lines = [
    paint.bold(`Findings: ${counts('critical')} critical, ${counts('warning')} warnings, ${counts('info')} to know`),
  ];
  const colours = { critical: paint.bad, warning: paint.warn, info: paint.dim };
  for (const finding of rows) {
    const [first = '', ...more] = wrap(oneLine(finding.title), Math.max(10, columns - 10));
    lines.push(
      `${colours[finding.severity](finding.severity.padEnd(8))}  ${first}`,
      ...more.map((line) => `${' '.repeat(10)}${line}`),
    );
    const below = (text: string, indent = ''): readonly string[] =>
      wrap(oneLine(text), Math.max(10, columns - 10), indent).map((line) => `${' '.repeat(10)}${line}`);
    const [remedy] = finding.actions;
    if (remedy) lines.push(...below(`to try: ${remedy.title}`));
    const [facts = '', ...others] = evidenceSentences(finding.evidence);
    lines.push(
      ...[...below(`${finding.advisor}: ${facts}`), ...others.flatMap((text) => below(text, '  '))].map(paint.dim),
    );
  }
  return lines;
}

function coverage({ coverage: all }: ExamineReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const examined = all.examined.map((row) =>
    row.count === null ? oneLine(row.what) : `${oneLine(row.what)} ${formatCount(row.count)}`,
  );
  return [
    paint.bold('Coverage'),
    ...wrap(`examined: ${examined.join(', ') || 'nothing'}`, columns, '  '),
    ...skippedSentences(all.skipped).flatMap((text) => wrap(`skipped ${text}`, columns, '  ').map(paint.warn)),
  ];
}
