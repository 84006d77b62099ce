import type { Confirmation } from '../../kernel/ports.js';
import type { Action } from '../../model/action.js';
import { rewriteCase } from './cases.js';
import type { TrialCase } from './cases.js';
import { compareSides, planSides } from './comparison.js';
import type { Layout } from './layout.js';
import type { Sides } from './rounds.js';
import { isTouched } from './selection.js';
import type { LabSessions } from './sessions.js';
import { writesTouching } from './state.js';
import { summarise } from './summary.js';
import { areEqual, carryOver } from './trial.js';
import type { TrialContext } from './trial.js';

/** What a confirmation starts from: the records of the baseline, and what was accepted since. */
export interface ConfirmationContext extends Omit<TrialContext, 'noise' | 'rewritten' | 'note'> {
  readonly actions: readonly Action[];
}

/**
 * The state that the run began with against the accepted one. Trials compare neighbours, each at its own minute; this
 * is all of it side by side, so that its two columns may be compared. Throws what ends it.
 */
export async function runConfirmation(context: ConfirmationContext): Promise<Confirmation> {
  const { sessions, layout } = context;
  const hasOrigin = await layout.hasOrigin();
  if (!hasOrigin) await layout.prepareBefore();
  await layout.prepareAfter();
  return onBoth(sessions, layout, hasOrigin, (sides) => confirm(sides, context));
}

/** The origin is read by nobody after this, so that writes may run in it. */
function onBoth<T>(
  sessions: LabSessions,
  { names }: Layout,
  hasOrigin: boolean,
  work: (sides: Sides) => Promise<T>,
): Promise<T> {
  return sessions.within(hasOrigin ? names.origin : names.before, (before) =>
    sessions.within(names.after, (after) => work({ before, after, check: () => sessions.checkAborted() })),
  );
}

async function confirm(sides: Sides, context: ConfirmationContext): Promise<Confirmation> {
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
  if (chosen.some((pair) => pair.record.oneCase.soils)) context.layout.soil();
  const ran = await compareSides(sides, chosen, {
    rules: { typesMayDiffer: actions.some((action) => action.kind === 'alter-column-type') },
    budgetMs: context.budgetMs,
    progress: context.progress,
  });
  const differences = [...plans.failed.map((one) => `${one.name}: ${one.reason}`), ...ran.differences];
  const missing = [...failed, ...plans.failed, ...ran.failed];
  return {
    before: summarise(carryOver(records, ran.unchanged), missing),
    after: summarise(carryOver(records, ran.records), missing),
    statements: ran.effects,
    resultsEqual: areEqual(
      { ...ran, differences },
      actions.some((action) => action.kind === 'rewrite'),
    ),
    resultDifferences: differences,
    resultsUncompared: ran.uncompared,
  };
}

function rewritten(oneCase: TrialCase, actions: readonly Action[]): TrialCase {
  const last = actions.findLast((action) => action.rewrite?.fingerprint === oneCase.fingerprint);
  return rewriteCase(oneCase, last?.rewrite ?? null);
}
