import { asWizardError } from '../base/errors.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { addToSketch, createSketch } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';
import type { Execution } from './execution.js';
import type { Lexed } from './lex.js';
import { Origins } from './origins.js';
import { readBoundParameters } from './parameters.js';
import { owned } from './record.js';

/** Values of one execution, as SQL. */
export interface Sample {
  /** Of `$1, $2, ...`; null where the log does not hold them. */
  readonly bound: readonly string[] | null;
  /** Of the constants in the text. */
  readonly literals: readonly string[];
  readonly ms: number | null;
}

/** Sums over the executions whose plan was logged, each with how many of them said it. */
export interface PlanSums {
  executions: number;
  readonly sums: Record<PlanFigure, { sum: number; of: number }>;
}

export type PlanFigure = 'rows' | 'sharedHit' | 'sharedRead' | 'tempBlocks' | 'walBytes';

/** All that is kept of the executions of one statement shape, in bounded memory. */
export interface Shape {
  /** Its place among all shapes of one intake, from 0. */
  readonly number: number;
  readonly key: string;
  /** The first text that was seen, with its constants. */
  readonly text: string;
  readonly lexed: Lexed;
  /** Whether each constant was the same in every execution. */
  readonly same: boolean[];
  /** How many of them were. */
  sameCount: number;
  readonly extended: boolean;
  calls: number;
  readonly sketch: Sketch;
  readonly plans: PlanSums;
  readonly samples: Sample[];
  slowest: Sample | null;
  errors: number;
  temporaryBytes: number;
  readonly origins: Origins;
  /** Infinity and -Infinity where no execution has a time. */
  firstMs: number;
  lastMs: number;
  /** Whether those are of UTC. */
  utc: boolean;
  /** Null until somebody asked for it: `parsedShape`. */
  parsed: ParsedShape | null;
}

/** The tree of a shape's text, or why there is none. */
export type ParsedShape = ParsedStatement | { readonly reason: string };

/** A shape of which only the text is known. */
export function createShape(number: number, text: string, lexed: Lexed, extended: boolean): Shape {
  const figure = (): { sum: number; of: number } => ({ sum: 0, of: 0 });
  return {
    number,
    key: owned(lexed.key),
    text: owned(text),
    lexed: {
      key: '',
      literals: lexed.literals,
      comments: lexed.comments.map((one) => ({ ...one, text: owned(one.text) })),
    },
    same: lexed.literals.map(() => true),
    sameCount: lexed.literals.length,
    extended,
    calls: 0,
    sketch: createSketch(),
    plans: {
      executions: 0,
      sums: {
        rows: figure(),
        sharedHit: figure(),
        sharedRead: figure(),
        tempBlocks: figure(),
        walBytes: figure(),
      },
    },
    samples: [],
    slowest: null,
    errors: 0,
    temporaryBytes: 0,
    origins: new Origins(),
    firstMs: Infinity,
    lastMs: -Infinity,
    utc: true,
    parsed: null,
  };
}

/** Parses a shape's text, once. Needs `loadParser()`. */
export function parsedShape(shape: Shape): ParsedShape {
  shape.parsed ??= parse(shape.text);
  return shape.parsed;
}

function parse(text: string): ParsedShape {
  try {
    return parseStatement(text.replace(/;\s*$/, ''));
  } catch (thrown) {
    return { reason: asWizardError(thrown).message };
  }
}

/** Parameter sets that are kept of a shape beside the slowest: each is a statement that trials run. */
const SAMPLES = 4;

/** Adds an execution; `pick` gives numbers in [0, 1) for the choice of samples. */
export function addExecution(
  shape: Shape,
  execution: Execution,
  { lexed, source }: { readonly lexed: Lexed | null; readonly source: string | null },
  pick: () => number,
): void {
  const { ms, plan } = execution;
  shape.calls += 1;
  if (lexed && shape.sameCount > 0) compare(shape, execution.sql, lexed);
  const slower = ms !== null && ms > (shape.slowest?.ms ?? -1);
  const place = shape.samples.length < SAMPLES ? shape.samples.length : Math.floor(pick() * shape.calls);
  if (place < SAMPLES || slower) {
    const sample = sampleOf(shape, execution, lexed);
    if (sample && place < SAMPLES) shape.samples[place] = sample;
    if (sample && slower) shape.slowest = sample;
  }
  if (ms !== null) addToSketch(shape.sketch, ms);
  if (plan) {
    shape.plans.executions += 1;
    for (const name of FIGURES) {
      const value = plan[name];
      if (value === null) continue;
      shape.plans.sums[name].sum += value;
      shape.plans.sums[name].of += 1;
    }
  }
  shape.origins.add(execution, source);
  if (execution.timeMs !== null) {
    shape.utc &&= execution.utc;
    if (execution.timeMs < shape.firstMs) shape.firstMs = execution.timeMs;
    if (execution.timeMs > shape.lastMs) shape.lastMs = execution.timeMs;
  }
}

const FIGURES: readonly PlanFigure[] = ['rows', 'sharedHit', 'sharedRead', 'tempBlocks', 'walBytes'];

/** Notes which constants differ from those of the first text; texts with lists of another length are not compared. */
function compare(shape: Shape, text: string, { literals }: Lexed): void {
  const first = shape.lexed.literals;
  if (literals.length !== first.length) return;
  for (let i = 0; i < literals.length; i += 1) {
    if (shape.same[i] !== true) continue;
    const here = literals[i];
    const there = first[i];
    if (!here || !there) continue;
    const sameLength = here.end - here.start === there.end - there.start;
    if (sameLength && text.startsWith(shape.text.slice(there.start, there.end), here.start)) continue;
    shape.same[i] = false;
    shape.sameCount -= 1;
  }
}

/** Longer values make no useful sample, and would hold memory. */
const MAX_SAMPLE = 8192;

function sampleOf(shape: Shape, { sql, parameters, ms }: Execution, lexed: Lexed | null): Sample | null {
  const literals = lexed?.literals ?? [];
  if (literals.length !== shape.lexed.literals.length) return null;
  const bound = typeof parameters === 'string' ? readBoundParameters(parameters) : parameters;
  const texts = literals.map(({ start, end }) => owned(sql.slice(start, end)));
  const size = [...texts, ...(bound ?? [])].reduce((sum, text) => sum + text.length, 0);
  return size > MAX_SAMPLE ? null : { bound: bound?.map(owned) ?? null, literals: texts, ms };
}
