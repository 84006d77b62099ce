import { formatBytes, formatMs } from '../../base/units.js';
import { page, wrap } from '../text/columns.js';
import { abridged } from '../sql-text.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import type { DeployReport, DeployStep } from './deploy-report.js';
import { statementTable, windowWords } from './live-words.js';

/** A deployment, or what one would do, for a terminal. No line is wider than `columns`. */
export function renderDeploy(report: DeployReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const blocks = [
    head(report, options, paint),
    watchedBlock(report, options),
    list('Found', report.found, options, paint.warn),
    ...(report.direction === 'up' ? report.steps : report.steps.toReversed()).map((step) =>
      stepBlock(step, report, options, paint),
    ),
    list('Changed since the plan was made: it will be refused', report.drift, options, paint.bad),
    list('In the way just now', report.obstacles, options, paint.warn),
    list(
      'Not part of a deployment',
      report.setAside.map(({ title, reason }) => `${title}: ${reason}`),
      options,
      paint.dim,
    ),
    list(
      'Not looked at',
      report.coverage.skipped.map(({ what, reason }) => `${what}: ${reason}`),
      options,
      paint.dim,
    ),
    tail(report, options, paint),
  ];
  return page(blocks, options.columns);
}

function head(report: DeployReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const words = {
    'dry-run': 'Dry run: nothing was changed.',
    deployed: 'Deployed.',
    stopped: 'Stopped after a step, which stays: it is for you to go on (the same command) or back (--revert).',
    withdrawn: 'A step was taken back on its figures; those before it stay.',
    reverted: 'Taken back.',
    'nothing-to-do': 'Nothing to do.',
  }[report.outcome];
  return [
    paint.bold(`${oneLine(report.target.label)}  PostgreSQL ${report.target.major}`),
    ...wrap(`${words} Plan: ${oneLine(report.plan)}`, columns),
  ];
}

function stepBlock(step: DeployStep, report: DeployReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { durationMs, diskBytes, walBytes, basis } = step.expected;
  const line = (label: string, text: string): readonly string[] =>
    wrap(oneLine(text), columns - INDENT).map((row, at) => `  ${(at === 0 ? label : '').padEnd(INDENT - 2)}${row}`);
  const title = wrap(`${step.number}. ${oneLine(step.title)} [${step.status}]`, columns, '   ').map(paint.bold);
  const live = decisionLines(step, columns, line, paint);
  if (report.direction === 'down')
    return [
      ...title,
      ...statementLines(step.rollback, line),
      ...(step.noWayBack === null ? [] : line('Rollback', `none: ${step.noWayBack}`)),
      ...live,
    ];
  const expected = `${formatMs(durationMs)}, ${formatBytes(diskBytes)} of disk, ${formatBytes(walBytes)} of WAL (estimated: ${basis})`;
  return [
    ...title,
    ...statementLines(step.statements, line),
    ...(step.tookMs === null ? line('Expected', expected) : line('Took', `${formatMs(step.tookMs)} (measured)`)),
    ...step.notes.flatMap((note) => line('Note', note)),
    ...line('Lab', step.effect),
    ...(step.rollback.length === 0
      ? line('Rollback', step.noWayBack === null ? 'nothing to take back' : `none: ${step.noWayBack}`)
      : []),
    ...step.rollback.flatMap(({ sql, lock }, at) => [
      ...line('Rollback', abridged(sql, '--json shows them')),
      ...(lock === step.rollback[at + 1]?.lock ? [] : line('', `${lock}${ranWords(step)}`)),
    ]),
    ...(report.outcome === 'dry-run' ? approvalLines(step, line) : []),
    ...live,
  ];
}

type Line = (label: string, text: string) => readonly string[];

function approvalLines({ approvals }: DeployStep, line: Line): readonly string[] {
  if (approvals.length === 0) return line('Approve', 'whoever runs it');
  return approvals.flatMap(({ protocol, decidedBy, decisionNeeded, timeLimitHours }, at) =>
    line(
      at === 0 ? 'Approve' : '',
      `${decidedBy} within ${timeLimitHours} h (${protocol}): ${decisionNeeded.slice(decisionNeeded.indexOf(': ') + 2)}`,
    ),
  );
}

function decisionLines({ decision }: DeployStep, columns: number, line: Line, paint: Paint): readonly string[] {
  if (!decision) return [];
  const colour = { go: paint.good, stop: paint.warn, revert: paint.bad }[decision.choice];
  return [
    ...line('Decided', `${decision.choice}: ${decision.reason}`).map(colour),
    ...statementTable(decision.assessment, columns - 2).map((row) => `  ${row}`),
    ...(decision.window ? line('Watched', windowWords(decision.window)).map(paint.dim) : []),
  ];
}

/** How it is watched, or that it is not. */
function watchedBlock(
  { staging, direction, outcome, validation }: DeployReport,
  { columns }: TextOptions,
): readonly string[] {
  if (direction === 'down') return [];
  const { soakMs, baselineMs, limits, unknown, withoutFigures, before } = staging;
  const lines: string[] = [];
  if (soakMs === 0)
    lines.push(
      'Not watched: steps follow each other at once. --soak 10m watches each, and goes on only where the figures allow it.',
    );
  else {
    lines.push(
      `Watched for ${formatMs(soakMs)} after each step, against ${formatMs(baselineMs)} before the first. Taken back: a read slower than x${limits.readTolerance} or a write slower than x${limits.writeTolerance} that holds ${percent(limits.criticalShare)} of the time, errors more often than x${limits.errorTolerance}, no gain where the lab had one; all with ${percent(limits.confidence)} confidence. Figures that are missing stop it${withoutFigures === 'go' ? ' not (--without-figures go)' : ''}.`,
    );
  }
  if (unknown !== null)
    lines.push(`Live figures are unknown: ${unknown}${soakMs > 0 ? ` (--without-figures ${withoutFigures})` : ''}`);
  if (before && outcome !== 'dry-run' && soakMs > 0) lines.push(`Before: ${windowWords(before)}`);
  if (validation) lines.push(validationWords(validation));
  return lines.flatMap((text) => wrap(oneLine(text), columns));
}

/** A setting, without the digits of a measurement. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function validationWords({ begunAt, windowMs, verdict, command }: NonNullable<DeployReport['validation']>): string {
  if (verdict !== null) return `Validation: closed, ${verdict}.`;
  return `Validation: open since ${begunAt}, for ${formatMs(windowMs)}; then: ${command}`;
}

/** Columns that the labels take. */
const INDENT = 12;

/** Statements with their locks; the same lock of several is said once, below the last. */
function statementLines(
  statements: DeployStep['statements'],
  line: (label: string, text: string) => readonly string[],
): readonly string[] {
  return statements.flatMap(({ sql, lock }, at) => [
    ...line('SQL', abridged(sql, '--json shows them')),
    ...(lock === statements[at + 1]?.lock ? [] : line('Lock', lock)),
  ]);
}

function ranWords({ rollbackRun }: DeployStep): string {
  if (rollbackRun === null) return ' (was not run in the lab)';
  return rollbackRun
    ? ' (was run in the lab, and left the catalog as before)'
    : ' (was run in the lab, and did not leave the catalog as before)';
}

function tail(report: DeployReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const lines = [...wrap(`Free disk on the server: ${formatBytes(report.freeDiskBytes)}`, columns)];
  if (report.outcome !== 'dry-run' && report.outcome !== 'nothing-to-do') lines.length = 0;
  if (report.hash !== null) lines.push(...wrap(`Hash: ${report.hash}`, columns).map(paint.bold));
  if (report.command !== null) lines.push(...wrap(`To apply it: ${report.command}`, columns));
  lines.push(...wrap(`Journal: ${oneLine(report.journal)}`, columns));
  return lines;
}

function list(
  title: string,
  rows: readonly string[],
  { columns }: TextOptions,
  colour: (text: string) => string,
): readonly string[] {
  if (rows.length === 0) return [];
  return [colour(title), ...rows.flatMap((row) => wrap(`- ${oneLine(row)}`, columns, '  '))];
}
