import type { CheckedOperation } from '../../migrations/check.js';
import { blockWords, isAtLeast } from '../../migrations/locks.js';
import type { LockClaim } from '../../migrations/locks.js';
import { sequenceOf } from '../../migrations/plan.js';
import type { MigrationPlan } from '../../migrations/plan.js';
import { shown } from '../../migrations/relation.js';
import type { Relation } from '../../migrations/relation.js';
import type { MigrationTrial } from '../../model/migration-trial.js';
import type { Script } from '../../migrations/script.js';
import { nameOf } from '../../sql/name.js';
import type { MigrateReport } from './migrate-report.js';
import { stepFileName, stepTitle } from './step-files.js';

/** One file with what was found in it and, where it was asked for, its plan. */
export interface MigrateFile {
  readonly name: string;
  readonly script: Script;
  readonly checked: readonly CheckedOperation[];
  readonly plan: MigrationPlan | null;
  /** The folder for its steps; null where they are not written. */
  readonly written: string | null;
  /** What a copy showed of the plan; null where none was made. */
  readonly trial: MigrationTrial | null;
  /** What `deploy` takes; null for none. */
  readonly deployable: string | null;
}

/** A file's part of the report. */
export function toFileReport({
  name,
  script,
  checked,
  plan,
  trial,
  written,
  deployable,
}: MigrateFile): MigrateReport['files'][number] {
  const parts = new Map<Script['statements'][number], CheckedOperation[]>();
  for (const one of checked) {
    const of = parts.get(one.statement);
    if (of) of.push(one);
    else parts.set(one.statement, [one]);
  }
  return {
    name,
    statements: script.statements.length,
    findings: once(checked.flatMap(findingsOf)).toSorted(
      (a, b) => a.line - b.line || order(a.severity) - order(b.severity),
    ),
    effects: script.statements.map((statement) => effectsOf(statement, parts.get(statement) ?? [])),
    skipped: [
      ...script.skipped,
      ...checked
        .filter(({ operation }) => UNREAD[operation.type] !== undefined)
        .map(({ statement, operation }) => ({
          line: statement.line,
          what: nameOf(statement.sql),
          reason: UNREAD[operation.type] ?? '',
        })),
    ],
    plan: plan && {
      steps: plan.steps.map((step, i) => stepOf(step, i, plan.steps, trial)),
      differs: [...plan.differs],
      labFailure: trial?.failure ?? null,
      later: plan.later.map(laterOf),
    },
    written,
    deployable,
  };
}

/** What a statement does to what was there before, all its commands together. */
function effectsOf(
  { line, sql }: Script['statements'][number],
  parts: readonly CheckedOperation[],
): MigrateReport['files'][number]['effects'][number] {
  const effects = parts.map(({ effect }) => effect);
  const locks = new Map<string, LockClaim>();
  for (const claim of effects.flatMap((effect) => effect.locks)) {
    const key = shown(claim.relation);
    const earlier = locks.get(key);
    if (!earlier || !isAtLeast(earlier.mode, claim.mode)) locks.set(key, claim);
  }
  const named = (relations: readonly Relation[]): string[] => [...new Set(relations.map(shown))];
  return {
    line,
    statement: nameOf(sql),
    locks: locksOf([...locks.values()]),
    rewrites: named(effects.flatMap(({ rewrites }) => rewrites)),
    scans: named(effects.flatMap(({ scans }) => scans)),
    unsure: effects.find(({ unsure }) => unsure !== null)?.unsure ?? null,
    outsideTransaction: effects.some(({ outsideTransaction }) => outsideTransaction),
  };
}

/** Commands of one statement may meet the same rule for the same reason. */
function once(findings: MigrateReport['files'][number]['findings']): typeof findings {
  const seen = new Set<string>();
  return findings.filter(({ rule, line, says }) => {
    const key = JSON.stringify([rule, line, says]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Statements whose effects are not to be seen in the file. */
const UNREAD: Readonly<Record<string, string>> = {
  DoStmt: 'the code of a DO block is not looked into',
  CallStmt: 'what a procedure does is not looked into',
  ExecuteStmt: 'what a prepared statement does is not looked into',
};

function findingsOf({
  findings,
  operation,
  context,
  effect,
  statement,
  estimate,
}: CheckedOperation): MigrateReport['files'][number]['findings'] {
  return findings.map(({ rule, match, severity, lowered }) => ({
    rule: rule.id,
    severity,
    line: statement.line,
    statement: nameOf(statement.sql),
    says: match.says,
    locks: locksOf(effect.locks),
    rewrites: effect.rewrites.map(shown),
    scans: effect.scans.map(shown),
    unsure: effect.unsure,
    lowered,
    estimate,
    remedy: sequenceOf(rule, operation, context)
      ? ('sequence' as const)
      : rule.plannedAway
        ? ('steps' as const)
        : ('none' as const),
  }));
}

function stepOf(
  step: MigrationPlan['steps'][number],
  position: number,
  steps: MigrationPlan['steps'],
  trial: MigrationTrial | null,
): NonNullable<MigrateReport['files'][number]['plan']>['steps'][number] {
  const title = step.title ?? stepTitle(step.up);
  const file = stepFileName(title, position);
  return {
    number: position + 1,
    title,
    line: step.line,
    prologue: [...step.prologue],
    up: [...step.up],
    down: step.down && [...step.down],
    noWayBack: step.noWayBack,
    takesBackFrom: takesBackFrom(position, steps),
    transactional: step.transactional,
    locks: locksOf(step.locks),
    estimate: step.estimate,
    unsure: step.unsure,
    notes: [...step.notes, ...(step.unavoidable === null ? [] : [step.unavoidable])],
    remaining: [...new Set(step.remaining.map(({ rule, match }) => `${rule.id}: ${match.says}`))],
    lab: trial?.steps[position] ?? null,
    upFile: `${file}.up.sql`,
    downFile: step.down === null ? null : `${file}.down.sql`,
  };
}

/** The number of the first step whose change the way back of the step at a place takes back as well; null where it takes back its own alone. */
export function takesBackFrom(position: number, steps: MigrationPlan['steps']): number | null {
  const step = steps[position];
  return step?.isSwitch && step.down !== null ? firstPrepared(position, steps) + 1 : null;
}

/** The place of the first step that prepares the switch at a place. */
function firstPrepared(position: number, steps: MigrationPlan['steps']): number {
  const statement = steps[position]?.statement;
  const before = steps.slice(0, position);
  return before.findLastIndex((one) => one.statement !== statement || one.isSwitch) + 1;
}

function laterOf(
  { line, when, sql, noWayBack }: MigrationPlan['later'][number],
  position: number,
): NonNullable<MigrateReport['files'][number]['plan']>['later'][number] {
  return {
    line,
    when,
    sql: [...sql],
    noWayBack: noWayBack ?? null,
    file: `${stepFileName(stepTitle(sql), position)}.sql`,
  };
}

function locksOf(locks: readonly LockClaim[]): { table: string; mode: string; blocks: string }[] {
  return locks.map(({ relation, mode }) => ({ table: shown(relation), mode, blocks: blockWords(mode) }));
}

function order(severity: 'error' | 'warning' | 'info'): number {
  return ['error', 'warning', 'info'].indexOf(severity);
}
