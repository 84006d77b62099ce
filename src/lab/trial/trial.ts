import type { IndexCheck, TrialMeasurement } from '../../kernel/ports.js';
import type { Action } from '../../model/action.js';
import type { FailedCase, NoiseFloor } from '../../model/measurement.js';
import type { Session } from '../../postgres/session.js';
import { verifyRevert } from '../revert.js';
import type { RevertCheck } from '../revert.js';
import { applyAction } from './apply.js';
import type { Applied } from './apply.js';
import type { TrialCase } from './cases.js';
import { compareSides, planSides } from './comparison.js';
import type { Comparison } from './comparison.js';
import { checkIndex } from './index-check.js';
import type { Layout } from './layout.js';
import type { Sides } from './rounds.js';
import { isTouched } from './selection.js';
import type { LabSessions } from './sessions.js';
import { storageOf, writesTouching } from './state.js';
import { summarise } from './summary.js';
import type { CaseRecord } from './summary.js';

/** What a trial starts from. */
export interface TrialContext {
  readonly sessions: LabSessions;
  readonly layout: Layout;
  readonly records: readonly CaseRecord[];
  readonly failed: readonly FailedCase[];
  readonly noise: NoiseFloor;
  /** The case with an action's rewrite in it; the same case for every other statement. */
  readonly rewritten: (oneCase: TrialCase) => TrialCase;
  readonly budgetMs: number;
  readonly progress: (done: number, total: number) => void;
  readonly note: (text: string) => void;
}

/** A trial's measurement, and the records of the accepted state should it be accepted. */
export interface TrialOutcome {
  readonly measurement: TrialMeasurement;
  readonly records: readonly CaseRecord[];
}

/** Accepted state against accepted state + one action. Throws what ends it: `lab/statement` when `up` fails, else what the server or an abort did. */
export async function runTrial(context: TrialContext, action: Action): Promise<TrialOutcome> {
  const { sessions, layout } = context;
  // Another text may come with indexes of its own, which are built on the one side only.
  const textOnly = action.rewrite !== null && action.up.length === 0;
  await layout.prepareBefore();
  if (!textOnly) await layout.prepareAfter();
  const after = textOnly ? layout.names.before : layout.names.after;
  const applied = textOnly ? NOTHING_APPLIED : await sessions.within(after, (session) => applyAction(session, action));
  const measured = await onBothSides(context, after, (sides) => measureSides(context, sides, action));
  for (const text of [...applied.broken, ...measured.comparison.notes]) context.note(text);
  const { index } = action;
  const indexCheck =
    index !== null && measured.comparison.uncompared.length > 0
      ? await sessions.within(after, (session) => checkIndex(session, index))
      : null;
  const revert = await sessions.within(after, (session) => revertOf(session, action, applied));
  const rewritten = action.kind === 'rewrite';
  return {
    records: measured.records,
    measurement: assemble(context, { applied, measured, indexCheck, revert, rewritten }),
  };
}

const NOTHING_APPLIED: Applied = { basis: null, applyMs: 0, broken: [] };

interface Measured {
  readonly comparison: Comparison;
  readonly records: readonly CaseRecord[];
  readonly storageBytesBefore: number;
  readonly storageBytesAfter: number;
}

/** Sessions of their own: a setting tied to a database takes effect with the next session only. */
async function onBothSides<T>(context: TrialContext, after: string, work: (sides: Sides) => Promise<T>): Promise<T> {
  const { sessions, layout } = context;
  return sessions.within(layout.names.before, (one) =>
    sessions.within(after, (other) => work({ before: one, after: other, check: () => sessions.checkAborted() })),
  );
}

async function measureSides(context: TrialContext, sides: Sides, action: Action): Promise<Measured> {
  // Before any write leaves dead rows behind.
  const storageBytesBefore = await storageOf(sides.before, action.tables);
  const storageBytesAfter = await storageOf(sides.after, action.tables);
  const facts = { action, writesTouched: await writesTouching(sides.before, action.tables) };
  const plans = await planSides(sides, context.records, context.rewritten);
  const touched = new Set(
    plans.planned
      .filter((pair) => isTouched(pair.record, pair.before, pair.after, facts))
      .map((pair) => pair.record.oneCase.fingerprint),
  );
  const chosen = plans.planned.filter((pair) => touched.has(pair.record.oneCase.fingerprint));
  if (chosen.some((pair) => pair.record.oneCase.soils)) context.layout.soil();
  const ran = await compareSides(sides, chosen, {
    rules: { typesMayDiffer: action.kind === 'alter-column-type' },
    budgetMs: context.budgetMs,
    progress: context.progress,
  });
  const comparison = {
    ...ran,
    failed: [...plans.failed, ...ran.failed],
    differences: [...plans.failed.map((one) => `${one.name}: ${one.reason}`), ...ran.differences],
  };
  return { comparison, records: carryOver(context.records, ran.records), storageBytesBefore, storageBytesAfter };
}

/** Measured cases as measured; every other as last known. */
export function carryOver(accepted: readonly CaseRecord[], measured: readonly CaseRecord[]): readonly CaseRecord[] {
  const fresh = new Map(measured.map((record) => [record.oneCase.key, record]));
  return accepted.map((record) => fresh.get(record.oneCase.key) ?? { ...record, carriedOver: true });
}

async function revertOf(session: Session, action: Action, applied: Applied): Promise<RevertCheck> {
  if (applied.basis === null)
    return {
      verified: true,
      note: action.rewrite?.hint
        ? 'a hint changes no schema: to send the statement without it is its revert'
        : 'a rewrite changes no schema: the old text is its revert',
    };
  return verifyRevert(session, action, applied.basis);
}

/** The same text on both sides may leave some results open; of another text every result must have been seen to be equal. */
export function areEqual(comparison: Comparison, rewritten: boolean): boolean | null {
  if (comparison.differences.length > 0) return false;
  if (comparison.equal === 0 || (rewritten && comparison.undecided > 0)) return null;
  return true;
}

function assemble(
  context: TrialContext,
  parts: {
    readonly applied: Applied;
    readonly measured: Measured;
    readonly indexCheck: IndexCheck | null;
    readonly revert: RevertCheck;
    /** Another text, not only other settings. */
    readonly rewritten: boolean;
  },
): TrialMeasurement {
  const { applied, measured, indexCheck, revert, rewritten } = parts;
  const { comparison } = measured;
  const failed = [...context.failed, ...comparison.failed];
  return {
    statements: comparison.effects,
    failed,
    resultsEqual: areEqual(comparison, rewritten),
    resultDifferences: comparison.differences,
    resultsUncompared: comparison.uncompared,
    indexCheck,
    revertVerified: revert.verified,
    revertNote: revert.note,
    constraintsIntact: applied.broken.length === 0,
    storageBytesBefore: measured.storageBytesBefore,
    storageBytesAfter: measured.storageBytesAfter,
    applyMs: applied.applyMs,
    workloadAfter: summarise(measured.records, failed),
    noise: context.noise,
  };
}
