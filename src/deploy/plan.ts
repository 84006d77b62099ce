import { WizardError } from '../base/errors.js';
import type { RelationName } from '../model/catalog.js';
import { migrationStatements, type MigrationStep } from './migration-step.js';
import { readStatement, type PlanStatement } from './statement.js';

/** What the lab saw of a change. Figures are measured there; null where nothing was. */
export interface LabEvidence {
  /** Time that the change took to apply. */
  readonly applyMs: number | null;
  readonly sizeBytes: number | null;
  readonly walBytes: number | null;
  readonly revertVerified: boolean | null;
  /** What it won, in words. */
  readonly effect: string;
  /** Statements that it made faster; plans that earlier versions journalled have none. */
  readonly promised?: readonly PromisedGain[];
}

/** A statement's gain as the lab measured it. */
export interface PromisedGain {
  readonly fingerprint: string;
  readonly name: string;
  /** after / before of its time. */
  readonly ratio: number;
}

/** As the plan's folder has it. */
export interface PlannedChange {
  readonly title: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly evidence: LabEvidence;
  /** Of a step that `migrate plan` made. */
  readonly migration?: MigrationStep;
}

/** One change, applied or taken back as a whole: one statement outside a transaction, or any number in one. */
export interface PlanStep {
  readonly number: number;
  readonly title: string;
  readonly up: readonly PlanStatement[];
  /** Empty where there is nothing to take back. */
  readonly down: readonly PlanStatement[];
  readonly evidence: LabEvidence;
  /** Of a step that `migrate plan` made; null for what the lab tried. */
  readonly migration: MigrationStep | null;
}

export type Direction = 'up' | 'down';

/** Reads the changes of a plan. Throws `deploy/plan` for what a deployment does not run. Needs the SQL parser loaded. */
export function toSteps(changes: readonly PlannedChange[]): readonly PlanStep[] {
  return changes.map((change, position) => ({
    number: position + 1,
    title: change.title,
    up: statementsFor(change, 'up'),
    down: statementsFor(change, 'down'),
    evidence: change.evidence,
    migration: change.migration ?? null,
  }));
}

/** Statements of a step for a direction. */
export function statementsOf(step: PlanStep, direction: Direction): readonly PlanStatement[] {
  return direction === 'up' ? step.up : step.down;
}

/** Whether the statements run outside a transaction block. */
export function runsAlone(statements: readonly PlanStatement[]): boolean {
  return statements.some(({ concurrently, form }) => concurrently || form === 'repeatable');
}

/** Whether the statements wait for the transactions that use their table. */
export function waitsForUsers(statements: readonly PlanStatement[]): boolean {
  return statements.some(({ concurrently }) => concurrently);
}

/** Tables that the steps name or lock, each once. Those of dropped and rebuilt indexes only the catalog knows. */
export function tablesNamed(steps: readonly PlanStep[]): readonly RelationName[] {
  const all = steps.flatMap((step) => [...step.up, ...step.down]).flatMap(({ table }) => (table ? [table] : []));
  const locked = steps.flatMap(({ migration }) => migration?.locks.map(({ table }) => table) ?? []);
  return [...all, ...locked].filter(
    (table, at, every) => every.findIndex((one) => one.schema === table.schema && one.name === table.name) === at,
  );
}

function statementsFor(change: PlannedChange, direction: Direction): readonly PlanStatement[] {
  const texts = change[direction];
  if (change.migration && texts.length > 0)
    return migrationStatements(change.title, texts, change.migration, direction);
  const statements = texts.map(readStatement);
  if (runsAlone(statements) && statements.length > 1) {
    throw new WizardError(
      'deploy/plan',
      `"${change.title}" holds ${statements.length} statements, one of them CONCURRENTLY: it can be applied neither whole nor not at all`,
      { hint: 'Deploy it by hand, a statement at a time.' },
    );
  }
  return statements;
}
