import type { Relation } from './relation.js';

/** PostgreSQL's table locks, weakest first (manual, "Explicit Locking", table 13.2). */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** A lock that an operation takes on a relation, the strongest one. */
export interface LockClaim {
  readonly relation: Relation;
  readonly mode: LockMode;
}

/** Whether `mode` is at least as strong as `than`, in the order of `LOCK_MODES`. */
export function isAtLeast(mode: LockMode, than: LockMode): boolean {
  return LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf(than);
}

/** Whether somebody's INSERT, UPDATE or DELETE has to wait (conflicts with ROW EXCLUSIVE). */
export function blocksWrites(mode: LockMode): boolean {
  return isAtLeast(mode, 'SHARE');
}

/** Whether even a SELECT has to wait. */
export function blocksReads(mode: LockMode): boolean {
  return mode === 'ACCESS EXCLUSIVE';
}
