import type { OpenTransaction } from '../postgres/read/obstacles.js';
import type { DeploymentRecord } from './journal.js';
import { runsAlone, type PlanStep } from './plan.js';
import { stateDifferences, type TouchedState } from './state.js';
import { relationKey } from '../model/catalog.js';

/** Transactions that were open at the first look and hold a lock on the tables: later ones are not waited for, or it would never begin. */
export function usersLeft(
  known: readonly OpenTransaction[] | null,
  now: readonly OpenTransaction[],
): readonly OpenTransaction[] {
  const using = now.filter((one) => one.holdsTable);
  if (known === null) return using.filter((one) => one.transactionMs > 1000);
  return using.filter((one) => known.some((old) => old.processId === one.processId && old.startedAt === one.startedAt));
}

/** Names of what a step changed. */
export function changedIn({ before, after }: NonNullable<DeploymentRecord['effects'][number]>): ReadonlySet<string> {
  return new Set([...Object.keys(before), ...Object.keys(after)].filter((name) => before[name] !== after[name]));
}

/** Those of a structure that have these names. */
export function only(structure: TouchedState['structure'], names: ReadonlySet<string>): TouchedState['structure'] {
  return Object.fromEntries(Object.entries(structure).filter(([name]) => names.has(name)));
}

/** What changed while a concurrent statement ran, beside its own index. In a transaction the step's own changes are all there is to see. */
export function foreignChanges(step: PlanStep, before: TouchedState, after: TouchedState): readonly string[] {
  if (!runsAlone(step.up) || step.up.some(({ form }) => form === 'detach-partition')) return [];
  const own = new Set(step.up.flatMap(({ object }) => (object ? [`index ${relationKey(object)}`] : [])));
  const rest = (state: TouchedState): TouchedState['structure'] =>
    Object.fromEntries(Object.entries(state.structure).filter(([name]) => !own.has(name)));
  return stateDifferences(rest(before), rest(after));
}
