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

/** What a lock keeps others from, in plain words; begins with a verb. */
export function blockWords(mode: LockMode): string {
  if (blocksReads(mode)) return 'blocks reads and writes';
  if (mode === 'EXCLUSIVE') return 'blocks writes and row locks; plain reads go on';
  if (blocksWrites(mode)) return 'blocks writes; reads go on';
  if (mode === 'SHARE UPDATE EXCLUSIVE') return 'blocks neither reads nor writes, only VACUUM and other schema changes';
  return 'blocks neither reads nor writes';
}
