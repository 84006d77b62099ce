import { randomBytes } from 'node:crypto';
import { quoteIdent } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import type { Skipped } from '../../model/coverage.js';
import type { LoopWhatIf, PlannedCost, WhatIfSize } from '../../model/what-if.js';
import { carryPlanner, exportPlanner } from '../../postgres/clone/planner.js';
import type { PlannerState } from '../../postgres/clone/planner.js';
import { connect } from '../../postgres/connect.js';
import type { SchemaScript } from '../../postgres/extract/extract.js';
import type { Session } from '../../postgres/session.js';
import { applyStatements } from '../copy/apply.js';
import { createLike } from '../copy/locale.js';
import { inLab } from '../databases.js';
import type { LabServer } from '../server.js';
import { applyStatement } from './ddl.js';
import { installSizes } from './install.js';
import { buildLeaves } from './leaves.js';
import { Planner } from './planner.js';
import type { PlannedStatement } from './planner.js';
import { BLOCK_BYTES } from '../../base/block.js';
import { Shelf } from './shelf.js';
import type { KnownSize } from './shelf.js';
import { SampleMemory } from './size/sample-memory.js';
import type { Sampler } from './size/sample.js';
import { openStorage } from './storage.js';
import type { Storage } from './storage.js';

/** A change that the lab made part of its accepted state. */
export interface Adoption {
  /** An index with its true size; `level` null where it is not known. */
  readonly add?: {
    readonly spec: IndexSpec;
    readonly pages: number;
    readonly rows: number;
    readonly level: number | null;
  };
  /** `schema.name` of an index. */
  readonly drop?: string;
  /** Other statements, as they ran in the lab. */
  readonly sql?: readonly string[];
}

/** A database without data whose planner believes it is the source. */
export interface StatisticsClone extends LoopWhatIf {
  /** The statements that `cost` knows: executable SQL, one text for each parameter set. Forgets what was known of others. */
  setWorkload(statements: readonly PlannedStatement[]): void;
  /** Follows the lab's accepted state. Throws `lab/statement` when the clone does not take the change. */
  adopt(change: Adoption): Promise<void>;
  /** Reads statistics, sizes and settings anew, from the source or from another session with the same schema and the same rows: what was sampled of them is kept. */
  refresh(from?: Session): Promise<void>;
  /** EXPLAINs so far. */
  readonly explainCalls: number;
  /** What the clone lacks in likeness. */
  readonly skipped: readonly Skipped[];
  /** The clone's database on its server. */
  readonly session: Session;
  close(): Promise<void>;
}

export interface StatisticsCloneOptions {
  /** Its own server, whose files this process may write. `autovacuum` is turned off in it. */
  readonly server: LabServer;
  /** Any session that reads the source: production under the guard, or a copy. */
  readonly source: Session;
  readonly schema: SchemaScript;
  /** A database that holds data: sizes of candidates and statistics of expressions are then sampled. */
  readonly sampler?: Session | Sampler;
  /** What the planner is to believe, where it was saved earlier; read from the source when not given. */
  readonly planner?: PlannerState;
  /** Sizes of candidates that another model knows; null for one that it leaves to ours. */
  readonly knownSize?: (spec: IndexSpec) => KnownSize | null;
  readonly note?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Longest time for one EXPLAIN: a function that the planner folds may read tables, and they are long and empty. */
const PLANNING_TIMEOUT_MS = 10_000;

/**
 * Makes a statistics clone of a database. Takes about a second, and 3 ms a table. Reads the source only; throws what the
 * connection throws, `lab/disk-full` and `lab/died`.
 */
export async function createStatisticsClone(options: StatisticsCloneOptions): Promise<StatisticsClone> {
  const { server, source, schema } = options;
  const planner = options.planner ?? (await exportPlanner(source));
  const database = `wizard_clone_${randomBytes(4).toString('hex')}`;
  const admin = await connect(server.connection);
  try {
    // VACUUM would find that the long tables are empty, and truncate them.
    await inLab(() => admin.run('ALTER SYSTEM SET autovacuum = off'));
    await admin.query('SELECT pg_catalog.pg_reload_conf()');
    const created = await createLike(source, admin, database, () => undefined);
    const session = await open(server, database);
    try {
      // The body of a function may name what comes after it.
      await session.run('SET check_function_bodies TO off');
      const signal = options.signal ?? new AbortController().signal;
      const applied = await applyStatements(session, [...schema.preData, ...schema.postData], signal);
      const skipped = [...planner.skipped, ...created, ...applied];
      return await inLab(() => Clone.open(options, { admin, database, session, planner, skipped }));
    } catch (error) {
      await session.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await admin.close().catch(() => undefined);
    throw error;
  }
}

function open(server: LabServer, database: string): Promise<Session> {
  return connect({ ...server.connection, database }, { statementTimeoutMs: PLANNING_TIMEOUT_MS });
}

interface Parts {
  readonly admin: Session;
  readonly database: string;
  /** Used to install what was read, then replaced: the settings hold for new sessions. */
  readonly session: Session;
  readonly planner: PlannerState;
  readonly skipped: readonly Skipped[];
}

class Clone implements StatisticsClone {
  readonly #options: StatisticsCloneOptions;
  readonly #admin: Session;
  readonly #storage: Storage;
  #session: Session;
  #planner: Planner;
  #shelf: Shelf;
  readonly #samples = new SampleMemory();
  #skipped: readonly Skipped[];
  #state: PlannerState;
  #tail: Promise<unknown> = Promise.resolve();

  static async open(options: StatisticsCloneOptions, parts: Parts): Promise<Clone> {
    const storage = await openStorage(parts.session, options.server.dataDir);
    const skipped = [...parts.skipped, ...(await install(parts.session, storage, parts.planner))];
    await parts.session.close();
    const session = await open(options.server, parts.database);
    return new Clone(options, { ...parts, session, skipped }, storage);
  }

  private constructor(options: StatisticsCloneOptions, parts: Parts, storage: Storage) {
    this.#options = options;
    this.#admin = parts.admin;
    this.#session = parts.session;
    this.#storage = storage;
    this.#skipped = parts.skipped;
    this.#state = parts.planner;
    this.#planner = new Planner(parts.session);
    this.#shelf = this.#newShelf();
  }

  get explainCalls(): number {
    return this.#planner.explainCalls;
  }

  get skipped(): readonly Skipped[] {
    return this.#skipped;
  }

  get session(): Session {
    return this.#session;
  }

  setWorkload(statements: readonly PlannedStatement[]): void {
    this.#planner.setWorkload(statements);
  }

  cost(
    fingerprints: readonly string[],
    change: { readonly add: readonly IndexSpec[]; readonly drop: readonly string[] },
  ): Promise<readonly PlannedCost[]> {
    return this.#exclusive(async () => {
      const add = await this.#shelf.take(change.add);
      const drop = await this.#planner.findIndexes(change.drop);
      return this.#planner.costs(fingerprints, { add, drop });
    });
  }

  costOf(queries: readonly string[]): Promise<number | null> {
    return this.#exclusive(() => this.#planner.costOf(queries));
  }

  size(spec: IndexSpec): Promise<WhatIfSize> {
    return this.#exclusive(() => this.#sizeOf(spec));
  }

  sizes(specs: readonly IndexSpec[]): Promise<readonly WhatIfSize[]> {
    return this.#exclusive(async () => {
      await this.#shelf.take(specs);
      const sizes: WhatIfSize[] = [];
      for (const spec of specs) sizes.push(await this.#sizeOf(spec));
      return sizes;
    });
  }

  adopt(change: Adoption): Promise<void> {
    return this.#exclusive(async () => {
      // Another schema may mean other rows, or other values in them.
      if ((change.sql ?? []).length > 0) this.#samples.clear();
      for (const sql of change.sql ?? []) await applyStatement(this.#session, this.#storage, sql);
      if (change.drop !== undefined) await this.#planner.dropIndex(change.drop);
      if (change.add !== undefined) {
        const { spec, pages, rows, level } = change.add;
        const heaps = await this.#shelf.keep(spec, { pages, rows, level });
        if (change.sql === undefined && change.drop === undefined) {
          this.#planner.forgetReaders(heaps);
          return;
        }
      }
      this.#planner.forget();
    });
  }

  refresh(from?: Session): Promise<void> {
    return this.#exclusive(async () => {
      const planner = await exportPlanner(from ?? this.#options.source);
      this.#state = planner;
      await this.#shelf.clear();
      await install(this.#session, this.#storage, planner);
      const { database } = this.#session.settings;
      await this.#session.close();
      this.#session = await open(this.#options.server, database);
      this.#planner = this.#planner.on(this.#session);
      this.#shelf = this.#newShelf();
    });
  }

  async close(): Promise<void> {
    await this.#tail.catch(() => undefined);
    const { database } = this.#session.settings;
    await this.#session.close().catch(() => undefined);
    await this.#admin.run(`DROP DATABASE IF EXISTS ${quoteIdent(database)} WITH (FORCE)`).catch(() => undefined);
    await this.#admin.close().catch(() => undefined);
  }

  async #sizeOf(spec: IndexSpec): Promise<WhatIfSize> {
    const [shelved] = await this.#shelf.take([spec]);
    const pages = shelved?.pages ?? 0;
    const size = { pages, sizeBytes: pages * BLOCK_BYTES, rows: shelved?.rows ?? 0 };
    const refused = this.#shelf.refusal(spec);
    return refused === null ? size : { ...size, refused };
  }

  #newShelf(): Shelf {
    const { sampler } = this.#options;
    const lend: Sampler | null =
      sampler === undefined ? null : typeof sampler === 'function' ? sampler : (work) => work(sampler);
    return new Shelf({
      session: this.#session,
      storage: this.#storage,
      sampler: lend,
      sourceVersionNum: this.#state.serverVersionNum,
      endpoints: this.#state.endpoints,
      columns: this.#state.columns,
      memory: this.#samples,
      knownSize: this.#options.knownSize ?? (() => null),
    });
  }

  /** One question at a time: they share transactions of one session. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => inLab(work));
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

async function install(session: Session, storage: Storage, planner: PlannerState): Promise<Skipped[]> {
  await session.run('SET statement_timeout TO 0');
  const carried = await carryPlanner(session, planner);
  const leaves = await buildLeaves(session, storage, planner);
  return [...carried, ...(await installSizes(session, storage, planner, leaves))];
}
