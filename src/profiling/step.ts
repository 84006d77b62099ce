import { Arena } from '../logs/arena.js';
import { hashCuts } from '../logs/hash.js';
import { readBoundParameters } from '../logs/parameters.js';
import type { Stretch } from '../logs/stretch.js';
import { MAX_VALUES } from './batch.js';
import type { Entries } from './batch.js';
import type { ShapeFacts, ValuePlace } from './facts.js';
import type { OpenSession } from './units.js';

/** One execution as a profile keeps it for a while. */
export interface Step {
  readonly facts: ShapeFacts;
  readonly session: string | null;
  readonly line: number;
  /** Null where the log holds no times, or the execution was not timed. */
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly ms: number | null;
  /** Rows it gave, where its plan was logged with them. */
  readonly rows: number | null;
  /** Of all values and the shape, 52 bits; null where the log does not hold the values, and for shapes of which nobody asks it: `Asked`. */
  readonly hash: number | null;
  /** All values in one text: equal for executions with the same. Null where the log does not hold them, or nobody asks: `Asked`. */
  readonly values: Stretch | null;
  /** Whether `values` are bound parameters as the log has them, and not constants of the text. */
  readonly bound: boolean;
}

/** What of a shape's executions is asked for, and what each of them needs of its facts: these are so large that they have to be waited for. */
export interface Asked {
  readonly facts: ShapeFacts;
  readonly id: number;
  readonly kind: ShapeFacts['kind'];
  readonly numbered: boolean;
  readonly hash: boolean;
  readonly values: 'always' | 'in transactions' | 'never';
}

/** What of an execution is kept, nothing of the batch that it was read from. */
export function stepOf(
  entry: Entries,
  asked: Asked,
  { id, transaction }: Pick<OpenSession, 'id' | 'transaction'>,
): Step {
  const { timeMs, ms, line, rows, isBound: bound } = entry;
  const { hash, values } = asked;
  const isText = values === 'always' || (values === 'in transactions' && transaction !== null);
  const isKnown = (hash || isText) && hasValues(entry, asked);
  return {
    facts: asked.facts,
    session: id,
    line,
    startMs: timeMs === null || ms === null ? null : timeMs - ms,
    endMs: ms === null ? null : timeMs,
    ms,
    rows,
    hash: isKnown && hash ? hashOf(entry, asked.id) : null,
    values: isKnown && isText ? copyOf(entry) : null,
    bound,
  };
}

/** Whether the log holds the values of an execution, and they are few enough to be compared. */
export function hasValues(entry: Entries, { numbered }: Asked): boolean {
  return entry.isHeld && (entry.isBound || !(entry.isExtended && numbered));
}

export function askedOf(facts: ShapeFacts): Asked {
  const { id, kind, numbered } = facts;
  return { facts, id, kind, numbered, hash: asksHash(facts), values: asksValues(facts) };
}

/** Reads whose answers a cache could hold. */
export function asksHash({ kind, locks, tables }: ShapeFacts): boolean {
  return kind === 'read' && !locks && tables.length > 0;
}

/** Lookups by a key, new rows with one, pages, and rows that are locked in the course of a transaction. */
function asksValues({ kind, lookups, equalities, inserted, offset, locks }: ShapeFacts): Asked['values'] {
  if (offset !== null || inserted.length > 0) return 'always';
  if (kind === 'read') return lookups.length > 0 ? 'always' : 'never';
  return locks && equalities.length > 0 ? 'in transactions' : 'never';
}

function hashOf({ bytes, start, end }: Entries, seed: number): number {
  cut[0] = start;
  cut[1] = end;
  return hashCuts(bytes, cut, 2, seed);
}

const cut = new Int32Array(2);

function copyOf({ bytes, start, end }: Entries): Stretch {
  const values = kept.open();
  kept.copy(bytes, start, end);
  return kept.close(values);
}

const kept = new Arena(MAX_VALUES);

/** The value at a place, as the log has it; null when it is not known. */
export function valueAt(step: Step, place: ValuePlace): string | null {
  if (step.values === null) return null;
  if (place.kind === 'parameter') {
    return step.bound ? (readBoundParameters(step.values.text())?.[place.number - 1] ?? null) : null;
  }
  if (step.bound) return null;
  const literals = step.values.text().split('\0');
  return literals.length === step.facts.shape.lexed.literals.length ? (literals[place.at] ?? null) : null;
}

/** A value without its quotes, so that `'7'` and `7` are the same. */
export function bareValue(value: string): string {
  return value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1) : value;
}
