import type { ReportFile } from '../migrations.js';
import { comment, terminated } from '../sql-text.js';
import type { DifferenceReport } from './difference-report.js';

type Script = DifferenceReport['up'];

/** Both ways as SQL that psql runs. */
export function differenceFiles(report: DifferenceReport): readonly ReportFile[] {
  const [first, second] = [report.first.name, report.second?.name ?? ''];
  return [
    {
      path: 'difference.up.sql',
      content: content(report.up, 'difference.up.sql', `Takes the schema of ${first} to that of ${second}`),
    },
    {
      path: 'difference.down.sql',
      content: content(report.down, 'difference.down.sql', `Takes it back to that of ${first}`),
    },
  ];
}

function content({ before, statements, unwritten }: Script, path: string, title: string): string {
  const lost = [...before, ...statements].flatMap(({ loses }) => (loses === null ? [] : [loses]));
  const header = [
    ...comment('', title),
    '--',
    ...lost.flatMap((what) => comment('DESTROYS: ', what)),
    ...unwritten.flatMap(({ what, reason }) => comment('Not here: ', `${what}. ${reason}`)),
    ...comment('Run:      ', `psql -v ON_ERROR_STOP=1 -f ${path}`),
    ...comment(
      '          ',
      'its locks: database-wizard migrate check; the same in safe steps: database-wizard migrate plan',
    ),
  ];
  const body = statements.flatMap(({ sql, loses }) => [
    ...(loses === null ? [] : comment('DESTROYS: ', loses)),
    terminated(sql),
  ]);
  const transaction =
    body.length === 0
      ? []
      : [
          'BEGIN;',
          "SET LOCAL lock_timeout = '5s';",
          'SET LOCAL check_function_bodies = off;',
          "SET LOCAL search_path = '';",
          ...body,
          'COMMIT;',
        ];
  const lines = [...before.map(({ sql }) => terminated(sql)), ...transaction];
  return `${[...header, '', ...(lines.length === 0 ? ['-- Nothing to run.'] : lines)].join('\n')}\n`;
}
