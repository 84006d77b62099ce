import type { Execution } from '../logs/execution.js';
import { hashText } from '../logs/hash.js';
import { readBoundParameters } from '../logs/parameters.js';
import { owned } from '../logs/record.js';
import type { Scanner } from '../logs/scan.js';
import type { ShapeFacts, ValuePlace } from './facts.js';

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
  /** Of all values and the shape, 52 bits; null where the log does not hold the values, and for shapes of which nobody asks it: `asksHash`. */
  readonly hash: number | null;
  /** All values in one text: equal for executions with the same. Null where the log does not hold them, or nobody asks: `asksValues`. */
  readonly values: string | null;
  /** Whether `values` are bound parameters as the log has them, and not constants of the text. */
  readonly bound: boolean;
}

/** What a step is made for. */
export interface StepContext {
  readonly facts: ShapeFacts;
  /** The execution's text, taken apart. */
  readonly scanned: Scanner;
  readonly session: string | null;
  readonly inTransaction: boolean;
}

/** What of an execution is kept, nothing of the file it was read from. */
export function stepOf(execution: Execution, context: StepContext): Step {
  const { timeMs, ms, parameters, extended, line, plan } = execution;
  const { facts, scanned, session } = context;
  const isBound = extended && parameters !== null;
  const wanted = hasValues(execution, context);
  const text = wanted && asksValues(facts, context.inTransaction);
  return {
    facts,
    session,
    line,
    startMs: timeMs === null || ms === null ? null : timeMs - ms,
    endMs: ms === null ? null : timeMs,
    ms,
    rows: plan?.rows ?? null,
    hash:
      !wanted || !asksHash(facts)
        ? null
        : isBound
          ? hashText(boundValues(parameters), facts.id)
          : scanned.literalsHash(facts.id),
    values: !text ? null : isBound ? owned(boundValues(parameters)) : literalValues(execution.sql, scanned),
    bound: isBound,
  };
}

/** Whether the log holds the values of an execution, and they are few enough to be compared. */
export function hasValues({ extended, parameters }: Execution, { facts, scanned }: StepContext): boolean {
  if (extended && parameters !== null)
    return (typeof parameters === 'string' ? parameters : boundValues(parameters)).length <= MAX_VALUES;
  return !(extended && facts.numbered) && literalsLength(scanned) <= MAX_VALUES;
}

/** Reads whose answers a cache could hold. */
export function asksHash({ kind, locks, tables }: ShapeFacts): boolean {
  return kind === 'read' && !locks && tables.length > 0;
}

/** Lookups by a key, new rows with one, pages, and rows that are locked in the course of a transaction. */
function asksValues(facts: ShapeFacts, inTransaction: boolean): boolean {
  const { kind, lookups, equalities, inserted, offset, locks } = facts;
  if (offset !== null || inserted.length > 0) return true;
  return kind === 'read' ? lookups.length > 0 : locks && inTransaction && equalities.length > 0;
}

function boundValues(parameters: string | readonly string[]): string {
  return typeof parameters === 'string' ? parameters : parameters.map((value, i) => `$${i + 1} = ${value}`).join(', ');
}

/** What is joined of two texts or more is a new one. */
function literalValues(sql: string, { literals, literalsEnd }: Scanner): string {
  if (literalsEnd === 0) return '';
  if (literalsEnd === 2) return owned(sql.slice(literals[0], literals[1]));
  const texts: string[] = [];
  for (let i = 0; i < literalsEnd; i += 2) texts.push(sql.slice(literals[i], literals[i + 1]));
  return texts.join(SEPARATOR);
}

function literalsLength({ literals, literalsEnd }: Scanner): number {
  let length = Math.max(0, literalsEnd / 2 - 1);
  for (let i = 0; i < literalsEnd; i += 2) length += (literals[i + 1] as number) - (literals[i] as number);
  return length;
}

/** Can not stand in a constant. */
const SEPARATOR = '\u0000';
/** Values that are longer are not compared: they would hold memory. */
const MAX_VALUES = 2048;

/** The value at a place, as the log has it; null when it is not known. */
export function valueAt(step: Step, place: ValuePlace): string | null {
  if (step.values === null) return null;
  if (place.kind === 'parameter') {
    return step.bound ? (readBoundParameters(step.values)?.[place.number - 1] ?? null) : null;
  }
  if (step.bound) return null;
  const literals = step.values.split(SEPARATOR);
  return literals.length === step.facts.shape.lexed.literals.length ? (literals[place.at] ?? null) : null;
}

/** A value without its quotes, so that `'7'` and `7` are the same. */
export function bareValue(value: string): string {
  return value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1) : value;
}
