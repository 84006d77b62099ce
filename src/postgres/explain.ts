import { WizardError } from '../base/errors.js';
import type { Plan, PlanNode } from '../model/plan.js';
import type { Session } from './session.js';

export interface ExplainOptions {
  /** Runs the statement, with buffers and WAL but without timing each node. A read-only session refuses it. */
  readonly analyze?: boolean;
  /** Names every column and schema. */
  readonly verbose?: boolean;
  /** Plans `$1` without values: PostgreSQL 16 and newer. */
  readonly genericPlan?: boolean;
}

/** Asks for the plan of one statement. Throws `target/statement` with the SQLSTATE when the server can not plan it. */
export async function explain(session: Session, sql: string, options: ExplainOptions = {}): Promise<Plan> {
  const words = [
    'FORMAT JSON',
    ...(options.analyze === true ? ['ANALYZE', 'BUFFERS', 'WAL', 'TIMING OFF', 'SUMMARY'] : []),
    ...(options.verbose === true ? ['VERBOSE'] : []),
    ...(options.genericPlan === true ? ['GENERIC_PLAN'] : []),
  ];
  const rows = await session.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (${words.join(', ')}) ${sql}`);
  return toPlan(rows[0]?.['QUERY PLAN']);
}

/** Reads the JSON of `EXPLAIN (FORMAT JSON)`, parsed or as text. Throws `internal` when it is none. */
export function toPlan(output: unknown): Plan {
  const parsed: unknown = typeof output === 'string' ? JSON.parse(output) : output;
  const top = (Array.isArray(parsed) ? parsed[0] : parsed) as ExplainOutput | undefined;
  // A statement that a rule rewrites to nothing, and CREATE TABLE AS and the like, have no plan.
  if (typeof top?.Plan !== 'object') throw new WizardError('internal', 'EXPLAIN gave no plan');
  const ran = top['Execution Time'] !== undefined;
  return {
    root: top.Plan,
    planningMs: top['Planning Time'] ?? null,
    executionMs: top['Execution Time'] ?? null,
    triggerMs: ran ? (top.Triggers ?? []).reduce((sum, trigger) => sum + (trigger.Time ?? 0), 0) : null,
  };
}

interface ExplainOutput {
  readonly Plan?: PlanNode;
  readonly 'Planning Time'?: number;
  readonly 'Execution Time'?: number;
  readonly Triggers?: readonly { readonly Time?: number }[];
}
