import type { Plan, PlanNode } from '../../model/plan.js';
import { planNodes, planShape } from '../../model/plan.js';
import type { Row, Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';

/** What the planner means to do with a case, without running it. */
export interface PlannedCase {
  readonly shape: string;
  readonly cost: number;
  /** The whole plan as text, costs left out: differs when any condition, type or relation does. */
  readonly text: string;
  /** Relations which the plan names, as `schema.name`. */
  readonly relations: ReadonlySet<string>;
  /** Relations it writes to. */
  readonly written: ReadonlySet<string>;
  readonly parallel: boolean;
}

/** Plans a case. Throws when the server refuses it. */
export async function planCase(session: Session, oneCase: Pick<TrialCase, 'sql' | 'settings'>): Promise<PlannedCase> {
  const explain = (): Promise<readonly Row[]> => session.query(`EXPLAIN (VERBOSE, FORMAT JSON) ${oneCase.sql}`);
  const root = rootOf(
    await (oneCase.settings === '' ? explain() : underSettings(session, oneCase.settings, explain)),
  ).Plan;
  const relations = new Set<string>();
  const written = new Set<string>();
  let parallel = false;
  for (const node of planNodes(root)) {
    for (const name of namesIn(node)) {
      relations.add(name);
      if (node['Node Type'] === 'ModifyTable') written.add(name);
    }
    if (node['Node Type'].startsWith('Gather')) parallel = true;
  }
  return { shape: planShape(root), cost: root['Total Cost'], text: textOf(root), relations, written, parallel };
}

async function underSettings<T>(session: Session, settings: string, work: () => Promise<T>): Promise<T> {
  await session.run(`BEGIN; ${settings}`);
  try {
    return await work();
  } finally {
    await session.run('ROLLBACK');
  }
}

/** One element of what EXPLAIN (FORMAT JSON) gives. */
export interface ExplainOutput {
  readonly Plan: PlanNode;
  readonly 'Planning Time'?: number;
  readonly 'Execution Time'?: number;
  readonly Triggers?: readonly { readonly Time?: number; readonly Calls?: number }[];
}

/** Unwraps the single row of EXPLAIN (FORMAT JSON). */
export function rootOf(rows: readonly Row[]): ExplainOutput {
  const value = rows[0]?.['QUERY PLAN'];
  const parsed = (typeof value === 'string' ? JSON.parse(value) : value) as readonly [ExplainOutput];
  return parsed[0];
}

/** The output as the model's plan. */
export function planOf(output: ExplainOutput): Plan {
  const times = (output.Triggers ?? []).map((trigger) => trigger.Time ?? 0);
  return {
    root: output.Plan,
    planningMs: output['Planning Time'] ?? null,
    executionMs: output['Execution Time'] ?? null,
    triggerMs: output['Execution Time'] === undefined ? null : times.reduce((sum, ms) => sum + ms, 0),
  };
}

function namesIn(node: PlanNode): readonly string[] {
  const targets = (node as { 'Target Tables'?: readonly PlanNode[] })['Target Tables'] ?? [];
  return [node, ...targets].flatMap((one) =>
    one['Relation Name'] === undefined ? [] : [`${one.Schema ?? ''}.${one['Relation Name']}`],
  );
}

/** Figures of the estimate move with statistics; the form does not. */
const ESTIMATES = new Set(['Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width']);

function textOf(root: PlanNode): string {
  return JSON.stringify(root, (key, value: unknown) => (ESTIMATES.has(key) ? undefined : value));
}
