import { capital } from '../../base/words.js';
import type { Iteration } from '../../model/run.js';
import type { IndexReport } from '../index/index-report.js';
import { costWords, reasonWords, servesWords } from '../index/words.js';
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

/** The indexes that measurement confirmed. */
export function changesOfIndexes({ indexes }: IndexReport): readonly HandedChange[] {
  return indexes
    .filter(({ decision }) => decision === 'create')
    .map((one) => ({
      title: one.title,
      words: [
        `For: ${servesWords(one)}`,
        `Cost: ${costWords(one)}`,
        capital(reasonWords(one)),
        `Lock: ${one.action.lock}`,
      ],
      prologue: [],
      up: one.action.up,
      down: one.action.down,
      noWayBack: null,
      transactional: one.action.up.every(mayRunInTransaction),
      downTransactional: one.action.down.every(mayRunInTransaction),
      lockTimeoutMs: LOCK_TIMEOUT_MS,
    }));
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
