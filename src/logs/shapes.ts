import { seededRandom } from '../stats/random.js';
import type { Execution, ExecutionObserver, ExecutionSink, Remark, SessionEvent } from './execution.js';
import { lex } from './lex.js';
import type { Lexed } from './lex.js';
import { owned } from './record.js';
import { addExecution, createShape } from './shape.js';
import type { Shape } from './shape.js';
import { readTags, sourceOf } from './tags.js';

/** What of a stream of executions found no room. */
export interface Overflow {
  executions: number;
  ms: number;
}

/** Gathers executions by the shape of their text, without parsing them. Memory is bounded by the number of shapes, not of executions. */
export class Shapes implements ExecutionSink {
  readonly overflow: Overflow = { executions: 0, ms: 0 };
  executions = 0;
  private readonly byKey = new Map<string, Shape>();
  /** Texts without constants and comments, as prepared statements come: no need to look at their characters again. */
  private readonly byText = new Map<string, Shape>();
  private readonly sources = new Map<string, string | null>();
  private readonly pick = seededRandom(SEED);

  constructor(
    private readonly observer: ExecutionObserver | null = null,
    private readonly limit = MAX_SHAPES,
  ) {}

  execution(execution: Execution): void {
    this.executions += 1;
    if (execution.extended) {
      const known = this.byText.get(execution.sql);
      if (known) {
        addExecution(known, execution, NOTHING, this.pick);
        this.observer?.executed(execution, known, null);
        return;
      }
    }
    const lexed = lex(execution.sql);
    const shape = this.shapeOf(execution.sql, lexed, execution.extended);
    if (!shape) {
      this.overflow.executions += 1;
      this.overflow.ms += execution.ms ?? 0;
      return;
    }
    const plain = lexed.literals.length === 0 && lexed.comments.length === 0;
    if (plain && execution.extended && execution.sql.length < MAX_TEXT) this.remember(execution.sql, shape);
    addExecution(shape, execution, { lexed, source: this.sourceIn(lexed.comments) }, this.pick);
    this.observer?.executed(execution, shape, lexed);
  }

  event(event: SessionEvent): void {
    this.observer?.event(event);
  }

  remark({ sql, kind, bytes }: Remark): void {
    const shape = this.shapeOf(sql, lex(sql), false);
    if (!shape) return;
    if (kind === 'error') shape.errors += 1;
    else shape.temporaryBytes += bytes;
  }

  all(): readonly Shape[] {
    return [...this.byKey.values()];
  }

  private shapeOf(text: string, lexed: Lexed, extended: boolean): Shape | null {
    const known = this.byKey.get(lexed.key);
    if (known) return known;
    if (this.byKey.size >= this.limit) return null;
    const shape = createShape(this.byKey.size, text, lexed, extended);
    this.byKey.set(shape.key, shape);
    return shape;
  }

  private remember(text: string, shape: Shape): void {
    if (this.byText.size >= MAX_TEXTS) this.byText.clear();
    this.byText.set(owned(text), shape);
  }

  private sourceIn(comments: Lexed['comments']): string | null {
    if (comments.length === 0) return null;
    const texts = comments.map((comment) => comment.text);
    const key = texts.join('\n');
    const known = this.sources.get(key);
    if (known !== undefined) return known;
    const tags = readTags(texts);
    const found = tags ? sourceOf(tags) : null;
    const source = found === null ? null : owned(found);
    if (this.sources.size >= MAX_SOURCES) this.sources.clear();
    this.sources.set(owned(key), source);
    return source;
  }
}

const NOTHING = { lexed: null, source: null };

/** So that the same log gives the same samples. */
const SEED = 20_260_101;
/** Shapes of texts that are told apart: ten times what `pg_stat_statements.max` is by default. */
const MAX_SHAPES = 50_000;
const MAX_TEXTS = 5000;
const MAX_TEXT = 16_384;
const MAX_SOURCES = 5000;
