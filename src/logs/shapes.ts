import { NumberTable } from '../stats/number-table.js';
import { seededRandom } from '../stats/random.js';
import { Comments } from './comments.js';
import type { Execution, ExecutionObserver, ExecutionSink, Remark, SessionEvent } from './execution.js';
import { Scanner } from './scan.js';
import { addExecution, createShape } from './shape.js';
import type { Shape } from './shape.js';
import { ShapeTimes } from './shape-times.js';

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
  /** By the key's hash: most often no key has to be written. */
  private byHash = new NumberTable(1);
  private readonly scanner = new Scanner();
  private readonly times = new ShapeTimes();
  /** The execution's, written over for the next. */
  private readonly text = { scanned: this.scanner, source: null as string | null, request: null as string | null };
  private readonly comments = new Comments();
  private readonly pick = seededRandom(SEED);

  constructor(
    private readonly observer: ExecutionObserver | null = null,
    private readonly limit = MAX_SHAPES,
  ) {}

  execution(execution: Execution): void {
    this.executions += 1;
    const { scanner } = this;
    scanner.scan(execution.sql);
    const shape = this.shapeOf(execution.sql, execution.extended);
    if (!shape) {
      this.overflow.executions += 1;
      this.overflow.ms += execution.ms ?? 0;
      return;
    }
    const { text } = this;
    const said = this.comments.in(scanner);
    text.source = said.source;
    text.request = said.request;
    addExecution(shape, execution, text, this.pick);
    this.observer?.executed(execution, shape, text);
  }

  event(event: SessionEvent): void {
    this.observer?.event(event);
  }

  remark({ sql, kind, bytes }: Remark): void {
    this.scanner.scan(sql);
    const shape = this.shapeOf(sql, false);
    if (!shape) return;
    if (kind === 'error') shape.errors += 1;
    else shape.temporaryBytes += bytes;
  }

  all(): readonly Shape[] {
    return this.shapes;
  }

  /** Of the text that was taken apart last. */
  private shapeOf(text: string, extended: boolean): Shape | null {
    const hash = this.scanner.keyHash();
    const entry = this.byHash.find(hash);
    return entry === -1 ? this.shapeByKey(hash, text, extended) : (this.shapes[this.byHash.at(entry, 0)] ?? null);
  }

  private shapeByKey(hash: number, text: string, extended: boolean): Shape | null {
    const { shapes, scanner } = this;
    const key = scanner.keyText();
    let number = this.byKey.get(key);
    if (number === undefined) {
      if (shapes.length >= this.limit) return null;
      number = shapes.length;
      const shape = createShape(number, text, { scanned: scanner, extended, times: this.times });
      shapes.push(shape);
      this.byKey.set(shape.key, number);
    }
    if (this.byHash.size >= MAX_HASHES) this.byHash = new NumberTable(1);
    this.byHash.add(hash, number);
    return shapes[number] ?? null;
  }
}

/** So that the same log gives the same samples. */
const SEED = 20_260_101;
/** Shapes of texts that are told apart: ten times what `pg_stat_statements.max` is by default. */
const MAX_SHAPES = 50_000;
/** Several may be of one shape. */
const MAX_HASHES = 4 * MAX_SHAPES;
