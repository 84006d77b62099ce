import type { OpenTransaction } from '../postgres/read/obstacles.js';
import type { DeploymentRecord } from './journal.js';
import { drifted } from './faults.js';
import { runsAlone, type Direction, type PlanStep } from './plan.js';
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

/** What differs between two structures in what a step changed. */
function differencesIn(
  effect: NonNullable<DeploymentRecord['effects'][number]>,
  was: TouchedState['structure'],
  now: TouchedState['structure'],
): readonly string[] {
  const changed = changedIn(effect);
  return stateDifferences(only(was, changed), only(now, changed));
}

/** Those of a structure that have these names. */
function only(structure: TouchedState['structure'], names: ReadonlySet<string>): TouchedState['structure'] {
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

/** What somebody else changed before a step: forward of everything that the plan touches; back of what the step itself changed, and of a migration as the steps after it left it: a way back over a switch takes back more than its own. */
export function driftFor(
  step: PlanStep,
  direction: Direction,
  { expected, effects }: Pick<DeploymentRecord, 'expected' | 'effects'>,
  { structure }: TouchedState,
): readonly string[] {
  if (direction === 'up') return stateDifferences(expected, structure);
  const effect = effects[step.number - 1];
  if (!effect) return [];
  return differencesIn(effect, step.migration ? expected : effect.after, structure);
}

/** Throws `deploy/drift` where a step's way back did not bring back what the step changed. Steps of a migration go back together (a check that proves NOT NULL is not made again for a moment): they are held against the beginning when all are back. */
export function assertTakenBack(
  step: PlanStep,
  { effects }: Pick<DeploymentRecord, 'effects'>,
  { structure }: TouchedState,
): void {
  const effect = effects[step.number - 1];
  if (!effect || step.migration) return;
  const changes = differencesIn(effect, effect.before, structure);
  if (changes.length > 0) throw drifted(step, changes, 'was taken back, and the catalog is not as before');
}
