import type { Action } from '../../model/action.js';
import type { PlannedCase } from './planned.js';
import type { CaseRecord } from './summary.js';

/** What decides whether a case can be touched by an action. */
export interface SelectionFacts {
  readonly action: Action;
  /** Tables whose writes may cost more or less, as `schema.name`. */
  readonly writesTouched: ReadonlySet<string>;
}

/**
 * Whether an action may change what a case costs. Not so when the planner does the same on both sides at the same cost
 * and no write maintains what changed: then plan and data are those of the last measurement, which stays valid.
 */
export function isTouched(record: CaseRecord, before: PlannedCase, after: PlannedCase, facts: SelectionFacts): boolean {
  const { action, writesTouched } = facts;
  if (action.rewrite !== null) return action.rewrite.fingerprint === record.oneCase.fingerprint;
  if (before.shape !== after.shape || before.text !== after.text || costsDiffer(before.cost, after.cost)) return true;
  if (record.oneCase.opaque) return true;
  const relations = [...before.relations];
  if (record.oneCase.kind !== 'select' && [...before.written].some((name) => writesTouched.has(name))) return true;
  if (action.kind === 'alter-column-type') {
    const touched = new Set(action.tables.map((table) => `${table.schema}.${table.name}`));
    return relations.some((name) => touched.has(name));
  }
  // A spill depends on the rows that really come, which the plan does not show.
  return action.kind === 'setting' && record.samples.some((sample) => sample.tempRead + sample.tempWritten > 0);
}

/** Smaller differences come from page counts that moved by one. */
const COST_TOLERANCE = 0.001;

function costsDiffer(before: number, after: number): boolean {
  return Math.abs(after - before) > COST_TOLERANCE * Math.max(before, after, 1);
}
