import { WizardError } from '../base/errors.js';
import type { MigrationFinding } from './check.js';
import { keyOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { DurationEstimate } from './duration.js';
import { LOCK_MODES, blocksWrites } from './locks.js';
import type { LockClaim } from './locks.js';

/** One transaction of a planned migration, or one statement that may not run in one. */
export interface PlanStep {
  /** Of the statement that it comes from. */
  readonly line: number;
  /** The place in the file of that statement, from 1. */
  readonly statement: number;
  /** SETs of the file that hold for it: search_path, roles, ... */
  readonly prologue: readonly string[];
  readonly up: readonly string[];
  /** Takes it back; null with the reason in `noWayBack`. */
  readonly down: readonly string[] | null;
  readonly noWayBack: string | null;
  readonly transactional: boolean;
  /** As the file set it; null where it did not. */
  readonly searchPath: readonly string[] | null;
  /** Ends a change that was prepared in the steps before. */
  readonly isSwitch: boolean;
  /** What it does, where its first statement does not say so. */
  readonly title: string | null;
  /** Adds a label to an enum type. */
  readonly addsLabel: boolean;
  readonly locks: readonly LockClaim[];
  /** Of work under a lock that blocks writes, which could not be avoided; null for none, and where sizes are not known. */
  readonly estimate: DurationEstimate | null;
  readonly notes: readonly string[];
  /** Why it may lock, read or write more than is said; null where that is known. */
  readonly unsure: string | null;
  /** Why it reads or writes rows under a lock all the same; null where it does not, or where `remaining` says it. */
  readonly unavoidable: string | null;
  /** What rules still say of it, and no sequence of theirs could mend. */
  readonly remaining: readonly MigrationFinding[];
}

/** Whether nobody waits for it, and nothing after it waits for its end: a label of an enum may be used once it is committed. */
export function isHarmless({ locks, transactional, addsLabel }: PlanStep): boolean {
  return transactional && !addsLabel && !locks.some(({ mode }) => blocksWrites(mode));
}

/** Notes above the first of some steps. */
export function withNotes(steps: readonly PlanStep[], notes: readonly string[]): readonly PlanStep[] {
  return steps.map((step, i) => (i === 0 ? { ...step, notes: [...notes, ...step.notes] } : step));
}

/** Steps that become one; taken back in reverse order. */
export function merge(parts: readonly PlanStep[], known: Pick<MigrationContext, 'catalog' | 'state'>): PlanStep {
  const [first] = parts;
  if (!first) throw new WizardError('internal', 'A step of a plan holds no statement.');
  const noWay = parts.find(({ down }) => down === null);
  return {
    ...first,
    title: parts.find(({ title }) => title !== null)?.title ?? null,
    up: parts.flatMap(({ up }) => up),
    down: noWay ? null : parts.toReversed().flatMap(({ down }) => down ?? []),
    noWayBack: noWay?.noWayBack ?? null,
    transactional: parts.every(({ transactional }) => transactional),
    locks: strongest(
      parts.flatMap(({ locks }) => locks),
      known,
    ),
    estimate: parts.find(({ estimate }) => estimate !== null)?.estimate ?? null,
    unavoidable: parts.find(({ unavoidable }) => unavoidable !== null)?.unavoidable ?? null,
    unsure: parts.find(({ unsure }) => unsure !== null)?.unsure ?? null,
    notes: parts.flatMap(({ notes }) => notes),
    remaining: parts.flatMap(({ remaining }) => remaining),
  };
}

/** One claim for each relation, the strongest: `book` and `public.book` may be one. */
function strongest(
  claims: readonly LockClaim[],
  known: Pick<MigrationContext, 'catalog' | 'state'>,
): readonly LockClaim[] {
  const found = new Map<string, LockClaim>();
  for (const claim of claims) {
    const key = keyOf(known, claim.relation);
    const earlier = found.get(key);
    if (!earlier || LOCK_MODES.indexOf(claim.mode) > LOCK_MODES.indexOf(earlier.mode)) found.set(key, claim);
  }
  return [...found.values()];
}
