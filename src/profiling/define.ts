import type { z } from 'zod';
import type { SessionEvent } from '../logs/execution.js';
import type { ApplicationFinding } from '../model/application-finding.js';
import type { Severity } from '../model/finding.js';
import type { ShapeFacts } from './facts.js';
import type { Step } from './step.js';
import type { Transaction, Unit } from './units.js';

/** Documentation that is executed: the log `bad` gives exactly one finding, the log `good` none. */
export interface PatternDocs {
  readonly what: string;
  readonly why: string;
  /** When it stays silent, and what a log can not tell. */
  readonly limits: string;
  readonly sources: readonly string[];
  /** Messages of a log, each `<session> <ms> <message>`, as the server writes it behind its prefix. */
  readonly bad: readonly string[];
  /** What only looks like it. */
  readonly good: readonly string[];
}

/** What a pattern needs of a log to see anything. */
export type Need = 'executions' | 'sessions' | 'times' | 'connections' | 'prepared' | 'values';

/** Watches one log; memory is bounded by the number of shapes. */
export interface Watcher {
  /** What is done with each execution of a shape; null where they do not matter. Asked once a shape, so that nothing has to be looked up for an execution. */
  follow?(facts: ShapeFacts): ((step: Step) => void) | null;
  unit?(unit: Unit): void;
  /** From BEGIN on. */
  transaction?(transaction: Transaction): void;
  /** A statement that writes, outside of BEGIN: a transaction by itself. */
  single?(step: Step): void;
  event?(event: SessionEvent): void;
  /** What was seen, worst first. */
  findings(): readonly PatternFinding[];
}

/** A finding without what the pattern adds. */
export type PatternFinding = Omit<ApplicationFinding, 'pattern' | 'severity' | 'sources'> & {
  readonly severity?: Severity;
  /** Shapes whose tags say where in the program it is. */
  readonly shapes: readonly Step['facts'][];
};

export interface PatternDefinition<Options extends z.ZodType> {
  /** The file is `profiling/patterns/<id>.ts`. Never renamed. */
  readonly id: string;
  readonly severity: Severity;
  readonly needs: readonly Need[];
  readonly docs: PatternDocs;
  readonly options: Options;
  watch(options: z.output<Options>): Watcher;
}

/** A pattern as the catalogue holds it. */
export interface Pattern {
  readonly id: string;
  readonly severity: Severity;
  readonly needs: readonly Need[];
  readonly docs: PatternDocs;
  /** JSON-able, for the documentation. */
  readonly defaults: unknown;
  /** Throws a ZodError for options of the wrong form. */
  watch(options?: unknown): Watcher;
}

/** The only way to make a pattern. */
export function definePattern<Options extends z.ZodType>(definition: PatternDefinition<Options>): Pattern {
  const { id, severity, needs, docs, options } = definition;
  return {
    id,
    severity,
    needs,
    docs,
    defaults: options.parse({}),
    watch: (given = {}) => definition.watch(options.parse(given)),
  };
}
