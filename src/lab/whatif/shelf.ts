import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import { createIndexSql } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import { writeColumnStatistics } from '../../postgres/clone/write-columns.js';
import { readRelationFiles, writeRelations } from '../../postgres/clone/write-relations.js';
import type { RelationUpdate } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import { candidateSize, expressionStatistics, readSizeInputs } from './candidate-size.js';
import type { CandidateSize } from './candidate-size.js';
import { readDeduplicates, writeIndexFile } from './index-file.js';
import { readIndexLayouts } from './index-layout.js';
import type { IndexLayout } from './index-layout.js';
import { sampleIndexes } from './sample.js';
import type { IndexSample } from './sample.js';
import { EMPTY_FILE_NODE } from './storage.js';
import type { Storage } from './storage.js';

/** A candidate index which exists on the clone and is hidden unless asked for. */
export interface ShelvedIndex {
  readonly spec: IndexSpec;
  /** The index, and on a partitioned table those of its partitions. */
  readonly oids: readonly number[];
  /** The tables whose indexes change with it, all partitions included. */
  readonly heaps: readonly number[];
  /** Names on the clone; a plan shows them. */
  readonly names: readonly string[];
  readonly pages: number;
  readonly rows: number;
}

/** A size that is known instead of estimated, for an index on a table that is not partitioned. */
export interface KnownSize {
  readonly pages: number;
  readonly rows: number;
  /** Levels above the leaves; null to estimate. */
  readonly level: number | null;
}

/** Lends a session of a database that holds data. What is done there leaves nothing behind. */
export type Sampler = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What all candidates are made with. */
export interface ShelfOptions {
  readonly session: Session;
  readonly storage: Storage;
  /** A database that holds data; null for statistics alone. */
  readonly sampler: Sampler | null;
  readonly sourceVersionNum: number;
}

/** A table or partition that stores rows, with what pg_class says of it. */
interface Heap extends Record<string, unknown> {
  oid: number;
  kind: string;
  pages: number;
  rows: number;
  visible: number;
  node: string;
}

/** The same index under any name. */
export function indexKey(spec: IndexSpec): string {
  return createIndexSql({ ...spec, name: 'x' }, { concurrently: false });
}

/**
 * Candidate indexes, each created once while its table is kept in an empty file (so at once), given its estimated
 * size, and hidden from the planner by `indislive = false`. One caller at a time.
 */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #shelved = new Map<string, ShelvedIndex>();
  readonly #refused = new Map<string, WizardError>();
  #made = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Puts specs on the shelf that are not there yet. Throws `lab/statement` for one that PostgreSQL does not accept. */
  async take(specs: readonly IndexSpec[]): Promise<ShelvedIndex[]> {
    const missing = new Map(specs.filter((spec) => !this.#shelved.has(indexKey(spec)) && !this.#refused.has(indexKey(spec))).map((spec) => [indexKey(spec), spec]));
    const byTable = groupBy([...missing.values()], (spec) => JSON.stringify(spec.table));
    for (const group of byTable.values()) await this.#shelve(group);
    return specs.map((spec) => this.#get(spec));
  }

  #get(spec: IndexSpec): ShelvedIndex {
    const refused = this.#refused.get(indexKey(spec));
    if (refused !== undefined) throw refused;
    const shelved = this.#shelved.get(indexKey(spec));
    if (shelved === undefined) throw new WizardError('internal', `Index ${spec.name} did not reach the shelf`);
    return { ...shelved, spec };
  }

  async #shelve(specs: readonly IndexSpec[]): Promise<void> {
    const created = await this.#create(specs, true);
    const sizes = await this.#sizeAll(created);
    for (const one of created) {
      const leaves = one.layouts.map((layout) => sizes.get(layout.oid));
      this.#shelved.set(indexKey(one.spec), {
        spec: one.spec,
        oids: one.oids,
        heaps: one.heaps,
        names: one.names,
        pages: leaves.reduce((total, size) => total + (size?.pages ?? 0), 0),
        rows: leaves.reduce((total, size) => total + (size?.rows ?? 0), 0),
      });
    }
  }

  /** Creates an index under its own name and leaves it visible, with its true size where that is known. */
  async keep(spec: IndexSpec, size: KnownSize | null): Promise<void> {
    const [created] = await this.#create([spec], false);
    const refused = this.#refused.get(indexKey(spec));
    this.#refused.delete(indexKey(spec));
    if (created === undefined) throw refused ?? new WizardError('lab/statement', `Index ${spec.name} can not be created on the clone`);
    const sizes = await this.#sizeAll([created]);
    const [only] = created.layouts;
    const estimated = only === undefined ? undefined : sizes.get(only.oid);
    if (size === null || only === undefined || estimated === undefined || created.layouts.length > 1) return;
    const gin = estimated.gin === null ? null : { ...estimated.gin, totalPages: size.pages };
    await this.#writeSizes([[only, { ...estimated, gin, pages: size.pages, rows: size.rows, level: size.level ?? estimated.level }]]);
  }

  /** Forgets all candidates, and drops them. */
  async clear(): Promise<void> {
    for (const shelved of this.#shelved.values()) {
      const [name] = shelved.names;
      if (name !== undefined) await this.#options.session.run(`DROP INDEX IF EXISTS ${quoteQualified(shelved.spec.table.schema, name)}`);
    }
    this.#shelved.clear();
    this.#refused.clear();
  }

  async #create(specs: readonly IndexSpec[], hidden: boolean): Promise<Created[]> {
    const { session } = this.#options;
    const [first] = specs;
    if (first === undefined) return [];
    const table = quoteQualified(first.table.schema, first.table.name);
    const heaps = await session.query<Heap>(HEAPS_SQL, [first.table.schema, first.table.name]);
    if (heaps.length === 0) {
      throw new WizardError('lab/statement', `The clone has no table ${table} to try an index on`);
    }
    const stored = heaps.filter((heap) => heap.kind !== 'p');
    const made: { spec: IndexSpec; name: string }[] = [];
    await session.run('BEGIN');
    try {
      // Before 18 CREATE INDEX writes the table's row of pg_class in place: it must be this transaction's own version.
      await session.query(`UPDATE pg_catalog.pg_class SET relfilenode = CASE WHEN relkind = 'p' THEN relfilenode ELSE $2::oid END WHERE oid = ANY ($1::oid[])`, [
        heaps.map((heap) => heap.oid),
        EMPTY_FILE_NODE,
      ]);
      for (const spec of specs) {
        const name = hidden ? `wizard_candidate_${(this.#made += 1)}` : spec.name;
        if (await this.#createOne(spec, name)) made.push({ spec, name });
      }
      await writeRelations(
        session,
        stored.map((heap) => ({ oid: heap.oid, pages: heap.pages, rows: heap.rows, pagesAllVisible: heap.visible, fileNode: Number(heap.node) })),
      );
      const created: (Omit<Created, 'layouts'> & { leaves: number[] })[] = [];
      for (const { spec, name } of made) {
        const members = await session.query<Member>(MEMBERS_SQL, [`${quoteIdent(first.table.schema)}.${quoteIdent(name)}`]);
        const oids = members.map((member) => member.oid);
        if (hidden) await this.#hide(members);
        created.push({
          spec,
          oids,
          heaps: heaps.map((heap) => heap.oid),
          names: hidden ? members.map((member) => hiddenName(member)) : members.map((member) => member.name),
          leaves: members.filter((member) => member.leaf).map((member) => member.oid),
        });
      }
      await session.run('COMMIT');
      const layouts = new Map((await readIndexLayouts(session, created.flatMap((one) => one.leaves))).map((layout) => [layout.oid, layout]));
      return created.map((one) => ({ ...one, layouts: one.leaves.flatMap((oid) => layouts.get(oid) ?? []) }));
    } catch (error) {
      await session.run('ROLLBACK');
      throw error;
    }
  }

  /** Out of the planner's sight, and under names that no other index will get, those of partitions too. */
  async #hide(members: readonly Member[]): Promise<void> {
    const { session } = this.#options;
    for (const member of members) {
      await session.run(`ALTER INDEX ${quoteQualified(member.schema, member.name)} RENAME TO ${hiddenName(member)}`);
    }
    const oids = members.map((member) => member.oid);
    await session.query('UPDATE pg_catalog.pg_index SET indislive = false WHERE indexrelid = ANY ($1::oid[])', [oids]);
  }

  async #createOne(spec: IndexSpec, name: string): Promise<boolean> {
    const { session } = this.#options;
    await session.run('SAVEPOINT candidate');
    try {
      await session.run(createIndexSql({ ...spec, name }, { concurrently: false }));
      return true;
    } catch (error) {
      await session.run('ROLLBACK TO SAVEPOINT candidate');
      const said = error instanceof WizardError ? error : null;
      const facts = { cause: error, ...(said?.sqlstate === undefined ? {} : { sqlstate: said.sqlstate }) };
      this.#refused.set(indexKey(spec), new WizardError('lab/statement', `Index ${spec.name} can not be created: ${said?.message ?? String(error)}`, facts));
      return false;
    }
  }

  /** Samples, estimates and writes the sizes of indexes that were just created on one table. */
  async #sizeAll(created: readonly Created[]): Promise<Map<number, CandidateSize>> {
    const { session, storage, sourceVersionNum } = this.#options;
    const all = created.flatMap((one) => one.layouts.map((layout) => ({ layout, spec: one.spec })));
    const samples = await this.#sample(all);
    const files = new Map((await readRelationFiles(session, all.map(({ layout }) => layout.oid))).map((file) => [file.oid, file]));
    const heapPages = await this.#heapBlocks(all.map(({ layout }) => layout.heap.oid));
    const sized: [IndexLayout, CandidateSize][] = [];
    for (const { layout } of all) {
      const sample = samples.get(layout.oid) ?? null;
      const path = files.get(layout.oid)?.path ?? '';
      const deduplicates = readDeduplicates(storage, { method: layout.method, path }) && !layout.unique && layout.options['deduplicate_items'] !== 'off';
      const known = { heapBlocks: heapPages.get(layout.heap.oid) ?? 0, deduplicates, sample };
      let inputs = await readSizeInputs(session, layout, known);
      if (sample !== null && sample.expressions.length > 0) {
        await writeColumnStatistics(session, expressionStatistics(sample, inputs.heapRows), { serverVersionNum: sourceVersionNum });
        inputs = await readSizeInputs(session, layout, known);
      }
      sized.push([layout, candidateSize(inputs)]);
    }
    await this.#writeSizes(sized);
    return new Map(sized.map(([layout, size]) => [layout.oid, size]));
  }

  async #sample(all: readonly { layout: IndexLayout; spec: IndexSpec }[]): Promise<Map<number, IndexSample>> {
    const { sampler } = this.#options;
    const samples = new Map<number, IndexSample>();
    if (sampler === null) return samples;
    const worth = all.filter(({ layout }) => needsSample(layout));
    for (const group of groupBy(worth, ({ layout }) => layout.heap.oid).values()) {
      for (const [oid, sample] of await sampler((session) => sampleIndexes(session, group))) samples.set(oid, sample);
    }
    return samples;
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
    const files = new Map((await readRelationFiles(session, sized.map(([layout]) => layout.oid))).map((file) => [file.oid, file]));
    const updates: RelationUpdate[] = sized.map(([layout, size]) => {
      const path = files.get(layout.oid)?.path ?? '';
      const fileNode = writeIndexFile(storage, { method: layout.method, path }, { ...size, leaf: null });
      return { oid: layout.oid, pages: size.pages, rows: size.rows, pagesAllVisible: 0, fileNode };
    });
    await writeRelations(session, updates);
  }
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function hiddenName(member: Member): string {
  return `wizard_shelf_${member.oid}`;
}

interface Member extends Record<string, unknown> {
  oid: number;
  schema: string;
  name: string;
  leaf: boolean;
}

interface Created extends Omit<ShelvedIndex, 'pages' | 'rows'> {
  /** Of those that store rows. */
  readonly layouts: readonly IndexLayout[];
}

/** One fixed-width column is what its statistics say; everything else is better known from rows. */
function needsSample(layout: IndexLayout): boolean {
  const [only] = layout.columns;
  const simple = layout.columns.length === 1 && only !== undefined && only.column !== null && only.length > 0 && layout.predicate === null;
  return !simple || !['btree', 'hash', 'brin'].includes(layout.method);
}

/** The table, and all below it when it is partitioned. */
const HEAPS_SQL = `
SELECT c.oid::int8::int4 AS oid, c.relkind::text AS kind, c.relpages AS pages, c.reltuples::float8 AS rows, c.relallvisible AS visible,
       c.relfilenode::int8::text AS node
  FROM pg_catalog.pg_class AS r
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_class AS c ON c.oid = r.oid OR (r.relkind = 'p' AND c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(r.oid) AS p))
 WHERE n.nspname = $1 AND r.relname = $2 AND c.relkind IN ('r', 'm', 'p')
 ORDER BY c.oid = r.oid DESC, c.oid`;

/** An index, and those of the partitions below it. */
const MEMBERS_SQL = `
SELECT c.oid::int8::int4 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'i' AS leaf
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = $1::regclass OR c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree($1::regclass) AS p)
 ORDER BY c.oid = $1::regclass DESC, c.oid`;
