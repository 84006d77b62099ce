import { relationKey } from '../../../model/catalog.js';
import type { RelationName } from '../../../model/catalog.js';
import type { RefusedByRows } from './sample-refusal.js';
import type { IndexSample } from './sample.js';
import { SampledTable } from './sampled-table.js';

/** Numbers kept of all tables together, of four to eight bytes: some 100 MB, the parts of about 250 columns and their slices. */
const MOST_NUMBERS = 20_000_000;

/** What was found in the rows of a database, true as long as they stay. */
export class SampleMemory {
  /** By definition of the index and its table. */
  readonly indexes = new Map<string, IndexSample | RefusedByRows>();
  /** The one used last comes last. */
  readonly #tables = new Map<string, SampledTable>();

  /** What was read of a table. The tables not asked for the longest are forgotten when there is too much. */
  table(heap: RelationName): SampledTable {
    const key = relationKey(heap);
    const table = this.#tables.get(key) ?? new SampledTable(heap);
    this.#tables.delete(key);
    let kept = [...this.#tables.values()].reduce((sum, one) => sum + one.size, 0);
    for (const [other, { size }] of this.#tables) {
      if (kept <= MOST_NUMBERS) break;
      this.#tables.delete(other);
      kept -= size;
    }
    this.#tables.set(key, table);
    return table;
  }

  clear(): void {
    this.indexes.clear();
    this.#tables.clear();
  }
}
