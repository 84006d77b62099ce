import { availableParallelism } from 'node:os';
import { asWizardError } from '../base/errors.js';
import { formatMs } from '../base/units.js';
import { evaluate } from '../kernel/evaluate.js';
import { hypothesise } from '../kernel/hypothesise.js';
import { DEFAULT_THRESHOLDS } from '../kernel/thresholds.js';
import type { OpenLab } from '../lab/open-lab.js';
import { findBlockers } from '../lab/parallel/blockers.js';
import { measureWorkers } from '../lab/parallel/workers.js';
import { hintSettings } from '../model/action.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Skipped } from '../model/coverage.js';
import type { Finding } from '../model/finding.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { WorkloadStatement } from '../model/workload.js';
import { describeDifference } from '../plans/difference.js';
import { readPlan } from '../plans/read/read-plan.js';
import { viewPlan } from '../plans/view.js';
import type { PlanView } from '../plans/view.js';
import { connect } from '../postgres/connect.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import { writes } from '../sql/kind.js';
import { parseStatement } from '../sql/parse.js';
import { advise, untriedBecause } from './advice.js';
import type { Cleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { costOn, shownText } from './explain-target.js';
import type { Asked } from './explain-target.js';
import type { Explained } from './explanation.js';
import { untilAborted } from './interruption.js';
import { stage } from './staging.js';
import type { Staging } from './staging.js';
import { planOn } from './what-if.js';

/** A statement that was planned on the target, and where a copy is to be made. */
export interface LabQuestion extends Asked {
  readonly lab: 'auto' | ConnectionSettings;
  readonly source: ConnectionSettings;
  readonly session: ReadOnlySession;
  readonly cleanup: Cleanup;
  /** Time for trying advice on the copy. */
  readonly budgetMs: number;
}

/** One statement is measured in seconds; a run over a workload takes longer. */
const TRIAL_BUDGET_MS = 4000;
const BASELINE_BUDGET_MS = 8000;
const STATEMENT_TIMEOUT_MS = 60_000;

/** Copies the target, runs the statement there under EXPLAIN ANALYZE, and tries each piece of advice by itself against the copy as it is. */
export async function explainInLab(
  question: LabQuestion,
  context: CommandContext,
): Promise<Omit<Explained, 'facts' | 'target' | 'overhead'>> {
  const { snapshot, statement, skipped } = question;
  const { signal, watch } = context;
  const staging = await stage({
    source: question.source,
    session: question.session,
    snapshot,
    lab: question.lab,
    signal,
    watch,
    cleanup: question.cleanup,
    trialBudgetMs: TRIAL_BUDGET_MS,
    baselineBudgetMs: BASELINE_BUDGET_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  watch({ type: 'phase', phase: 'baseline', text: 'running the statement on the copy' });
  const { summary } = await untilAborted(signal, staging.lab.baseline(snapshot.workload));
  const run = await untilAborted(signal, runOnCopy(staging.lab, statement));
  watch({ type: 'phase', phase: 'hypothesise', text: 'what would help' });
  const { advice, findings } = await untilAborted(
    signal,
    // What was run says more than the target's estimates do: where they are wrong, and what did not fit into memory.
    advise({ ...snapshot, plans: staging.lab.plans() }, statement, {
      whatIf: staging.whatIf,
      plan: planOn(staging.whatIf),
      planCost: (sql) => staging.lab.withAccepted((session) => costOn(session, statement, sql)),
    }),
  );
  watch({ type: 'phase', phase: 'evaluate', text: 'trying it on the copy' });
  const tried = await untilAborted(signal, tryAll(staging.lab, question, summary, findings));
  const workers = await tryWorkers(staging, statement, run.view, context);
  const ofTried = findings.map((finding, position) => (tried[position] === 'late' ? null : finding));
  const changed = await untilAborted(signal, plansOf(staging.lab, statement, run.view, ofTried));
  const failed = summary.failed.map(({ name, reason }) => ({ what: `measuring ${name}`, reason, remedy: null }));
  return {
    view: run.view ?? question.view,
    source: run.view ? 'lab' : 'target',
    advice: advice.map((one, position) => {
      const verdict = tried[position] ?? null;
      if (verdict === 'late')
        return untriedBecause(one, `the ${formatMs(question.budgetMs)} for trials are used up; --budget gives more`);
      return verdict && one.missing.length === 0
        ? {
            ...one,
            trial: verdict,
            rewrite: one.rewrite && { ...one.rewrite, planDifference: changed[position] ?? [] },
          }
        : untriedBecause(one, 'it is no change that a copy can try');
    }),
    parallel: workers.parallel,
    coverage: mergeCoverage(snapshot.coverage, {
      examined: [],
      skipped: [...skipped, ...staging.skipped, ...run.skipped, ...failed, ...workers.skipped],
    }),
  };
}

/** Starting workers takes some milliseconds: a shorter statement has nothing to win. */
const LEAST_MS = 50;
const WORKERS_BUDGET_MS = 6000;

/** The statement at 0, 1, 2 and 4 workers, alone and from several clients, and what keeps it from them. */
async function tryWorkers(
  { lab, place }: Staging,
  statement: WorkloadStatement,
  view: PlanView | null,
  { signal, watch }: CommandContext,
): Promise<{ readonly parallel: Explained['parallel']; readonly skipped: readonly Skipped[] }> {
  const left = (reason: string): { readonly parallel: null; readonly skipped: readonly Skipped[] } => ({
    parallel: null,
    skipped: [{ what: 'parallel workers', reason, remedy: null }],
  });
  const ms = view?.executionMs ?? null;
  if (ms === null) return left('the statement was not run on the copy');
  if (ms < LEAST_MS) return left(`it takes ${formatMs(ms)}: too short for workers to win anything`);
  const sql = shownText(statement);
  watch({ type: 'phase', phase: 'evaluate', text: 'running it with parallel workers, alone and from several clients' });
  const blockers = await untilAborted(
    signal,
    lab.withScratch((session) => findBlockers(session, sql)),
  );
  const shown = blockers && blockers.map((one) => ({ ...one }));
  if (writes(parseStatement(statement.sql)))
    return {
      parallel: { cores: availableParallelism(), load: null, alone: [], together: [], blockers: shown },
      skipped: [],
    };
  const { connection, database } = place;
  const measured = await untilAborted(
    signal,
    measureWorkers({
      open: () => connect({ ...connection, database }, { statementTimeoutMs: STATEMENT_TIMEOUT_MS }),
      sql,
      budgetMs: WORKERS_BUDGET_MS,
      check: () => signal.throwIfAborted(),
    }),
  );
  const parallel = {
    cores: measured.cores,
    load: measured.load,
    alone: [...measured.alone],
    together: measured.together.map((one) => ({ ...one, perSecond: [...one.perSecond] })),
  };
  return { parallel: { ...parallel, blockers: shown }, skipped: [] };
}

/** The statement's plan as it ran on the copy, after the `SET LOCAL` statements given, where `first` ran before; what it writes is rolled back there. */
async function runOnCopy(
  lab: OpenLab,
  statement: WorkloadStatement,
  { settings, first }: { readonly settings: string; readonly first: readonly string[] } = { settings: '', first: [] },
): Promise<{ readonly view: PlanView | null; readonly skipped: readonly Skipped[] }> {
  const sql = shownText(statement);
  const work = async (session: Session): Promise<PlanView> => {
    for (const one of first) await session.run(one);
    return runIn(session, sql, settings);
  };
  const inScratch = first.length > 0 || writes(parseStatement(statement.sql));
  try {
    const view = await (inScratch ? lab.withScratch(work) : lab.withAccepted(work));
    return { view, skipped: [] };
  } catch (thrown) {
    const error = asWizardError(thrown);
    if (error.code === 'internal' || error.code === 'run/interrupted') throw error;
    const remedy = 'The plan that is shown is that of the target, which was not run.';
    return { view: null, skipped: [{ what: 'the statement run on the copy', reason: error.message, remedy }] };
  }
}

async function runIn(session: Session, sql: string, settings: string): Promise<PlanView> {
  await session.run('BEGIN');
  try {
    await session.run(`${settings}SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    const { rows } = await session.queryText(`EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, FORMAT JSON) ${sql}`);
    return viewPlan(readPlan(rows.map(([line]) => line ?? '').join('\n')).tree);
  } finally {
    await session.run('ROLLBACK');
  }
}

/** How the plan on the copy changes with each rewrite, in their order; null for what is none, and where it can not be run. */
async function plansOf(
  lab: OpenLab,
  statement: WorkloadStatement,
  before: PlanView | null,
  findings: readonly (Finding | null)[],
): Promise<readonly (string[] | null)[]> {
  const said: (string[] | null)[] = [];
  for (const finding of findings) {
    const [action] = finding?.actions ?? [];
    const rewrite = action?.rewrite ?? null;
    const settings = rewrite?.hint ? hintSettings(rewrite.hint).join('') : '';
    const changed = rewrite && before ? { ...statement, sql: rewrite.to } : null;
    const after = changed ? (await runOnCopy(lab, changed, { settings, first: action?.up ?? [] })).view : null;
    said.push(before && after ? [...describeDifference(before, after)] : null);
  }
  return said;
}

type Verdict = NonNullable<Explained['advice'][number]['trial']>;

/** A verdict for each finding's first change, in their order; each is tried by itself, a rewrite with its indexes as one, and `late` is one for which no time was left. */
async function tryAll(
  lab: OpenLab,
  { snapshot, budgetMs }: LabQuestion,
  measured: WorkloadSummary,
  findings: readonly Finding[],
): Promise<readonly (Verdict | 'late' | undefined)[]> {
  const verdicts: (Verdict | 'late' | undefined)[] = [];
  const startedMs = performance.now();
  for (const finding of findings) {
    if (performance.now() - startedMs > budgetMs) {
      verdicts.push('late');
      continue;
    }
    const [hypothesis] = await hypothesise({ snapshot, measured, whatIf: null }, [finding]);
    if (!hypothesis) {
      verdicts.push(undefined);
      continue;
    }
    const { kind, reason } = evaluate(hypothesis, await lab.trial(hypothesis.action), measured, DEFAULT_THRESHOLDS);
    verdicts.push({ verdict: kind, reason });
  }
  return verdicts;
}
