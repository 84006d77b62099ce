import { quoteQualified } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import type { Plan, PlanNode } from '../../model/plan.js';
import { planNodes, planShape } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { isToldByPlan } from '../trial/cases.js';
import type { TrialCase } from '../trial/cases.js';
import { orCutOff } from '../trial/sampling.js';
import type { IndexBuild } from './build.js';

/** An index that may be dropped in a transaction. */
export interface SubsetIndex extends Pick<IndexBuild, 'namesInPlans'> {
  readonly spec: Pick<IndexSpec, 'table' | 'name' | 'unique'>;
  /** What the server calls it, without its schema, where `spec.name` has to be unique among several schemas. */
  readonly serverName?: string;
}

/** How a case would be, or was, run under some of the indexes built. */
export interface SubsetPlan {
  /** Names of the indexes that were there. */
  readonly present: readonly string[];
  /** Those of them that the plan uses, or that its triggers may use. */
  readonly uses: readonly string[];
  /** Indexes of tables that the statement does not touch: whether they are there is nothing to it. */
  readonly unrelated: readonly string[];
  readonly estimatedCost: number;
  /** The form without figures, for people. */
  readonly shape: string;
  /** Everything of the plan but estimates: two executions with the same text do the same. */
  readonly text: string;
}

/** One execution. */
export interface SubsetRun {
  readonly ms: number;
  /** Shared and temporary blocks touched. */
  readonly buffers: number;
  readonly walBytes: number;
  readonly rows: number;
}

/** One execution that the timeout ended. */
export interface SubsetCutOff {
  /** Blocks touched by then, without those of parallel workers: a lower bound. */
  readonly cutOffBuffers: number;
}

/** Runs statements under any of the sets of indexes that can be made of those built, without building anything: the others are dropped in a transaction that is rolled back. */
export class Subsets {
  private readonly owners: ReadonlyMap<string, readonly string[]>;

  constructor(
    private readonly builds: readonly SubsetIndex[],
    /** What no plan shows: names of indexes by fingerprint. */
    private readonly hidden: ReadonlyMap<string, readonly string[]>,
    /** How often the planner was asked, and how often a statement ran; those of fewer indexes included. */
    readonly counts = { plans: 0, runs: 0 },
  ) {
    const owners = new Map<string, string[]>();
    for (const { spec, namesInPlans } of builds)
      for (const name of namesInPlans) owners.set(name, [...(owners.get(name) ?? []), spec.name]);
    this.owners = owners;
  }

  get all(): readonly string[] {
    return this.builds.map((build) => build.spec.name);
  }

  /** Plans a case; nothing is run. */
  async plan(session: Session, oneCase: TrialCase, present: readonly string[]): Promise<SubsetPlan> {
    return this.under(session, present, { timeoutMs: 0, write: false }, async () => {
      this.counts.plans += 1;
      return this.read(await explain(session, oneCase.sql, { verbose: true }), oneCase, present);
    });
  }

  /**
   * Names of the indexes that one execution under all of them scans, inside functions, triggers, checks and views too; null where the timeout ended it. Any error of the statement is thrown. Without parallel workers, which
   * count for themselves: what they do for the statement itself its plan shows.
   */
  async scanned(session: Session, oneCase: TrialCase, timeoutMs: number): Promise<readonly string[] | null> {
    return this.under(session, this.all, { timeoutMs, write: oneCase.soils }, async () => {
      await session.run('SET LOCAL max_parallel_workers_per_gather = 0');
      this.counts.runs += 1;
      const before = await this.readScans(session);
      const done = await orCutOff(session, () => explain(session, oneCase.sql, { analyze: true }));
      if (done === null) return null;
      const after = await this.readScans(session);
      return this.all.filter((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0));
    });
  }

  /** Only differences mean anything: what earlier transactions left to be reported is in it. Of a partitioned index that of its parts. */
  private async readScans(session: Session): Promise<ReadonlyMap<string, number>> {
    const parts = this.builds.flatMap(({ spec, namesInPlans }) =>
      namesInPlans.map((name) => ({ owner: spec.name, name: quoteQualified(spec.table.schema, name) })),
    );
    const rows = await session.query<{ at: number; scans: string }>(
      `SELECT (one.at - 1)::int4 AS at, pg_catalog.pg_stat_get_xact_numscans(pg_catalog.to_regclass(one.name)::oid)::text AS scans
         FROM pg_catalog.jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS one (name, at)`,
      [JSON.stringify(parts.map((part) => part.name))],
    );
    const scans = new Map<string, number>();
    for (const { at, scans: count } of rows) {
      const owner = parts[at]?.owner ?? '';
      scans.set(owner, (scans.get(owner) ?? 0) + Number(count));
    }
    return scans;
  }

  /**
   * Runs a case once and rolls it back. It is planned first: what planning puts into the session's caches is then not counted as a block of the run.
   * What runs inside functions is planned when it first runs: a read that calls one runs once before. A timeout is an outcome; any other error of the statement is thrown.
   */
  async run(
    session: Session,
    oneCase: TrialCase,
    present: readonly string[],
    timeoutMs: number,
  ): Promise<SubsetRun | SubsetCutOff> {
    const write = oneCase.soils;
    return this.under(session, present, { timeoutMs, write }, async () => {
      await explain(session, oneCase.sql);
      if (oneCase.opaque && !write) await orCutOff(session, () => explain(session, oneCase.sql, { analyze: true }));
      this.counts.runs += 1;
      const before = await readCounters(session);
      const done = await orCutOff(session, async () => {
        const plan = await explain(session, oneCase.sql, { analyze: true });
        const after = write ? await readCounters(session) : before;
        return runOf(plan, { walBytes: after.walBytes - before.walBytes, blocks: after.blocks - before.blocks });
      });
      if (done !== null) return done;
      const after = await readCounters(session);
      return { cutOffBuffers: Math.max(0, after.blocks - before.blocks) };
    });
  }

  /**
   * A session remembers where in a table it put a row last, until an index of that table is dropped, and touches far fewer blocks while it does. So before a write all of them are dropped and the drop is taken
   * back: each set finds the session in the same state.
   */
  private async under<T>(
    session: Session,
    present: readonly string[],
    { timeoutMs, write }: { readonly timeoutMs: number; readonly write: boolean },
    work: () => Promise<T>,
  ): Promise<T> {
    const dropped = this.builds.filter((build) => !present.includes(build.spec.name));
    const drop = dropped.length === 0 ? '' : `; ${dropOf(dropped)}`;
    // Deferred constraints are checked at the end, which a rollback never sees.
    const immediate = write ? '; SET CONSTRAINTS ALL IMMEDIATE' : '';
    const cold = write && this.builds.length > 0 ? `; SAVEPOINT cold; ${dropOf(this.builds)}; ROLLBACK TO cold` : '';
    try {
      await session.run(`BEGIN${cold}${drop}; SET LOCAL statement_timeout = ${Math.round(timeoutMs)}${immediate}`);
      return await work();
    } finally {
      // Of a lost connection the first error tells.
      await session.run('ROLLBACK').catch(() => undefined);
    }
  }

  private unrelatedTo(root: PlanNode, oneCase: TrialCase): readonly string[] {
    if (!isToldByPlan(oneCase)) return [];
    const touched = [...planNodes(root)].map((node) => ({ schema: node['Schema'], name: node['Relation Name'] }));
    return this.builds
      .filter((build) => canBeUnrelated(build))
      .filter(({ spec: { table } }) => !touched.some((one) => one.schema === table.schema && one.name === table.name))
      .map((build) => build.spec.name);
  }

  private read({ root }: Plan, oneCase: TrialCase, present: readonly string[]): SubsetPlan {
    const used = new Set<string>(this.hidden.get(oneCase.fingerprint) ?? []);
    // Names in plans bear no schema: of two indexes with one name both count as used.
    for (const node of planNodes(root))
      for (const owner of this.owners.get(node['Index Name'] ?? '') ?? []) if (present.includes(owner)) used.add(owner);
    return {
      present,
      uses: present.filter((name) => used.has(name)),
      unrelated: this.unrelatedTo(root, oneCase),
      estimatedCost: root['Total Cost'],
      shape: planShape(root),
      text: JSON.stringify(root, (key, value: unknown) => (ESTIMATES.has(key) ? undefined : value)),
    };
  }
}

function dropOf(builds: readonly SubsetIndex[]): string {
  const names = builds.map(({ spec, serverName }) => quoteQualified(spec.table.schema, serverName ?? spec.name));
  return `DROP INDEX ${names.join(', ')}`;
}

/**
 * Of a table in parts the plan names those, and not all; a unique index may show that a join can go, whose table is then not in the plan; a write pays for
 * what no plan shows, and a function does what none shows.
 */
function canBeUnrelated({ spec, namesInPlans }: SubsetIndex): boolean {
  return !spec.unique && namesInPlans.length === 1;
}

const ESTIMATES = new Set(['Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width']);

/**
 * The plan's root knows no triggers, and holds what a write reads of the catalog after the cold drop has emptied the session's caches. So a write goes by the transaction's counters; where they count
 * nothing (`track_counts` is off) the root is all that is known.
 */
function runOf(plan: Plan, counted: Counters): SubsetRun {
  const { root } = plan;
  const sum = (keys: readonly (keyof PlanNode & `${string} Blocks`)[]): number =>
    keys.reduce((total, key) => total + (root[key] ?? 0), 0);
  const shared = counted.blocks > 0 ? counted.blocks : sum(['Shared Hit Blocks', 'Shared Read Blocks']);
  return {
    ms: plan.executionMs ?? 0,
    buffers: shared + sum(['Temp Read Blocks', 'Temp Written Blocks']),
    walBytes: counted.walBytes,
    rows: rowsOf(root),
  };
}

/** ModifyTable returns nothing without RETURNING; its input is what it writes. */
function rowsOf(root: PlanNode): number {
  const node = root['Node Type'] === 'ModifyTable' ? (root.Plans?.[0] ?? root) : root;
  return (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1);
}

interface Counters {
  readonly walBytes: number;
  /** Of the user's relations, what triggers and cascades touch included; 0 where `track_counts` is off. */
  readonly blocks: number;
}

/** Only differences mean anything: what earlier transactions left to be reported is in it. */
async function readCounters(session: Session): Promise<Counters> {
  const [row] = await session.query<{ position: string; blocks: string }>(
    `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text AS position,
            coalesce(sum(pg_catalog.pg_stat_get_xact_blocks_fetched(c.oid)), 0)::text AS blocks
       FROM pg_catalog.pg_class AS c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'i', 't', 'm', 'S')`,
  );
  return { walBytes: Number(row?.position ?? 0), blocks: Number(row?.blocks ?? 0) };
}
