import type { MigrationStep } from './migration-step.js';
import type { LabEvidence, PlanStep } from './plan.js';
import type { PlanStatement } from './statement.js';

/** What a step is expected to take on the target. Estimated; null is unknown. */
export interface StepEstimate {
  readonly durationMs: number | null;
  /** The object itself, and what sorting may need beside it until it is built. */
  readonly diskBytes: number | null;
  readonly walBytes: number | null;
  /** How it was foreseen, or why it was not. */
  readonly basis: string;
}

/** Bytes of a table, its partitions included, as the lab had it and as the target has it; null where one is not known. */
export interface TableSizes {
  readonly lab: number | null;
  readonly target: number | null;
}

/** The lab's measured figures times how much the table has grown since; the target's hardware and load are not known. */
export function estimateStep(
  { up: statements, evidence, migration }: Pick<PlanStep, 'up' | 'evidence' | 'migration'>,
  sizes: TableSizes,
): StepEstimate {
  const [first] = statements;
  if (!first) return { durationMs: 0, diskBytes: 0, walBytes: 0, basis: 'nothing to run' };
  if (migration) return ofMigration(migration, first, evidence, sizes);
  if (MOMENTARY.has(first.form) && statements.every((one) => MOMENTARY.has(one.form))) {
    return {
      durationMs: evidence.applyMs,
      diskBytes: 0,
      walBytes: 0,
      basis: 'as in the lab: it reads and writes no rows',
    };
  }
  const scale = growthOf(sizes);
  const scaled = (figure: number | null): number | null =>
    figure === null || scale === null ? null : Math.round(figure * scale);
  const size = BUILDS.has(first.form) ? scaled(evidence.sizeBytes) : first.form === 'alter-type' ? sizes.target : 0;
  return {
    durationMs: scaled(evidence.applyMs),
    diskBytes: size === null ? null : BUILDS.has(first.form) ? 2 * size : size,
    walBytes: scaled(evidence.walBytes) ?? size,
    basis:
      scale === null
        ? 'the size of the table in the lab is not known'
        : evidence.applyMs === null
          ? 'the lab did not record how long it took'
          : `the lab's time and size, times ${scale.toFixed(2)} for the size of the table now${BUILDS.has(first.form) ? '; twice the index for the sort' : ''}`,
  };
}

/** How many times as large the table is as it was; null where that is not known. */
function growthOf({ lab, target }: TableSizes): number | null {
  return lab !== null && lab > 0 && target !== null ? target / lab : null;
}

/** What a copy showed, times how much the table has grown since; without one, from the sizes of the tables when it was planned. */
function ofMigration(
  { workMs, unsure, locks }: MigrationStep,
  { form }: PlanStatement,
  evidence: LabEvidence,
  sizes: TableSizes,
): StepEstimate {
  if (evidence.applyMs !== null) {
    const scale = growthOf(sizes) ?? 1;
    const scaled = (figure: number | null): number | null => (figure === null ? null : Math.round(figure * scale));
    return {
      durationMs: evidence.applyMs * scale,
      diskBytes: scaled(evidence.sizeBytes),
      walBytes: scaled(evidence.walBytes),
      basis: `the lab's figures, without load${scale === 1 ? '' : `, times ${scale.toFixed(2)} for the size of the table now`}`,
    };
  }
  const unknown = { durationMs: null, diskBytes: null, walBytes: null };
  if (form === 'repeatable') return { ...unknown, basis: 'it works in batches, and tells how far it is' };
  if (form !== 'migration' || !locks.some(({ blocksClients }) => blocksClients))
    return { ...unknown, basis: 'no lab ran it; it blocks neither reads nor writes' };
  if (workMs === null)
    return { ...unknown, basis: unsure ?? 'the sizes of the tables were not known when it was planned' };
  if (workMs > 0)
    return {
      ...unknown,
      durationMs: workMs,
      basis: 'the slow side, from the sizes of the tables when it was planned',
    };
  return { durationMs: 0, diskBytes: 0, walBytes: 0, basis: 'it reads and writes no rows under its lock' };
}

const BUILDS = new Set<PlanStatement['form']>(['create-index', 'reindex']);

const MOMENTARY = new Set<PlanStatement['form']>([
  'drop-index',
  'drop-statistics',
  'create-statistics',
  'column-statistics',
  'setting',
  'alter-sequence',
  'attach-index',
]);
