import { WizardError } from '../../base/errors.js';
import { changedIn } from '../../deploy/changes.js';
import { lastBegun, type DeploymentRecord, type OpenValidation } from '../../deploy/journal.js';
import { figuresBetween, NOTHING_SEEN } from '../../deploy/live/figures.js';
import type { LiveLimits } from '../../deploy/live/limits.js';
import { validate } from '../../deploy/live/validate.js';
import { toSteps, type PromisedGain } from '../../deploy/plan.js';
import { readTouched, stateDifferences, type TouchedState } from '../../deploy/state.js';
import { retryWhileLocked } from '../../postgres/locked.js';
import { LiveReader } from '../../postgres/read/live.js';
import { readTarget } from '../../postgres/read/target.js';
import type { ConnectionSettings } from '../../postgres/session.js';
import type { VerifyReport } from '../../report/deploy/verify-report.js';
import { toTarget } from '../../report/schema-parts.js';
import { loadParser } from '../../sql/parse.js';
import { createCleanup } from '../cleanup.js';
import type { CommandContext } from '../command.js';
import { tool } from '../version.js';
import { toAssessment, toWindow } from './live-facts.js';
import { readPlanFolder } from './plan-folder.js';
import { journalFile, lockedNow, openPlace } from './target.js';

/** What is to be verified. */
export interface VerifyOptions {
  readonly plan: string;
  readonly target: ConnectionSettings;
  readonly limits: LiveLimits;
}

/** Holds the figures since a deployment against those before, and the catalog against what it left; closes the validation when its time is over. Reads the target only. */
export async function verifyDeployment(options: VerifyOptions, context: CommandContext): Promise<VerifyReport> {
  const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
  try {
    await loadParser();
    const plan = await readPlanFolder(options.plan);
    const { session, journal, target } = await openPlace(plan, options.target, { context, cleanup });
    const record = lastBegun(journal.entries(), target);
    const open = validationOf(record, options.plan);
    const sample = await new LiveReader().sample(session);
    const { record: done, validation: began } = open;
    const after = figuresBetween(began.sample, sample, NOTHING_SEEN);
    const past = done.before ? [done.before.history, ...(done.before.window ? [done.before.window] : [])] : [];
    const steps = toSteps(done.changes);
    const state = await retryWhileLocked(() => readTouched(session, steps, done.tables));
    if (state.locked !== null) throw lockedNow(state.locked);
    const drift = stateDifferences(done.expected, state.structure);
    const validation = validate({ past, after, promised: promisedOf(done), drift }, options.limits);
    const elapsedMs = elapsedBetween(began.sample.at, sample.at);
    const isOver = elapsedMs !== null && elapsedMs >= began.windowMs;
    if (isOver)
      await journal.append({ type: 'verified', at: new Date().toISOString(), target, hash: done.hash, validation });
    return {
      tool,
      target: toTarget(await readTarget(session, 'production')),
      plan: plan.file,
      hash: done.hash,
      verdict: validation.verdict,
      reason: validation.reason,
      state: isOver ? 'closed' : 'open',
      elapsedMs,
      windowMs: began.windowMs,
      steps: steps.map(({ number, title }) => ({ number, title, status: done.status[number - 1] ?? 'pending' })),
      objects: objectsOf(done, state).map((one) => ({ ...one })),
      drift: [...drift],
      assessment: toAssessment(validation.assessment),
      limits: { ...options.limits },
      before: past.map(toWindow),
      after: toWindow(after),
      journal: journalFile(plan.folder),
      command:
        validation.verdict === 'regressed' || validation.verdict === 'no-gain'
          ? `database-wizard deploy ${options.plan} --to <url> --revert --approve ${done.hash}`
          : null,
      coverage: {
        examined: [
          { what: 'catalog objects of the deployment', count: objectsOf(done, state).length },
          { what: 'statements that matter', count: validation.assessment.statements.length },
        ],
        skipped: skipped(sample.hidden),
      },
      overhead: session.overhead(),
    };
  } finally {
    await cleanup.run();
  }
}

/** Throws `deploy/plan` where nothing waits for a validation. */
function validationOf(
  record: DeploymentRecord | null,
  plan: string,
): { readonly record: DeploymentRecord; readonly validation: OpenValidation } {
  const validation = record?.validation;
  if (record && validation) return { record, validation };
  const isUnderWay = record !== null && record.status.includes('applied');
  throw new WizardError(
    'deploy/plan',
    isUnderWay
      ? 'The deployment of this plan to this database has not come to its end'
      : 'Nothing of this plan is deployed to this database',
    {
      hint: isUnderWay
        ? `See \`database-wizard deploy ${plan} --to <url>\`: it says what an earlier start left.`
        : 'The journal beside the plan tells what was deployed from it; name that plan, and that database.',
    },
  );
}

/** Of the steps that are applied; a statement that several promise is promised what all of them promise together. */
function promisedOf({ changes, status }: DeploymentRecord): readonly PromisedGain[] {
  const promised = new Map<string, PromisedGain>();
  for (const { evidence } of changes.filter((_, at) => status[at] === 'applied')) {
    for (const one of evidence.promised ?? []) {
      const known = promised.get(one.fingerprint);
      promised.set(one.fingerprint, known ? { ...one, ratio: known.ratio * one.ratio } : one);
    }
  }
  return [...promised.values()];
}

function objectsOf(record: DeploymentRecord, { structure }: TouchedState): readonly VerifyReport['objects'][number][] {
  const names = record.effects.flatMap((effect, at) =>
    effect && record.status[at] === 'applied' ? [...changedIn(effect)] : [],
  );
  return [...new Set(names)].toSorted().map((name) => {
    const [expected, is] = [record.expected[name], structure[name]];
    if (expected === is) return { name, state: 'as deployed' };
    return { name, state: is === undefined ? 'gone' : expected === undefined ? 'new' : 'changed' };
  });
}

/** Null where the clock went back. */
function elapsedBetween(from: string, to: string): number | null {
  const ms = Date.parse(to) - Date.parse(from);
  return ms >= 0 ? ms : null;
}

function skipped(hidden: number): VerifyReport['coverage']['skipped'] {
  const always = {
    what: 'errors that a program catches within its transaction',
    reason: 'The server counts transactions that were rolled back, not statements that failed.',
    remedy: null,
  };
  if (hidden === 0) return [always];
  const texts = {
    what: `statements of ${hidden} entries`,
    reason: 'Their text is not shown to this role.',
    remedy: 'GRANT pg_monitor (or pg_read_all_stats) to the role.',
  };
  return [texts, always];
}
