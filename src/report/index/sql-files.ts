import type { ReportFile } from '../migrations.js';
import type { IndexReport, ProposedIndex, ReportedAction } from './index-report.js';
import { actionWords, costWords, servesWords } from './words.js';

/** The indexes that measurement confirmed, as SQL that psql runs, and what takes them away again. */
export function indexSqlFiles(report: IndexReport): readonly ReportFile[] {
  const { indexes, measured } = report;
  const kept = indexes.filter((one) => one.decision === 'create');
  const up = kept.flatMap((one) => [
    comment(one.title),
    comment(`for ${servesWords(one)}; ${costWords(one)}`),
    comment(one.action.lock),
    ...run(one.action, upOnce(kept, one)),
    '',
  ]);
  const down = kept.toReversed().flatMap((one) => [comment(one.title), ...run(one.action, one.action.down), '']);
  const nothing = (measured?.executions ?? 0) > 0 ? 'measurement confirmed no index' : 'no index was measured';
  const head = 'Outside a transaction: psql -v ON_ERROR_STOP=1 -f indexes.up.sql';
  return [
    sqlFile('indexes.up.sql', up, { head, nothing }),
    sqlFile('indexes.down.sql', down, { head: 'Takes the indexes of indexes.up.sql away again.', nothing }),
    ...dropFiles(report),
  ];
}

/** What drops the indexes that were not missed in the lab, and what makes them again. */
function dropFiles({ existing, removals }: IndexReport): readonly ReportFile[] {
  const gone = existing.filter(({ trial }) => trial?.outcome === 'goes');
  const up = gone.flatMap(({ trial, ...row }) => [
    comment(row.advice),
    ...actionWords({ ...row, trial }).map(comment),
    ...(trial === null ? [] : [comment(trial.drop.lock), ...run(trial.drop, trial.drop.up)]),
    '',
  ]);
  const down = gone
    .toReversed()
    .flatMap(({ trial, advice }) => [
      comment(advice),
      ...(trial?.drop.transactional ? [comment(BUILDS_BLOCKING)] : []),
      ...(trial === null ? [] : run(trial.drop, trial.drop.down)),
      '',
    ]);
  const nothing = removals === null ? 'no index that is there was dropped in the lab' : 'each was missed';
  const head = 'Outside a transaction, after indexes.up.sql: psql -v ON_ERROR_STOP=1 -f indexes.drop.up.sql';
  return [
    sqlFile('indexes.drop.up.sql', up, { head, nothing }),
    sqlFile('indexes.drop.down.sql', down, { head: 'Makes the indexes of indexes.drop.up.sql again.', nothing }),
  ];
}

function sqlFile(
  path: string,
  lines: readonly string[],
  { head, nothing }: { readonly head: string; readonly nothing: string },
): ReportFile {
  return { path, content: text(lines.length > 0 ? lines : [comment(`Nothing: ${nothing}.`)], head) };
}

/** PostgreSQL builds the index of a partitioned table in no other way. */
const BUILDS_BLOCKING = 'blocks writes to the table and its partitions until they are built';

/** Statements one by one. What is not concurrent may not wait long for its lock: everybody waits behind it; a concurrent one that gave up would leave an invalid index. */
function run({ transactional }: ReportedAction, statements: readonly string[]): readonly string[] {
  const lines = statements.map((sql) => `${sql};`);
  return transactional ? ["SET lock_timeout = '5s';", ...lines, 'RESET lock_timeout;'] : lines;
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
