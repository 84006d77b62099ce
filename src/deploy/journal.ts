import type { RelationName } from '../model/catalog.js';
import type { Backend } from '../postgres/deployment/session.js';
import type { Direction, PlannedChange } from './plan.js';
import type { TouchedIndex, TouchedState } from './state.js';

/** What a step is held against when it has to be found out whether it was applied. */
export interface Before {
  readonly structure: TouchedState['structure'];
  readonly indexes: readonly TouchedIndex[];
}

/** One step's run in one direction. */
interface OfStep {
  readonly step: number;
  readonly direction: Direction;
}

type Event =
  /** A dry run showed this under this hash. */
  | {
      readonly type: 'planned';
      readonly changes: readonly PlannedChange[];
      readonly structure: TouchedState['structure'];
      readonly tables: readonly RelationName[];
    }
  /** Somebody approved it, and a session has the target's lock. */
  | { readonly type: 'begun'; readonly direction: Direction; readonly backend: Backend }
  /** About to run. */
  | ({ readonly type: 'started'; readonly attempt: number; readonly before: Before } & OfStep)
  /** All ran in the transaction of this number, which is about to be committed. */
  | ({ readonly type: 'committing'; readonly xid: string } & OfStep)
  /** About to drop an invalid index that this deployment left. */
  | ({ readonly type: 'removing'; readonly index: RelationName & { readonly oid: number } } & OfStep)
  /** It is known whether it was applied. `found` after a failure or in a later start, by looking at the target. */
  | ({
      readonly type: 'settled';
      readonly applied: boolean;
      readonly how: 'ran' | 'found';
      readonly tookMs: number | null;
      readonly note: string | null;
      readonly after: TouchedState['structure'];
    } & OfStep)
  | ({ readonly type: 'waited'; readonly reason: string; readonly waitMs: number } & OfStep)
  | { readonly type: 'ended'; readonly outcome: 'deployed' | 'reverted' | 'stopped'; readonly detail: string };

/** A line of the journal: each is on disk before what it announces happens. */
export type JournalEntry = Event & { readonly at: string; readonly target: string; readonly hash: string };
export type JournalEvent = Event;

/** Where the journal is written. */
export interface Journal {
  append(entry: JournalEntry): Promise<void>;
  entries(): readonly JournalEntry[];
}

export type StepStatus = 'pending' | 'applied' | 'reverted';

/** A step that was started, and of which it is not known whether it was applied. */
export interface OpenStep extends OfStep {
  readonly hash: string;
  readonly before: Before;
  /** Null where no transaction came as far as its commit. */
  readonly xid: string | null;
}

/** What the journal says of a deployment to one target. */
export interface DeploymentRecord {
  readonly hash: string;
  readonly changes: readonly PlannedChange[];
  readonly tables: readonly RelationName[];
  /** Before the deployment. */
  readonly structure: TouchedState['structure'];
  readonly status: readonly StepStatus[];
  /** The structures before and after each step that was applied. */
  readonly effects: readonly ({
    readonly before: TouchedState['structure'];
    readonly after: TouchedState['structure'];
  } | null)[];
  readonly tookMs: readonly (number | null)[];
  readonly open: OpenStep | null;
  /** What the target must look like now, if nobody else changed it. */
  readonly expected: TouchedState['structure'];
  readonly backend: Backend | null;
  readonly begunAt: string | null;
  /** Whether the last start came to its end. */
  readonly ended: boolean;
}

/** Reads the story of one deployment; null when the journal has none of that hash for that target. */
export function replay(entries: readonly JournalEntry[], target: string, hash: string): DeploymentRecord | null {
  const own = entries.filter((entry) => entry.target === target && entry.hash === hash);
  const planned = own.find((entry) => entry.type === 'planned');
  if (planned?.type !== 'planned') return null;
  const record = {
    hash,
    changes: planned.changes,
    tables: planned.tables,
    structure: planned.structure,
    status: planned.changes.map((): StepStatus => 'pending'),
    effects: planned.changes.map((): DeploymentRecord['effects'][number] => null),
    tookMs: planned.changes.map((): number | null => null),
    open: null as OpenStep | null,
    expected: planned.structure,
    backend: null as Backend | null,
    begunAt: null as string | null,
    ended: true,
  };
  for (const entry of own) {
    if (entry.type === 'begun') Object.assign(record, { backend: entry.backend, begunAt: entry.at, ended: false });
    if (entry.type === 'ended') record.ended = true;
    if (entry.type === 'started')
      record.open = { hash, step: entry.step, direction: entry.direction, before: entry.before, xid: null };
    if (entry.type === 'committing' && record.open) record.open = { ...record.open, xid: entry.xid };
    if (entry.type === 'settled') {
      if (entry.applied) applyTo(record, entry);
      record.open = null;
    }
  }
  return record;
}

/** The deployment that was begun last on a target; null when none was. */
export function lastBegun(entries: readonly JournalEntry[], target: string): DeploymentRecord | null {
  const begun = entries.findLast((entry) => entry.type === 'begun' && entry.target === target);
  return begun ? replay(entries, target, begun.hash) : null;
}

function applyTo(
  record: {
    status: StepStatus[];
    effects: DeploymentRecord['effects'][number][];
    tookMs: (number | null)[];
    expected: TouchedState['structure'];
  },
  settled: Extract<JournalEntry, { type: 'settled' }>,
): void {
  const at = settled.step - 1;
  if (settled.direction === 'up') {
    record.status[at] = 'applied';
    record.tookMs[at] = settled.tookMs;
    record.effects[at] = { before: record.expected, after: settled.after };
  } else {
    record.status[at] = 'reverted';
  }
  record.expected = settled.after;
}
