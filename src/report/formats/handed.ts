import { capital } from '../../base/words.js';
import type { Iteration } from '../../model/run.js';
import type { IndexReport, ReportedAction } from '../index/index-report.js';
import { actionWords, costWords, reasonWords, servesWords } from '../index/words.js';
import type { MigrateReport } from '../migrate/migrate-report.js';
import { stepWords } from '../migrate/step-files.js';
import { evidenceLines, isTransactional, mayRunInTransaction } from '../migrations.js';
import type { HandedChange } from './define.js';

/** How long a statement of a proved change waits for a lock; the plain files say the same. */
const LOCK_TIMEOUT_MS = 5000;

/** The accepted changes of a run that are SQL, in the order accepted. */
export function changesOfRun(iterations: readonly Iteration[]): readonly HandedChange[] {
  return iterations
    .filter(({ decision, hypothesis }) => decision.kind === 'accept' && hypothesis.action.up.length > 0)
    .map((iteration) => {
      const { action, title } = iteration.hypothesis;
      const revert = iteration.verdict.revertVerified
        ? 'was run in the lab, and left the catalog as before'
        : 'was not run';
      return {
        title,
        words: [
          ...evidenceLines(iteration).map(([label, text]) => `${label}: ${text}`),
          ...(action.down.length === 0 ? [] : [`Revert: ${revert}`]),
        ],
        prologue: [],
        up: action.up,
        down: action.down,
        noWayBack: null,
        transactional: isTransactional(iteration),
        downTransactional: action.down.every(mayRunInTransaction),
        lockTimeoutMs: LOCK_TIMEOUT_MS,
      };
    });
}

/** The indexes that measurement confirmed, then the drops that nothing was held against; those which one of the new indexes allows are for a later release. */
export function changesOfIndexes(report: IndexReport): readonly HandedChange[] {
  const changes = [...createsOf(report), ...dropsOf(report, false)];
  const later = dropsOf(report, true).map(
    ({ title, up }) =>
      `Left for a migration of a later release, when the new indexes have proved themselves: ${title}: ${up.join('; ')}`,
  );
  return changes.map((change, at) =>
    at === changes.length - 1 ? { ...change, words: [...change.words, ...later] } : change,
  );
}

function dropsOf({ existing, removals }: IndexReport, needsSet: boolean): readonly HandedChange[] {
  const revert = removals?.reverted === true ? 'was run in the lab, and left the catalog as before' : 'was not run';
  return existing.flatMap((row) => {
    if (row.trial?.outcome !== 'goes' || row.trial.needsSet !== needsSet) return [];
    const { drop } = row.trial;
    const words = [row.advice, ...actionWords(row).map(capital), `Lock: ${drop.lock}`, `Revert: ${revert}`];
    return [handed(drop, words)];
  });
}

function createsOf({ indexes }: IndexReport): readonly HandedChange[] {
  return indexes
    .filter(({ decision }) => decision === 'create')
    .map((one) =>
      handed(one.action, [
        `For: ${servesWords(one)}`,
        `Cost: ${costWords(one)}`,
        capital(reasonWords(one)),
        `Lock: ${one.action.lock}`,
      ]),
    );
}

function handed({ title, up, down }: ReportedAction, words: readonly string[]): HandedChange {
  return {
    title,
    words,
    prologue: [],
    up,
    down,
    noWayBack: null,
    transactional: up.every(mayRunInTransaction),
    downTransactional: down.every(mayRunInTransaction),
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  };
}

/** The steps of a planned migration. What is for a later release is no migration yet, a tool would run it at once: the last step says what it will be. */
export function changesOfPlan(report: MigrateReport, file: MigrateReport['files'][number]): readonly HandedChange[] {
  const steps = file.plan?.steps ?? [];
  const later = laterWords(file);
  return steps.map((step, i) => ({
    title: step.title,
    // The path is of one machine.
    words: [
      ...stepWords(step, steps.length, file.name.replace(/^.*[\\/]/, '')),
      ...(i === steps.length - 1 ? later : []),
    ],
    prologue: step.prologue,
    up: step.up,
    down: step.down,
    noWayBack: step.noWayBack,
    transactional: step.transactional,
    downTransactional: (step.down ?? []).every(mayRunInTransaction),
    lockTimeoutMs: report.lockTimeoutMs,
  }));
}

/** What is left out of a tool's folder, each a sentence. */
export function laterWords(file: MigrateReport['files'][number]): readonly string[] {
  return (file.plan?.later ?? []).map(
    ({ when, sql }) => `Left for a migration of a later release, when ${when}: ${sql.join('; ')}`,
  );
}
