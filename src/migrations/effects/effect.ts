import type { LockClaim, LockMode } from '../locks.js';
import type { Relation } from '../relation.js';

/** What an operation does to the tables that are there. The contract test holds it against what servers are seen to do. */
export interface Effect {
  /** The strongest lock on each table, view or materialised view that others may use; weaker ones than ROW EXCLUSIVE are left out. */
  readonly locks: readonly LockClaim[];
  /** Relations whose rows are all written anew. */
  readonly rewrites: readonly Relation[];
  /** Relations whose rows are all read, while the locks are held. */
  readonly scans: readonly Relation[];
  /** Why this is the worst that may happen, and not what is known to happen; null when it is known. */
  readonly unsure: string | null;
  /** PostgreSQL refuses it inside a transaction block. */
  readonly outsideTransaction: boolean;
}

/** Nothing that anybody would notice. */
export const NO_EFFECT: Effect = { locks: [], rewrites: [], scans: [], unsure: null, outsideTransaction: false };

/** An effect with one lock; relations that are null are left out. */
export function locking(relation: Relation | null, mode: LockMode, more: Partial<Effect> = {}): Effect {
  return { ...NO_EFFECT, locks: relation ? [{ relation, mode }] : [], ...more };
}

/** One lock on each. */
export function lockingAll(relations: readonly (Relation | null)[], mode: LockMode): readonly LockClaim[] {
  return relations.flatMap((relation) => (relation ? [{ relation, mode }] : []));
}
