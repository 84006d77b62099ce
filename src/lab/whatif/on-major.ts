import { WizardError } from '../../base/errors.js';
import type { Skipped } from '../../model/coverage.js';
import { findPlan } from '../../plans/read/read-plan.js';
import { viewPlan } from '../../plans/view.js';
import type { PlanView } from '../../plans/view.js';
import type { PlannerState } from '../../postgres/clone/planner.js';
import type { SchemaScript } from '../../postgres/extract/extract.js';
import { readSettingDefaults } from '../../postgres/read/setting-defaults.js';
import type { SettingDefault } from '../../postgres/read/setting-defaults.js';
import type { Session } from '../../postgres/session.js';
import { startLabServer } from '../server.js';
import { createStatisticsClone } from './clone.js';
import type { PlannedStatement } from './planner.js';

/** What is to be planned, and as whose data. */
export interface MajorQuestion {
  readonly major: number;
  readonly source: Session;
  readonly schema: SchemaScript;
  readonly planner: PlannerState;
  readonly statements: readonly PlannedStatement[];
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** A plan, or why there is none. */
export type PlannedForm = { readonly view: PlanView } | { readonly refused: string };

/** How one version plans a workload. */
export interface PlannedMajor {
  readonly major: number;
  /** A plan for each text of each statement, by fingerprint. */
  readonly plans: ReadonlyMap<string, readonly PlannedForm[]>;
  readonly defaults: readonly SettingDefault[];
  /** What the clone lacks in likeness: what the version could not create, and what it does not take. */
  readonly skipped: readonly Skipped[];
}

/**
 * Plans statements on a statistics clone of a version of its own, which ends with the question. Settings that nobody set have
 * that version's defaults. Reads the source only. Throws `lab/no-server` where the version can not be had, and what a clone throws.
 */
export async function planOnMajor(question: MajorQuestion): Promise<PlannedMajor> {
  const { major, source, schema, planner, signal, note } = question;
  const server = await startLabServer({ major, settings: { shared_buffers: '32MB' }, note });
  try {
    signal.throwIfAborted();
    const settings = planner.settings.filter(({ isDefault }) => !isDefault);
    const clone = await createStatisticsClone({
      server,
      source,
      schema,
      planner: { ...planner, settings },
      note,
      signal,
    });
    const defaults = await readSettingDefaults(clone.session);
    const plans = new Map<string, readonly PlannedForm[]>();
    for (const { fingerprint, queries } of question.statements) {
      signal.throwIfAborted();
      const forms: PlannedForm[] = [];
      for (const sql of queries) forms.push(await planOne(clone.session, sql));
      plans.set(fingerprint, forms);
    }
    return { major, plans, defaults, skipped: clone.skipped };
  } finally {
    await server.stop();
  }
}

/** The plan of one statement, which is not run; what the server refused is an answer. */
export async function planOne(session: Session, sql: string): Promise<PlannedForm> {
  try {
    const { rows } = await session.queryText(`EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) ${sql}`);
    const found = findPlan(rows.map(([line]) => line ?? '').join('\n'));
    return found ? { view: viewPlan(found.tree) } : { refused: 'the server gives no plan for it' };
  } catch (error) {
    if (error instanceof WizardError && error.sqlstate !== undefined) return { refused: error.message };
    throw error;
  }
}
