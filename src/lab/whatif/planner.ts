import type { PlannedCost } from '../../model/what-if.js';
import { planNodes, planShape } from '../../model/plan.js';
import type { PlanNode } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { UNPLANNED, answersFor, presentAnswer } from './planner-answers.js';
import type { Answer } from './planner-answers.js';
import { DROP_SQL, EXISTING_SQL, INDEX_SQL, LOCKED_SQL } from './planner-sql.js';
import { indexKey } from './shelved.js';
import type { ShelvedIndex } from './shelved.js';

/** One statement shape of the workload. */
export interface PlannedStatement {
  readonly fingerprint: string;
  /** Executable SQL, one text for each parameter set. */
  readonly queries: readonly string[];
  /** What runs inside the functions that it calls, in the same form: those that can not be planned, as they read what a function made, are left out. */
  readonly inside?: readonly string[];
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

/** A statement under what matters to it of a change. */
interface Question {
  readonly fingerprint: string;
  readonly queries: readonly string[];
  readonly relevant: PlannedChange;
}

/** Statements planned before their locks are let go. */
const STATEMENTS_LOCKED = 20;

/**
 * Plans statements under changes, each question once. A change on a table that a statement does not read is none to it,
 * and candidates that a plan left aside may as well not be there.
 */
export class Planner {
  #session: Session;
  #statements = new Map<string, readonly string[]>();
  /** Of statements that were not planned yet. */
  #inside = new Map<string, readonly string[]>();
  readonly #tables = new Map<string, ReadonlySet<number>>();
  /** By statement, then by indexes thought away. */
  readonly #known = new Map<string, Map<string, Answer[]>>();
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
    this.#inside = new Map(statements.map(({ fingerprint, inside = [] }) => [fingerprint, inside]));
    this.forget();
  }

  /** Forgets all answers: the accepted state is another. */
  forget(): void {
    this.#known.clear();
    this.#tables.clear();
    this.#existing = null;
  }

  /** Forgets the answers of statements that read one of these tables: they have another index, which is nothing to all others. */
  forgetReaders(heaps: readonly number[]): void {
    for (const fingerprint of this.#known.keys()) {
      const tables = this.#tables.get(fingerprint);
      if (tables !== undefined && !heaps.some((heap) => tables.has(heap))) continue;
      this.#known.delete(fingerprint);
      this.#tables.delete(fingerprint);
    }
    this.#existing = null;
  }

  /** The same planner on another session. */
  on(session: Session): Planner {
    this.#session = session;
    this.forget();
    return this;
  }

  /** Cost null for a statement that is not in the workload or can not be planned. What is not known yet is planned in one transaction. */
  async costs(fingerprints: readonly string[], change: PlannedChange): Promise<PlannedCost[]> {
    const questions: Question[] = [];
    const taken = new Map<string, number>();
    for (const fingerprint of fingerprints) {
      const before = this.#explainCalls;
      questions.push(await this.#question(fingerprint, change));
      taken.set(fingerprint, this.#explainCalls - before);
    }
    const open = questions.filter((question) => question.queries.length > 0 && this.#find(question) === undefined);
    if (open.length > 0) {
      // An index on a table that a statement does not read is nothing to it: all can be shown to all.
      const asked = new Set<unknown>(open.flatMap(({ relevant }) => [...relevant.add, ...relevant.drop]));
      const together = {
        add: change.add.filter((index) => asked.has(index)),
        drop: change.drop.filter((index) => asked.has(index)),
      };
      await this.#inChange(together, () => this.#planAll(open, taken));
    }
    return questions.map((question) => {
      const answer = this.#find(question);
      const { fingerprint } = question;
      if (answer === undefined) return { fingerprint, ...UNPLANNED };
      return { ...presentAnswer(fingerprint, answer, question.relevant.add), planned: taken.get(fingerprint) ?? 0 };
    });
  }

  /** The mean cost of texts that are not in the workload; null when one can not be planned. */
  async costOf(queries: readonly string[]): Promise<number | null> {
    if (queries.length === 0) return null;
    return this.#inChange({ add: [], drop: [] }, async () => (await this.#plan(queries, [])).cost);
  }

  async #question(fingerprint: string, change: PlannedChange): Promise<Question> {
    const queries = await this.#queriesOf(fingerprint);
    if (queries.length === 0) return { fingerprint, queries, relevant: { add: [], drop: [] } };
    const tables = this.#tables.get(fingerprint) ?? (await this.#readTables(fingerprint, queries));
    const touches = ({ heaps }: { readonly heaps: readonly number[] }): boolean =>
      heaps.some((heap) => tables.has(heap));
    return { fingerprint, queries, relevant: { add: change.add.filter(touches), drop: change.drop.filter(touches) } };
  }

  #find({ fingerprint, queries, relevant }: Question): Answer | undefined {
    if (queries.length === 0) return undefined;
    return this.#answers(fingerprint, relevant.drop).find((answer) => answersFor(answer, relevant.add));
  }

  /** Adds the EXPLAINs that each took to `taken`. */
  async #planAll(questions: readonly Question[], taken: Map<string, number>): Promise<void> {
    for (const [number, question] of questions.entries()) {
      // Locks are kept until the savepoint is, and a server has room for some thousands.
      if (number % STATEMENTS_LOCKED === 0) await this.#session.run('ROLLBACK TO SAVEPOINT planning');
      if (this.#find(question) !== undefined) continue;
      const { fingerprint, queries, relevant } = question;
      this.#answers(fingerprint, relevant.drop).push(await this.#plan(queries, relevant.add));
      taken.set(fingerprint, (taken.get(fingerprint) ?? 0) + queries.length);
    }
  }

  #answers(fingerprint: string, drop: readonly HiddenIndex[]): Answer[] {
    const byDrop = this.#known.get(fingerprint) ?? new Map<string, Answer[]>();
    this.#known.set(fingerprint, byDrop);
    const key = JSON.stringify(drop.map((index) => index.key).toSorted());
    const answers = byDrop.get(key) ?? [];
    byDrop.set(key, answers);
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

  async #queriesOf(fingerprint: string): Promise<readonly string[]> {
    const queries = this.#statements.get(fingerprint) ?? [];
    const inside = this.#inside.get(fingerprint) ?? [];
    if (inside.length === 0) return queries;
    const planned: string[] = [];
    await this.#inChange({ add: [], drop: [] }, async () => {
      for (const sql of inside) if ((await this.#explain(sql)) !== null) planned.push(sql);
    });
    const all = [...queries, ...planned];
    this.#inside.delete(fingerprint);
    this.#statements.set(fingerprint, all);
    return all;
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
