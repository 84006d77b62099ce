import { skippedSentences } from '../text/skipped.js';
import { formatBytes, formatCount, formatMs, formatPercent } from '../../base/units.js';
import { fit, page, table, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine, placeWords } from '../words.js';
import { application } from './application-terminal.js';
import type { WorkloadReport } from './workload-report.js';

/** A workload for a terminal. No line is wider than `columns`. */
export function renderWorkload(report: WorkloadReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const blocks = [
    head(report, options, paint),
    ranking(report, options, paint),
    details(report, options, paint),
    ...application(report, options, paint),
    waits(report, options, paint),
    leftOut(report, options, paint),
  ];
  return page(blocks, options.columns);
}

function head(report: WorkloadReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const span =
    report.firstSeen === null
      ? 'when: unknown'
      : `from ${report.firstSeen} to ${report.lastSeen ?? 'unknown'}${report.firstSeen.endsWith('Z') ? '' : ' (zone of the log)'}`;
  const total = report.provenance === 'unknown' ? 'unknown' : `${formatMs(report.totalMs)} (${report.provenance})`;
  return [
    paint.bold('Workload'),
    ...report.files.flatMap((file) =>
      wrap(`${oneLine(file.name)}: ${oneLine(file.takenFor)}, ${formatCount(file.records)} records.`, columns, '  '),
    ),
    ...wrap(
      `${formatCount(report.statements.length)} statement shapes, ${formatCount(report.calls)} calls, total time ${total}, ${span}.`,
      columns,
    ),
  ];
}

/** Shapes that a terminal shows; `--json` has all. */
const SHOWN = 20;

function ranking(report: WorkloadReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (report.statements.length === 0) return [];
  const rows = report.statements
    .slice(0, SHOWN)
    .map((row) => [
      String(row.rank),
      formatPercent(row.share),
      formatMs(row.totalMs),
      formatCount(row.calls),
      formatMs(row.meanMs),
      formatMs(row.latencyMs?.p95 ?? null),
      formatMs(row.latencyMs?.p99 ?? null),
      oneLine(row.name),
    ]);
  return [
    paint.bold('Heaviest statements'),
    ...table(
      [
        { title: '#', align: 'right' },
        { title: 'share', align: 'right' },
        { title: 'total', align: 'right' },
        { title: 'calls', align: 'right' },
        { title: 'mean', align: 'right' },
        { title: 'p95', align: 'right' },
        { title: 'p99', align: 'right' },
        { title: 'statement', align: 'left', shrinks: true },
      ],
      rows,
      columns,
      (text, row) => (row < 0 ? paint.dim(text) : text),
    ),
    ...(report.statements.length > SHOWN
      ? [paint.dim(`  and ${formatCount(report.statements.length - SHOWN)} more; --json has all`)]
      : []),
    ...threshold(report).flatMap((text) => wrap(text, columns).map(paint.dim)),
  ];
}

/** A log that holds slow executions only says nothing of the others. */
function threshold(report: WorkloadReport): readonly string[] {
  const fastest = report.statements.flatMap((row) => (row.latencyMs ? [row.latencyMs.min] : []));
  if (fastest.length === 0) return [];
  const least = Math.min(...fastest);
  return [
    `Quantiles are of the executions that the log holds; the fastest of them took ${formatMs(least)}. ` +
      'Whether log_min_duration_statement or sampling kept others out, a log does not say.',
  ];
}

/** Shapes whose particulars are shown. */
const DETAILED = 5;

function details(report: WorkloadReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const lines = report.statements.slice(0, DETAILED).flatMap((row) => {
    const facts = factsOf(row);
    if (facts.length === 0) return [];
    return [
      fit(`#${row.rank} ${oneLine(row.name)}`, columns),
      ...facts.flatMap((text) => wrap(oneLine(text), columns - 4).map((line) => paint.dim(`   ${line}`))),
    ];
  });
  return lines.length > 0 ? [paint.bold('What is known of them'), ...lines] : [];
}

/** Places that are shown of each. */
const PLACES = 3;

function factsOf(row: WorkloadReport['statements'][number]): readonly string[] {
  const names = (what: string, list: WorkloadReport['statements'][number]['users']): readonly string[] =>
    list.length === 0
      ? []
      : [
          `${what}: ${list
            .slice(0, 3)
            .map((one) => `${one.name} ${formatCount(one.executions)}`)
            .join(', ')}${list.length > 3 ? `, and ${list.length - 3} more` : ''}`,
        ];
  const { planned } = row;
  return [
    ...names('from', row.sources),
    ...row.foundIn
      .filter(({ how }) => how !== 'tag')
      .slice(0, PLACES)
      .map((place) => `in the program: ${placeWords(place)}`),
    ...names('applications', row.applications),
    ...names('users', row.users),
    ...names('databases', row.databases),
    ...(planned
      ? [
          `plans of ${formatCount(planned.executions)} executions, means: rows ${formatCount(planned.rows)}, blocks hit ${formatCount(planned.sharedHit)}, read ${formatCount(planned.sharedRead)}, temporary ${formatCount(planned.tempBlocks)}, WAL ${formatBytes(planned.walBytes)}`,
        ]
      : []),
    ...(row.rows !== null && !planned
      ? [
          `rows ${formatCount(row.rows)}, blocks hit ${formatCount(row.sharedHit)}, read ${formatCount(row.sharedRead)}, WAL ${formatBytes(row.walBytes)}, over all calls`,
        ]
      : []),
    ...(row.temporaryBytes === null ? [] : [`temporary files ${formatBytes(row.temporaryBytes)}`]),
    ...(row.errors ? [`errors ${formatCount(row.errors)}`] : []),
    ...(row.parameterSets > 0 ? [`${row.parameterSets} sets of parameter values for trials`] : []),
  ];
}

function waits({ waits: rows }: WorkloadReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  const total = rows.reduce((sum, row) => sum + row.looks, 0);
  const text = rows
    .slice(0, 8)
    .map((row) => `${oneLine(row.name)} ${formatPercent(row.looks / total)}`)
    .join(', ');
  return [paint.bold('Active sessions waited for (estimated from samples)'), ...wrap(text, columns)];
}

function leftOut(report: WorkloadReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const unusable = skippedSentences(report.unusable.map(({ name, reason }) => ({ what: name, reason, remedy: null })));
  const lines = [
    ...unusable.map((text) => `not usable: ${text}`),
    ...skippedSentences(report.coverage.skipped).map((text) => `skipped ${text}`),
  ].flatMap((text) => wrap(text, columns, '  '));
  return lines.length > 0 ? [paint.bold('Left out'), ...lines.map(paint.warn)] : [];
}
