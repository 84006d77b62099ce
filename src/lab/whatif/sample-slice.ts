import { quoteQualified } from '../../base/quote.js';
import type { Session } from '../../postgres/session.js';
import type { KeyClass } from './btree-size.js';
import type { IndexLayout } from './index-layout.js';
import { SAMPLE } from './sample-builds.js';
import { HEAVY_ROWS, KEYS, computeKeys, countClasses } from './sample-keys.js';
import type { SampledKeys } from './sample-keys.js';

/** The table that is sampled. */
export interface SampledTable {
  readonly layouts: readonly IndexLayout[];
  /** As SQL. */
  readonly columns: readonly string[];
  /** Rows of the table for one of the sample. */
  readonly rowsPerSampled: number;
}

/** A slice holds about as many rows as the sample, so that it costs the same. */
const SLICE_VALUES = 30;

/**
 * Takes all rows of a few key values of a table, chosen by hash: how often values repeat is then known and not guessed.
 * A sample of rows can not tell a million values that come twice from half of them that come thrice (Gibbons 2001,
 * "distinct sampling"). One pass over the table a leading value, shared by the indexes that have it among their keys.
 */
export class KeySlices {
  readonly #session: Session;
  readonly #table: SampledTable;
  /** By what they are hashed by; null when that can not be. */
  readonly #drawn = new Map<string, string | null>();

  constructor(session: Session, table: SampledTable) {
    this.#session = session;
    this.#table = table;
  }

  /** What to slice the table by for an index; null when the sample tells enough. Needs `KEYS` of the sample. */
  async pivot(layout: IndexLayout, sampled: SampledKeys): Promise<string | null> {
    if (this.#table.rowsPerSampled <= 1 || !isUncertain(sampled)) return null;
    const keys = layout.columns.slice(0, layout.keyCount);
    const counts = await this.#session.query<{ key: number; values: number }>(
      keys
        .map((_, index) => `SELECT ${index} AS key, count(DISTINCT k${index + 1})::int4 AS values FROM ${KEYS}`)
        .join(' UNION ALL '),
    );
    const most = counts.toSorted((a, b) => b.values - a.values || a.key - b.key)[0];
    const enough = SLICE_VALUES * this.#table.rowsPerSampled;
    const one = most && most.values >= Math.min(enough, sampled.rows / 3) ? keys[most.key] : undefined;
    // The key that has most values, if a slice holds enough of them: other indexes with it share the slice.
    return one?.sql ?? keys.map((key) => key.sql).join(', ');
  }

  /** Values of the table by true number of rows, all those that a slice holds; null when it can not be had. */
  async classes(layout: IndexLayout, pivot: string): Promise<KeyClass[] | null> {
    const slice = this.#drawn.get(pivot) ?? (this.#drawn.has(pivot) ? null : await this.#draw(pivot));
    this.#drawn.set(pivot, slice);
    if (slice === null) return null;
    await computeKeys(this.#session, layout, slice);
    const limit = HEAVY_ROWS * this.#table.rowsPerSampled;
    const classes = (await countClasses(this.#session, layout.keyCount)).filter((one) => one.rows < limit);
    await this.#session.run(`DROP TABLE ${KEYS}`);
    return classes.length === 0 ? null : classes;
  }

  /** The slice's table; null when it can not be had. */
  async #draw(pivot: string): Promise<string | null> {
    const heap = this.#table.layouts[0]?.heap;
    if (heap === undefined) return null;
    const parts = Math.max(2, Math.round(this.#table.rowsPerSampled));
    const part = `(pg_catalog.hash_record_extended(ROW(${pivot}), 0) % ${parts})`;
    const name = `wizard_slice_${this.#drawn.size}`;
    await this.#session.run('SAVEPOINT slice');
    try {
      // Of the parts one of middling size: one with a value of very many rows would hold little else, and those are known.
      const [middle] = await this.#session.query<{ part: string }>(
        `SELECT p.part::text FROM (SELECT ${part} AS part, count(*) AS rows FROM ${SAMPLE} GROUP BY 1) AS p ORDER BY p.rows, p.part
 OFFSET (SELECT count(DISTINCT ${part}) / 2 FROM ${SAMPLE}) LIMIT 1`,
      );
      await this.#session.run(
        `CREATE TEMP TABLE ${name} ON COMMIT DROP AS SELECT ${this.#table.columns.join(', ')} FROM ONLY ${quoteQualified(heap.schema, heap.name)} WHERE ${part} = ${middle?.part ?? '0'}; RELEASE SAVEPOINT slice`,
      );
      return `pg_temp.${name}`;
    } catch {
      await this.#session.run('ROLLBACK TO SAVEPOINT slice; RELEASE SAVEPOINT slice');
      return null;
    }
  }
}

/** Nearly every value seen again, or none ever: then the sample tells enough. */
function isUncertain({ rows, others }: SampledKeys): boolean {
  const once = others.filter((one) => one.rows === 1).reduce((sum, one) => sum + one.values, 0);
  return once > rows * 0.01 && once < rows;
}
