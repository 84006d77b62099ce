import type { RelationName } from '../model/catalog.js';
import type { Backend } from '../postgres/deployment/session.js';
import type { MarkedSample } from '../postgres/read/live.js';
import type { StageDecision } from './live/decide.js';
import type { WindowFigures } from './live/figures.js';
import type { Validation } from './live/validate.js';
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
  | {
      readonly type: 'begun';
      readonly direction: Direction;
      readonly backend: Backend;
      /** How long each step is watched; journals of earlier versions do not say it, and did not watch. */
      readonly soakMs?: number;
    }
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
  /** The figures before the first step: of a window, where steps are watched, and of all that was counted until then. */
  | { readonly type: 'before'; readonly window: WindowFigures | null; readonly history: WindowFigures }
  /** A step is applied, and is watched from this sample on. */
  | { readonly type: 'soaking'; readonly step: number; readonly soakMs: number; readonly sample: MarkedSample }
  /** It was watched, and this follows. */
  | {
      readonly type: 'decided';
      readonly step: number;
      readonly decision: StageDecision;
      readonly window: WindowFigures;
    }
  /** What is applied by now is to be validated by the figures from this sample on. */
  | { readonly type: 'validating'; readonly windowMs: number; readonly sample: MarkedSample }
  | { readonly type: 'verified'; readonly validation: Validation }
  | { readonly type: 'ended'; readonly outcome: Ending; readonly detail: string };

/** How a start came to its end. `stopped`: by an error, or by a decision that asks; `withdrawn`: a step was taken back on its figures. */
export type Ending = 'deployed' | 'reverted' | 'stopped' | 'withdrawn';

/** A line of the journal: each is on disk before what it announces happens. */
export type JournalEntry = Event & { readonly at: string; readonly target: string; readonly hash: string };
export type JournalEvent = Event;

/** Where the journal is written. */
export interface Journal {
  append(entry: JournalEntry): Promise<void>;
  entries(): readonly JournalEntry[];
}

/** `withdrawn`: taken back on its own figures; it is not applied again under the same approval. */
export type StepStatus = 'pending' | 'applied' | 'reverted' | 'withdrawn';

/** Whether a step is still to be applied, or taken back. */
export function isDue(status: StepStatus, direction: Direction): boolean {
  return direction === 'up' ? status === 'pending' || status === 'reverted' : status === 'applied';
}

/** A step that was started, and of which it is not known whether it was applied. */
export interface OpenStep extends OfStep {
  readonly hash: string;
  readonly before: Before;
  /** Null where no transaction came as far as its commit. */
  readonly xid: string | null;
}

/** A step that is applied, and of which it is not decided whether it stays. */
export interface OpenSoak {
  readonly step: number;
  readonly soakMs: number;
  /** Null where the start ended before it was taken. */
  readonly sample: MarkedSample | null;
}

/** The validation that a deployment began when it ended. */
export interface OpenValidation {
  readonly windowMs: number;
  readonly sample: MarkedSample;
}

/** What the journal says of a deployment to one target. */
export interface DeploymentRecord {
  readonly hash: string;
  readonly changes: readonly PlannedChange[];
  readonly tables: readonly RelationName[];
  /** Before the deployment. */
  readonly structure: TouchedState['structure'];
  readonly status: readonly StepStatus[];
  /** When each was settled last, as the number of that line of the story; null where it never was. */
  readonly settledAt: readonly (number | null)[];
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
  readonly before: { readonly window: WindowFigures | null; readonly history: WindowFigures } | null;
  readonly soak: OpenSoak | null;
  readonly decisions: readonly (StageDecision | null)[];
  /** What was seen of each step after it was applied last; null where it was not watched. */
  readonly windows: readonly (WindowFigures | null)[];
  readonly validation: OpenValidation | null;
  /** What closed the validation. */
  readonly verified: Validation | null;
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
    settledAt: planned.changes.map((): number | null => null),
    effects: planned.changes.map((): DeploymentRecord['effects'][number] => null),
    tookMs: planned.changes.map((): number | null => null),
    open: null as OpenStep | null,
    expected: planned.structure,
    backend: null as Backend | null,
    begunAt: null as string | null,
    ended: true,
    soakMs: 0,
    before: null as DeploymentRecord['before'],
    soak: null as OpenSoak | null,
    decisions: planned.changes.map((): StageDecision | null => null),
    windows: planned.changes.map((): WindowFigures | null => null),
    validation: null as OpenValidation | null,
    verified: null as Validation | null,
  };
  for (const [line, entry] of own.entries()) {
    if (entry.type === 'begun') begin(record, entry);
    if (entry.type === 'ended') record.ended = true;
    watchOver(record, entry);
    if (entry.type === 'started')
      record.open = { hash, step: entry.step, direction: entry.direction, before: entry.before, xid: null };
    if (entry.type === 'committing' && record.open) record.open = { ...record.open, xid: entry.xid };
    if (entry.type === 'settled') {
      if (entry.applied) applyTo(record, entry, line);
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

/** Parts of a record while it is read. */
interface Reading {
  status: StepStatus[];
  settledAt: (number | null)[];
  effects: DeploymentRecord['effects'][number][];
  tookMs: (number | null)[];
  expected: TouchedState['structure'];
  backend: Backend | null;
  begunAt: string | null;
  ended: boolean;
  soakMs: number;
  before: DeploymentRecord['before'];
  soak: OpenSoak | null;
  decisions: (StageDecision | null)[];
  windows: (WindowFigures | null)[];
  validation: OpenValidation | null;
  verified: Validation | null;
}

function begin(record: Reading, begun: Extract<JournalEntry, { type: 'begun' }>): void {
  record.backend = begun.backend;
  record.begunAt = begun.at;
  record.ended = false;
  record.soakMs = begun.soakMs ?? 0;
}

function watchOver(record: Reading, entry: JournalEntry): void {
  if (entry.type === 'before') record.before = { window: entry.window, history: entry.history };
  if (entry.type === 'soaking') record.soak = { step: entry.step, soakMs: entry.soakMs, sample: entry.sample };
  if (entry.type === 'decided') {
    record.decisions[entry.step - 1] = entry.decision;
    record.windows[entry.step - 1] = entry.window;
    record.soak = null;
  }
  if (entry.type === 'validating') {
    record.validation = { windowMs: entry.windowMs, sample: entry.sample };
    record.verified = null;
  }
  if (entry.type === 'verified') record.verified = entry.validation;
}

function applyTo(record: Reading, settled: Extract<JournalEntry, { type: 'settled' }>, line: number): void {
  const at = settled.step - 1;
  record.settledAt[at] = line;
  if (settled.direction === 'up') {
    record.status[at] = 'applied';
    record.tookMs[at] = settled.tookMs;
    record.effects[at] = { before: record.expected, after: settled.after };
    record.decisions[at] = null;
    record.windows[at] = null;
    record.soak = record.soakMs > 0 ? { step: settled.step, soakMs: record.soakMs, sample: null } : null;
  } else {
    record.status[at] = record.decisions[at]?.choice === 'revert' ? 'withdrawn' : 'reverted';
    record.soak = record.soak?.step === settled.step ? null : record.soak;
    record.validation = null;
    record.verified = null;
  }
  record.expected = settled.after;
}
