import { approvalsFor } from '../../deploy/approval.js';
import { freeBytes } from '../../deploy/disk.js';
import { isDue, type DeploymentRecord, type Ending } from '../../deploy/journal.js';
import { lockOf } from '../../deploy/locks.js';
import { obstaclesIn, pressureOn } from '../../deploy/obstacles.js';
import { statementsOf, toSteps, type PlanStep } from '../../deploy/plan.js';
import { settle } from '../../deploy/settle.js';
import type { PlanStatement } from '../../deploy/statement.js';
import { findIndex, readTouched } from '../../deploy/state.js';
import { asWizardError } from '../../base/errors.js';
import { durationText, formatMs } from '../../base/units.js';
import type { Skipped } from '../../model/coverage.js';
import type { ReadOnlySession } from '../../postgres/connect.js';
import { readDeployer } from '../../postgres/read/deployments.js';
import { readPressure } from '../../postgres/read/obstacles.js';
import { readTarget } from '../../postgres/read/target.js';
import type { Session } from '../../postgres/session.js';
import type { DeployReport, DeployStep } from '../../report/deploy/deploy-report.js';
import { toTarget } from '../../report/schema-parts.js';
import { tool } from '../version.js';
import { whyNoCounters } from '../../postgres/read/counters.js';
import type { DeployOptions, Subject } from './deploy.js';
import { toDecision, toWindow } from './live-facts.js';
import type { PlanFolder } from './plan-folder.js';

interface Facts {
  readonly plan: PlanFolder;
  readonly session: ReadOnlySession;
  readonly options: DeployOptions;
  readonly found: readonly string[];
  readonly journalFile: string;
}

/** What an earlier start left in the middle, by looking only. */
export async function lookAtLeftovers(session: Session, last: DeploymentRecord | null): Promise<readonly string[]> {
  if (!last?.open) return [];
  const { open } = last;
  const steps = toSteps(last.changes);
  const step = steps[open.step - 1];
  if (!step) return [];
  const doing = `step ${step.number}, "${step.title}", was being ${open.direction === 'up' ? 'applied' : 'taken back'} when an earlier start ended`;
  const deployer = await readDeployer(session);
  if (deployer) return [`${doing}; the server still works on it (process ${deployer.processId})`];
  try {
    const state = await readTouched(session, steps, last.tables);
    const { note, leftovers } = await settle(session, open, statementsOf(step, open.direction), state, false);
    return [`${doing}; ${note}${leftovers.length > 0 ? ': the next approved start removes it first' : ''}`];
  } catch (thrown) {
    return [`${doing}; ${asWizardError(thrown).message}`];
  }
}

/** The document, with a look at what is in the way just now. */
export async function toDeployReport(
  subject: Subject,
  { plan, session, options, found, journalFile }: Facts,
  outcome: 'dry-run' | Ending,
): Promise<DeployReport> {
  const { record, steps, state, drift, direction, estimate } = subject;
  const pressure = pressureOn(steps, await readPressure(session, state.tables, []));
  const free = await freeBytes(pressure);
  const due = steps.filter((step) => isDue(record?.status[step.number - 1] ?? 'pending', direction));
  const watched = isWatched(record) && direction === 'up';
  const needed = due.map((step) => estimate(step).diskBytes ?? 0).reduce((sum, bytes) => sum + bytes, 0);
  const disk = { neededBytes: direction === 'up' ? needed : 0, freeBytes: free.bytes };
  const idle = outcome === 'dry-run' && due.length === 0 && record?.open == null && !watched;
  const again = options.revert ? ' --revert' : '';
  return {
    tool,
    target: toTarget(await readTarget(session, 'production')),
    plan: plan.file,
    direction,
    outcome: idle ? 'nothing-to-do' : outcome,
    hash: record?.hash ?? null,
    staging: await toStaging(subject, session, options),
    steps: steps.map((step) => toStep(step, subject, free.bytes)),
    validation: toValidation(record, options.plan),
    found: [...found, ...(outcome === 'dry-run' ? undecidedWords(record) : [])],
    drift: [...(drift ?? [])],
    obstacles: outcome === 'dry-run' ? obstaclesIn(pressure, disk, options.limits).map(({ what }) => what) : [],
    setAside: [...plan.setAside],
    freeDiskBytes: free.bytes,
    journal: journalFile,
    command:
      outcome === 'dry-run' && !idle && record
        ? `database-wizard deploy ${options.plan} --to <url>${again}${soakWords(options)} --approve ${record.hash}`
        : null,
    coverage: {
      examined: [
        { what: 'tables that the plan touches', count: state.tables.length },
        { what: 'open transactions', count: pressure.transactions.length },
        { what: 'standbys', count: pressure.standbys.length },
      ],
      skipped: [...pressure.notLooked, ...skipped(free, drift)].map((row) => ({ ...row })),
    },
    overhead: session.overhead(),
  };
}

/** Whether an approved start would have something to decide or to take back. */
function isWatched(record: DeploymentRecord | null): boolean {
  return record !== null && (record.soak !== null || withdrawing(record) !== null);
}

/** The step that was decided to be taken back, and is not yet; null without one. */
function withdrawing({ decisions, status }: DeploymentRecord): number | null {
  const at = decisions.findIndex((decision, step) => decision?.choice === 'revert' && status[step] === 'applied');
  return at < 0 ? null : at + 1;
}

/** What an earlier start was deciding when it ended. */
function undecidedWords(record: DeploymentRecord | null): readonly string[] {
  if (!record) return [];
  const { soak, changes } = record;
  const titleOf = (step: number): string => `step ${step}, "${changes[step - 1]?.title ?? ''}"`;
  const back = withdrawing(record);
  return [
    ...(soak
      ? [
          `${titleOf(soak.step)}, is applied and was being watched when an earlier start ended; the next approved start watches it for ${formatMs(soak.soakMs)}, --revert takes it back`,
        ]
      : []),
    ...(back === null
      ? []
      : [`${titleOf(back)}, was to be taken back on its figures; the next approved start does so first`]),
  ];
}

function soakWords({ staging, revert }: DeployOptions): string {
  if (staging.soakMs === 0 || revert) return '';
  const without = staging.withoutFigures === 'refuse' ? '' : ` --without-figures ${staging.withoutFigures}`;
  return ` --soak ${durationText(staging.soakMs)} --baseline ${durationText(staging.baselineMs)}${without}`;
}

async function toStaging(
  { record }: Subject,
  session: ReadOnlySession,
  { staging }: DeployOptions,
): Promise<DeployReport['staging']> {
  const { soakMs, baselineMs, withoutFigures, limits } = staging;
  const unknown = await whyNoCounters(session);
  const before = record?.before ? (record.before.window ?? record.before.history) : null;
  return { soakMs, baselineMs, withoutFigures, limits: { ...limits }, unknown, before: before && toWindow(before) };
}

function toValidation(record: DeploymentRecord | null, plan: string): DeployReport['validation'] {
  if (!record?.validation) return null;
  const { windowMs, sample } = record.validation;
  return {
    begunAt: sample.at,
    windowMs,
    verdict: record.verified?.verdict ?? null,
    command: `database-wizard verify ${plan} --to <url>`,
  };
}

function skipped(
  free: { readonly bytes: number | null; readonly reason: string },
  drift: readonly string[] | null,
): readonly Skipped[] {
  return [
    ...(free.bytes === null ? [{ what: 'free disk on the server', reason: free.reason, remedy: null }] : []),
    ...(drift === null
      ? [
          {
            what: 'what changed since the plan was made',
            reason: 'The plan does not say what was there then: an earlier version wrote it.',
            remedy: 'Make the plan again.',
          },
        ]
      : []),
  ];
}

function toStep(step: PlanStep, { record, state, estimate }: Subject, freeDiskBytes: number | null): DeployStep {
  const status = record?.open?.step === step.number ? 'open' : (record?.status[step.number - 1] ?? 'pending');
  const decision = record?.decisions[step.number - 1];
  const { durationMs, diskBytes, walBytes, basis } = estimate(step);
  const named = [...step.up, ...step.down].find(({ table }) => table !== null)?.table;
  const show = (statement: PlanStatement): DeployStep['statements'][number] => {
    const ofIndex = statement.object ? findIndex(state, statement.object)?.table : undefined;
    const { words, blocksClients } = lockOf(statement, statement.table ?? ofIndex ?? named ?? null);
    return { sql: statement.sql, lock: words, blocksClients };
  };
  return {
    number: step.number,
    title: step.title,
    status,
    statements: step.up.map(show),
    rollback: step.down.map(show),
    noWayBack: step.migration?.noWayBack ?? null,
    notes: [...(step.migration?.notes ?? [])],
    rollbackRun: step.evidence.revertVerified,
    effect: step.evidence.effect,
    expected: { durationMs, diskBytes, walBytes, basis },
    tookMs: record?.tookMs[step.number - 1] ?? null,
    approvals: approvalsFor(step, estimate(step), freeDiskBytes).map((one) => ({
      ...one,
      evidence: [...one.evidence],
    })),
    promised: (step.evidence.promised ?? []).map((one) => ({ ...one })),
    decision: decision ? toDecision(decision, record?.windows[step.number - 1] ?? null) : null,
  };
}
