import { formatMs } from '../../base/units.js';
import { isBackfill } from '../../migrations/backfill.js';
import { interruptionWords, mayRunInTransaction } from '../migrations.js';
import { comment, terminated } from '../sql-text.js';
import type { ReportFile } from '../migrations.js';
import type { MigrateReport } from './migrate-report.js';

type Step = NonNullable<MigrateReport['files'][number]['plan']>['steps'][number];

/** The name of a step's files without their endings: a number, and its title. */
export function stepFileName(title: string, position: number): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60)
    .replace(/^_+|_+$/g, '');
  return `${String(position + 1).padStart(4, '0')}_${words || 'step'}`;
}

/** What a step does, in few words: its first statement. */
export function stepTitle(up: readonly string[]): string {
  const [first] = up;
  if (first === undefined) return '';
  if (isBackfill(first)) return /^ +DELETE FROM /m.test(first) ? 'delete in batches' : 'fill in batches';
  return first.replaceAll(/\s+/g, ' ').slice(0, 120);
}

/** Where a step comes from, and what it costs others: lines of a comment. */
export function stepWords(step: Step, count: number, name: string): readonly string[] {
  const locks = step.locks.map(({ table, mode, blocks }) => `takes ${mode} on ${table}, which ${blocks}`);
  const { estimate } = step;
  return [
    `Step ${step.number} of ${count}, from ${name}, line ${step.line}`,
    ...step.notes,
    `Lock: ${lockLine(locks, step.unsure)}`,
    ...(estimate && estimate.bytes > 0
      ? [`Work: ${formatMs(estimate.lowMs)} to ${formatMs(estimate.highMs)} under it, estimated`]
      : []),
    ...step.remaining.map((text) => `Remains: ${text}`),
  ];
}

function lockLine(locks: readonly string[], unsure: string | null): string {
  if (unsure !== null) return [...locks, unsure].join('; ');
  return locks.length > 0 ? locks.join('; ') : 'none that others wait for';
}

/** The steps of a plan as files that psql runs, one for each transaction; a way back where there is one. */
export function stepFiles(report: MigrateReport, file: MigrateReport['files'][number]): readonly ReportFile[] {
  const steps = file.plan?.steps ?? [];
  return steps.flatMap((step) => [
    { path: step.upFile, content: upContent(step, steps.length, file.name, report) },
    ...(step.down === null || step.downFile === null
      ? []
      : [{ path: step.downFile, content: downContent(step, step.down, finalAfter(step, steps), report) }]),
  ]);
}

/** What is left to do once nobody needs the old form any longer: a file each, in a folder of their own. */
export function laterFiles(report: MigrateReport, file: MigrateReport['files'][number]): readonly ReportFile[] {
  return (file.plan?.later ?? []).map(({ when, sql, line, noWayBack, file: path }) => {
    const header = [
      ...comment('', `Run this when ${when}. From ${file.name}, line ${line}.`),
      ...comment('Run:      ', `psql -v ON_ERROR_STOP=1 -f ${path}`),
      ...(noWayBack === null ? [] : comment('Revert:   ', `none: ${noWayBack}`)),
    ];
    return { path, content: content(header, sql, true, report.lockTimeoutMs) };
  });
}

function upContent(step: Step, count: number, name: string, report: MigrateReport): string {
  const header = [
    ...stepWords(step, count, name).flatMap((line) => {
      const [, label, text] = /^(Lock|Work|Remains): (.*)$/s.exec(line) ?? [];
      const plain = label === undefined || text === undefined;
      return [
        ...(label === 'Lock' ? ['--'] : []),
        ...(plain ? comment('', line) : comment(`${label}:`.padEnd(10), text)),
      ];
    }),
    ...comment('Run:      ', `psql -v ON_ERROR_STOP=1 -f ${step.upFile}`),
    ...(step.transactional
      ? comment(
          '          ',
          'if it ends with SQLSTATE 55P03, a lock was not to be had in time and nothing has changed: run it again',
        )
      : comment('          ', 'outside a transaction: neither psql -1 nor a migration tool that opens one')),
    ...interruptionWords(step.up).flatMap((text) => comment('          ', text)),
    ...comment('Revert:   ', step.downFile ?? `none: ${step.noWayBack ?? 'unknown'}`),
  ];
  return content(header, [...step.prologue, ...step.up], step.transactional, report.lockTimeoutMs);
}

/** The number of the first step after it that can not be taken back; null for none. */
function finalAfter({ number }: Step, steps: readonly Step[]): number | null {
  return steps.find((one) => one.number > number && one.down === null)?.number ?? null;
}

function downContent(step: Step, down: readonly string[], final: number | null, report: MigrateReport): string {
  const header = [
    ...comment('', `Takes back step ${step.number}; those after it first`),
    ...(step.takesBackFrom === null
      ? []
      : comment(
          '',
          `Takes back what steps ${step.takesBackFrom} to ${step.number - 1} began as well: run their down files too before anything goes up again`,
        )),
    ...(final === null ? [] : comment('', `Only as long as step ${final}, which can not be taken back, has not run`)),
  ];
  if (down.length === 0)
    return `${[...header, ...comment('', 'Nothing to run: the steps before it take it along')].join('\n')}\n`;
  return content(header, [...step.prologue, ...down], down.every(mayRunInTransaction), report.lockTimeoutMs);
}

function content(
  header: readonly string[],
  statements: readonly string[],
  transactional: boolean,
  lockTimeoutMs: number,
): string {
  const timeout = `lock_timeout = '${lockTimeoutMs}ms';`;
  // What runs concurrently blocks nobody while it waits, and leaves an invalid index where it is cut off.
  const patient = isConcurrent(statements) || statements.some(isBackfill);
  const body = statements.map(terminated);
  const lines = transactional
    ? ['BEGIN;', `SET LOCAL ${timeout}`, ...body, 'COMMIT;']
    : [patient ? 'SET lock_timeout = 0;' : `SET ${timeout}`, 'SET statement_timeout = 0;', ...body];
  return `${[...header, '', ...lines].join('\n')}\n`;
}

function isConcurrent(statements: readonly string[]): boolean {
  return statements.some((sql) => /\bCONCURRENTLY\b/i.test(sql) && !mayRunInTransaction(sql));
}
