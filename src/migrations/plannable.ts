import { WizardError } from '../base/errors.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodiesOf, bodyOf, field, list, names, textOf } from '../sql/tree.js';
import type { Script } from './script.js';

/** Throws `input/invalid` for a file whose statements can not run in steps that are sessions of their own. */
export function refuseUnplannable({ statements, skipped }: Script): void {
  const steering = skipped.find(({ what }) => STEERS.test(what));
  if (steering)
    throw new WizardError(
      'input/invalid',
      `line ${steering.line}: a migration with ${steering.what} can not be planned: what runs depends on it`,
      { hint: 'Plan the statements that are to run, by themselves.' },
    );
  for (const { line, parsed } of statements) {
    const what = ofSession(parsed);
    if (what !== null)
      throw new WizardError(
        'input/invalid',
        `line ${line}: a migration with ${what} can not be planned: it is gone when its session ends, and each step has one of its own`,
        {
          hint: 'Make it something lasting, which the last statement drops; or plan the statements that do without it.',
        },
      );
  }
}

/** Commands of psql by which other statements run, or some do not. */
const STEERS = /^\\(?:if|elif|else|endif|c|connect|i|ir|include|include_relative|copy|gexec|watch|q)$/;

/** What lives no longer than a session, and other statements rest on; null for all else. */
function ofSession({ type, body }: ParsedStatement): string | null {
  if (type === 'PrepareStmt') return 'a prepared statement';
  if (type === 'DeclareCursorStmt') return 'a cursor';
  const made = MAKES[type];
  const into = made === undefined ? null : type === 'CreateTableAsStmt' ? field(body, 'into') : body;
  return made !== undefined && textOf(field(into ?? {}, made) ?? {}, 'relpersistence') === 't'
    ? 'something temporary'
    : null;
}

const MAKES: Readonly<Record<string, string>> = {
  CreateStmt: 'relation',
  CreateTableAsStmt: 'rel',
  ViewStmt: 'view',
  CreateSeqStmt: 'sequence',
};

/** `SELECT set_config(...)`, as pg_dump writes it: a setting for the statements after it. */
export function isSetConfig({ type, body }: ParsedStatement): boolean {
  const targets = bodiesOf(list(body, 'targetList'), 'ResTarget');
  const calls = targets.map((target) => names(list(bodyOf(target['val'], 'FuncCall') ?? {}, 'funcname')).at(-1));
  return (
    type === 'SelectStmt' &&
    targets.length > 0 &&
    list(body, 'fromClause').length === 0 &&
    calls.every((name) => name === 'set_config')
  );
}
