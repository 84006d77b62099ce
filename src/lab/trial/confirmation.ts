import type { Confirmation } from '../../kernel/ports.js';
import type { Action } from '../../model/action.js';
import type { Session } from '../../postgres/session.js';
import { runDown } from './apply.js';
import { rewriteCase } from './cases.js';
import type { TrialCase } from './cases.js';
import { compareSides, planSides } from './comparison.js';
import type { Sides } from './rounds.js';
import { isTouched } from './selection.js';
import { writesTouching } from './state.js';
import { summarise } from './summary.js';
import type { CaseRecord } from './summary.js';
import { areEqual, carryOver } from './trial.js';
import type { TrialContext } from './trial.js';

/** What a confirmation starts from: the records of the baseline, and what was accepted since. */
export interface ConfirmationContext extends Omit<TrialContext, 'noise' | 'rewritten' | 'note'> {
  readonly actions: readonly Action[];
  /** Gives a database the statistics that the run began with. */
  readonly restoreStatistics: (session: Session) => Promise<void>;
}

/** A confirmation's measurement, and what it knows of each case on either side. */
export interface ConfirmationOutcome {
  readonly confirmation: Confirmation;
  readonly records: readonly { readonly before: CaseRecord; readonly after: CaseRecord }[];
}

/**
 * The state that the run began with against the accepted one. Trials compare neighbours, each at its own minute; this
 * is all of it side by side, so that its two columns may be compared. The beginning is made from the accepted state by
 * the changes' own way back, the last one first. Throws what ends it, `lab/statement` where that way is barred.
 */
export async function runConfirmation(context: ConfirmationContext): Promise<ConfirmationOutcome> {
  const { sessions, layout } = context;
  const { before, after } = layout.names;
  await layout.prepareBefore();
  // It is no copy of the accepted state from here on.
  layout.soil();
  await sessions.within(before, (session) => goBack(session, context));
  await layout.prepareAfter();
  return sessions.within(before, (one) =>
    sessions.within(after, (other) =>
      confirm({ before: one, after: other, check: () => sessions.checkAborted() }, context),
    ),
  );
}

async function goBack(session: Session, { actions, restoreStatistics }: ConfirmationContext): Promise<void> {
  for (const action of actions.toReversed()) await runDown(session, action);
  if (actions.some((action) => action.rewrite === null)) await restoreStatistics(session);
}

async function confirm(sides: Sides, context: ConfirmationContext): Promise<ConfirmationOutcome> {
  const { actions, records, failed } = context;
  const plans = await planSides(sides, records, (oneCase) => rewritten(oneCase, actions));
  const writesTouched = await writesTouching(
    sides.before,
    actions.flatMap((action) => action.tables),
  );
  const touched = new Set(
    plans.planned
      .filter((pair) =>
        actions.some((action) => isTouched(pair.record, pair.before, pair.after, { action, writesTouched })),
      )
      .map((pair) => pair.record.oneCase.fingerprint),
  );
  const chosen = plans.planned.filter((pair) => touched.has(pair.record.oneCase.fingerprint));
  const ran = await compareSides(sides, chosen, {
    rules: { typesMayDiffer: actions.some((action) => action.kind === 'alter-column-type') },
    budgetMs: context.budgetMs,
    progress: context.progress,
  });
  const differences = [...plans.failed.map((one) => `${one.name}: ${one.reason}`), ...ran.differences];
  const missing = [...failed, ...plans.failed, ...ran.failed];
  const before = carryOver(records, ran.unchanged);
  const after = carryOver(records, ran.records);
  const confirmation = {
    before: summarise(before, missing),
    after: summarise(after, missing),
    statements: ran.effects,
    resultsEqual: areEqual(
      { ...ran, differences },
      actions.some((action) => action.kind === 'rewrite'),
    ),
    resultDifferences: differences,
    resultsUncompared: ran.uncompared,
  };
  return { confirmation, records: before.flatMap((one, i) => (after[i] ? [{ before: one, after: after[i] }] : [])) };
}

function rewritten(oneCase: TrialCase, actions: readonly Action[]): TrialCase {
  return actions.reduce((sent, { rewrite }) => rewriteCase(sent, rewrite), oneCase);
}
