import { formatCount, formatCounted, formatMs, formatPercent } from '../../base/units.js';
import { table } from '../text/columns.js';
import { formatRatio, oneLine } from '../words.js';
import type { ReportedAssessment, ReportedWindow } from './live-schema.js';

/** At most so many statements are shown; the JSON has all. */
const SHOWN = 8;

/** Statements before and after as a table; empty without any. */
export function statementTable({ statements }: ReportedAssessment, columns: number): readonly string[] {
  if (statements.length === 0) return [];
  const rows = statements
    .slice(0, SHOWN)
    .map((one) => [
      one.state === 'few-calls' ? 'few calls' : one.state,
      one.before ? formatMs(one.before.meanMs) : '',
      formatMs(one.after.meanMs),
      one.ratio ? `x${formatRatio(one.ratio.ratio)}` : '',
      `${one.before ? formatCount(one.before.calls) : '0'}/${formatCount(one.after.calls)}`,
      formatPercent(one.share),
      oneLine(one.name),
    ]);
  const lines = table(
    [
      { title: '', align: 'left' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      { title: '', align: 'right' },
      { title: 'calls', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'statement', align: 'left', shrinks: true },
    ],
    rows,
    columns,
  );
  return statements.length > SHOWN ? [...lines, `and ${statements.length - SHOWN} more`] : lines;
}

/** What a window holds, in one sentence; where figures are missing it says so. */
export function windowWords({
  from,
  to,
  statements,
  unknown,
  incomplete,
  hidden,
  transactions,
  looks,
}: ReportedWindow): string {
  return [
    `${from === '' ? 'the beginning' : from} to ${to}`,
    unknown === null ? formatCounted(statements, 'statement') : `statements unknown: ${unknown}`,
    transactions
      ? `${formatCount(transactions.ended)} transactions, ${formatCount(transactions.rolledBack)} rolled back, ${formatCount(transactions.deadlocks)} deadlocks`
      : 'transactions unknown: pg_stat_database was reset',
    ...(looks.count > 0
      ? [
          `lock waits at ${looks.waiting} of ${looks.count} looks${looks.waiting > 0 ? `, longest ${formatMs(looks.longestWaitMs)}` : ''}`,
        ]
      : []),
    ...(looks.standbys > 0 ? [`slowest standby ${formatMs(looks.lagMs)} behind`] : []),
    ...(incomplete > 0 ? [`${incomplete} entries were reset or evicted meanwhile`] : []),
    ...(hidden > 0 ? [`the text of ${hidden} entries is not shown to this role`] : []),
  ].join('; ');
}
