import { groupBy } from '../../base/group.js';
import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import type { RawColumnStatistics } from '../../postgres/clone/columns.js';
import type { ColumnEnds } from '../../postgres/clone/endpoints.js';
import { writeColumnStatistics } from '../../postgres/clone/write-columns.js';
import { readRelationFiles, writeRelations } from '../../postgres/clone/write-relations.js';
import type { RelationUpdate } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import { candidateSize, expressionStatistics } from './size/candidate-size.js';
import type { CandidateSize, SizeInputs } from './size/candidate-size.js';
import { CandidateEnds } from './candidate-ends.js';
import { createCandidates } from './create-candidates.js';
import { readDeduplicates, writeIndexFile } from './index-file.js';
import type { IndexLayout } from './index-layout.js';
import { lendSamples, sampleFor, spreadOut } from './size/sample-leaves.js';
import type { SampleMemory } from './size/sample-memory.js';
import type { RefusedByRows } from './size/sample-refusal.js';
import type { IndexSample, SampleWanted, Sampler } from './size/sample.js';
import { readSizeInputs } from './size/size-inputs.js';
import type { SizeWanted } from './size/size-inputs.js';
import { indexKey } from './shelved.js';
import type { CreatedIndex, ShelvedIndex } from './shelved.js';
import type { Storage } from './storage.js';
import { relationKey } from '../../model/catalog.js';

/** A size that is known instead of estimated, for an index on a table that is not partitioned. */
export interface KnownSize {
  readonly pages: number;
  readonly rows: number;
  /** Levels above the leaves of a btree; null to estimate, -1 for one whose descent costs the planner nothing, as HypoPG has it. */
  readonly level: number | null;
}

/** What all candidates are made with. */
export interface ShelfOptions {
  readonly session: Session;
  readonly storage: Storage;
  /** A database that holds data; null for statistics alone. */
  readonly sampler: Sampler | null;
  readonly sourceVersionNum: number;
  /** Outlives the shelf: what was found in rows stays true as long as they do. */
  readonly memory: SampleMemory;
  /** Ends of columns as the source's indexes have them. */
  readonly endpoints: readonly ColumnEnds[];
  /** Statistics that the clone has. */
  readonly columns: readonly RawColumnStatistics[];
  /** Sizes that come from elsewhere, of indexes on tables that are not partitioned. */
  readonly knownSize: (spec: IndexSpec) => KnownSize | null;
}

/**
 * Candidate indexes, each created once while its table is kept in an empty file (so at once), given its estimated
 * size, and hidden from the planner by `indislive = false`. One caller at a time.
 */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #shelved = new Map<string, ShelvedIndex>();
  /** By the index's key: why it can not be. */
  readonly #refused = new Map<string, WizardError>();
  readonly #ends: CandidateEnds;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#ends = new CandidateEnds(options);
  }

  /** Puts specs on the shelf that are not there yet, and gives those that PostgreSQL accepts. */
  async take(specs: readonly IndexSpec[]): Promise<ShelvedIndex[]> {
    const missing = new Map(
      specs
        .filter((spec) => !this.#shelved.has(indexKey(spec)) && !this.#refused.has(indexKey(spec)))
        .map((spec) => [indexKey(spec), spec]),
    );
    await this.#shelve([...missing.values()]);
    return specs.flatMap((spec) => {
      const shelved = this.#shelved.get(indexKey(spec));
      return shelved === undefined ? [] : [{ ...shelved, spec }];
    });
  }

  /** Why an index that was asked for can not be; null for one that can. */
  refusal(spec: IndexSpec): string | null {
    return this.#refused.get(indexKey(spec))?.message ?? null;
  }

  async #shelve(specs: readonly IndexSpec[]): Promise<void> {
    if (specs.length === 0) return;
    const { created, refused } = await createCandidates(this.#options.session, specs, { hidden: true });
    for (const [spec, error] of refused) this.#refused.set(indexKey(spec), error);
    const sizes = await this.#sizeAll(created);
    for (const { layouts, ...one } of created) {
      if (this.#refused.has(indexKey(one.spec))) continue;
      const leaves = layouts.map((layout) => sizes.get(layout.oid));
      this.#shelved.set(indexKey(one.spec), {
        ...one,
        pages: leaves.reduce((total, size) => total + (size?.pages ?? 0), 0),
        rows: leaves.reduce((total, size) => total + (size?.rows ?? 0), 0),
      });
    }
  }

  /** Creates an index under its own name and leaves it visible, with its true size where that is known. Gives the tables that it is on. */
  async keep(spec: IndexSpec, size: KnownSize | null): Promise<readonly number[]> {
    const { created: made, refused } = await createCandidates(this.#options.session, [spec], { hidden: false });
    const [created] = made;
    if (created === undefined)
      throw refused.get(spec) ?? new WizardError('internal', `Index ${spec.name} was not created`);
    const sizes = await this.#sizeAll([created]);
    const [only] = created.layouts;
    const estimated = only === undefined ? undefined : sizes.get(only.oid);
    if (size === null || only === undefined || estimated === undefined || created.layouts.length > 1)
      return created.heaps;
    await this.#writeSizes([[only, withKnown(estimated, size)]]);
    return created.heaps;
  }

  /** Forgets all candidates, and drops them. */
  async clear(): Promise<void> {
    for (const shelved of this.#shelved.values()) {
      const [name] = shelved.names;
      if (name !== undefined) await this.#options.session.run(dropSql(shelved.spec, name));
    }
    this.#shelved.clear();
    this.#refused.clear();
  }

  /** Samples, estimates and writes the sizes of indexes that were just created. */
  async #sizeAll(created: readonly CreatedIndex[]): Promise<Map<number, CandidateSize>> {
    const { session, storage, knownSize } = this.#options;
    const layouts = created.flatMap((one) => one.layouts);
    const oids = layouts.map((layout) => layout.oid);
    const files = new Map((await readRelationFiles(session, oids)).map((file) => [file.oid, file.path]));
    const asked = created.flatMap((one) =>
      one.layouts.map((layout) => {
        const path = files.get(layout.oid) ?? '';
        return { layout, spec: one.spec, deduplicates: deduplicates(storage, layout, path) };
      }),
    );
    const samples = await this.#sample(asked);
    for (const one of created) await this.#dropRefused(one, samples);
    const heapPages = await this.#heapBlocks(layouts.map((layout) => layout.heap.oid));
    const allowed = asked.filter((one) => !this.#refused.has(indexKey(one.spec)));
    const wanted = allowed.map(({ layout, deduplicates: own }) => {
      const found = samples.get(layout.oid);
      const sample = found === undefined || 'refused' in found ? null : found;
      return { layout, heapBlocks: heapPages.get(layout.heap.oid) ?? 0, deduplicates: own, sample };
    });
    const inputs = await this.#readInputs(wanted);
    const sized = inputs.map((one, at): [IndexLayout, CandidateSize] => {
      const spec = allowed[at]?.spec;
      return [one.layout, withKnown(candidateSize(one), spec === undefined ? null : knownSize(spec))];
    });
    await this.#writeSizes(sized);
    return new Map(sized.map(([layout, size]) => [layout.oid, size]));
  }

  /** What was sampled of expressions is for the planner to know before it is asked how many rows there are. */
  async #readInputs(wanted: readonly SizeWanted[]): Promise<SizeInputs[]> {
    const { session, sourceVersionNum } = this.#options;
    const inputs = await readSizeInputs(session, wanted);
    const found = inputs.flatMap(({ sample, heapRows }) =>
      sample === null ? [] : expressionStatistics(sample, heapRows),
    );
    if (found.length === 0) return inputs;
    await writeColumnStatistics(session, found, { serverVersionNum: sourceVersionNum });
    return readSizeInputs(session, wanted);
  }

  /** An index that the clone took because its tables are empty, and that the rows do not allow. */
  async #dropRefused(one: CreatedIndex, samples: ReadonlyMap<number, IndexSample | RefusedByRows>): Promise<void> {
    for (const layout of one.layouts) {
      const sample = samples.get(layout.oid);
      if (sample === undefined || !('refused' in sample) || this.#refused.has(indexKey(one.spec))) continue;
      const table = quoteQualified(layout.heap.schema, layout.heap.name);
      const message = `Index ${one.spec.name} can not be created: ${sample.refused}; seen in a sample of ${table}`;
      this.#refused.set(indexKey(one.spec), new WizardError('lab/statement', message));
      const [name] = one.names;
      if (name !== undefined) await this.#options.session.run(dropSql(one.spec, name));
    }
  }

  async #sample(all: readonly SampleWanted[]): Promise<Map<number, IndexSample | RefusedByRows>> {
    const { sampler, memory } = this.#options;
    const samples = new Map<number, IndexSample | RefusedByRows>();
    if (sampler === null) return samples;
    const worth = all.filter(({ layout }) => needsSample(layout));
    const trees = [...groupBy(worth, ({ spec }) => indexKey(spec)).values()];
    const chosen = trees.flatMap(spreadOut);
    const fresh = chosen.filter((one) => !this.#recall(one, samples));
    for (const group of groupBy(fresh, ({ layout }) => layout.heap.oid).values()) {
      const [first] = group;
      if (first === undefined) continue;
      const found = await memory.table(first.layout.heap).sample(sampler, group);
      for (const [oid, sample] of found) samples.set(oid, sample);
    }
    for (const one of fresh) {
      const sample = samples.get(one.layout.oid);
      if (sample !== undefined) memory.indexes.set(memoryKey(one), sample);
    }
    for (const leaves of trees) lendSamples(leaves, samples);
    return samples;
  }

  #recall(one: SampleWanted, samples: Map<number, IndexSample | RefusedByRows>): boolean {
    const known = this.#options.memory.indexes.get(memoryKey(one));
    if (known === undefined) return false;
    samples.set(one.layout.oid, 'refused' in known ? known : sampleFor(one.layout, known));
    return true;
  }

  async #heapBlocks(heaps: readonly number[]): Promise<Map<number, number>> {
    const rows = await this.#options.session.query<{ oid: string; blocks: string }>(
      `SELECT c.oid::int8::text AS oid, (pg_catalog.pg_relation_size(c.oid) / 8192)::text AS blocks FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[])`,
      [[...new Set(heaps)]],
    );
    return new Map(rows.map((row) => [Number(row.oid), Number(row.blocks)]));
  }

  async #writeSizes(sized: readonly (readonly [IndexLayout, CandidateSize])[]): Promise<void> {
    const { session, storage } = this.#options;
    const files = new Map(
      (
        await readRelationFiles(
          session,
          sized.map(([layout]) => layout.oid),
        )
      ).map((file) => [file.oid, file]),
    );
    const leaves = await this.#ends.buildLeaves(sized.map(([layout]) => layout));
    const updates: RelationUpdate[] = sized.map(([layout, size]) => {
      const path = files.get(layout.oid)?.path ?? '';
      const leaf = leaves.get(relationKey(layout)) ?? null;
      const fileNode = writeIndexFile(storage, { method: layout.method, path }, { ...size, leaf });
      return { oid: layout.oid, pages: size.pages, rows: size.rows, pagesAllVisible: 0, fileNode };
    });
    await writeRelations(session, updates);
  }
}

function memoryKey({ spec, layout }: SampleWanted): string {
  return JSON.stringify([indexKey(spec), layout.heap.schema, layout.heap.name]);
}

function withKnown(estimated: CandidateSize, known: KnownSize | null): CandidateSize {
  if (known === null) return estimated;
  const gin = estimated.gin === null ? null : { ...estimated.gin, totalPages: known.pages };
  return { ...estimated, gin, pages: known.pages, rows: known.rows, level: known.level ?? estimated.level };
}

function deduplicates(storage: Storage, layout: IndexLayout, path: string): boolean {
  const isAllowed = !layout.unique && layout.options['deduplicate_items'] !== 'off';
  return isAllowed && readDeduplicates(storage, { method: layout.method, path });
}

function dropSql(spec: IndexSpec, name: string): string {
  return `DROP INDEX IF EXISTS ${quoteQualified(spec.table.schema, name)}`;
}

/** A summary of one fixed-width column is the same whatever the rows. */
function needsSample(layout: IndexLayout): boolean {
  return (
    layout.method !== 'brin' ||
    layout.predicate !== null ||
    layout.columns.some((column) => column.length < 0 || column.column === null)
  );
}
