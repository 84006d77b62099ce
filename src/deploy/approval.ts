import { formatBytes, formatMs } from '../base/units.js';
import { DEFAULT_ESCALATION_LIMITS, REVIEW_HOURS } from '../kernel/escalate.js';
import type { Escalation } from '../model/run.js';
import type { StepEstimate } from './estimate.js';
import { lockOf } from './locks.js';
import type { PlanStep } from './plan.js';
import type { PlanStatement } from './statement.js';

/** Longest time that clients may be kept from a table without anybody being asked: what planned migrations are held to (SPEC, `migrate`). */
const STALL_MS = 250;

/** A step that takes more than this share of the free disk is a matter of capacity. Half: a choice; the whole is refused. */
const DISK_SHARE = 0.5;

/** Who has to approve a step beside the one who runs it, for which reason: the rules of escalation on what is known of it. Empty where nobody has. */
export function approvalsFor(step: PlanStep, estimate: StepEstimate, freeBytes: number | null): readonly Escalation[] {
  const locks = step.up.map((statement) => lockOf(statement, statement.table));
  const expected = `expected to take ${formatMs(estimate.durationMs)} (${estimate.durationMs === null ? 'unknown' : 'estimated'}: ${estimate.basis})`;
  const asked = (protocol: string, decidedBy: string, why: string, evidence: readonly string[]): Escalation => ({
    protocol,
    decisionNeeded: `${step.title}: ${why}`,
    decidedBy,
    timeLimitHours: REVIEW_HOURS,
    evidence,
  });
  const needs: Escalation[] = [];
  const rewritten = step.up.filter(({ form }) => form === 'alter-type');
  if (rewritten.length > 0)
    needs.push(
      asked(
        'data-integrity',
        DATA,
        'it writes every row anew',
        rewritten.map(({ sql }) => sql),
      ),
    );
  const destroyed = destroys(step);
  if (destroyed)
    needs.push(
      asked(
        'schema-change',
        DATA,
        destroyed,
        step.down.map(({ sql }) => `way back: ${sql}`),
      ),
    );
  const filled = step.up.filter(({ form }) => form === 'repeatable');
  if (filled.length > 0) needs.push(asked('data-integrity', DATA, 'it writes rows', step.migration?.notes ?? []));
  const reshaped = step.up.filter(({ form }) => SHAPES.has(form));
  if (reshaped.length > 0)
    needs.push(
      asked(
        'schema-change',
        DATA,
        step.migration ? 'it changes the schema, or rows' : 'it changes what a table accepts',
        reshaped.map(({ sql }) => sql),
      ),
    );
  const blocking = locks.filter(({ blocksClients }) => blocksClients);
  const { durationMs } = estimate;
  if (blocking.length > 0 && (durationMs === null || durationMs > STALL_MS)) {
    const { downtimeMs } = DEFAULT_ESCALATION_LIMITS;
    const over =
      durationMs !== null && durationMs > downtimeMs ? `, over the ${formatMs(downtimeMs)} that are tolerated` : '';
    const why = `it keeps clients waiting for ${durationMs === null ? 'an unknown time' : `${formatMs(durationMs)} (estimated)`}${over}`;
    needs.push(asked('downtime', 'change management', why, [...blocking.map(({ words }) => words), expected]));
  }
  const bytes = estimate.diskBytes === null ? null : estimate.diskBytes + (estimate.walBytes ?? 0);
  if (bytes !== null && freeBytes !== null && bytes > DISK_SHARE * freeBytes) {
    const why = `it needs ${formatBytes(bytes)} (estimated) of ${formatBytes(freeBytes)} of free disk`;
    needs.push(asked('capacity-planning', 'infrastructure', why, [estimate.basis]));
  }
  return needs;
}

/** The one who answers for the rows. */
const DATA = 'DBA and data governance';

const SHAPES = new Set<PlanStatement['form']>(['alter-table', 'alter-sequence', 'migration', 'detach-partition']);

/** Forms that leave nothing which could be taken back. */
const HARMLESS = new Set<PlanStatement['form']>(['analyze', 'reindex', 'validate-constraint', 'create-statistics']);

/** Why a step may take away what does not come back; null where it does not, or where the way back was run. */
function destroys({ up, down, evidence, migration }: PlanStep): string | null {
  if (migration) return migration.noWayBack === null ? null : `there is no way back: ${migration.noWayBack}`;
  if (down.length === 0) return up.every(({ form }) => HARMLESS.has(form)) ? null : 'there is no way back';
  const drops = up.some(({ form }) => form === 'drop-index' || form === 'drop-statistics');
  return drops && evidence.revertVerified !== true
    ? 'it drops something, and the way back was not run in the lab'
    : null;
}
