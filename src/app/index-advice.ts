import { INDEX_SEARCHERS, advisorsOf } from './advisors.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { examineTarget, givenWorkload } from './examination.js';
import { STATEMENT_TIMEOUT_MS, measureIndexes } from './index-measuring.js';
import type { SearchedIndexes } from './index-measuring.js';
import { searchIndexSet } from './index-search.js';
import type { IndexSearchOptions } from './index-search-once.js';
import { untilAborted } from './interruption.js';
import { createLabExaminer } from './lab-examiner.js';
import { handOver, type Handover } from './handover.js';
import { writeIndexOutput } from './output.js';
import { changesOfIndexes } from '../report/formats/handed.js';
import { bindWorkload } from './parameters.js';
import { openTarget } from './open-target.js';
import { stage } from './staging.js';
import type { Staging } from './staging.js';
import { tool } from './version.js';
import { noWorkload } from './workload-file.js';
import { createIndexAction } from '../advisors/actions.js';
import { WizardError } from '../base/errors.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Skipped } from '../model/coverage.js';
import type { Finding } from '../model/finding.js';
import type { FailedCase, StatementSummary } from '../model/measurement.js';
import type { Snapshot } from '../model/snapshot.js';
import type { ConnectionSettings } from '../postgres/session.js';
import type { IndexReport } from '../report/index/index-report.js';
import { toIndexReport } from '../report/index/to-index-report.js';

/** What an index selection is asked for. */
export interface IndexAdviceOptions {
  readonly target: ConnectionSettings;
  /** A file, `pg_stat_statements`, or undefined for the latter. */
  readonly workload: string | undefined;
  readonly lab: 'auto' | ConnectionSettings;
  /** Standbys whose index scans count as well. */
  readonly replicas: readonly ConnectionSettings[];
  /** Read the pages of large btrees through pgstattuple. */
  readonly exactBloat: boolean;
  readonly storageBudgetBytes: number | null;
  /** 1 counts what writes were measured to cost, 0 leaves them out. */
  readonly writeWeight: number;
  /** For searching, and the same again for measuring. */
  readonly budgetMs: number;
  readonly outFolder: string;
  /** Where migrations go beside the output folder. */
  readonly handover?: Handover | null;
  /** As the report shows it: without secrets. */
  readonly command: string;
}

/**
 * Chooses indexes for the whole workload: searched with the planner's estimates, then built and measured on a lab copy. The target is only read.
 * An abort before the search rejects with `run/interrupted`; a later one ends it with the best so far, labelled so.
 */
export async function adviseIndexes(options: IndexAdviceOptions, context: CommandContext): Promise<IndexReport> {
  const startedAt = new Date().toISOString();
  const { signal, watch } = context;
  const cleanup = createCleanup((text) => watch({ type: 'note', text }));
  try {
    const given = await givenWorkload(options.workload, context);
    watch({ type: 'phase', phase: 'examine', text: 'reading the target' });
    const { session } = await openTarget(options.target, signal);
    cleanup.add(() => session.close());
    const { snapshot } = await untilAborted(
      signal,
      examineTarget(session, given, { replicas: options.replicas, exactBloat: options.exactBloat, signal }),
    );
    const bound = bindWorkload(snapshot);
    if (bound.workload.statements.length === 0) throw noWorkload(snapshot);
    const origin: Snapshot = { ...snapshot, workload: bound.workload };
    const staging = await stage({
      source: options.target,
      session,
      snapshot: origin,
      lab: options.lab,
      signal,
      watch,
      cleanup,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    });
    const found = await searched(staging, origin, options, context);
    const { search, review, failed, baseline } = found;
    const searchInterrupted = signal.aborted;
    const { measured, alternatives, removals, skipped, measuringInterrupted } = await measureIndexes(
      staging,
      found,
      options,
      context,
    );
    const report = toIndexReport({
      tool,
      command: options.command,
      startedAt,
      finishedAt: new Date().toISOString(),
      snapshot: search.snapshot,
      workloadMs: search.workloadMs,
      baseline,
      storageBudgetBytes: options.storageBudgetBytes,
      writeWeight: options.writeWeight,
      candidates: search.candidates.length,
      mostPlannerCalls: search.mostPlannerCalls,
      selection: search.selection,
      alternatives,
      unvalued: search.unvalued,
      measured,
      removals,
      interrupted: signal.aborted,
      searchInterrupted,
      measuringInterrupted,
      review,
      actionOf: (spec) => createIndexAction(spec, search.snapshot.catalog),
      coverage: mergeCoverage(snapshot.coverage, {
        examined: [],
        skipped: [
          ...bound.skipped,
          ...staging.skipped,
          ...search.skipped,
          ...unmeasured([...failed, ...(measured?.failed ?? [])]),
          ...skipped,
          ...cutShort(signal),
        ],
      }),
      overhead: session.overhead(),
      outputFolder: options.outFolder,
    });
    await writeIndexOutput(options.outFolder, report, snapshot.catalog);
    await handOver(options.handover ?? null, changesOfIndexes(report), watch);
    return report;
  } finally {
    await cleanup.run();
  }
}

/** What measuring may choose from: the best set by the planner is not the best in reality. */
const ROOM = 1.3;

async function searched(
  staging: Staging,
  origin: Snapshot,
  options: IndexAdviceOptions,
  context: CommandContext,
): Promise<
  SearchedIndexes & {
    readonly review: readonly Finding[];
    readonly failed: readonly FailedCase[];
    readonly baseline: readonly StatementSummary[];
  }
> {
  const { signal, watch } = context;
  const { whatIf, lab } = staging;
  if (!whatIf) throw noWhatIf(staging);
  watch({ type: 'phase', phase: 'baseline', text: 'measuring the workload as it is, A against A' });
  const { summary, noise } = await untilAborted(signal, lab.baseline(origin.workload));
  const examiner = createLabExaminer({
    origin,
    onAccepted: (work) => lab.withAccepted(work),
    plans: () => lab.plans(),
    planModes: () => Promise.resolve([]),
    accepted: () => [],
  });
  const snapshot = await untilAborted(signal, examiner.examine(origin.workload, summary));
  // Before the search, which a signal may end.
  const ofLab = await untilAborted(signal, advisorsOf({}, isReview).examine(snapshot, null));
  // An invalid index has no copy in the lab.
  const ofTarget = await untilAborted(signal, advisorsOf({}, (id) => id === INVALID).examine(origin, null));
  const review = [...ofLab, ...ofTarget];
  watch({ type: 'phase', phase: 'hypothesise', text: 'searching the best set of indexes' });
  const { storageBudgetBytes } = options;
  const share = storageBudgetBytes === null ? 1 : MAIN_SHARE;
  const calls = plannerCallsFor(snapshot.workload.statements.length, options.budgetMs);
  const within: IndexSearchOptions = {
    snapshot,
    whatIf,
    lab,
    workloadMs: summary.totalMs,
    storageBytes: storageBudgetBytes === null ? null : storageBudgetBytes * ROOM,
    shownBytes: storageBudgetBytes,
    writeWeight: options.writeWeight,
    timeMs: options.budgetMs * share,
    plannerCalls: Math.ceil(calls * share),
    signal,
    note: (text) => watch({ type: 'note', text }),
  };
  const search = await searchIndexSet(within);
  const { failed, perStatement: baseline } = summary;
  const rest = { timeMs: options.budgetMs * (1 - MAIN_SHARE), plannerCalls: calls * (1 - MAIN_SHARE) };
  return { search, within, rest, review, failed, noise, baseline };
}

/** Of the time for searching; the rest is for what could stand beside the set that measurement keeps of a budget. */
const MAIN_SHARE = 0.75;

/**
 * EXPLAINs for a workload of so many statements. Unlike the time they end a search at the same place on a busy machine and a quiet one. They are those that
 * the benchmarks keep to (`npm run bench:index`): 500 for 21 statements, 2,000 for 94. More time than the usual buys more of them.
 */
function plannerCallsFor(statements: number, budgetMs: number): number {
  return Math.max(LEAST_PLANNER_CALLS, CALLS_FOR_A_STATEMENT * statements) * Math.max(1, budgetMs / USUAL_BUDGET_MS);
}

const LEAST_PLANNER_CALLS = 500;
const CALLS_FOR_A_STATEMENT = 21;
/** What `--budget` is when not given. */
const USUAL_BUDGET_MS = 300_000;

const INVALID = 'index/invalid-index';

/** Advisors of indexes, but for the one that the lab shows nothing to, and for those whose search of missing ones is made here over the whole workload and a budget. */
function isReview(id: string): boolean {
  return id.startsWith('index/') && id !== INVALID && !INDEX_SEARCHERS.has(id);
}

/** What gave no figure. */
function unmeasured(failed: readonly FailedCase[]): readonly Skipped[] {
  return failed.map(({ name, reason }) => ({ what: `statement ${name}`, reason, remedy: null }));
}

function cutShort({ aborted }: AbortSignal): readonly { what: string; reason: string; remedy: string }[] {
  const reason = 'the run was stopped by a signal: what it had found by then is shown';
  return aborted ? [{ what: 'the rest of the search and the measuring', reason, remedy: 'Run it again.' }] : [];
}

function noWhatIf({ skipped }: Staging): WizardError {
  const why = skipped.find((row) => row.what.startsWith('what-if engine'));
  return new WizardError(
    'lab/died',
    `Indexes can not be searched without the what-if engine${why ? `: ${why.reason}` : ''}`,
    {
      hint: 'Look at the note above for what the server said; `examine` and `optimize` work without it.',
    },
  );
}
