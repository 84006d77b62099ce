import { newestMajor } from '../lab/server/package.js';
import { planOne, planOnMajor } from '../lab/whatif/on-major.js';
import type { PlannedMajor } from '../lab/whatif/on-major.js';
import { asWizardError, WizardError } from '../base/errors.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Skipped } from '../model/coverage.js';
import type { WorkloadStatement } from '../model/workload.js';
import type { PlanView } from '../plans/view.js';
import { exportPlanner } from '../postgres/clone/planner.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import { extractSchema } from '../postgres/extract/extract.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { toUpgradeReport } from '../report/upgrade/to-upgrade-report.js';
import type { UpgradeReport } from '../report/upgrade/upgrade-report.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { examineTarget, givenWorkload } from './examination.js';
import { untilAborted } from './interruption.js';
import { bindWorkload } from './parameters.js';
import { openTarget } from './open-target.js';
import { boundTexts } from '../sql/parameters.js';
import { tool } from './version.js';
import { noWorkload } from './workload-file.js';

/** What an upgrade is previewed for. */
export interface UpgradeOptions {
  readonly target: ConnectionSettings;
  /** A file, `pg_stat_statements`, or undefined for the latter. */
  readonly workload: string | undefined;
  /** The last version to plan on; null for the newest that the lab knows. */
  readonly to: number | null;
}

/** Plans a workload on clones of the target's statistics, on its own version and on each newer one. The target is only read. Throws `WizardError`. */
export async function previewUpgrade(options: UpgradeOptions, context: CommandContext): Promise<UpgradeReport> {
  const startedAt = new Date().toISOString();
  const { signal, watch } = context;
  const note = (text: string): void => watch({ type: 'note', text });
  const cleanup = createCleanup(note);
  try {
    const given = await givenWorkload(options.workload, context);
    watch({ type: 'phase', phase: 'examine', text: 'reading the target' });
    const { session } = await openTarget(options.target, signal);
    cleanup.add(() => session.close());
    const examining = examineTarget(session, given, { replicas: [], exactBloat: false, signal });
    const { snapshot } = await untilAborted(signal, examining);
    const { major } = snapshot.target;
    const to = lastMajor(major, options.to);
    const bound = bindWorkload(snapshot);
    const { statements } = bound.workload;
    if (statements.length === 0) throw noWorkload(snapshot);
    const planner = await untilAborted(signal, exportPlanner(session));
    const schema = await untilAborted(signal, extractSchema(session));
    const own = await untilAborted(signal, ownPlans(session, statements));
    const missing: { readonly major: number; readonly skipped: Skipped }[] = [];
    const planned: PlannedMajor[] = [];
    for (let one = major; one <= to; one += 1) {
      watch({ type: 'phase', phase: 'hypothesise', text: `planning the workload on PostgreSQL ${one}` });
      const forms = statements.map((statement) => ({
        fingerprint: statement.fingerprint,
        queries: boundTexts(statement.sql, statement.parameterSets),
      }));
      const question = { major: one, source: session, schema, planner, statements: forms, signal, note };
      try {
        planned.push(await planOnMajor(question));
      } catch (thrown) {
        const error = asWizardError(thrown);
        if (error.code !== 'lab/no-server' || one === major) throw error;
        missing.push({ major: one, skipped: notHad(one, error) });
      }
      signal.throwIfAborted();
    }
    const [current, ...newer] = planned;
    if (!current) throw new WizardError('internal', 'Nothing was planned');
    return toUpgradeReport({
      tool,
      startedAt,
      finishedAt: new Date().toISOString(),
      target: snapshot.target,
      settings: snapshot.settings,
      statements,
      own,
      current,
      newer,
      missing: missing.map((one) => one.major),
      coverage: mergeCoverage(snapshot.coverage, {
        examined: planned.map((one) => ({ what: `plans on PostgreSQL ${one.major}`, count: one.plans.size })),
        skipped: [...bound.skipped, ...missing.map(({ skipped }) => skipped)],
      }),
      overhead: session.overhead(),
    });
  } finally {
    await cleanup.run();
  }
}

function lastMajor(major: number, wanted: number | null): number {
  const newest = newestMajor();
  if (major >= newest)
    throw new WizardError('input/invalid', `The target runs PostgreSQL ${major}, the newest that the lab can plan on`, {
      hint: 'There is nothing to preview.',
    });
  const to = wanted ?? newest;
  if (to > major && to <= newest) return to;
  throw new WizardError('input/invalid', `--to: ${to} is no version after the target's`, {
    hint: `The target runs PostgreSQL ${major}: give ${major + 1 === newest ? newest : `${major + 1} to ${newest}`}.`,
  });
}

/** How the target itself plans each statement with its usual values; those that it does not plan are left out. */
async function ownPlans(
  session: ReadOnlySession,
  statements: readonly WorkloadStatement[],
): Promise<ReadonlyMap<string, PlanView>> {
  const plans = new Map<string, PlanView>();
  for (const statement of statements) {
    const [sql = statement.sql] = boundTexts(statement.sql, statement.parameterSets);
    const form = await planOne(session, sql);
    if ('view' in form) plans.set(statement.fingerprint, form.view);
  }
  return plans;
}

function notHad(major: number, { message, hint }: WizardError): Skipped {
  return { what: `plans on PostgreSQL ${major}`, reason: message, remedy: hint ?? null };
}
