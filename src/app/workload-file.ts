import { asWizardError, WizardError } from '../base/errors.js';
import type { Snapshot } from '../model/snapshot.js';
import type { UnusableStatement, Workload, WorkloadStatement } from '../model/workload.js';
import { isTransactionControl, isUtility } from '../sql/kind.js';
import { parseStatement } from '../sql/parse.js';
import type { SplitStatement } from '../sql/split.js';
import { splitStatements } from '../sql/split.js';
import { writtenStatement } from './written-statement.js';

/**
 * A workload written as SQL, statements ended by semicolons, each with optional comments before it: `-- name: x`,
 * `-- calls: 100` (or both in one line with a comma between), `-- params[frequent]: 'a', 3`. Statements that can not be used are kept with the reason. `origin` is what the text is called.
 * Throws `input/workload` when it holds no usable statement. Needs `loadParser()`.
 */
export function workloadFromText(text: string, origin: string): Workload {
  const statements: WorkloadStatement[] = [];
  const unusable: UnusableStatement[] = [];
  const seen = new Map<string, number>();
  for (const written of split(text, origin)) {
    const outcome = toStatement(written);
    if (outcome === null) continue;
    if ('reason' in outcome) unusable.push(outcome);
    else statements.push(apart(outcome, seen));
  }
  if (statements.length === 0) {
    throw new WizardError(
      'input/workload',
      `${origin} holds no statement that can be measured${unusable[0] ? `: ${unusable[0].reason}` : ''}`,
      {
        hint: 'Give SELECT, INSERT, UPDATE, DELETE or MERGE statements, each ended by a semicolon.',
      },
    );
  }
  return { source: 'file', origin, statements, unusable, since: null };
}

function split(text: string, origin: string): readonly SplitStatement[] {
  try {
    return splitStatements(text);
  } catch (thrown) {
    const error = asWizardError(thrown);
    throw new WizardError('input/workload', `${origin}: ${error.message}`, {
      cause: thrown,
      hint: 'Look for a quote that does not end.',
    });
  }
}

/** Null for what is no part of a workload: transaction control and psql commands that only set variables. */
function toStatement(written: SplitStatement): WorkloadStatement | UnusableStatement | null {
  const name = written.name ?? shortName(written.sql);
  if (written.sql.startsWith('\\'))
    return { name, sql: written.sql, reason: `line ${written.line}: a psql command is no statement` };
  try {
    const parsed = parseStatement(written.sql);
    if (isTransactionControl(parsed)) return null;
    if (isUtility(parsed))
      return { name, sql: written.sql, reason: `line ${written.line}: ${parsed.type} is not planned by the planner` };
    return writtenStatement(parsed, { name, calls: written.calls ?? 1, parameterSets: written.parameterSets });
  } catch (thrown) {
    return { name, sql: written.sql, reason: `line ${written.line}: ${asWizardError(thrown).message}` };
  }
}

/** Statements that differ only in constants have one fingerprint; in a file each is a statement of its own. */
function apart(statement: WorkloadStatement, seen: Map<string, number>): WorkloadStatement {
  const earlier = seen.get(statement.fingerprint) ?? 0;
  seen.set(statement.fingerprint, earlier + 1);
  return earlier === 0 ? statement : { ...statement, fingerprint: `${statement.fingerprint}-${earlier + 1}` };
}

function shortName(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** That a run has nothing to measure, with the reason that the examination gave. */
export function noWorkload(snapshot: Snapshot): WizardError {
  const why = snapshot.coverage.skipped.find((row) => /pg_stat_statements|statements/.test(row.what));
  return new WizardError('input/workload', `There is no workload to measure${why ? `: ${why.reason}` : ''}`, {
    hint: `Give a file of SQL statements with --workload${why?.remedy ? `, or: ${why.remedy}` : ''}`,
  });
}
