import type { WhatIfCost } from '../../model/what-if.js';
import { planNodes, planShape } from '../../model/plan.js';
import type { PlanNode } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { indexKey } from './shelf.js';
import type { ShelvedIndex } from './shelf.js';

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

/** Plans statements under changes, each question once: a change on a table that a statement does not read is no change to it. */
export class Planner {
  #session: Session;
  #statements = new Map<string, readonly string[]>();
  readonly #tables = new Map<string, ReadonlySet<number>>();
  readonly #known = new Map<string, WhatIfCost>();
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
  }

  /** The same planner on another session. */
  on(session: Session): Planner {
    this.#session = session;
    this.forget();
    return this;
  }

  /** Cost null for a statement that is not in the workload or can not be planned. */
  async cost(fingerprint: string, change: PlannedChange): Promise<WhatIfCost> {
    const queries = this.#statements.get(fingerprint) ?? [];
    if (queries.length === 0) return { fingerprint, cost: null, uses: [], planShape: null };
    const tables = this.#tables.get(fingerprint) ?? (await this.#readTables(fingerprint, queries));
    const touches = ({ heaps }: { readonly heaps: readonly number[] }): boolean => heaps.some((heap) => tables.has(heap));
    const relevant = { add: change.add.filter(touches), drop: change.drop.filter(touches) };
    const key = [fingerprint, ...relevant.add.map(({ spec }) => `+${spec.name} ${indexKey(spec)}`).toSorted(), ...relevant.drop.map((index) => `-${index.key}`).toSorted()].join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const cost = await this.#inChange(relevant, () => this.#plan(fingerprint, queries, relevant.add));
    this.#known.set(key, cost);
    return cost;
  }

  /** Indexes by `schema.name`; one that does not exist is left out. */
  async findIndexes(names: readonly string[]): Promise<HiddenIndex[]> {
    const found: HiddenIndex[] = [];
    for (const name of names) {
      const rows = await this.#session.query<{ oid: string; heap: string }>(INDEX_SQL, [name]);
      if (rows.length > 0) found.push({ key: name, oids: rows.map((row) => Number(row.oid)), heaps: rows.map((row) => Number(row.heap)) });
    }
    return found;
  }

  /** Drops an index of the accepted state, with its constraint where it has one. */
  async dropIndex(name: string): Promise<void> {
    const [row] = await this.#session.query<{ sql: string }>(DROP_SQL, [name]);
    if (row !== undefined) await this.#session.run(row.sql);
  }

  async #plan(fingerprint: string, queries: readonly string[], add: readonly ShelvedIndex[]): Promise<WhatIfCost> {
    const shown = new Map(add.flatMap(({ spec, names }) => names.map((name) => [name, spec.name])));
    const uses = new Set<string>();
    const shapes = new Set<string>();
    let total = 0;
    let planned = 0;
    for (const sql of queries) {
      const root = await this.#explain(sql);
      if (root === null) continue;
      const named = rename(root, shown);
      for (const node of planNodes(root)) {
        const candidate = shown.get(node['Index Name'] ?? '');
        if (candidate !== undefined) uses.add(candidate);
      }
      shapes.add(planShape(named));
      total += root['Total Cost'];
      planned += 1;
    }
    // The mean over some of the parameter sets would not be comparable.
    if (planned < queries.length) return { fingerprint, cost: null, uses: [], planShape: null };
    return { fingerprint, cost: total / planned, uses: [...uses].toSorted(), planShape: [...shapes].join(' | ') };
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
      const base = await this.#plan(fingerprint, queries, []);
      this.#known.set(fingerprint, base);
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
    if (show.length > 0) steps.push(`UPDATE pg_catalog.pg_index SET indislive = true WHERE indexrelid IN (${show.join(', ')})`);
    if (hide.length > 0) steps.push(`UPDATE pg_catalog.pg_index SET indislive = false WHERE indexrelid IN (${hide.join(', ')})`);
    // The list of a table's indexes is remembered until the table's own row changes.
    if (heaps.length > 0) steps.push(`UPDATE pg_catalog.pg_class SET relhasindex = true WHERE oid IN (${heaps.join(', ')})`);
    await this.#session.run([...steps, 'SAVEPOINT planning'].join('; '));
    try {
      return await work();
    } finally {
      await this.#session.run('ROLLBACK');
    }
  }
}

/** A plan in which candidates have the names that they were asked for under. */
function rename(node: PlanNode, names: ReadonlyMap<string, string>): PlanNode {
  const index = names.get(node['Index Name'] ?? '');
  return {
    ...node,
    ...(index === undefined ? {} : { 'Index Name': index }),
    ...(node.Plans === undefined ? {} : { Plans: node.Plans.map((child) => rename(child, names)) }),
  };
}

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
