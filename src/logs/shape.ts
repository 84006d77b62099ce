import { asWizardError } from '../base/errors.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { createSketch } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';
import type { Execution, ExecutionText } from './execution.js';
import { MOST_SAID } from './comments.js';
import type { LoggedPlan } from './plan.js';
import { cutsOf } from './lex.js';
import type { Lexed } from './lex.js';
import { Callers } from './callers.js';
import { SameConstants, sameHash } from './same-constants.js';
import type { Scanned } from './scanned.js';
import { sampleOf } from './sample.js';
import type { Sample } from './sample.js';
import type { ShapeFigures } from './shape-figures.js';

/** Sums over the executions whose plan was logged, each with how many of them said it. */
export interface PlanSums {
  executions: number;
  readonly sums: Record<PlanFigure, { sum: number; of: number }>;
}

export type PlanFigure = 'rows' | 'sharedHit' | 'sharedRead' | 'tempBlocks' | 'walBytes';

/** All that is kept of the executions of one statement shape, in bounded memory. What each of them changes is in `figures`, of all shapes. */
export class Shape {
  readonly key: string;
  /** The first text that was seen, with its constants. */
  readonly text: string;
  readonly extended: boolean;
  readonly lexed: Omit<Lexed, 'key'>;
  /** Which constants were the same in every execution. */
  readonly same: SameConstants;
  readonly plans: PlanSums = { executions: 0, sums: noSums() };
  readonly samples: Sample[] = [];
  slowest: Sample | null = null;
  /** Of the first execution, in its file; 0 before. */
  line = 0;
  errors = 0;
  temporaryBytes = 0;
  /** Null until somebody asked for it: `parsedShape`. */
  parsed: ParsedShape | null = null;
  private readonly durations = createSketch();
  private readonly tallies = new Callers();

  /** `number` is its place among all shapes of one intake, from 0; `scanned` is its text as it was taken apart. */
  constructor(
    readonly number: number,
    { key, text, extended }: Pick<Shape, 'key' | 'text' | 'extended'>,
    scanned: Scanned,
    private readonly figures: ShapeFigures,
  ) {
    this.key = key;
    this.text = text;
    this.extended = extended;
    this.lexed = cutsOf(scanned);
    this.same = new SameConstants(scanned);
    figures.open(number);
    figures.setSame(number, this.lexed.literals.length, this.same.mask, sameHash(scanned, this.same.mask));
  }

  get calls(): number {
    return this.figures.calls(this.number);
  }

  /** Whether its times are of UTC. */
  get utc(): boolean {
    return this.figures.isUtc(this.number);
  }

  /** Ms since 1970; Infinity for none. */
  get firstMs(): number {
    return this.figures.first(this.number);
  }

  /** -Infinity for none. */
  get lastMs(): number {
    return this.figures.last(this.number);
  }

  /** The durations of all executions so far. */
  get sketch(): Sketch {
    this.figures.settle(this.number, this.durations);
    return this.durations;
  }

  get callers(): Callers {
    this.tallies.count(this.figures.beginRow(this.number, -1));
    return this.tallies;
  }
}

function noSums(): PlanSums['sums'] {
  const figure = (): { sum: number; of: number } => ({ sum: 0, of: 0 });
  return { rows: figure(), sharedHit: figure(), sharedRead: figure(), tempBlocks: figure(), walBytes: figure() };
}

/** The tree of a shape's text, or why there is none. */
export type ParsedShape = ParsedStatement | { readonly reason: string };

/** Parses a shape's text, once. Needs `loadParser()`. */
export function parsedShape(shape: Pick<Shape, 'text' | 'parsed'>): ParsedShape {
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

/** Adds an execution whose text was taken apart; `pick` gives numbers in [0, 1) for the choice of samples. The shape itself is looked at only where more than figures change. */
export function addExecution(
  shapes: readonly Shape[],
  figures: ShapeFigures,
  execution: Execution,
  { number, scanned, said }: ExecutionText,
  pick: () => number,
): void {
  const { ms, plan, timeMs, origin } = execution;
  const calls = figures.call(number);
  if (calls === 1) (shapes[number] as Shape).line = execution.line;
  const mask = figures.sameMask(number);
  // Of texts with lists of another length nothing is compared.
  if (mask !== 0 && scanned.literalsEnd === figures.constants(number) * 2)
    if (sameHash(scanned, mask) !== figures.sameHash(number)) differ(shapes[number] as Shape, figures, scanned);
  const slower = ms !== null && ms > figures.slowest(number);
  const place = figures.isSampled(number) ? Math.floor(pick() * calls) : (shapes[number] as Shape).samples.length;
  if (place < SAMPLES || slower) {
    const shape = shapes[number] as Shape;
    const sample = sampleOf(execution, scanned, figures.constants(number));
    if (sample && place < SAMPLES) shape.samples[place] = sample;
    if (shape.samples.length === SAMPLES) figures.setSampled(number);
    if (sample && slower) {
      shape.slowest = sample;
      figures.setSlowest(number, ms);
    }
  }
  if (ms !== null && figures.add(number, ms)) void (shapes[number] as Shape).sketch;
  if (plan) addPlan((shapes[number] as Shape).plans, plan);
  const caller = origin.number * MOST_SAID + said.number;
  if (!figures.isCaller(number, caller)) {
    const { callers } = shapes[number] as Shape;
    callers.follow(origin, said.source);
    figures.beginRow(number, caller);
  }
  if (timeMs !== null) figures.see(number, timeMs, execution.utc);
}

/** Notes which constants are not what they always were. */
function differ(shape: Shape, figures: ShapeFigures, scanned: Scanned): void {
  const { same, number } = shape;
  same.compare(scanned);
  figures.setSame(number, figures.constants(number), same.mask, sameHash(scanned, same.mask));
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
