import type { PlannedCost } from '../../model/what-if.js';
import { planNodes, planShape } from '../../model/plan.js';
import type { PlanNode } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { SHELVED_NAME, indexKey } from './shelved.js';
import type { ShelvedIndex } from './shelved.js';

/** One statement shape of the workload. */
export interface PlannedStatement {
  readonly fingerprint: string;
  /** Executable SQL, one text for each parameter set. */
  readonly queries: readonly string[];
}

/** An index of the accepted state that is to be thought away. */
export interface HiddenIndex {
  readonly key: string;
  /** The index, and on a partitioned table those of its partitions. */
  readonly oids: readonly number[];
  readonly heaps: readonly number[];
}

/** What is different from the accepted state. */
export interface PlannedChange {
  readonly add: readonly ShelvedIndex[];
  readonly drop: readonly HiddenIndex[];
}

/** What was answered, with the clone's own names for candidates: another asker may call them otherwise. */
interface Answer {
  readonly cost: number | null;
  readonly planShape: string | null;
  /** Keys of the candidates that were shown, and of those that a plan used. */
  readonly shown: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
  /** `schema.name` of the indexes of the accepted state that a plan used. */
  readonly usedExisting: readonly string[];
}

/**
 * Plans statements under changes, each question once. A change on a table that a statement does not read is none to it,
 * and candidates that a plan left aside may as well not be there.
 */
export class Planner {
  #session: Session;
  #statements = new Map<string, readonly string[]>();
  readonly #tables = new Map<string, ReadonlySet<number>>();
  /** By statement and indexes thought away. */
  readonly #known = new Map<string, Answer[]>();
  /** Names of the accepted state's indexes in plans, which know no schema, and the whole index each belongs to. */
  #existing: ReadonlyMap<string, readonly string[]> | null = null;
  #explainCalls = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get explainCalls(): number {
    return this.#explainCalls;
  }

  setWorkload(statements: readonly PlannedStatement[]): void {
    this.#statements = new Map(statements.map(({ fingerprint, queries }) => [fingerprint, queries]));
    this.forget();
  }

  /** Forgets all answers: the accepted state is another. */
  forget(): void {
    this.#tables.clear();
    this.#known.clear();
    this.#existing = null;
  }

  /** The same planner on another session. */
  on(session: Session): Planner {
    this.#session = session;
    this.forget();
    return this;
  }

  /** Cost null for a statement that is not in the workload or can not be planned. */
  async cost(fingerprint: string, change: PlannedChange): Promise<PlannedCost> {
    const queries = this.#statements.get(fingerprint) ?? [];
    if (queries.length === 0) return { fingerprint, ...UNPLANNED };
    const before = this.#explainCalls;
    const tables = this.#tables.get(fingerprint) ?? (await this.#readTables(fingerprint, queries));
    const touches = ({ heaps }: { readonly heaps: readonly number[] }): boolean =>
      heaps.some((heap) => tables.has(heap));
    const relevant = { add: change.add.filter(touches), drop: change.drop.filter(touches) };
    const answers = this.#answers(fingerprint, relevant.drop);
    const known = answers.find((answer) => answersFor(answer, relevant.add));
    const taken = (): number => this.#explainCalls - before;
    if (known !== undefined) return { ...present(fingerprint, known, relevant.add), planned: taken() };
    const answer = await this.#inChange(relevant, () => this.#plan(queries, relevant.add));
    answers.push(answer);
    return { ...present(fingerprint, answer, relevant.add), planned: taken() };
  }

  #answers(fingerprint: string, drop: readonly HiddenIndex[]): Answer[] {
    const key = JSON.stringify([fingerprint, ...drop.map((index) => index.key).toSorted()]);
    const answers = this.#known.get(key) ?? [];
    this.#known.set(key, answers);
    return answers;
  }

  /** Indexes by `schema.name`; one that does not exist is left out. */
  async findIndexes(names: readonly string[]): Promise<HiddenIndex[]> {
    const found: HiddenIndex[] = [];
    for (const name of names) {
      const rows = await this.#session.query<{ oid: string; heap: string }>(INDEX_SQL, [name]);
      if (rows.length > 0)
        found.push({ key: name, oids: rows.map((row) => Number(row.oid)), heaps: rows.map((row) => Number(row.heap)) });
    }
    return found;
  }

  /** Drops an index of the accepted state, with its constraint where it has one. */
  async dropIndex(name: string): Promise<void> {
    const [row] = await this.#session.query<{ sql: string }>(DROP_SQL, [name]);
    if (row !== undefined) await this.#session.run(row.sql);
  }

  async #plan(queries: readonly string[], add: readonly ShelvedIndex[]): Promise<Answer> {
    const keys = new Map(add.flatMap(({ spec, names }) => names.map((name) => [name, indexKey(spec)])));
    const shown = new Set(keys.values());
    const existing = (this.#existing ??= await this.#readExisting());
    const used = new Set<string>();
    const usedExisting = new Set<string>();
    const shapes = new Set<string>();
    let total = 0;
    for (const sql of queries) {
      const root = await this.#explain(sql);
      // The mean over some of the parameter sets would not be comparable.
      if (root === null) return { cost: null, planShape: null, shown, used: shown, usedExisting: [] };
      for (const node of planNodes(root)) {
        const name = node['Index Name'] ?? '';
        const key = keys.get(name);
        if (key !== undefined) used.add(key);
        else for (const whole of existing.get(name) ?? []) usedExisting.add(whole);
      }
      shapes.add(planShape(root));
      total += root['Total Cost'];
    }
    return {
      cost: total / queries.length,
      planShape: [...shapes].join(' | '),
      shown,
      used,
      usedExisting: [...usedExisting].toSorted(),
    };
  }

  async #readExisting(): Promise<ReadonlyMap<string, readonly string[]>> {
    const rows = await this.#session.query<{ name: string; wholes: string[] }>(EXISTING_SQL);
    return new Map(rows.map((row) => [row.name, row.wholes]));
  }

  /** Null when it can not be planned. Leaves the transaction usable. */
  async #explain(sql: string): Promise<PlanNode | null> {
    this.#explainCalls += 1;
    try {
      return (await explain(this.#session, sql)).root;
    } catch (error) {
      if (error instanceof Error && 'sqlstate' in error && error.sqlstate !== undefined) {
        await this.#session.run('ROLLBACK TO SAVEPOINT planning');
        return null;
      }
      throw error;
    }
  }

  /** Every table that parsing and planning lock: those that the plan does without count, and partitions. */
  async #readTables(fingerprint: string, queries: readonly string[]): Promise<ReadonlySet<number>> {
    const tables = await this.#inChange({ add: [], drop: [] }, async () => {
      this.#answers(fingerprint, []).push(await this.#plan(queries, []));
      const rows = await this.#session.query<{ oid: string }>(LOCKED_SQL);
      return new Set(rows.map((row) => Number(row.oid)));
    });
    this.#tables.set(fingerprint, tables);
    return tables;
  }

  /** Shows and hides indexes for this transaction only. */
  async #inChange<T>({ add, drop }: PlannedChange, work: () => Promise<T>): Promise<T> {
    const show = add.flatMap(({ oids }) => oids);
    const hide = drop.flatMap(({ oids }) => oids);
    const heaps = [...new Set([...add, ...drop].flatMap((index) => index.heaps))];
    const steps = ['BEGIN'];
    if (show.length > 0)
      steps.push(`UPDATE pg_catalog.pg_index SET indislive = true WHERE indexrelid IN (${show.join(', ')})`);
    if (hide.length > 0)
      steps.push(`UPDATE pg_catalog.pg_index SET indislive = false WHERE indexrelid IN (${hide.join(', ')})`);
    // The list of a table's indexes is remembered until the table's own row changes.
    if (heaps.length > 0)
      steps.push(`UPDATE pg_catalog.pg_class SET relhasindex = true WHERE oid IN (${heaps.join(', ')})`);
    await this.#session.run([...steps, 'SAVEPOINT planning'].join('; '));
    try {
      return await work();
    } finally {
      await this.#session.run('ROLLBACK');
    }
  }
}

/**
 * Whether what was answered with more candidates in sight holds with these: all that the plan used are here, and those
 * missing could change an estimate by nothing but their use.
 */
function answersFor(answer: Answer, add: readonly ShelvedIndex[]): boolean {
  const asked = new Set(add.map(({ spec }) => indexKey(spec)));
  if ([...asked].some((key) => !answer.shown.has(key)) || [...answer.used].some((key) => !asked.has(key))) return false;
  return answer.shown.size === asked.size || [...answer.shown].every((key) => asked.has(key) || isInert(key));
}

/** A unique index, or one on an expression, tells the planner something even where it is not used. */
function isInert(key: string): boolean {
  return INERT.test(key);
}

/** `CREATE INDEX ... USING method (columns)` as `indexKey` writes it, with no parenthesis among the keys. */
const INERT = /^CREATE INDEX "x" ON (?:"(?:[^"]|"")*"|\.)+ USING \w+ \([^()]*\)/;

/** An answer in the asker's own names. */
function present(fingerprint: string, answer: Answer, add: readonly ShelvedIndex[]): Omit<PlannedCost, 'planned'> {
  const names = new Map(add.flatMap((index) => index.names.map((name) => [name, index.spec.name])));
  const uses = new Set(
    add.filter(({ spec }) => answer.used.has(indexKey(spec)) && answer.cost !== null).map(({ spec }) => spec.name),
  );
  return {
    fingerprint,
    cost: answer.cost,
    uses: [...uses].toSorted(),
    usesExisting: answer.usedExisting,
    planShape: answer.planShape?.replaceAll(SHELVED_NAME, (name) => names.get(name) ?? name) ?? null,
  };
}

const UNPLANNED = { cost: null, uses: [], usesExisting: [], planShape: null, planned: 0 } as const;

/** By the bare name that a plan shows, the indexes that it may mean. */
const EXISTING_SQL = `
SELECT c.relname::text AS name, pg_catalog.array_agg(DISTINCT wn.nspname || '.' || w.relname)::text[] AS wholes
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS w ON w.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
  JOIN pg_catalog.pg_namespace AS wn ON wn.oid = w.relnamespace
 WHERE i.indexrelid >= 16384
 GROUP BY c.relname ORDER BY c.relname`;

const LOCKED_SQL = `
SELECT DISTINCT l.relation::int8::text AS oid FROM pg_catalog.pg_locks AS l
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())`;

const INDEX_SQL = `
SELECT i.indexrelid::int8::text AS oid, i.indrelid::int8::text AS heap
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid OR i.indexrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) AS p)
 WHERE n.nspname || '.' || c.relname = $1 AND c.relkind IN ('i', 'I')
 ORDER BY i.indexrelid = c.oid DESC, i.indexrelid`;

const DROP_SQL = `
SELECT coalesce(
         (SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)
            FROM pg_catalog.pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
         pg_catalog.format('DROP INDEX %I.%I', n.nspname, c.relname)) AS sql
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = $1 AND c.relkind IN ('i', 'I')`;
