import { WizardError } from '../../../base/errors.js';

/** Why the rows do not allow an index that their table does: certain, for some of them were tried. No literal in it. */
export interface RefusedByRows {
  readonly refused: string;
}

/** An error on the rows themselves would meet the build too; of any other nothing follows. */
export function refusalOf(thrown: unknown): RefusedByRows | null {
  if (!(thrown instanceof WizardError) || thrown.sqlstate === undefined) return null;
  const reason = ROW_ERRORS.find(([pattern]) => pattern.test(thrown.sqlstate ?? ''))?.[1];
  return reason === undefined ? null : { refused: `${reason} (SQLSTATE ${thrown.sqlstate})` };
}

/** Class 22 data exception, 23 constraint violation, 54 a limit. */
const ROW_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^22/, 'an expression of it fails on some of the rows'],
  [/^23/, 'rows break its uniqueness'],
  [/^54/, 'some rows are too long for it'],
];
