import type { Shape } from '../logs/shape.js';

/** What a profile knows of a shape from its first execution on. */
export type ToldShape = Pick<Shape, 'number' | 'key' | 'text' | 'extended' | 'lexed' | 'parsed'>;

/** What is known of a shape when the log has ended. Plain data. */
export interface ShapeTotals {
  readonly calls: number;
  /** Of all executions; null where none was timed. */
  readonly ms: number | null;
  /** Of the first execution, in its file. */
  readonly line: number;
  /** Who ran it, and from where in programs: some of many. */
  readonly users: readonly string[];
  readonly sources: readonly string[];
}

/** By the shapes' numbers. */
export function totalsOf(shapes: readonly Shape[]): readonly ShapeTotals[] {
  return shapes.map(({ calls, line, sketch, callers }) => ({
    calls,
    ms: sketch.count > 0 ? sketch.sum : null,
    line,
    users: callers.of('users').names(),
    sources: callers.of('sources').names(),
  }));
}

/** Before the log has ended. */
export const NO_TOTALS: ShapeTotals = { calls: 0, ms: null, line: 0, users: [], sources: [] };
