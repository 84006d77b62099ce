import { quoteQualified } from '../../base/quote.js';
import type { Plan, PlanNode } from '../../model/plan.js';
import { planNodes, planShape } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from '../trial/cases.js';
import type { IndexBuild } from './build.js';

/** How a case would be, or was, run under some of the indexes built. */
export interface SubsetPlan {
  /** Names of the indexes that were there. */
  readonly present: readonly string[];
  /** Those of them that the plan uses. */
  readonly uses: readonly string[];
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

/** Runs statements under any of the sets of indexes that can be made of those built, without building anything: the others are dropped in a transaction that is rolled back. */
export class Subsets {
  /** How often the planner was asked, and how often a statement ran. */
  readonly counts = { plans: 0, runs: 0 };
  private readonly owners: ReadonlyMap<string, readonly string[]>;

  constructor(private readonly builds: readonly IndexBuild[]) {
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
      return this.read(await explain(session, oneCase.sql, { verbose: true }), present);
    });
  }

  /**
   * Runs a case once and rolls it back. It is planned first: what planning puts into the session's caches is then not counted as a block of the run.
   * Throws on any error of the statement, timeout included.
   */
  async run(session: Session, oneCase: TrialCase, present: readonly string[], timeoutMs: number): Promise<SubsetRun> {
    const write = oneCase.soils;
    return this.under(session, present, { timeoutMs, write }, async () => {
      await explain(session, oneCase.sql);
      this.counts.runs += 1;
      const before = write ? await walPosition(session) : 0;
      const plan = await explain(session, oneCase.sql, { analyze: true });
      const walBytes = write ? (await walPosition(session)) - before : 0;
      return runOf(plan, walBytes);
    });
  }

  private async under<T>(
    session: Session,
    present: readonly string[],
    { timeoutMs, write }: { readonly timeoutMs: number; readonly write: boolean },
    work: () => Promise<T>,
  ): Promise<T> {
    const dropped = this.builds.filter((build) => !present.includes(build.spec.name));
    const drop =
      dropped.length === 0
        ? ''
        : `; DROP INDEX ${dropped.map(({ spec }) => quoteQualified(spec.table.schema, spec.name)).join(', ')}`;
    // Deferred constraints are checked at the end, which a rollback never sees.
    const immediate = write ? '; SET CONSTRAINTS ALL IMMEDIATE' : '';
    try {
      await session.run(`BEGIN${drop}; SET LOCAL statement_timeout = ${Math.round(timeoutMs)}${immediate}`);
      return await work();
    } finally {
      // Of a lost connection the first error tells.
      await session.run('ROLLBACK').catch(() => undefined);
    }
  }

  private read({ root }: Plan, present: readonly string[]): SubsetPlan {
    const used = new Set<string>();
    // Names in plans bear no schema: of two indexes with one name both count as used.
    for (const node of planNodes(root))
      for (const owner of this.owners.get(node['Index Name'] ?? '') ?? []) if (present.includes(owner)) used.add(owner);
    return {
      present,
      uses: present.filter((name) => used.has(name)),
      estimatedCost: root['Total Cost'],
      shape: planShape(root),
      text: JSON.stringify(root, (key, value: unknown) => (ESTIMATES.has(key) ? undefined : value)),
    };
  }
}

const ESTIMATES = new Set(['Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width']);

function runOf(plan: Plan, walBytes: number): SubsetRun {
  const { root } = plan;
  const blocks = (['Shared Hit Blocks', 'Shared Read Blocks', 'Temp Read Blocks', 'Temp Written Blocks'] as const).map(
    (key) => root[key] ?? 0,
  );
  return {
    ms: plan.executionMs ?? 0,
    buffers: blocks.reduce((sum, count) => sum + count, 0),
    walBytes,
    rows: rowsOf(root),
  };
}

/** ModifyTable returns nothing without RETURNING; its input is what it writes. */
function rowsOf(root: PlanNode): number {
  const node = root['Node Type'] === 'ModifyTable' ? (root.Plans?.[0] ?? root) : root;
  return (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1);
}

async function walPosition(session: Session): Promise<number> {
  const [row] = await session.query<{ position: string }>(
    `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text AS position`,
  );
  return Number(row?.position ?? 0);
}
