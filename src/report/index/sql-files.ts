import type { ReportFile } from '../migrations.js';
import type { IndexReport, ProposedIndex } from './index-report.js';
import { costWords, servesWords } from './words.js';

/** The indexes that measurement confirmed, as SQL that psql runs, and what takes them away again. */
export function indexSqlFiles({ indexes, measured }: IndexReport): readonly ReportFile[] {
  const kept = indexes.filter((one) => one.decision === 'create');
  const up = kept.flatMap((one) => [
    comment(one.title),
    comment(`for ${servesWords(one)}; ${costWords(one)}`),
    comment(one.action.lock),
    ...upOnce(kept, one).map((sql) => `${sql};`),
    '',
  ]);
  const down = kept.toReversed().flatMap((one) => [comment(one.title), ...one.action.down.map((sql) => `${sql};`), '']);
  const nothing = (measured?.executions ?? 0) > 0 ? 'measurement confirmed no index' : 'no index was measured';
  const file = (path: string, lines: readonly string[], head: string): ReportFile => {
    return { path, content: text(lines.length > 0 ? lines : [comment(`Nothing: ${nothing}.`)], head) };
  };
  return [
    file('indexes.up.sql', up, 'Outside a transaction: psql -v ON_ERROR_STOP=1 -f indexes.up.sql'),
    file('indexes.down.sql', down, 'Takes the indexes of indexes.up.sql away again.'),
  ];
}

/** What creates one index, without the ANALYZE that a later one brings as well: once, after the last index of a table, fills the statistics of all. */
function upOnce(kept: readonly ProposedIndex[], one: ProposedIndex): readonly string[] {
  const later = new Set(kept.slice(kept.indexOf(one) + 1).flatMap(({ action }) => action.up));
  return one.action.up.filter((sql) => !(sql.startsWith('ANALYZE ') && later.has(sql)));
}

function text(lines: readonly string[], head: string): string {
  return `${comment(head)}\n\n${lines.join('\n').trimEnd()}\n`;
}

/** One line whatever is in it: a name may hold a line break, and what follows must stay a comment. */
function comment(words: string): string {
  return `-- ${words.replaceAll(/\s+/gu, ' ')}`;
}
