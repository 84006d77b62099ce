import { cascadeRoots } from '../../src/migrations/cascades.js';
import { checkScript } from '../../src/migrations/check.js';
import type { CheckOptions } from '../../src/migrations/check.js';
import type { Effect } from '../../src/migrations/effects/effect.js';
import { formerQuestions } from '../../src/migrations/formers.js';
import { LOCK_MODES, isAtLeast } from '../../src/migrations/locks.js';
import type { LockMode } from '../../src/migrations/locks.js';
import { written } from '../../src/migrations/relation.js';
import type { Relation } from '../../src/migrations/relation.js';
import { readScript } from '../../src/migrations/script.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import type { Catalog } from '../../src/model/catalog.js';
import { connect } from '../../src/postgres/connect.js';
import { readAdditions } from '../../src/postgres/read/additions.js';
import { readCascades } from '../../src/postgres/read/cascades.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readFormers } from '../../src/postgres/read/formers.js';
import type { Session } from '../../src/postgres/session.js';
import { runScript } from './rewrite-bench.js';

/** A database with an example's setup, a session that migrates it and one that watches. */
export interface MigrationBench {
  readonly session: Session;
  readonly catalog: Catalog;
  /** The catalog as it is now. */
  now(): Promise<Catalog>;
  /** Runs one transaction, or one statement outside of one, and says what was seen of the tables that were there before. */
  observe(statements: readonly string[], transactional: boolean, options?: { undo: boolean }): Promise<Observation>;
}

/** What a server was seen to do; keys are `schema.name`. */
export interface Observation {
  readonly locks: Readonly<Record<string, LockMode>>;
  /** The same of sequences, which go along with their tables. */
  readonly sequences: Readonly<Record<string, LockMode>>;
  readonly rewritten: readonly string[];
  /** Tables of which rows were read; null where it can not be seen: outside a transaction. */
  readonly read: readonly string[] | null;
}

let databases = 0;

/** Runs `work` in a database of its own. */
export async function withMigrationBench<T>(
  server: LabServer,
  setup: string,
  work: (bench: MigrationBench) => Promise<T>,
): Promise<T> {
  databases += 1;
  const database = `migration_${databases}`;
  const admin = await connect(server.connection);
  await createDatabase(admin, database);
  const inside = { ...server.connection, database };
  const sessions = [await connect(inside), await connect(inside)] as const;
  const [session, watcher] = sessions;
  const blockers = [await connect(inside), await connect(inside)];
  try {
    await runScript(session, setup);
    const { catalog } = await readCatalog(session);
    const first = new Set((await tablesOf(watcher)).map(({ oid }) => oid));
    return await work({
      session,
      catalog,
      now: async () => (await readCatalog(session)).catalog,
      observe: async (statements, transactional, { undo } = { undo: false }) => {
        // What the migration itself made nobody else uses.
        const before = (await tablesOf(watcher)).filter(({ oid }) => first.has(oid));
        const seen = transactional
          ? await observeTransaction(session, { statements, undo }, before)
          : await observeOutside({ session, watcher, blockers }, statements, before);
        const files = 'files' in seen ? (seen.files as readonly TableFile[]) : await tablesOf(watcher);
        const after = new Map(files.map((table) => [table.oid, table]));
        const rewritten = before.filter(({ oid, file, sequence }) => {
          const now = after.get(oid);
          // A new file that holds nothing is no rewrite: TRUNCATE.
          return !sequence && now !== undefined && now.file !== file && now.bytes > 0;
        });
        const ofSequences = new Set(before.filter(({ sequence }) => sequence).map(({ name }) => name));
        const split = (are: boolean): Record<string, LockMode> =>
          Object.fromEntries(Object.entries(seen.locks).filter(([name]) => ofSequences.has(name) === are));
        return {
          locks: split(false),
          sequences: split(true),
          read: seen.read,
          rewritten: rewritten.map(({ name }) => name),
        };
      },
    });
  } finally {
    for (const one of [...sessions, ...blockers]) await one.close();
    await admin.run(`DROP DATABASE ${database} WITH (FORCE)`);
    await admin.close();
  }
}

/** The catalog with what is read for migrations only. */
export async function forScript({ session, catalog }: MigrationBench, sql: string): Promise<Catalog> {
  const { statements } = readScript(sql, 'example');
  const cascades = await readCascades(session, cascadeRoots(statements));
  const formers = await readFormers(session, formerQuestions(statements));
  return { ...catalog, cascades, additions: await readAdditions(session), formers };
}

/** The catalog as if its tables were large, so that no rule lowers its voice. */
export function asIfLarge(catalog: Catalog): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({ ...table, sizeBytes: table.sizeBytes === 0 ? 0 : 1e11 })),
  };
}

/** What is claimed of the relations that are there, in the form of an observation. */
export async function claimed(
  session: Session,
  effects: readonly Effect[],
): Promise<{ locks: Record<string, LockMode>; rewritten: readonly string[]; read: readonly string[] }> {
  const locks: Record<string, LockMode> = {};
  for (const { relation, mode } of effects.flatMap((effect) => effect.locks)) {
    const name = await nameOf(session, relation);
    locks[name] = strongest(locks[name], mode);
  }
  const all = async (relations: readonly Relation[]): Promise<string[]> => [
    ...new Set(await Promise.all(relations.map((relation) => nameOf(session, relation)))),
  ];
  return {
    locks,
    rewritten: await all(effects.flatMap(({ rewrites }) => rewrites)),
    read: await all(effects.flatMap(({ scans }) => scans)),
  };
}

/** The effects of each statement of a text, in order. */
export function effectsOf(sql: string, options: CheckOptions): readonly { sql: string; effects: readonly Effect[] }[] {
  const script = readScript(sql, 'example');
  const checked = checkScript(script, options);
  return script.statements.map((statement) => ({
    sql: statement.sql,
    effects: checked.filter((one) => one.statement === statement).map(({ effect }) => effect),
  }));
}

interface TableFile {
  readonly oid: string;
  readonly sequence: boolean;
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
}

async function tablesOf(session: Session): Promise<readonly TableFile[]> {
  const rows = await session.query<{ oid: string; sequence: boolean; name: string; file: string; bytes: string }>(`
    SELECT c.oid::int8 AS oid, c.relkind = 'S' AS sequence, n.nspname || '.' || c.relname AS name, pg_catalog.pg_relation_filenode(c.oid)::int8 AS file,
      coalesce(pg_catalog.pg_relation_size(c.oid), 0) AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

type Seen = Pick<Observation, 'locks' | 'read'>;

async function observeTransaction(
  session: Session,
  { statements, undo }: { statements: readonly string[]; undo: boolean },
  tables: readonly TableFile[],
): Promise<Seen & { files: readonly TableFile[] }> {
  await session.run('BEGIN');
  try {
    const before = await rowsRead(session);
    for (const sql of statements) await session.run(sql);
    const after = await rowsRead(session);
    const locks = await locksOf(session, session.processId, tables);
    // Each by itself: what an index counted is gone with the index.
    const read = tables.filter(({ oid }) =>
      (after.get(oid) ?? []).some((count, i) => count > (before.get(oid)?.[i] ?? 0)),
    );
    const files = await tablesOf(session);
    await session.run(undo ? 'ROLLBACK' : 'COMMIT');
    return { locks, read: read.map(({ name }) => name), files };
  } catch (error) {
    await session.run('ROLLBACK');
    throw error;
  }
}

/** Counts of this backend that it has not handed on yet, of scans of the table and of its indexes; it hands none on within a transaction. */
async function rowsRead(session: Session): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await session.query<{ oid: string; seq: string; idx: string }>(
    'SELECT relid::int8 AS oid, coalesce(seq_tup_read, 0) AS seq, coalesce(idx_tup_fetch, 0) AS idx FROM pg_catalog.pg_stat_xact_user_tables',
  );
  return new Map(rows.map((row) => [row.oid, [Number(row.seq), Number(row.idx)]]));
}

/**
 * Somebody holds ROW EXCLUSIVE on every table, so that a statement that must wait for writers stands still and can be looked at. Then another one takes the same locks where
 * that is possible, and the first lets go: what the statement waits for next is seen as well. Later steps than these are seen as far as looking again and again sees them.
 */
async function observeOutside(
  { session, watcher, blockers }: { session: Session; watcher: Session; blockers: readonly Session[] },
  statements: readonly string[],
  tables: readonly TableFile[],
): Promise<Seen> {
  const locks: Record<string, LockMode> = {};
  const look = async (): Promise<void> => {
    for (const [name, mode] of Object.entries(await locksOf(watcher, session.processId, tables)))
      locks[name] = strongest(locks[name], mode);
  };
  for (const sql of statements) {
    const waiting = [...blockers];
    // A writer keeps no VACUUM waiting.
    const lock = await lockAll(watcher, sql.startsWith('VACUUM') ? 'SHARE UPDATE EXCLUSIVE' : 'ROW EXCLUSIVE');
    await waiting[0]?.run(`BEGIN; ${lock}`);
    const state = { ended: false };
    const running = session.run(sql).finally(() => (state.ended = true));
    running.catch(() => undefined);
    while (!state.ended) {
      await look();
      if (waiting.length === 0 || !(await isWaiting(watcher, session.processId))) continue;
      await look();
      await waiting[1]?.run(`BEGIN; SET LOCAL lock_timeout = '50ms'; ${lock}`).catch(() => waiting[1]?.run('ROLLBACK'));
      await waiting.shift()?.run('ROLLBACK');
      // Until it goes on, it is still shown as waiting.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const blocker of waiting) await blocker.run('ROLLBACK');
    await running;
  }
  return { locks, read: null };
}

async function lockAll(session: Session, mode: LockMode): Promise<string> {
  const rows = await session.query<{ sql: string }>(`
    SELECT pg_catalog.format('LOCK TABLE %I.%I IN ${mode} MODE', n.nspname, c.relname) AS sql
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`);
  return rows.map(({ sql }) => sql).join('; ');
}

async function isWaiting(session: Session, pid: number): Promise<boolean> {
  const [row] = await session.query<{ waits: boolean }>(
    "SELECT coalesce(wait_event_type = 'Lock', false) AS waits FROM pg_catalog.pg_stat_activity WHERE pid = $1",
    [pid],
  );
  return row?.waits === true;
}

/** The strongest lock of a process on each table, held or waited for; those of readers are left out. */
async function locksOf(session: Session, pid: number, tables: readonly TableFile[]): Promise<Record<string, LockMode>> {
  const names = new Map(tables.map(({ oid, name }) => [oid, name]));
  const rows = await session.query<{ oid: string; mode: string }>(
    "SELECT relation::int8 AS oid, mode FROM pg_catalog.pg_locks WHERE pid = $1 AND locktype = 'relation' AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
    [pid],
  );
  const locks: Record<string, LockMode> = {};
  for (const { oid, mode } of rows) {
    const name = names.get(oid);
    const words = mode
      .replace(/Lock$/, '')
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .toUpperCase() as LockMode;
    if (name !== undefined && isAtLeast(words, 'ROW EXCLUSIVE')) locks[name] = strongest(locks[name], words);
  }
  return locks;
}

async function nameOf(session: Session, relation: Relation): Promise<string> {
  const [row] = await session.query<{ name: string }>(
    "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)",
    [written(relation)],
  );
  return row?.name ?? `no such relation: ${written(relation)}`;
}

function strongest(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && LOCK_MODES.indexOf(a) > LOCK_MODES.indexOf(b) ? a : b;
}
