import { WizardError } from '../../base/errors.js';
import type { MigrationTrial, TriedRevert, TriedStep } from '../../model/migration-trial.js';
import type { Session } from '../../postgres/session.js';
import { readState, stateDifferences, type SchemaState } from '../trial/state.js';
import { troubleOf } from '../trial/sessions.js';

/** A step of a planned migration as it is run. */
export interface MigrationTrialStep {
  /** SETs that hold for its statements. */
  readonly settings: readonly string[];
  readonly up: readonly string[];
  /** Empty where there is nothing to take back, or no way back. */
  readonly down: readonly string[];
  readonly transactional: boolean;
  readonly downTransactional: boolean;
  readonly noWayBack: string | null;
  /** The first step whose change its way back takes back as well. */
  readonly takesBackFrom: number | null;
}

/** Runs the steps of a migration on a copy, one after the other, and their ways back, last first; the catalog is held against that before each. Throws what is no fault of a statement. */
export async function tryMigration(
  session: Session,
  steps: readonly MigrationTrialStep[],
  progress: (text: string, done: number) => void,
): Promise<MigrationTrial> {
  const before: SchemaState[] = [await readState(session)];
  const applied: Omit<TriedStep, 'revert'>[] = [];
  let failure: string | null = null;
  for (const [at, step] of steps.entries()) {
    progress(`step ${at + 1}`, at);
    const start = await readMeter(session);
    const startedMs = performance.now();
    failure = await failureOf(() => runStep(session, step, step.up, step.transactional));
    if (failure !== null) {
      // A build that failed leaves an invalid index, which its way back drops.
      if (!step.transactional) await failureOf(() => runStep(session, step, step.down, step.downTransactional));
      break;
    }
    const applyMs = performance.now() - startedMs;
    const end = await readMeter(session);
    applied.push({ applyMs, walBytes: end.wal - start.wal, addedBytes: end.size - start.size });
    before.push(await readState(session));
  }
  const reverts = await goBack(session, steps.slice(0, applied.length), before, progress);
  return { steps: applied.map((one, at) => ({ ...one, revert: reverts[at] ?? NO_WAY })), failure };
}

const NO_WAY: TriedRevert = { outcome: 'no-way', note: '' };

/** Steps whose change goes along with that of one before them, or was taken back by a later one, are judged with the step where that ends. What a later step left is not laid to those before it. */
async function goBack(
  session: Session,
  steps: readonly MigrationTrialStep[],
  before: readonly SchemaState[],
  progress: (text: string, done: number) => void,
): Promise<readonly TriedRevert[]> {
  const found = steps.map((): TriedRevert => NO_WAY);
  const told = new Set<string>();
  let from = steps.length;
  let pending: number[] = [];
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const step = steps[at];
    const state = before[at];
    if (!step || !state || step.noWayBack !== null) break;
    progress(`taking back step ${at + 1}`, 2 * steps.length - at);
    const failure = await failureOf(() => runStep(session, step, step.down, step.downTransactional));
    if (failure !== null) {
      found[at] = { outcome: 'failed', note: failure };
      break;
    }
    pending.push(at);
    if (step.takesBackFrom !== null) from = Math.min(from, step.takesBackFrom - 1);
    if (from < at || (step.down.length === 0 && at > 0)) continue;
    const differences = stateDifferences(state, await readState(session)).filter((one) => !told.has(one));
    for (const one of differences) told.add(one);
    const note = differences.slice(0, 3).join('; ');
    const judged: TriedRevert = { outcome: note === '' ? 'as-before' : 'not-as-before', note };
    for (const one of pending) found[one] = steps[one]?.down.length === 0 ? ALONG : judged;
    [pending, from] = [[], steps.length];
  }
  return found;
}

const ALONG: TriedRevert = { outcome: 'along', note: '' };

async function runStep(
  session: Session,
  { settings }: MigrationTrialStep,
  statements: readonly string[],
  transactional: boolean,
): Promise<void> {
  if (statements.length === 0) return;
  try {
    for (const sql of settings) await session.run(sql);
    if (transactional) await session.run('BEGIN');
    for (const sql of statements) await session.run(sql);
    if (transactional) await session.run('COMMIT');
  } catch (thrown) {
    if (transactional) await session.run('ROLLBACK').catch(() => undefined);
    throw thrown;
  } finally {
    if (settings.length > 0)
      await session.run('RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL').catch(() => undefined);
  }
}

/** The server's words where a statement is at fault. */
async function failureOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (thrown) {
    if (troubleOf(thrown) !== 'statement' || !(thrown instanceof WizardError)) throw thrown;
    return thrown.message;
  }
}

async function readMeter(session: Session): Promise<{ readonly wal: number; readonly size: number }> {
  const [row] = await session.query<{ wal: number; size: number }>(
    `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::float8 AS wal,
       pg_catalog.pg_database_size(pg_catalog.current_database())::float8 AS size`,
  );
  return row ?? { wal: 0, size: 0 };
}
