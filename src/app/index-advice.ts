import { INDEX_SEARCHERS, advisorsOf } from './advisors.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { examineTarget, givenWorkload } from './examination.js';
import { measureInRounds } from './index-rounds.js';
import type { MeasuredRounds } from './index-rounds.js';
import { searchIndexSet } from './index-search.js';
import type { IndexSearch } from './index-search.js';
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
import { EarlierRuns } from '../lab/indexes/earlier-runs.js';
import { measureIndexSet } from '../lab/indexes/measured-set.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Skipped } from '../model/coverage.js';
import type { Finding } from '../model/finding.js';
import type { FailedCase, NoiseFloor, StatementSummary } from '../model/measurement.js';
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
    const { search, within, review, failed, noise, baseline } = await searched(staging, origin, options, context);
    const searchInterrupted = signal.aborted;
    const { measured, alternatives } = await measure(staging, { search, within, noise }, options, context);
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
      interrupted: signal.aborted,
      searchInterrupted,
      review,
      actionOf: (spec) => createIndexAction(spec, search.snapshot.catalog),
      coverage: mergeCoverage(snapshot.coverage, {
        examined: [],
        skipped: [
          ...bound.skipped,
          ...staging.skipped,
          ...search.skipped,
          ...unmeasured([...failed, ...(measured?.failed ?? [])]),
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

/** One statement may not use up the measuring: one that comes to no end is run with the indexes and without. */
const STATEMENT_TIMEOUT_MS = 20_000;
const LONGEST_SHARE = 0.1;

/** What measuring may choose from: the best set by the planner is not the best in reality. */
const ROOM = 1.3;

async function searched(
  staging: Staging,
  origin: Snapshot,
  options: IndexAdviceOptions,
  context: CommandContext,
): Promise<{
  readonly search: IndexSearch;
  /** What it was made with, for another one. */
  readonly within: IndexSearchOptions;
  readonly review: readonly Finding[];
  readonly failed: readonly FailedCase[];
  readonly noise: NoiseFloor;
  readonly baseline: readonly StatementSummary[];
}> {
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
  const within: IndexSearchOptions = {
    snapshot,
    whatIf,
    lab,
    workloadMs: summary.totalMs,
    storageBytes: storageBudgetBytes === null ? null : storageBudgetBytes * ROOM,
    shownBytes: storageBudgetBytes,
    writeWeight: options.writeWeight,
    timeMs: options.budgetMs * (storageBudgetBytes === null ? 1 : MAIN_SHARE),
    plannerCalls: Math.ceil(
      plannerCallsFor(snapshot.workload.statements.length, options.budgetMs) *
        (storageBudgetBytes === null ? 1 : MAIN_SHARE),
    ),
    signal,
    note: (text) => watch({ type: 'note', text }),
  };
  const search = await searchIndexSet(within);
  const { failed, perStatement: baseline } = summary;
  return { search, within, review, failed, noise, baseline };
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

async function measure(
  staging: Staging,
  {
    search,
    within,
    noise,
  }: { readonly search: IndexSearch; readonly within: IndexSearchOptions; readonly noise: NoiseFloor },
  options: IndexAdviceOptions,
  { signal, watch }: CommandContext,
): Promise<MeasuredRounds> {
  const { connection, server, database, target } = staging.place;
  const earlier = new EarlierRuns(staging.lab.planned(), search.measuredCosts);
  return measureInRounds(search, {
    search: within,
    budgetBytes: options.storageBudgetBytes,
    timeMs: options.budgetMs,
    searchMs: options.budgetMs * (1 - MAIN_SHARE),
    searchCalls: plannerCallsFor(search.snapshot.workload.statements.length, options.budgetMs) * (1 - MAIN_SHARE),
    measure: async (specs, timeMs, more) => {
      watch({ type: 'phase', phase: 'evaluate', text: `building ${specs.length} indexes and measuring them` });
      const measuring = measureIndexSet({
        connection,
        server,
        template: database,
        target,
        specs,
        workload: search.snapshot.workload,
        budgetBytes: options.storageBudgetBytes ?? Number.MAX_SAFE_INTEGER,
        timeBudgetMs: timeMs,
        ...more,
        statementTimeoutMs: Math.min(STATEMENT_TIMEOUT_MS, options.budgetMs * LONGEST_SHARE),
        earlier,
        noise,
        signal,
        note: within.note,
        progress: (what, done, total) => watch({ type: 'work', phase: 'evaluate', text: WORDS[what], done, total }),
      });
      // What was searched by then is worth having.
      return measuring.catch((thrown: unknown) => {
        if (signal.aborted) return null;
        throw thrown;
      });
    },
  });
}

const WORDS = {
  writes: 'measuring what they cost the writes',
  build: 'building',
  measure: 'running each statement with all, with none, and with one left out',
  verify: 'verifying what is kept',
} as const;

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
