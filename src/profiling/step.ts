import type { Execution } from '../logs/execution.js';
import type { Lexed, Literal } from '../logs/lex.js';
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
export function stepOf(
  { timeMs, ms, parameters, sql, extended, line, plan }: Execution,
  { facts, lexed, session }: { facts: ShapeFacts; lexed: Lexed | null; session: string | null },
): Step {
  const bound = extended && parameters !== null;
  const text = bound ? boundValues(parameters) : literalValues(sql, lexed?.literals ?? NONE);
  const unknown = extended && parameters === null && /\$\d/.test(facts.text);
  return {
    facts,
    session,
    line,
    startMs: timeMs === null || ms === null ? null : timeMs - ms,
    endMs: ms === null ? null : timeMs,
    ms,
    rows: plan?.rows ?? null,
    values: unknown || text.length > MAX_VALUES ? null : text,
    bound,
  };
}

function boundValues(parameters: string | readonly string[]): string {
  if (typeof parameters === 'string') return parameters.length > MAX_VALUES ? parameters : owned(parameters);
  return parameters.map((value, i) => `$${i + 1} = ${value}`).join(', ');
}

/** What is joined of two texts or more is a new one. */
function literalValues(sql: string, literals: readonly Literal[]): string {
  const [first] = literals;
  if (!first) return '';
  if (literals.length === 1) {
    const text = sql.slice(first.start, first.end);
    return text.length > MAX_VALUES ? text : owned(text);
  }
  const texts: string[] = [];
  for (const { start, end } of literals) texts.push(sql.slice(start, end));
  return texts.join(SEPARATOR);
}

const NONE: readonly Literal[] = [];

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
