import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { AdvisorDefaults } from './advisors.js';
import { advisorsOf } from './advisors.js';
import { createCleanup } from './cleanup.js';
import { watchSearches } from './cut-searches.js';
import type { CommandContext } from './command.js';
import { examineTarget, givenWorkload } from './examination.js';
import { untilAborted } from './interruption.js';
import { createForesight } from './foresight.js';
import type { Foresight } from './foresight.js';
import { createLabExaminer } from './lab-examiner.js';
import { handOver, type Handover } from './handover.js';
import { writeOutput } from './output.js';
import { changesOfRun } from '../report/formats/handed.js';
import { bindWorkload } from './parameters.js';
import { reviewHints } from './earlier-hints.js';
import { followPlans } from './plan-history.js';
import { reviewPlans } from './plan-review.js';
import { preparedQuestions } from './prepared.js';
import type { PlanHistory } from './plan-history.js';
import { openTarget } from './open-target.js';
import { stage } from './staging.js';
import type { Staging } from './staging.js';
import { searchSource, taggedPlaces } from './source-search.js';
import { tool } from './version.js';
import { noWorkload } from './workload-file.js';
import { DEFAULT_ESCALATION_LIMITS } from '../kernel/escalate.js';
import { DEFAULT_THRESHOLDS } from '../kernel/thresholds.js';
import { runLoop } from '../kernel/loop.js';
import type { LoopOutcome } from '../kernel/run.js';
import type { LedgerEntry } from '../kernel/ports.js';
import { DEFAULT_STOP_RULES } from '../kernel/stop.js';
import { watchPlanModes } from '../lab/plan-modes/follow.js';
import { openLedger } from '../ledger/ledger.js';
import type { Action, Rewrite } from '../model/action.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Coverage, Skipped } from '../model/coverage.js';
import type { PlanChanges } from '../model/plan-history.js';
import type { PlanReview } from '../model/plan-review.js';
import type { Plan } from '../model/plan.js';
import type { Snapshot } from '../model/snapshot.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import { readReplicaLag } from '../postgres/read/replica-lag.js';
import type { ConnectionSettings } from '../postgres/session.js';
import type { Attribution } from '../programs/places.js';
import type { Attributions } from '../report/migrations.js';
import type { RunReport } from '../report/run-report.js';
import { toRunReport } from '../report/to-run-report.js';

/** What an optimisation is asked for. */
export interface OptimizationOptions {
  readonly target: ConnectionSettings;
  /** A file, `pg_stat_statements`, or undefined for the latter. */
  readonly workload: string | undefined;
  /** `auto`, or how to reach a staging server. */
  readonly lab: 'auto' | ConnectionSettings;
  /** Standbys whose index counters are added. */
  readonly replicas?: readonly ConnectionSettings[];
  readonly budgetMs: number;
  /** All of the run is within the budget, unless told that it begins with the end of the baseline. */
  readonly budgetFrom?: 'start' | 'baseline';
  readonly storageBudgetBytes: number | null;
  /** Clients of the load at the end; as many as this machine has cores, at least 2, where it is undefined. */
  readonly clients?: number | undefined;
  readonly outFolder: string;
  /** Where migrations go beside the output folder. */
  readonly handover?: Handover | null;
  /** A folder with the program that sends the statements. */
  readonly sourceFolder?: string | null;
  /** As the report shows it: without secrets. */
  readonly command: string;
  readonly advisorOptions?: AdvisorDefaults;
  /** Milliseconds that one trial and the baseline may measure. */
  readonly trialBudgetMs?: number;
  readonly baselineBudgetMs?: number;
}

/**
 * The whole run: examines the target read-only, copies it to a lab, lets the loop run there, and writes the output
 * folder. The target is never written. What was made is cleaned up, whatever happens. Throws `WizardError`.
 */
export async function optimizeTarget(options: OptimizationOptions, context: CommandContext): Promise<RunReport> {
  const startedAt = new Date().toISOString();
  const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
  try {
    const given = await givenWorkload(options.workload, context);
    context.watch({ type: 'phase', phase: 'examine', text: 'reading the target' });
    const { session, connectMs } = await openTarget(options.target, context.signal);
    cleanup.add(() => session.close());
    const beyond = { replicas: options.replicas ?? [], exactBloat: false, signal: context.signal };
    const { snapshot } = await untilAborted(context.signal, examineTarget(session, given, beyond));
    const bound = bindWorkload(snapshot);
    if (bound.workload.statements.length === 0) throw noWorkload(snapshot);
    // Not before there is something to do: a mistyped address leaves no folder behind.
    const ledger = openLedger<LedgerEntry>(join(options.outFolder, 'ledger'));
    cleanup.add(() => ledger.close());
    const origin: Snapshot = { ...snapshot, workload: bound.workload };
    const replicaLagSeconds = await untilAborted(context.signal, readReplicaLag(session));
    const staging = await stage({
      source: options.target,
      session,
      snapshot: origin,
      lab: options.lab,
      signal: context.signal,
      watch: context.watch,
      cleanup,
      trialBudgetMs: options.trialBudgetMs,
      baselineBudgetMs: options.baselineBudgetMs,
      baselineLimitMs: options.budgetFrom === 'baseline' ? undefined : options.budgetMs * BASELINE_SHARE,
      statementTimeoutMs: statementTimeout(options.budgetMs),
    });
    const foresight = createForesight(staging.whatIf, context.signal, (text) => context.watch({ type: 'note', text }));
    const setting = { staging, foresight, origin, ledger, connectMs, replicaLagSeconds, options, context };
    const { outcome, history, plans, skipped } = await runOn(setting);
    const coverage = coverageOf(snapshot, staging.skipped, foresight.skipped, bound.skipped, skipped);
    const { attributions, searched } = await attribute(outcome, origin, options.sourceFolder ?? null, context.signal);
    const report = toReport(outcome, {
      options,
      origin,
      planChanges: history.changes,
      planReview: plans,
      attributions,
      coverage: searched ? mergeCoverage(coverage, searched) : coverage,
      session,
      startedAt,
    });
    await writeOutput(options.outFolder, report, outcome.iterations, snapshot.catalog, attributions);
    await handOver(options.handover ?? null, changesOfRun(outcome.iterations), context.watch);
    return report;
  } finally {
    await cleanup.run();
  }
}

/** Of the run's time, for measuring the workload as it is: a change can be tried by the heaviest statements, and none without time. */
const BASELINE_SHARE = 0.5;

/** One statement may not use up the run: a twentieth of its time, at least 5 s and at most a minute. */
function statementTimeout(budgetMs: number): number {
  return Math.min(60_000, Math.max(5000, budgetMs / 20));
}

interface LoopSetting {
  readonly staging: Staging;
  readonly foresight: Foresight;
  readonly origin: Snapshot;
  readonly ledger: { append(entry: LedgerEntry): Promise<void>; entries(): readonly LedgerEntry[] };
  readonly connectMs: number;
  readonly replicaLagSeconds: number | null;
  readonly options: OptimizationOptions;
  readonly context: CommandContext;
}

/** What a run leaves behind. */
interface RunDone {
  readonly outcome: LoopOutcome;
  readonly history: PlanHistory;
  readonly plans: PlanReview;
  readonly skipped: readonly Skipped[];
}

async function runOn(setting: LoopSetting): Promise<RunDone> {
  const { staging, foresight, origin, ledger, options, context } = setting;
  const accepted: Action[] = [];
  const run = randomBytes(4).toString('hex');
  const target = origin.target.label;
  let history: PlanHistory = { changes: null, skipped: [] };
  let before: ReadonlyMap<string, Plan> = new Map();
  const { signal } = context;
  const modes = watchPlanModes();
  const searches = watchSearches(advisorsOf(options.advisorOptions), (text) => context.watch({ type: 'note', text }));
  const examiner = createLabExaminer({
    origin,
    onAccepted: (work) => staging.lab.withAccepted(work),
    plans: () => staging.lab.plans(),
    planModes: (session, workload) =>
      modes.look(
        session,
        preparedQuestions(workload, staging.lab.planned(), () => signal.throwIfAborted()),
      ),
    accepted: () => accepted,
  });
  const examine: typeof examiner.examine = (workload, measured) =>
    untilAborted(signal, examiner.examine(workload, measured));
  const outcome = await runLoop(
    {
      lab: staging.lab,
      get whatIf() {
        return foresight.whatIf;
      },
      examiner: { examine },
      advisors: foresight.advise(searches.advisors),
      ledger,
      clock: { nowMs: () => performance.now(), iso: () => new Date().toISOString() },
      watch: context.watch,
      signal,
      async measured(baseline) {
        before = staging.lab.plans();
        const state = (): Promise<Snapshot> => examine(origin.workload, baseline.summary);
        history = await followPlans({ lab: staging.lab, ledger, run, target, examine: state }, baseline);
      },
      async adopted(hypothesis) {
        accepted.push(hypothesis.action);
        await foresight.follow(() => staging.adopt(hypothesis.action));
      },
    },
    origin.workload,
    {
      run,
      targetLabel: target,
      budgetMs: options.budgetMs,
      budgetFrom: options.budgetFrom ?? 'start',
      storageBudgetBytes: options.storageBudgetBytes,
      clients: options.clients ?? Math.max(2, availableParallelism()),
      thresholds: DEFAULT_THRESHOLDS,
      stopRules: DEFAULT_STOP_RULES,
      escalation: DEFAULT_ESCALATION_LIMITS,
      connectMs: setting.connectMs,
      replicaLagSeconds: setting.replicaLagSeconds,
    },
  );
  const plans = reviewPlans({ before, after: staging.lab.plans() }, origin, outcome);
  const hints = reviewHints(ledger.entries(), { run, target, planned: new Set(before.keys()), outcome });
  return {
    outcome,
    history,
    plans: { ...plans, hints },
    skipped: [...history.skipped, ...modes.skipped, ...searches.skipped],
  };
}

function coverageOf(snapshot: Snapshot, ...skipped: readonly Coverage['skipped'][]): Coverage {
  return mergeCoverage(snapshot.coverage, { examined: [], skipped: skipped.flat() });
}

/** Where the statements of accepted rewrites come from: by their tags, and in the program's text where its folder is known. */
async function attribute(
  { iterations }: LoopOutcome,
  { workload }: Snapshot,
  folder: string | null,
  signal: AbortSignal,
): Promise<{ readonly attributions: Attributions; readonly searched: Coverage | null }> {
  const accepted = iterations.flatMap(({ number, decision, hypothesis: { action } }) =>
    decision.kind === 'accept' && action.rewrite ? [{ number, rewrite: action.rewrite }] : [],
  );
  const asked = accepted.map(({ rewrite: { fingerprint, from } }) => {
    const statement = workload.statements.find((one) => one.fingerprint === fingerprint);
    return { fingerprint, sql: from, sources: statement?.observed?.sources ?? [] };
  });
  const search = folder === null ? null : await searchSource(folder, asked, signal);
  const attributions = new Map(
    accepted.map(({ number, rewrite }, position) => [
      number,
      withoutPatch(rewrite, search?.attribution(rewrite.fingerprint, rewrite.to)) ?? {
        places: taggedPlaces(asked[position]?.sources ?? []),
        patch: null,
      },
    ]),
  );
  return { attributions, searched: search?.coverage ?? null };
}

/** A hint leaves the text as it is. */
function withoutPatch({ hint }: Rewrite, found: Attribution | undefined): Attribution | undefined {
  return hint && found ? { ...found, patch: null } : found;
}

interface ReportFacts {
  readonly planChanges: PlanChanges | null;
  readonly planReview: PlanReview;
  readonly attributions: Attributions;
  readonly options: OptimizationOptions;
  readonly origin: Snapshot;
  readonly coverage: Coverage;
  readonly session: ReadOnlySession;
  readonly startedAt: string;
}

function toReport(
  outcome: LoopOutcome,
  { planChanges, planReview, options, origin, attributions, coverage, session, startedAt }: ReportFacts,
): RunReport {
  return toRunReport({
    ...outcome,
    planChanges,
    planReview,
    attributions,
    tool,
    target: origin.target,
    command: options.command,
    outputFolder: options.outFolder,
    startedAt,
    finishedAt: new Date().toISOString(),
    coverage,
    overhead: session.overhead(),
  });
}
