import { availableParallelism } from 'node:os';
import { WizardError, asWizardError } from '../base/errors.js';
import type { Confirmation, TrialFailure, TrialMeasurement } from '../kernel/ports.js';
import { sentText } from '../model/action.js';
import type { Action, Rewrite } from '../model/action.js';
import type { Load } from '../model/load.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { Plan } from '../model/plan.js';
import type { Workload } from '../model/workload.js';
import type { Session } from '../postgres/session.js';
import { stemOf } from './databases.js';
import { assertNoDifference } from './equivalence/gate.js';
import type { LabOptions, OpenLab } from './open-lab.js';
import { measureAccepted } from './trial/accepted.js';
import type { Accepted, AcceptedContext } from './trial/accepted.js';
import { runDown, runUp } from './trial/apply.js';
import { rewriteCase } from './trial/cases.js';
import { runConfirmation } from './trial/confirmation.js';
import type { ConfirmationOutcome } from './trial/confirmation.js';
import { assertSeparate } from './trial/instance.js';
import { labPlanOf } from './trial/lab-plan.js';
import type { LabPlan } from './trial/lab-plan.js';
import { createLayout } from './trial/layout.js';
import type { Layout } from './trial/layout.js';
import { measureLoad } from './trial/load.js';
import { createSecondTry } from './trial/second-try.js';
import type { SecondTry } from './trial/second-try.js';
import { labSessions, troubleOf } from './trial/sessions.js';
import type { LabSessions } from './trial/sessions.js';
import { hashState } from './trial/state.js';
import { caseMs, summarise } from './trial/summary.js';
import type { CaseRecord } from './trial/summary.js';
import { runTrial } from './trial/trial.js';
import type { TrialOutcome } from './trial/trial.js';

/** Opens the lab on an accepted state that is there. Throws `kernel/forbidden` when that is the target itself. */
export async function openLab(options: LabOptions): Promise<OpenLab> {
  const sessions = labSessions(options.connection, options.signal ?? null);
  const stem = stemOf(options.database);
  const layout = createLayout(sessions, options.connection.database, {
    accepted: options.database,
    before: `${stem}_trial_a`,
    after: `${stem}_trial_b`,
    next: `${stem}_next`,
    old: `${stem}_old`,
  });
  try {
    if (options.target !== null) await assertSeparate(sessions, options.database, options.target);
  } catch (thrown) {
    await sessions.closeAll();
    throw thrown;
  }
  return new MeasuringLab(options, sessions, layout);
}

class MeasuringLab implements OpenLab {
  readonly role = 'lab';
  private accepted: Accepted | null = null;
  /** As first measured: what was accepted is held against it in the end. */
  private origin: Accepted | null = null;
  /** In order, those taken up from the ledger included. */
  private readonly actions: Action[] = [];
  /** While its two databases are as it left them. */
  private confirmed: ConfirmationOutcome | null = null;
  private tried: { readonly action: Action; readonly outcome: TrialOutcome } | null = null;
  /** Accepted changes that leave no trace in the schema. */
  private readonly beyond: string[] = [];
  private readonly secondTry: SecondTry;

  constructor(
    private readonly options: LabOptions,
    private readonly sessions: LabSessions,
    private readonly layout: Layout,
  ) {
    this.secondTry = createSecondTry({
      sessions,
      layout,
      server: options.server,
      maintenance: options.connection.database,
      note: (text) => options.note?.(text),
    });
  }

  async baseline(workload: Workload): Promise<{ readonly summary: WorkloadSummary; readonly noise: NoiseFloor }> {
    this.confirmed = null;
    const { sessions, layout, options } = this;
    const budgetMs = options.baselineBudgetMs ?? BASELINE_BUDGET_MS;
    const limitMs = options.baselineLimitMs;
    const context: AcceptedContext = {
      sessions,
      layout,
      rewrites: this.rewrites(),
      allowVolatile: options.allowVolatile ?? false,
      budgetMs,
      ...(limitMs !== undefined && { limitMs: Math.max(limitMs, budgetMs) }),
      timeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      progress: (done, total) => options.progress?.('baseline', done, total),
      note: (text) => options.note?.(text),
    };
    const accepted = await this.secondTry('the baseline', () => measureAccepted(context, workload));
    this.accepted = accepted;
    this.origin ??= accepted;
    this.tried = null;
    return { summary: summarise(accepted.records, accepted.failed), noise: accepted.noise };
  }

  async trial(action: Action): Promise<TrialMeasurement | TrialFailure> {
    const { accepted } = this;
    if (!accepted) throw new WizardError('kernel/forbidden', 'A trial was asked for before any baseline');
    this.tried = null;
    this.confirmed = null;
    try {
      const equivalence =
        action.rewrite && !action.rewrite.hint ? await this.verify(action.rewrite, accepted.records) : null;
      const outcome = await this.secondTry(`the trial of "${action.title}"`, () =>
        runTrial(
          {
            ...accepted,
            sessions: this.sessions,
            layout: this.layout,
            rewritten: (oneCase) => rewriteCase(oneCase, action.rewrite),
            budgetMs: this.options.trialBudgetMs ?? 12_000,
            progress: (done, total) => this.options.progress?.('evaluate', done, total),
            note: (text) => this.options.note?.(text),
          },
          action,
        ),
      );
      const measurement = equivalence === null ? outcome.measurement : { ...outcome.measurement, equivalence };
      this.tried = { action, outcome: { ...outcome, measurement } };
      return measurement;
    } catch (thrown) {
      return { failure: failureOf(thrown) };
    }
  }

  async accept(action: Action, measured: TrialMeasurement | null): Promise<void> {
    this.confirmed = null;
    if (measured !== null && (this.tried?.action !== action || this.tried.outcome.measurement !== measured)) {
      throw new WizardError(
        'kernel/forbidden',
        `"${action.title}" was about to be accepted, and is not what was tried last`,
      );
    }
    if (action.rewrite !== null && action.up.length > 0)
      throw new WizardError(
        'kernel/forbidden',
        `"${action.title}" is a text and indexes, and one change is accepted at a time`,
      );
    if (action.rewrite === null) {
      await this.secondTry(`accepting "${action.title}"`, () =>
        this.layout.advance(async (session) => {
          await runUp(session, action);
        }),
      );
      if (action.kind === 'analyze' || action.kind === 'reindex') this.beyond.push(action.up.join(';'));
    }
    if (this.accepted && this.tried && measured !== null) {
      this.accepted = { ...this.accepted, records: this.tried.outcome.records, failed: measured.failed };
    }
    this.actions.push(action);
    this.tried = null;
  }

  async withdraw(action: Action): Promise<TrialFailure | null> {
    this.confirmed = null;
    try {
      if (action.rewrite === null && action.down.length === 0) return { failure: 'it has no way back' };
      if (action.rewrite === null)
        await this.secondTry(`withdrawing "${action.title}"`, () =>
          this.layout.advance((session) => runDown(session, action)),
        );
    } catch (thrown) {
      return { failure: failureOf(thrown) };
    }
    this.actions.splice(this.actions.indexOf(action), 1);
    this.tried = null;
    return null;
  }

  async confirm(): Promise<Confirmation | TrialFailure | null> {
    const { origin, actions, options } = this;
    this.confirmed = null;
    if (!origin || actions.length === 0) return null;
    try {
      this.confirmed = await this.secondTry('the confirmation', () =>
        runConfirmation({
          ...origin,
          actions,
          sessions: this.sessions,
          layout: this.layout,
          restoreStatistics: options.restoreStatistics ?? (() => Promise.resolve()),
          budgetMs: options.baselineBudgetMs ?? BASELINE_BUDGET_MS,
          progress: (done, total) => options.progress?.('evaluate', done, total),
        }),
      );
      return this.confirmed.confirmation;
    } catch (thrown) {
      return { failure: failureOf(thrown) };
    }
  }

  async load(clients: number): Promise<Load | TrialFailure | null> {
    const { confirmed, options } = this;
    if (!confirmed) return null;
    const { before, after } = this.layout.names;
    try {
      return await this.secondTry('the load', () =>
        measureLoad({
          sessions: this.sessions,
          before,
          after,
          records: confirmed.records,
          clients,
          cores: options.server === null ? null : availableParallelism(),
          windowMs: options.loadWindowMs ?? LOAD_WINDOW_MS,
          timeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
          progress: (done, total) => options.progress?.('evaluate', done, total),
        }),
      );
    } catch (thrown) {
      return { failure: failureOf(thrown) };
    }
  }

  async stateHash(): Promise<string> {
    const rewrites = this.rewrites().map((rewrite) => `${rewrite.fingerprint} ${sentText(rewrite)}`);
    return this.withAccepted((session) => hashState(session, [...this.beyond, ...rewrites].toSorted()));
  }

  plans(): ReadonlyMap<string, Plan> {
    const slowest = new Map<string, CaseRecord>();
    for (const record of this.accepted?.records ?? []) {
      const known = slowest.get(record.oneCase.fingerprint);
      if (record.plan && (!known || caseMs(record) > caseMs(known))) slowest.set(record.oneCase.fingerprint, record);
    }
    return new Map([...slowest].flatMap(([fingerprint, { plan }]) => (plan ? [[fingerprint, plan] as const] : [])));
  }

  planned(): readonly LabPlan[] {
    return (this.accepted?.records ?? []).map(labPlanOf);
  }

  withAccepted<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.sessions.within(this.layout.names.accepted, work);
  }

  async withScratch<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.confirmed = null;
    await this.layout.prepareAfter();
    return this.sessions.within(this.layout.names.after, work);
  }

  async close({ keepAccepted } = { keepAccepted: false }): Promise<void> {
    await this.sessions.closeAll();
    if (this.options.server !== null && !keepAccepted) return;
    // The signal that may have ended the run must not keep the databases from going.
    const sessions = labSessions(this.options.connection, null);
    const layout = createLayout(sessions, this.options.connection.database, this.layout.names);
    await (keepAccepted ? layout.dropTrials() : layout.dropAll()).catch((thrown: unknown) =>
      this.options.note?.(`the lab's databases could not be dropped: ${asWizardError(thrown).message}`),
    );
    await sessions.closeAll();
  }

  private rewrites(): readonly Rewrite[] {
    return this.actions.flatMap(({ rewrite }) => rewrite ?? []);
  }

  /** In a scratch copy, which no trial of a rewrite uses. */
  private async verify(rewrite: Rewrite, records: readonly CaseRecord[]): Promise<string> {
    const own = records.filter(({ oneCase }) => oneCase.fingerprint === rewrite.fingerprint);
    const values = own.map(({ oneCase }) => oneCase.values);
    const verify = this.options.verify ?? assertNoDifference;
    const work = (session: Session): Promise<string> => verify(session, rewrite, values);
    return this.secondTry(`verifying "${rewrite.rule}"`, () => this.withScratch(work));
  }
}

const BASELINE_BUDGET_MS = 25_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const LOAD_WINDOW_MS = 2000;

/** A trial that can not be finished as data for the kernel; an abort and faults of our own are thrown on. */
function failureOf(thrown: unknown): string {
  const error = asWizardError(thrown);
  if (error.code === 'internal' || error.code === 'run/interrupted' || error.code === 'kernel/forbidden') throw error;
  return troubleOf(error) === 'disk-full' ? `the lab ran out of disk: ${error.message}` : error.message;
}
