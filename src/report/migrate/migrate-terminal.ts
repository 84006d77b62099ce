import { skippedSentences } from '../text/skipped.js';
import { formatBytes, formatMs } from '../../base/units.js';
import { page, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { abridged } from '../sql-text.js';
import { oneLine } from '../words.js';
import type { MigrateReport } from './migrate-report.js';

type File = MigrateReport['files'][number];
type Finding = File['findings'][number];
type Step = NonNullable<File['plan']>['steps'][number];

/** What was found in migration files, or their plan, for a terminal; the SARIF log where it was asked for. No line is wider than `columns`. */
export function renderMigrate(report: MigrateReport, options: TextOptions): string {
  if (report.sarif) return `${JSON.stringify(report.sarif, null, 2)}\n`;
  const paint = paintFor(options.colour);
  const blocks = report.files.flatMap((file) => [
    head(report, file, options, paint),
    ...(file.plan ? planBlocks(file, report, options, paint) : findingBlocks(file, options, paint)),
    leftOut(file, options, paint),
  ]);
  const skipped = skippedSentences(report.coverage.skipped).flatMap((text) =>
    wrap(`not looked at: ${text}`, options.columns, '  ').map(paint.dim),
  );
  return page([...blocks, skipped], options.columns);
}

function head(report: MigrateReport, file: File, { columns }: TextOptions, paint: Paint): readonly string[] {
  const count = (severity: Finding['severity']): number =>
    file.findings.filter((one) => one.severity === severity).length;
  const from = { given: '', target: ' as the target', assumed: ', assumed: give --major or --to' }[report.majorFrom];
  const [errors, warnings, infos] = [count('error'), count('warning'), count('info')];
  return [
    ...wrap(oneLine(file.name), columns).map(paint.bold),
    ...wrap(
      `${file.statements} ${file.statements === 1 ? 'statement' : 'statements'} for PostgreSQL ${report.major}${from}; ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${infos} to know.`,
      columns,
    ),
  ];
}

function findingBlocks(file: File, options: TextOptions, paint: Paint): readonly (readonly string[])[] {
  const loud = file.findings.filter(({ severity }) => severity !== 'info');
  return [...loud.map((one) => findingLines(one, options, paint)), notes(file, options, paint)];
}

function findingLines(finding: Finding, { columns }: TextOptions, paint: Paint): readonly string[] {
  const colour = finding.severity === 'error' ? paint.bad : paint.warn;
  const lines = (text: string): readonly string[] => wrap(oneLine(text), columns - 2).map((line) => `  ${line}`);
  return [
    ...wrap(`${finding.severity}: line ${finding.line}: ${oneLine(finding.says)}`, columns, '  ').map(colour),
    ...lines(finding.statement).map(paint.dim),
    ...effects(finding).flatMap(lines),
    ...lines(`${remedyWords(finding)} (${finding.rule})`).map(paint.dim),
  ];
}

function effects({ locks, rewrites, scans, estimate, unsure }: Finding): readonly string[] {
  const time =
    estimate === null
      ? ''
      : estimate.bytes === 0
        ? ': there are none now'
        : `: ${formatBytes(estimate.bytes)}, ${formatMs(estimate.lowMs)} to ${formatMs(estimate.highMs)}, estimated`;
  const work = [
    ...(rewrites.length > 0 ? [`writes all rows of ${rewrites.join(', ')} anew${time}`] : []),
    ...(rewrites.length === 0 && scans.length > 0 ? [`reads all rows of ${scans.join(', ')}${time}`] : []),
  ];
  return [...lockWords(locks), ...work, ...(unsure === null ? [] : [unsure])];
}

function lockWords(locks: Finding['locks']): readonly string[] {
  return locks.map(({ mode, table, blocks }) => `takes ${mode} on ${table}, which ${blocks}`);
}

function remedyWords({ remedy }: Finding): string {
  if (remedy === 'sequence') return '`migrate plan` writes a safe sequence';
  return remedy === 'steps'
    ? '`migrate plan` runs each step in a transaction of its own, with a lock_timeout'
    : 'no safe sequence is known; see the page of the rule';
}

/** What is good to know takes a line each. */
function notes(file: File, { columns }: TextOptions, paint: Paint): readonly string[] {
  const rows = file.findings.filter(({ severity }) => severity === 'info');
  if (rows.length === 0) return [];
  return [
    paint.bold('Good to know'),
    ...rows.flatMap((row) =>
      wrap(
        `line ${row.line}: ${oneLine(row.says)}${row.lowered === null ? '' : `; ${row.lowered}`} (${row.rule})`,
        columns,
        '  ',
      ),
    ),
  ];
}

function planBlocks(
  file: File,
  report: MigrateReport,
  options: TextOptions,
  paint: Paint,
): readonly (readonly string[])[] {
  const { columns } = options;
  const plan = file.plan ?? { steps: [], differs: [], later: [], labFailure: null };
  const noWay = plan.steps.filter(({ down }) => down === null).length;
  return [
    [
      paint.bold(`Plan: ${plan.steps.length} ${plan.steps.length === 1 ? 'step' : 'steps'}`),
      ...wrap(
        `Each is a transaction with lock_timeout ${formatMs(report.lockTimeoutMs)} unless it says otherwise; one that runs into it has changed nothing and is run again.${noWay > 0 ? ` ${noWay} without a way back.` : ''}`,
        columns,
      ),
      ...plan.differs.flatMap((text) => wrap(`differs from the file: ${oneLine(text)}`, columns, '  ').map(paint.warn)),
    ],
    plan.labFailure === null
      ? []
      : wrap(
          `Step ${plan.steps.filter(({ lab }) => lab).length + 1} failed on the copy: ${oneLine(plan.labFailure)}`,
          columns,
        ).map(paint.bad),
    ...plan.steps.map((step, i) => stepLines(step, plan.steps[i - 1] ?? null, options, paint)),
    plan.later.flatMap(({ when, sql, noWayBack }) => [
      ...wrap(`Later, when ${oneLine(when)}:`, columns, '  ').map(paint.bold),
      ...sql.flatMap((one) => sqlLines(one, columns)),
      ...(noWayBack === null
        ? []
        : wrap(`no way back: ${oneLine(noWayBack)}`, columns - 5).map((row) => paint.warn(`     ${row}`))),
    ]),
    file.written === null
      ? wrap('Nothing was written; --out <folder> writes the steps as up and down files.', columns).map(paint.dim)
      : wrap(`Written to ${oneLine(file.written)}.${deployWords(file)}`, columns),
  ];
}

function stepLines(step: Step, before: Step | null, { columns }: TextOptions, paint: Paint): readonly string[] {
  const indented = (text: string): readonly string[] => wrap(oneLine(text), columns - 5).map((line) => `     ${line}`);
  return [
    `${String(step.number).padStart(3)}. ${step.transactional ? '' : 'outside a transaction '}${paint.dim(`(line ${step.line})`)}`,
    ...(step.prologue.join() === (before?.prologue ?? []).join() ? [] : step.prologue).flatMap((sql) =>
      sqlLines(sql, columns),
    ),
    ...step.up.flatMap((sql) => sqlLines(sql, columns)),
    ...[...step.notes, ...lockWords(step.locks), ...(step.unsure === null ? [] : [step.unsure])]
      .flatMap(indented)
      .map(paint.dim),
    ...labWords(step).flatMap(indented),
    ...step.remaining.flatMap((text) => indented(`remains: ${text}`)).map(paint.warn),
    ...(step.down === null ? indented(`no way back: ${step.noWayBack ?? 'unknown'}`).map(paint.warn) : []),
  ];
}

/** What a copy showed. */
function labWords({ lab }: Step): readonly string[] {
  if (!lab) return [];
  const { applyMs, walBytes, revert } = lab;
  const back = {
    'as-before': 'its way back was run, and left the catalog as before',
    'not-as-before': `its way back was run, and left: ${revert.note}`,
    along: 'what it did goes with a step before it',
    failed: `its way back failed: ${revert.note}`,
    'no-way': 'no way back was run',
  }[revert.outcome];
  return [`on a copy: ${formatMs(applyMs)}, ${formatBytes(walBytes)} of WAL (measured, without load); ${back}`];
}

function deployWords({ deployable }: File): string {
  return deployable === null
    ? ''
    : ` To run it guarded and journalled: database-wizard deploy ${oneLine(deployable)} --to <url>`;
}

/** Lines keep how far they were set in; one that is too long goes on below, further in. */
function sqlLines(sql: string, columns: number): readonly string[] {
  return `${abridged(sql, '--out writes them, --json shows them')};`.split('\n').flatMap((line) => {
    const text = line.trimStart();
    const indent = ' '.repeat(Math.min(20, 5 + line.length - text.length));
    return wrap(oneLine(text), columns - indent.length, '  ').map((part) => `${indent}${part}`);
  });
}

function leftOut(file: File, { columns }: TextOptions, paint: Paint): readonly string[] {
  return file.skipped.flatMap((row) =>
    wrap(`not looked at: line ${row.line}, ${oneLine(row.what)}: ${row.reason}`, columns, '  ').map(paint.warn),
  );
}
