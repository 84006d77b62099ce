import type { MigrationContext } from './context.js';
import type { Effect } from './effects/effect.js';
import type { Operation } from './operation.js';
import type { Relation } from './relation.js';

/** `error`: fails, or blocks reads for a time that grows with the table. `warning`: blocks writes so, or breaks who uses it. `info`: a short lock. */
export type MigrationSeverity = 'error' | 'warning' | 'info';

/** What a rule says of itself. */
export interface MigrationDocs {
  /** The form of statement, in one sentence. */
  readonly what: string;
  /** What goes wrong. */
  readonly why: string;
  /** What it can not see, and what the safe sequence does not give. */
  readonly limits: string;
  readonly sources: readonly string[];
}

/** Where a rule speaks. */
export interface Match {
  /** The table it is about: on one that the file made the rule is silent. Null for what holds of any. */
  readonly subject: Relation | null;
  /** One sentence for this statement. */
  readonly says: string;
  /** When it is not the rule's own. */
  readonly severity?: MigrationSeverity;
}

/** Statements in place of the unsafe one. They are planned again, so that a part of them may be the business of another rule. */
export interface SafeSequence {
  readonly up: readonly SafeStep[];
  /** What the end differs in from that of the unsafe statement, in words; empty where it is the same. */
  readonly differs?: string;
  /** What a later release does, when nobody needs the old form any longer; not a part of the plan's steps. */
  readonly later?: LaterWork;
}

/** One transaction that ends a change which both the old and the new program could live with. */
export interface LaterWork {
  /** What has to be so before, e.g. `when nobody uses the old name`. */
  readonly when: string;
  readonly sql: readonly string[];
  /** Why there is no way back from it; left out where what it drops can be made again. */
  readonly noWayBack?: string;
}

/** One transaction of a safe sequence, or one statement outside of one. */
export interface SafeStep {
  readonly sql: readonly string[];
  /** Takes it back; null where it can not be. Left out: what the planner knows by the form of the statement. */
  readonly down?: readonly string[] | null;
  /** Why `down` is null. */
  readonly noWayBack?: string;
  /** It ends transactions by itself (a DO block with COMMIT), so that it may not run in one. */
  readonly commits?: boolean;
  /** Not planned again: what another rule would add to it was not there before either. */
  readonly asItIs?: boolean;
  /** Ends a change that was prepared before it. What the file drops and makes again around the change goes and comes in its transaction. */
  readonly isSwitch?: boolean;
  /** What its file is named by, where its first statement does not say it. */
  readonly title?: string;
  /** Why rows are read or written under a lock all the same, where nothing better exists. */
  readonly unavoidable?: string;
  /** Said above it. */
  readonly note?: string;
}

/** A statement as its rule's documentation and test have it. */
export interface MigrationExample {
  /** Tables with rows; run before. */
  readonly setup: string;
  /** The unsafe migration: the rule speaks of it. */
  readonly bad: string;
  /** Written by hand, where no sequence is made: the rule is silent. */
  readonly good?: string;
  /** The server refuses `bad`, with this SQLSTATE. */
  readonly fails?: string;
  /** Objects of the catalog in which the end of the planned sequence, with what it leaves for later, differs from that of `bad`; `differs` says so to the reader. */
  readonly ends?: readonly string[];
  /** Another table that is locked, which no claim can know. */
  readonly alsoLocks?: string;
}

/** A rule as the catalogue holds it. */
export interface MigrationRule {
  /** `<family>/<what-is-done>`: the file's path. Never renamed. */
  readonly id: string;
  /** Majors on which the form exists; null where there is no newest. */
  readonly minMajor: number;
  readonly maxMajor: number | null;
  readonly severity: MigrationSeverity;
  /** Speaks at most once per file: the first place. */
  readonly once?: boolean;
  /** Mended by how every planned step runs: a transaction and a `lock_timeout` of its own. */
  readonly plannedAway?: boolean;
  readonly docs: MigrationDocs;
  readonly match: (operation: Operation, context: MigrationContext, effect: Effect) => Match | null;
  /** Null where no sequence can be made of this statement. Left out where none is known, and where `plannedAway` is the remedy. */
  readonly safe?: (operation: Operation, context: MigrationContext) => SafeSequence | null;
  readonly example: MigrationExample;
}

/** The only way to make a rule. */
export function defineMigrationRule(rule: MigrationRule): MigrationRule {
  return rule;
}
