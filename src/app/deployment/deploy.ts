import { WizardError } from '../../base/errors.js';
import { Deployment } from '../../deploy/apply.js';
import type { DeploymentSetting } from '../../deploy/setting.js';
import { createConnections, type Connections } from '../../deploy/connections.js';
import { estimateStep, type StepEstimate } from '../../deploy/estimate.js';
import { listWords } from '../../deploy/faults.js';
import { planHash } from '../../deploy/hash.js';
import { lastBegun, replay, type DeploymentRecord, type Ending, type JournalEntry } from '../../deploy/journal.js';
import type { DeploymentLimits } from '../../deploy/limits.js';
import type { Staging } from '../../deploy/live/stages.js';
import { STEADY_CLOCK } from '../../deploy/live/watch.js';
import { toSteps, type Direction, type PlanStep } from '../../deploy/plan.js';
import { findIndex, readTouched, stateDifferences, type TouchedState } from '../../deploy/state.js';
import type { FileLedger } from '../../ledger/ledger.js';
import { openDeploymentSession } from '../../postgres/deployment/session.js';
import { retryWhileLocked } from '../../postgres/locked.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';
import type { DeployReport } from '../../report/deploy/deploy-report.js';
import { loadParser } from '../../sql/parse.js';
import { createCleanup } from '../cleanup.js';
import type { CommandContext } from '../command.js';
import { lookAtLeftovers, toDeployReport } from './deploy-facts.js';
import { readPlanFolder, type PlanFolder } from './plan-folder.js';
import { journalFile, lockedNow, openPlace, type Reading } from './target.js';
import { relationKey } from '../../model/catalog.js';

/** What a deployment is asked for. */
export interface DeployOptions {
  /** Folder or file. */
  readonly plan: string;
  readonly target: ConnectionSettings;
  /** Null for a dry run. */
  readonly approve: string | null;
  readonly revert: boolean;
  readonly limits: DeploymentLimits;
  readonly staging: Staging;
}

/** What is to be done, seen from the plan, the journal and the target together. */
export interface Subject {
  readonly direction: Direction;
  /** Null where there is nothing to do. */
  readonly record: DeploymentRecord | null;
  readonly steps: readonly PlanStep[];
  readonly state: TouchedState;
  /** Since the plan was made; null where the plan does not say what was there. */
  readonly drift: readonly string[] | null;
  readonly estimate: (step: PlanStep) => StepEstimate;
}

/** Shows a plan, or applies or takes it back when it is approved. The only use case that changes a target. Throws `WizardError`. */
export async function deployPlan(options: DeployOptions, context: CommandContext): Promise<DeployReport> {
  const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
  try {
    await loadParser();
    const plan = await readPlanFolder(options.plan);
    // Refused before anything is connected to.
    toSteps(plan.changes);
    const { reading, session, journal, target } = await openPlace(plan, options.target, { context, cleanup });
    const subject = await subjectOf({ plan, session, journal, target, options });
    const found = await lookAtLeftovers(session, lastBegun(journal.entries(), target));
    const facts = { plan, options, journalFile: journalFile(plan.folder) };
    if (options.approve === null || subject.record === null)
      return await toDeployReport(subject, { ...facts, session, found }, 'dry-run');
    assertApproved(options.approve, subject.record, { journal, target, subject });
    const { outcome, notes } = await carryOut(subject, subject.record, { journal, target, options, context, reading });
    const after = replay(journal.entries(), target, subject.record.hash);
    const again = { ...facts, session: await reading.session(), found: notes };
    return await toDeployReport({ ...subject, record: after }, again, outcome);
  } finally {
    await cleanup.run();
  }
}

interface Looking {
  readonly plan: PlanFolder;
  readonly session: Session;
  readonly journal: FileLedger<JournalEntry>;
  readonly target: string;
  readonly options: DeployOptions;
}

async function subjectOf({ plan, session, journal, target, options }: Looking): Promise<Subject> {
  const last = lastBegun(journal.entries(), target);
  const underWay = last !== null && (last.open !== null || last.status.includes('applied'));
  const direction = options.revert ? 'down' : 'up';
  const resumed = underWay && (options.revert || sameChanges(last, plan)) ? last : null;
  const steps = toSteps(resumed?.changes ?? plan.changes);
  const state = await retryWhileLocked(() => readTouched(session, steps, resumed?.tables));
  const estimate = (step: PlanStep): StepEstimate => estimateOf(step, plan, state);
  const drift = resumed ? [] : plan.catalog && driftSince(plan.catalog.structure, state);
  if (resumed) return { direction, record: resumed, steps, state, drift, estimate };
  if (options.revert) return { direction, record: null, steps, state, drift: [], estimate };
  if (state.locked !== null) throw lockedNow(state.locked);
  const withdrawals = withdrawalsOn(journal.entries(), target);
  const hash = planHash({ target, steps, structure: state.structure, withdrawals });
  const { structure, tables } = state;
  if (replay(journal.entries(), target, hash) === null) {
    const at = new Date().toISOString();
    await journal.append({ type: 'planned', at, target, hash, changes: plan.changes, structure, tables });
  }
  return { direction, record: replay(journal.entries(), target, hash), steps, state, drift, estimate };
}

/** Changes with the first, so that what was withdrawn is not applied again under the approval that it had. */
function withdrawalsOn(entries: readonly JournalEntry[], target: string): number {
  return entries.filter(
    (entry) => entry.target === target && entry.type === 'decided' && entry.decision.choice === 'revert',
  ).length;
}

function sameChanges(record: DeploymentRecord, plan: PlanFolder): boolean {
  return JSON.stringify(record.changes) === JSON.stringify(plan.changes);
}

/** Settings are not part of an examined catalog. */
function driftSince(was: TouchedState['structure'], { structure }: TouchedState): readonly string[] {
  const now = Object.fromEntries(Object.entries(structure).filter(([name]) => !name.startsWith('setting ')));
  return stateDifferences(was, now);
}

function estimateOf(step: PlanStep, plan: PlanFolder, state: TouchedState): StepEstimate {
  const [first] = step.up;
  const table = first?.table ?? (first?.object ? findIndex(state, first.object)?.table : undefined);
  const lab = table ? (plan.catalog?.tables[relationKey(table)] ?? null) : null;
  const target = table ? (state.sizes.get(relationKey(table)) ?? null) : null;
  return estimateStep(step, { lab, target });
}

/** Throws `deploy/approval` for another hash, saying what changed where it is an earlier one of this plan, and `deploy/drift`. */
function assertApproved(
  given: string,
  record: DeploymentRecord,
  { journal, target, subject }: { journal: FileLedger<JournalEntry>; target: string; subject: Subject },
): void {
  if (given !== record.hash) {
    const known = replay(journal.entries(), target, given);
    const changes = known ? stateDifferences(known.structure, subject.state.structure) : [];
    const why = changes.length > 0 ? listWords(changes) : 'the statements or the evidence of the plan changed';
    throw new WizardError(
      'deploy/approval',
      known ? `The hash ${given} is stale: ${why}` : `${given} is not the hash of this plan on this database`,
      { hint: 'Nothing was changed. Run the command without --approve to see the plan as it is now, with its hash.' },
    );
  }
  if (subject.direction === 'up' && subject.drift !== null && subject.drift.length > 0) {
    throw new WizardError(
      'deploy/drift',
      `What the plan touches changed since it was made: ${listWords(subject.drift)}`,
      {
        hint: 'Nothing was changed. Make a new plan of the database as it is now: `optimize`, `index` or `migrate plan`.',
      },
    );
  }
}

/** With the settings that they run under, and what ends those that were cut off. */
function approvedStatements({ changes }: DeploymentRecord): ReadonlySet<string> {
  const finishing = toSteps(changes).flatMap(({ up, down }) => [...up, ...down].flatMap(({ finish }) => finish ?? []));
  return new Set([
    ...changes.flatMap(({ up, down, migration }) => [...up, ...down, ...(migration?.settings ?? [])]),
    ...finishing,
  ]);
}

interface CarryingOut {
  readonly journal: FileLedger<JournalEntry>;
  readonly target: string;
  readonly options: DeployOptions;
  readonly context: CommandContext;
  readonly reading: Reading;
}

/** Runs it; gives how it ended, and what it found of earlier starts. */
async function carryOut(
  subject: Subject,
  record: DeploymentRecord,
  carrying: CarryingOut,
): Promise<{ readonly outcome: Ending; readonly notes: readonly string[] }> {
  const { journal, target } = carrying;
  const found: string[] = [];
  const last = lastBegun(journal.entries(), target);
  if (last?.open && last.hash !== record.hash) {
    await withDeployment(last, subject, carrying, found, (deployment) => deployment.settleOpen());
  }
  const outcome = await withDeployment(record, subject, carrying, found, (deployment) =>
    deployment.run(subject.direction),
  );
  return { outcome, notes: found };
}

async function withDeployment<T>(
  record: DeploymentRecord,
  { direction, estimate }: Subject,
  { journal, target, options, context, reading }: CarryingOut,
  found: string[],
  work: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const { watch, signal } = context;
  const note = (text: string): void => {
    if (text.startsWith('found: ')) found.push(text.slice('found: '.length));
    watch({ type: 'note', text });
  };
  const progress = (text: string, done: number, total: number): void =>
    watch({ type: 'work', phase: 'deploy', text, done, total });
  const { hash } = record;
  const connections: Connections = createConnections({
    reach: {
      reader: () => reading.session(),
      dropReader: () => reading.drop(),
      openWriter: (approved) => openDeploymentSession(options.target, approved, note),
    },
    // Both directions were shown under the hash.
    approved: { hash, statements: approvedStatements(record) },
    earlier: lastBegun(journal.entries(), target)?.backend ?? null,
    opened: (backend) =>
      journal.append({
        type: 'begun',
        at: new Date().toISOString(),
        target,
        hash,
        direction,
        backend,
        soakMs: options.staging.soakMs,
      }),
    note,
    progress,
    signal,
  });
  const setting: DeploymentSetting = {
    connections,
    journal,
    target,
    hash,
    limits: options.limits,
    staging: options.staging,
    clock: STEADY_CLOCK,
    estimate,
    note,
    phase: (text) => watch({ type: 'phase', phase: 'deploy', text }),
    progress,
    now: () => new Date().toISOString(),
    signal,
  };
  try {
    return await work(new Deployment(setting));
  } finally {
    await connections.close();
  }
}
