import { WizardError } from '../../base/errors.js';
import type { Action } from '../../model/action.js';
import type { Session } from '../../postgres/session.js';
import { readRevertBasis } from '../revert.js';
import type { RevertBasis } from '../revert.js';
import { troubleOf } from './sessions.js';
import { brokenRules, countRows, readState } from './state.js';

/** An action that ran in a trial's database. */
export interface Applied {
  /** What its revert must bring back; null when nothing ran. */
  readonly basis: RevertBasis | null;
  readonly applyMs: number;
  /** Constraints and indexes that did not survive it, and tables whose rows changed in number. */
  readonly broken: readonly string[];
}

/** Runs `up` in its production form, each statement by itself. Throws `lab/statement` when it fails. */
export async function applyAction(session: Session, action: Action): Promise<Applied> {
  const basis = await readRevertBasis(session, action);
  const rowsBefore = await countRows(session, action.tables);
  const applyMs = await runUp(session, action);
  const rowsAfter = await countRows(session, action.tables);
  const mayDrop = action.kind === 'drop-index' || action.kind === 'constraint';
  const lost = action.tables.flatMap((table, i) =>
    rowsBefore[i] === rowsAfter[i]
      ? []
      : [`${table.schema}.${table.name} had ${rowsBefore[i] ?? 'no'} rows and has ${rowsAfter[i] ?? 'none'}`],
  );
  return { basis, applyMs, broken: [...brokenRules(basis.state, await readState(session), mayDrop), ...lost] };
}

/** Runs `up`; gives the milliseconds it took. Throws `lab/statement` when the server refuses it, else what ended it. */
export async function runUp(session: Session, action: Action): Promise<number> {
  const startedMs = performance.now();
  await runEach(session, action.up, `"${action.title}" could not be applied`);
  return performance.now() - startedMs;
}

/** Runs `down`. Throws `lab/statement` when the server refuses it, else what ended it. */
export function runDown(session: Session, action: Action): Promise<void> {
  return runEach(session, action.down, `"${action.title}" could not be reverted after what was accepted later`);
}

async function runEach(session: Session, statements: readonly string[], failure: string): Promise<void> {
  for (const sql of statements) {
    try {
      await session.run(sql);
    } catch (thrown) {
      if (troubleOf(thrown) !== 'statement' || !(thrown instanceof WizardError)) throw thrown;
      throw new WizardError('lab/statement', `${failure}: ${thrown.message}`, {
        cause: thrown,
        ...(thrown.sqlstate === undefined ? {} : { sqlstate: thrown.sqlstate }),
      });
    }
  }
}
