import { asWizardError } from '../base/errors.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { createSketch } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';
import type { Execution } from './execution.js';
import type { LoggedPlan } from './plan.js';
import { lexed as lexedOf } from './lex.js';
import type { Lexed } from './lex.js';
import { Callers } from './callers.js';
import { readBoundParameters } from './parameters.js';
import { owned } from './record.js';
import type { Scanner } from './scan.js';
import type { ShapeTimes } from './shape-times.js';

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
  /** Of the first execution, in its file; 0 before. */
  line: number;
  calls: number;
  /** Of all intake's shapes; see `sketchOf`. */
  readonly times: ShapeTimes;
  readonly sketch: Sketch;
  readonly plans: PlanSums;
  readonly samples: Sample[];
  slowest: Sample | null;
  errors: number;
  temporaryBytes: number;
  readonly callers: Callers;
  /** Whether its times are of UTC. */
  utc: boolean;
  /** Null until somebody asked for it: `parsedShape`. */
  parsed: ParsedShape | null;
}

/** The tree of a shape's text, or why there is none. */
export type ParsedShape = ParsedStatement | { readonly reason: string };

/** A shape of which only the text is known, as it was taken apart. */
export function createShape(
  number: number,
  text: string,
  { scanned, extended, times }: { readonly scanned: Scanner; readonly extended: boolean; readonly times: ShapeTimes },
): Shape {
  const figure = (): { sum: number; of: number } => ({ sum: 0, of: 0 });
  const lexed = lexedOf(scanned);
  times.open(number);
  return {
    number,
    key: owned(lexed.key),
    text: owned(text),
    lexed: { ...lexed, key: '' },
    same: lexed.literals.map(() => true),
    sameCount: lexed.literals.length,
    extended,
    times,
    line: 0,
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
    callers: new Callers(),
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

/** The durations of all executions so far. */
export function sketchOf(shape: Shape): Sketch {
  shape.times.settle(shape.number, shape.sketch);
  return shape.sketch;
}

/** Adds an execution whose text was taken apart; `pick` gives numbers in [0, 1) for the choice of samples. */
export function addExecution(
  shape: Shape,
  execution: Execution,
  { scanned, source }: { readonly scanned: Scanner; readonly source: string | null },
  pick: () => number,
): void {
  const { ms, plan, timeMs } = execution;
  const { number, times } = shape;
  if (shape.calls === 0) shape.line = execution.line;
  shape.calls += 1;
  if (shape.sameCount > 0) compare(shape, scanned);
  const slower = ms !== null && ms > times.slowest(number);
  const place = shape.samples.length < SAMPLES ? shape.samples.length : Math.floor(pick() * shape.calls);
  if (place < SAMPLES || slower) {
    const sample = sampleOf(shape, execution, scanned);
    if (sample && place < SAMPLES) shape.samples[place] = sample;
    if (sample && slower) {
      shape.slowest = sample;
      times.setSlowest(number, ms);
    }
  }
  if (ms !== null) times.add(number, ms, shape.sketch);
  if (plan) addPlan(shape.plans, plan);
  shape.callers.add(execution.origin, source);
  if (timeMs !== null) {
    if (!execution.utc) shape.utc = false;
    times.see(number, timeMs);
  }
}

function addPlan(plans: PlanSums, plan: LoggedPlan): void {
  plans.executions += 1;
  for (const name of FIGURES) {
    const value = plan[name];
    if (value === null) continue;
    plans.sums[name].sum += value;
    plans.sums[name].of += 1;
  }
}

const FIGURES: readonly PlanFigure[] = ['rows', 'sharedHit', 'sharedRead', 'tempBlocks', 'walBytes'];

/** Notes which constants differ from those of the first text; texts with lists of another length are not compared. */
function compare(shape: Shape, { codes, literals, literalsEnd }: Scanner): void {
  const first = shape.lexed.literals;
  if (literalsEnd !== first.length * 2) return;
  for (let i = 0; i < first.length; i += 1) {
    const there = first[i];
    if (shape.same[i] !== true || !there) continue;
    const [start, end] = [literals[i * 2] as number, literals[i * 2 + 1] as number];
    if (end - start === there.end - there.start && isAt(codes, start, end, shape.text, there.start)) continue;
    shape.same[i] = false;
    shape.sameCount -= 1;
  }
}

/** Whether what the codes hold there is what the text holds at its place. */
function isAt(codes: Uint16Array, start: number, end: number, text: string, place: number): boolean {
  for (let i = start; i < end; i += 1) if (codes[i] !== text.charCodeAt(place + i - start)) return false;
  return true;
}

/** Longer values make no useful sample, and would hold memory. */
const MAX_SAMPLE = 8192;

function sampleOf(shape: Shape, { sql, parameters, ms }: Execution, scanned: Scanner): Sample | null {
  const { literals, literalsEnd } = scanned;
  if (literalsEnd !== shape.lexed.literals.length * 2) return null;
  const bound = typeof parameters === 'string' ? readBoundParameters(parameters) : parameters;
  const texts: string[] = [];
  for (let i = 0; i < literalsEnd; i += 2) texts.push(owned(sql.slice(literals[i], literals[i + 1])));
  const size = [...texts, ...(bound ?? [])].reduce((sum, text) => sum + text.length, 0);
  return size > MAX_SAMPLE ? null : { bound: bound?.map(owned) ?? null, literals: texts, ms };
}
