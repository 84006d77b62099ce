import { formatMs } from '../../base/units.js';
import { page, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import { statementTable, windowWords } from './live-words.js';
import type { VerifyReport } from './verify-report.js';

/** What became of a deployment, for a terminal. No line is wider than `columns`. */
export function renderVerify(report: VerifyReport, { columns, colour }: TextOptions): string {
  const paint = paintFor(colour);
  const lines = (text: string): readonly string[] => wrap(oneLine(text), columns);
  const list = (rows: readonly string[]): readonly string[] =>
    rows.flatMap((row) => wrap(`- ${oneLine(row)}`, columns, '  '));
  const good = report.verdict === 'validated' && report.drift.length === 0;
  const changed = report.objects.filter(({ state }) => state !== 'as deployed');
  const blocks = [
    [
      paint.bold(`${oneLine(report.target.label)}  PostgreSQL ${report.target.major}`),
      ...lines(`Deployment ${report.hash}. Plan: ${report.plan}`),
    ],
    [
      ...lines(
        `${VERDICTS[report.verdict]}${report.drift.length > 0 ? ' The catalog is not as it was deployed.' : ''}`,
      ).map(good ? paint.good : paint.bad),
      ...lines(`${report.reason.slice(0, 1).toUpperCase()}${report.reason.slice(1)}.`),
      ...lines(stateWords(report)),
    ],
    [
      ...lines(catalogWords(report.objects.length, changed.length)),
      ...list(changed.map(({ name, state }) => `${name}: ${state}`)),
    ],
    report.drift.length > 0 ? [paint.bad('Drift'), ...list(report.drift)] : [],
    statementTable(report.assessment, columns),
    [
      ...report.before.flatMap((window) => lines(`Before: ${windowWords(window)}`)),
      ...lines(`Since: ${windowWords(report.after)}`),
    ],
    report.coverage.skipped.length > 0
      ? [paint.dim('Not looked at'), ...list(report.coverage.skipped.map(({ what, reason }) => `${what}: ${reason}`))]
      : [],
    [
      ...(report.command === null ? [] : lines(`To take it back: ${report.command}`)),
      ...lines(`Journal: ${report.journal}`),
    ],
  ];
  return page(blocks, columns);
}

function catalogWords(count: number, changed: number): string {
  if (count === 1) return `Catalog: the one object of the deployment is ${changed === 0 ? '' : 'not '}as it left it.`;
  return `Catalog: ${count - changed} of ${count} objects of the deployment are as it left them.`;
}

const VERDICTS = {
  validated: 'Validated.',
  regressed: 'Regressed.',
  'no-gain': 'No gain.',
  insufficient: 'Insufficient: there is not enough to judge by.',
  unknown: 'Unknown: figures are missing.',
} as const;

function stateWords({ state, elapsedMs, windowMs }: VerifyReport): string {
  if (elapsedMs === null)
    return `The server's clock was set back: how much of ${formatMs(windowMs)} is over is unknown; it stays open.`;
  if (state === 'closed') return `Closed after ${formatMs(elapsedMs)} of ${formatMs(windowMs)}.`;
  return `So far: ${formatMs(elapsedMs)} of ${formatMs(windowMs)}; it stays open.`;
}
