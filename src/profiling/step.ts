import type { Execution } from '../logs/execution.js';
import type { Lexed } from '../logs/lex.js';
import { readBoundParameters } from '../logs/parameters.js';
import { owned } from '../logs/record.js';
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
  /** All values in one text: equal for executions with the same. Null where the log does not hold them. */
  readonly values: string | null;
  /** Whether `values` are bound parameters as the log has them, and not constants of the text. */
  readonly bound: boolean;
}

/** What of an execution is kept, nothing of the file it was read from. */
export function stepOf(execution: Execution, facts: ShapeFacts, lexed: Lexed | null): Step {
  const { timeMs, ms, parameters, sql } = execution;
  const literals = lexed?.literals ?? [];
  const bound = execution.extended && parameters !== null;
  const text = bound
    ? typeof parameters === 'string'
      ? parameters
      : parameters.map((value, i) => `$${i + 1} = ${value}`).join(', ')
    : literals.map(({ start, end }) => sql.slice(start, end)).join(SEPARATOR);
  const unknown = execution.extended && parameters === null && /\$\d/.test(facts.text);
  return {
    facts,
    session: execution.session,
    line: execution.line,
    startMs: timeMs === null || ms === null ? null : timeMs - ms,
    endMs: ms === null ? null : timeMs,
    ms,
    rows: execution.plan?.rows ?? null,
    values: unknown || text.length > MAX_VALUES ? null : owned(text),
    bound,
  };
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
