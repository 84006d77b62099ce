import { NumberTable } from '../stats/number-table.js';
import { seededRandom } from '../stats/random.js';
import { Comments } from './comments.js';
import type { Execution, ExecutionObserver, ExecutionSink, Remark, SessionEvent } from './execution.js';
import { keyOf } from './key.js';
import { Scanner } from './scan.js';
import { addExecution, Shape } from './shape.js';
import { ShapeFigures } from './shape-figures.js';
import { stretchOf } from './stretch.js';
import type { Stretch } from './stretch.js';

/** What of a stream of executions found no room. */
export interface Overflow {
  executions: number;
  ms: number;
}

/** Gathers executions by the shape of their text, without parsing them. Memory is bounded by the number of shapes, not of executions. */
export class Shapes implements ExecutionSink {
  readonly overflow: Overflow = { executions: 0, ms: 0 };
  executions = 0;
  private readonly shapes: Shape[] = [];
  private readonly byKey = new Map<string, number>();
  /** By the hash of what is no constant: most often no key has to be written. */
  private byHash = new NumberTable(1);
  private readonly scanner = new Scanner();
  private readonly figures = new ShapeFigures();
  private readonly comments = new Comments();
  /** The execution's, written over for the next. */
  private readonly text = { number: 0, scanned: this.scanner, said: this.comments.in(this.scanner) };
  private readonly pick = seededRandom(SEED);

  constructor(
    private readonly observer: ExecutionObserver | null = null,
    private readonly limit = MAX_SHAPES,
  ) {}

  execution(execution: Execution): void {
    this.executions += 1;
    const { scanner } = this;
    scanner.scan(execution.sql);
    const number = this.numberOf(execution.sql, execution.extended);
    if (number === -1) {
      this.overflow.executions += 1;
      this.overflow.ms += execution.ms ?? 0;
      return;
    }
    const { text, shapes, figures } = this;
    text.number = number;
    text.said = this.comments.in(scanner);
    addExecution(shapes, figures, execution, text, this.pick);
    this.observer?.executed(execution, text, shapes);
  }

  event(event: SessionEvent): void {
    this.observer?.event(event);
  }

  remark({ sql, kind, bytes }: Remark): void {
    const text = stretchOf(sql);
    this.scanner.scan(text);
    const shape = this.shapes[this.numberOf(text, false)];
    if (!shape) return;
    if (kind === 'error') shape.errors += 1;
    else shape.temporaryBytes += bytes;
  }

  all(): readonly Shape[] {
    return this.shapes;
  }

  /** Of the shape of the text that was taken apart last; -1 where there is no more room. */
  private numberOf(text: Stretch, extended: boolean): number {
    const hash = this.scanner.hash();
    const entry = this.byHash.find(hash);
    return entry === -1 ? this.numberByKey(hash, text, extended) : this.byHash.at(entry, 0);
  }

  private numberByKey(hash: number, text: Stretch, extended: boolean): number {
    const { shapes, scanner, figures } = this;
    const key = keyOf(scanner);
    let number = this.byKey.get(key);
    if (number === undefined) {
      if (shapes.length >= this.limit) return -1;
      number = shapes.length;
      shapes.push(new Shape(number, { key, text: text.text(), extended }, scanner, figures));
      this.byKey.set(key, number);
    }
    if (this.byHash.size >= MAX_HASHES) this.byHash = new NumberTable(1);
    this.byHash.add(hash, number);
    return number;
  }
}

/** So that the same log gives the same samples. */
const SEED = 20_260_101;
/** Shapes of texts that are told apart: ten times what `pg_stat_statements.max` is by default. */
const MAX_SHAPES = 50_000;
/** Several may be of one shape. */
const MAX_HASHES = 4 * MAX_SHAPES;
