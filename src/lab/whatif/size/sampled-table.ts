import type { RelationName } from '../../../model/catalog.js';
import type { RawColumnStatistics } from '../../../postgres/clone/columns.js';
import type { Session } from '../../../postgres/session.js';
import { countValues, expressionsOf, indexParts, partsOf, repeats } from './index-parts.js';
import type { Parts } from './index-parts.js';
import type { GinSample } from './gin-size.js';
import type { SampleBuild } from './other-size.js';
import { SAMPLE, buildGin, buildOnce, buildAndMeasure } from './sample-builds.js';
import { METHODS_BUILT, drawSample } from './sample-draw.js';
import type { Drawn } from './sample-draw.js';
import { analyseExpression } from './sample-expressions.js';
import type { SampledExpression } from './sample-expressions.js';
import { BTREE_TUPLE_BYTES, HEAVY_ROWS, countClasses, countKeys, indexedRows } from './sample-keys.js';
import type { IndexParts, SampledKeys } from './sample-keys.js';
import { columnParts, hasPart, isRefused, longestOf, partKey, readParts } from './sample-parts.js';
import type { FoundPart, PartWanted } from './sample-parts.js';
import { refusalOf } from './sample-refusal.js';
import type { RefusedByRows } from './sample-refusal.js';
import { pivotKey, readSlice, slicePivot } from './sample-slice.js';
import type { Pivot } from './sample-slice.js';
import type { IndexSample, SampleWanted, Sampler } from './sample.js';

/** What the server said of an index over the sample. */
interface Tried {
  readonly gin: GinSample | null;
  readonly builds: readonly SampleBuild[];
}

const NOT_BUILT: Tried = { gin: null, builds: [] };

/** What is built over fewer shows nothing of how it grows. */
const FEW_ROWS = 100;

/** An index with its keys as they are in the sample. */
interface Counted {
  readonly wanted: SampleWanted;
  readonly parts: IndexParts;
  /** That are in the index, by position in the sample. */
  readonly rows: Int32Array;
  readonly keys: SampledKeys;
  readonly tried: Tried;
}

/**
 * The rows of one table that were read for the sizes of indexes on it, part by part. What was read stays: an index on columns that are
 * known is sized without a statement.
 */
export class SampledTable {
  readonly #heap: RelationName;
  readonly #wanted = new Map<string, PartWanted>();
  #drawn: Drawn | null = null;
  #parts = new Map<string, FoundPart>();
  /** By expression and predicate; null where the server makes none. */
  #statistics = new Map<string, RawColumnStatistics | null>();
  /** By pivot; null for one that can not be drawn. */
  #slices = new Map<string, Parts | null>();

  constructor(heap: RelationName) {
    this.#heap = heap;
  }

  /** Numbers that are kept. */
  get size(): number {
    const found = [this.#parts, ...this.#slices.values()].flatMap((parts) => [...(parts?.values() ?? [])]);
    return found.reduce((sum, part) => sum + (part === null || isRefused(part) ? 0 : 3 * part.bytes.length), 0);
  }

  /**
   * Samples for indexes on the table, by oid. One that can not be sampled is left out. What is done in the database is rolled back.
   * Reads the whole table where a part of an index was not read yet, and once more for each key whose repetition a sample of rows leaves open.
   */
  async sample(lend: Sampler, indexes: readonly SampleWanted[]): Promise<Map<number, IndexSample | RefusedByRows>> {
    for (const part of indexes.flatMap(partsOf)) this.#want(part);
    const tried = new Map<SampleWanted, Tried | RefusedByRows | null>();
    if (indexes.some((one) => this.#asksServer(one)))
      await lend((session) => rolledBack(session, () => this.#draw(session, indexes, tried)));
    const found = new Map<number, IndexSample | RefusedByRows>();
    const counted: Counted[] = [];
    for (const wanted of indexes) {
      const one = this.#count(wanted, tried.get(wanted));
      if (one === null) continue;
      if ('refused' in one) found.set(wanted.layout.oid, one);
      else counted.push(one);
    }
    const pivots = await this.#drawSlices(lend, counted);
    for (const one of counted) found.set(one.wanted.layout.oid, this.#assemble(one, pivots.get(one) ?? null));
    return found;
  }

  #want(part: PartWanted): void {
    const known = this.#wanted.get(partKey(part));
    this.#wanted.set(partKey(part), { ...part, withValues: part.withValues || known?.withValues === true });
  }

  /** Whether something about an index is not known from what was read for others. */
  #asksServer(one: SampleWanted): boolean {
    return (
      this.#drawn === null ||
      METHODS_BUILT.has(one.layout.method) ||
      partsOf(one).some((part) => !hasPart(this.#parts, part)) ||
      expressionsOf(one).some(({ key }) => !this.#statistics.has(key)) ||
      this.#mustBuild(one)
    );
  }

  /** The server says it better than a rule would: NULLs may be alike, and a long value may be compressed. */
  #mustBuild({ layout, spec }: SampleWanted): boolean {
    if (layout.method !== 'btree') return false;
    const longest = columnParts(layout, false).map((part) => longestOf(this.#parts.get(partKey(part))));
    return spec.unique || longest.reduce((sum, bytes) => sum + bytes, 0) > BTREE_TUPLE_BYTES;
  }

  async #draw(
    session: Session,
    indexes: readonly SampleWanted[],
    tried: Map<SampleWanted, Tried | RefusedByRows | null>,
  ): Promise<void> {
    const drawn = await drawSample(session, this.#heap, indexes);
    if (drawn.fingerprint !== this.#drawn?.fingerprint) {
      this.#parts = new Map();
      this.#statistics = new Map();
      this.#slices = new Map();
    }
    this.#drawn = drawn;
    const missing = indexes.flatMap(partsOf).filter((part) => !hasPart(this.#parts, part));
    for (const [key, part] of await readParts(session, SAMPLE, this.#asWanted(missing))) this.#parts.set(key, part);
    for (const one of indexes) {
      await session.run('SAVEPOINT one');
      tried.set(one, await this.#try(session, one, drawn).catch(refusalOf));
      await session.run('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one');
    }
  }

  async #try(session: Session, one: SampleWanted, { sampledRows }: Drawn): Promise<Tried> {
    if (this.#mustBuild(one)) await buildOnce(session, one.spec);
    for (const { key, sql } of expressionsOf(one)) {
      if (this.#statistics.has(key)) continue;
      this.#statistics.set(key, await analyseExpression(session, { sql, predicate: one.layout.predicate }));
    }
    const { method } = one.layout;
    if (!METHODS_BUILT.has(method) || sampledRows <= FEW_ROWS) return NOT_BUILT;
    const gin = method === 'gin' ? await buildGin(session, one.spec) : null;
    return { gin, builds: gin === null ? await buildAndMeasure(session, one.spec) : [] };
  }

  /** Each once, and with its values if any index wants them. */
  #asWanted(parts: readonly PartWanted[]): readonly PartWanted[] {
    const keys = new Set(parts.map(partKey));
    return [...keys].flatMap((key) => this.#wanted.get(key) ?? []);
  }

  #count(wanted: SampleWanted, tried: Tried | RefusedByRows | null | undefined): Counted | RefusedByRows | null {
    if (tried === null || this.#drawn === null) return null;
    if (tried && 'refused' in tried) return tried;
    const parts = indexParts(wanted, this.#parts);
    if (parts === null || 'refused' in parts) return parts;
    const rows = indexedRows(wanted.layout, parts);
    const keys = countKeys(wanted.layout, parts, rows, repeats(wanted));
    return { wanted, parts, rows, keys, tried: tried ?? NOT_BUILT };
  }

  /** Draws the slices that are not there yet, and says which one each index is counted in. */
  async #drawSlices(lend: Sampler, counted: readonly Counted[]): Promise<ReadonlyMap<Counted, Pivot>> {
    const pivots = new Map<Counted, Pivot>();
    const missing = new Map<string, { readonly pivot: Pivot; readonly parts: PartWanted[] }>();
    for (const one of counted) {
      const pivot = this.#pivotOf(one, (key) => missing.has(key) || this.#slices.get(key) != null);
      if (pivot === null) continue;
      pivots.set(one, pivot);
      const key = pivotKey(pivot);
      const drawn = this.#slices.get(key);
      const parts = partsOf(one.wanted);
      if (drawn === null || (drawn && parts.every((part) => hasPart(drawn, part)))) continue;
      const asked = missing.get(key) ?? { pivot, parts: this.#partsIn(drawn) };
      asked.parts.push(...parts);
      missing.set(key, asked);
    }
    if (missing.size > 0)
      await lend((session) =>
        rolledBack(session, async () => {
          for (const { pivot, parts } of missing.values())
            this.#slices.set(pivotKey(pivot), await this.#readSlice(session, pivot, parts));
        }),
      );
    return pivots;
  }

  /** What a slice was read for: a part can not be added to it, only all be read anew. */
  #partsIn(drawn: Parts | undefined): PartWanted[] {
    return [...(drawn?.keys() ?? [])].flatMap((key) => this.#wanted.get(key) ?? []);
  }

  #pivotOf({ wanted, parts, rows, keys }: Counted, isDrawn: (key: string) => boolean): Pivot | null {
    const { layout } = wanted;
    if (!repeats(wanted)) return null;
    return slicePivot({
      keys: layout.columns.slice(0, layout.keyCount).flatMap(({ sql }, index) => {
        const part = parts.columns[index];
        return part === undefined ? [] : [{ sql, part }];
      }),
      rows,
      sampled: keys,
      rowsPerSampled: this.#drawn?.rowsPerSampled ?? 1,
      isDrawn: (pivot) => isDrawn(pivotKey(pivot)),
    });
  }

  async #readSlice(session: Session, pivot: Pivot, parts: readonly PartWanted[]): Promise<Parts | null> {
    await session.run('SAVEPOINT slice');
    try {
      const rowsPerSampled = this.#drawn?.rowsPerSampled ?? 1;
      return await readSlice(session, { heap: this.#heap, pivot, parts: this.#asWanted(parts), rowsPerSampled });
    } catch {
      // An expression that fails on a row which the sample does not have.
      return null;
    } finally {
      await session.run('ROLLBACK TO SAVEPOINT slice; RELEASE SAVEPOINT slice');
    }
  }

  #assemble({ wanted, parts, rows, keys, tried }: Counted, pivot: Pivot | null): IndexSample {
    const { layout } = wanted;
    const { sampledRows = 0, rowsPerSampled = 1, rowsPerBlock = 0 } = this.#drawn ?? {};
    const slice = pivot === null ? null : this.#slices.get(pivotKey(pivot));
    const sliced = slice ? indexParts(wanted, slice) : null;
    const classes = sliced === null || 'refused' in sliced ? [] : countClasses(layout, sliced);
    const light = classes.filter((one) => one.rows < HEAVY_ROWS * rowsPerSampled);
    const expressions = expressionsOf(wanted).flatMap(({ key, attribute, at }): SampledExpression[] => {
      const statistics = this.#statistics.get(key);
      const part = parts.columns[at];
      if (!statistics || part === undefined) return [];
      const named = { ...statistics, schemaname: layout.schema, relname: layout.name, attname: attribute };
      return [{ statistics: named, ...countValues(part, rows) }];
    });
    return { sampledRows, rowsPerBlock, keys, classes: light.length > 0 ? light : null, expressions, ...tried };
  }
}

async function rolledBack(session: Session, work: () => Promise<void>): Promise<void> {
  await session.run('BEGIN; SET LOCAL search_path TO pg_catalog');
  try {
    await work();
  } catch {
    // The database may be another version of the schema: without a sample the statistics are all there is.
  } finally {
    await session.run('ROLLBACK');
  }
}
