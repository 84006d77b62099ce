import { groupBy } from '../../base/group.js';
import type { RawColumnStatistics } from '../../postgres/clone/columns.js';
import { readColumnEnds } from '../../postgres/clone/endpoints.js';
import type { ColumnEnds } from '../../postgres/clone/endpoints.js';
import type { Session } from '../../postgres/session.js';
import type { IndexLayout } from './index-layout.js';
import type { Leaves } from './install.js';
import { buildLeavesFor, reachBeyond } from './leaves.js';
import type { Sampler } from './size/sample.js';
import type { Storage } from './storage.js';
import { relationKey } from '../../model/catalog.js';

/** Where ends come from. */
export interface EndsOptions {
  readonly session: Session;
  readonly storage: Storage;
  readonly sampler: Sampler | null;
  readonly endpoints: readonly ColumnEnds[];
  /** Statistics that the clone has. */
  readonly columns: readonly RawColumnStatistics[];
}

/**
 * The true ends of the columns that candidates lead with. The planner asks the newest whole btree on a column for them:
 * a candidate without any would hide those of the index that is there, and one that was built would have them.
 */
export class CandidateEnds {
  readonly #options: EndsOptions;
  /** By table and column; null where they can not be had. */
  readonly #known = new Map<string, ColumnEnds | null>();
  readonly #isBeyond: (ends: ColumnEnds) => boolean;

  constructor(options: EndsOptions) {
    this.#options = options;
    this.#isBeyond = reachBeyond(options.columns);
    for (const ends of options.endpoints) this.#known.set(columnKey(ends), ends);
  }

  /** Leaf pages for those of the indexes that the planner would ask, by the index's key. */
  async buildLeaves(layouts: readonly IndexLayout[]): Promise<Leaves> {
    const asked = layouts.flatMap((layout) => {
      const column = layout.columns[0]?.column ?? null;
      const whole = layout.method === 'btree' && layout.predicate === null;
      return whole && column !== null ? [{ index: layout, table: layout.heap, column }] : [];
    });
    await this.#read(asked);
    const contents = asked.flatMap(({ index, table, column }) => {
      const ends = this.#known.get(columnKey({ table, column })) ?? null;
      return ends === null || !this.#isBeyond(ends) ? [] : [{ index, least: ends.least, greatest: ends.greatest }];
    });
    return buildLeavesFor(this.#options.session, this.#options.storage, contents);
  }

  async #read(columns: readonly Pick<ColumnEnds, 'table' | 'column'>[]): Promise<void> {
    const { sampler } = this.#options;
    const missing = columns.filter((one) => !this.#known.has(columnKey(one)));
    for (const group of groupBy(missing, ({ table }) => relationKey(table)).values()) {
      const [first] = group;
      if (first === undefined) continue;
      const names = [...new Set(group.map(({ column }) => column))];
      for (const column of names) this.#known.set(columnKey({ table: first.table, column }), null);
      if (sampler === null) continue;
      const found = await sampler((session) => readColumnEnds(session, first.table, names));
      for (const ends of found) this.#known.set(columnKey(ends), ends);
    }
  }
}

function columnKey({ table, column }: Pick<ColumnEnds, 'table' | 'column'>): string {
  return JSON.stringify([table.schema, table.name, column]);
}
