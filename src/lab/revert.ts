import { WizardError } from '../base/errors.js';
import type { Action } from '../model/action.js';
import type { Session } from '../postgres/session.js';
import { checksumTables, readState, stateDifferences } from './trial/state.js';
import type { SchemaState } from './trial/state.js';
import { troubleOf } from './trial/sessions.js';

/** Whether an action's revert brings back what was there. */
export interface RevertCheck {
  readonly verified: boolean;
  /** Why not, or what verified rests on when nothing had to be run; null for a plain yes. */
  readonly note: string | null;
}

/** What a revert is held against, read before the change. */
export interface RevertBasis {
  readonly state: SchemaState;
  /** Of the rows, for actions that may rewrite them; null for the others. */
  readonly checksum: string | null;
}

/** Reads what the revert must bring back. Must run before the action's `up`. */
export async function readRevertBasis(session: Session, action: Action): Promise<RevertBasis> {
  const checksum = mayChangeRows(action) ? await checksumTables(session, action.tables) : null;
  return { state: await readState(session), checksum };
}

/** Runs an action's `down` where its `up` ran, and compares the catalog, the database's settings and, where rows may have been rewritten, the rows with those before. */
export async function verifyRevert(session: Session, action: Action, basis: RevertBasis): Promise<RevertCheck> {
  for (const sql of action.down) {
    try {
      await session.run(sql);
    } catch (thrown) {
      if (troubleOf(thrown) !== 'statement' || !(thrown instanceof WizardError)) throw thrown;
      return { verified: false, note: `the revert failed: ${thrown.message}` };
    }
  }
  const differences = stateDifferences(basis.state, await readState(session));
  if (differences.length > 0)
    return { verified: false, note: `after the revert ${differences.slice(0, 3).join('; ')}` };
  if (basis.checksum !== null && (await checksumTables(session, action.tables)) !== basis.checksum) {
    return { verified: false, note: 'the catalog is as before, and the rows are not' };
  }
  return { verified: true, note: action.down.length === 0 ? 'it changes no schema: there is nothing to revert' : null };
}

function mayChangeRows(action: Action): boolean {
  return action.kind === 'alter-column-type' || action.kind === 'constraint';
}
