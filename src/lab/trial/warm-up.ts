import { formatMs } from '../../base/units.js';
import type { FailedCase } from '../../model/measurement.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { failedCase, reasonOf } from './measure.js';
import { isPartOfWhole } from './limited.js';
import { compareResults } from './results.js';
import type { PlannedCase } from './planned.js';
import type { Equality, ResultDigest } from './results.js';
import type { Sides } from './rounds.js';
import { digestOnce } from './sampling.js';
import { troubleOf } from './sessions.js';
import { caseMs } from './summary.js';
import type { CaseRecord } from './summary.js';

/** A case on both sides of a trial, planned. */
export interface PlannedPair {
  readonly record: CaseRecord;
  readonly afterCase: TrialCase;
  readonly before: PlannedCase;
  readonly after: PlannedCase;
}

/** A case that ran once on both sides, and is ready to be measured. */
export interface WarmPair {
  readonly pair: PlannedPair;
  readonly equality: Equality;
  /** The side that did not finish; it is measured as that timeout. */
  readonly timedOut: 'before' | 'after' | null;
  /** Of one execution of the slower side that runs, as this process saw it. */
  readonly ms: number;
}

/** What is allowed to differ. */
export interface WarmUpRules {
  /** A column's type was changed: names of result columns must be equal, their types not. */
  readonly typesMayDiffer: boolean;
}

/** What running a case once on both sides showed. */
export interface WarmResult {
  /** Null where there is nothing to measure. */
  readonly warm: WarmPair | null;
  readonly failed: FailedCase | null;
  /** How the results differ, or that the case fails with the change. */
  readonly difference: string | null;
}

/** A statement may take four times as long as last time before it counts as timed out, and 5 s at least. */
export function timeoutFor(record: CaseRecord): number {
  return record.timedOutMs ?? Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * caseMs(record));
}

/** Runs a case on both sides, compares the results, and leaves caches as they are after a run. */
export async function warmUp(sides: Sides, pair: PlannedPair, rules: WarmUpRules): Promise<WarmResult> {
  return pair.record.timedOutMs === null ? warmBoth(sides, pair, rules) : warmCutOff(sides, pair, rules);
}

const LEAST_TIMEOUT_MS = 5000;
const TIMEOUT_FACTOR = 4;

async function warmBoth(sides: Sides, pair: PlannedPair, rules: WarmUpRules): Promise<WarmResult> {
  const { record, afterCase } = pair;
  const timeoutMs = timeoutFor(record);
  const before = await timed(sides.before, record.oneCase, timeoutMs, pair.before.parallel);
  sides.check();
  if ('thrown' in before) return failed(record, reasonOf(before.thrown, timeoutMs));
  const after = await timed(sides.after, afterCase, timeoutMs, pair.after.parallel);
  sides.check();
  if ('thrown' in after) {
    if (troubleOf(after.thrown) !== 'timeout') return failedWithChange(record, after.thrown, timeoutMs);
    const equality = undecided('it timed out with the change');
    return { warm: { pair, equality, timedOut: 'after', ms: timeoutMs }, failed: null, difference: null };
  }
  return compared(sides, pair, { before, after, timeoutMs, rules });
}

/** The unchanged side ran into its timeout in the baseline: the change has the first word, and the other side then gets what is needed to see that it still does not finish. */
async function warmCutOff(sides: Sides, pair: PlannedPair, rules: WarmUpRules): Promise<WarmResult> {
  const { record, afterCase } = pair;
  const limitMs = timeoutFor(record);
  const after = await timed(sides.after, afterCase, limitMs, pair.after.parallel);
  sides.check();
  if ('thrown' in after) {
    if (troubleOf(after.thrown) !== 'timeout') return failedWithChange(record, after.thrown, limitMs);
    return failed(record, `timed out after ${formatMs(limitMs)}, with the change and without`);
  }
  const patienceMs = patience(limitMs, after.ms, isRewritten(pair));
  const before = await timed(sides.before, record.oneCase, patienceMs, pair.before.parallel);
  sides.check();
  if (!('thrown' in before)) {
    const result = await compared(sides, pair, { before, after, timeoutMs: Math.max(limitMs, patienceMs), rules });
    // It needed longer than a run is given: what it had cost when it was cut off stays its figure.
    const isCutOff = before.ms > limitMs / 2;
    return result.warm && isCutOff ? { ...result, warm: { ...result.warm, timedOut: 'before', ms: after.ms } } : result;
  }
  if (troubleOf(before.thrown) !== 'timeout') return failed(record, reasonOf(before.thrown, patienceMs));
  const equality = undecided(`the unchanged statement did not finish in ${formatMs(Math.max(limitMs, patienceMs))}`);
  return { warm: { pair, equality, timedOut: 'before', ms: after.ms }, failed: null, difference: null };
}

/** A rewrite stands on the comparison of its results, so that it is worth waiting for; any other change needs no more than to be seen to be faster. */
function patience(limitMs: number, afterMs: number, rewritten: boolean): number {
  return rewritten ? TIMEOUT_FACTOR * limitMs : Math.min(limitMs, Math.max(LEAST_TIMEOUT_MS, TIMEOUT_FACTOR * afterMs));
}

interface Timed {
  readonly digest: ResultDigest;
  readonly ms: number;
}

interface BothRan {
  readonly before: Timed;
  readonly after: Timed;
  readonly timeoutMs: number;
  readonly rules: WarmUpRules;
}

async function compared(sides: Sides, pair: PlannedPair, ran: BothRan): Promise<WarmResult> {
  const equality = await compare(sides, pair, ran);
  const warm: WarmPair = { pair, equality, timedOut: null, ms: Math.max(ran.before.ms, ran.after.ms) };
  return { warm, failed: null, difference: equality.result === 'different' ? equality.note : null };
}

/** Where results differ, the unchanged side runs once more: a statement that differs from itself proves nothing. */
async function compare(
  sides: Sides,
  pair: PlannedPair,
  { before, after, timeoutMs, rules: { typesMayDiffer } }: BothRan,
): Promise<Equality> {
  const { shape } = pair.record.oneCase;
  const rules = { shape, typesMayDiffer, sameText: !isRewritten(pair) };
  const equality = compareResults(before.digest, after.digest, rules);
  if (equality.result === 'undecided' && rules.sameText) return comparedInWhole(sides, pair, equality, timeoutMs);
  if (equality.result !== 'different') return equality;
  const again = await digestOnce(sides.before, pair.record.oneCase, timeoutMs, pair.before.parallel);
  if (compareResults(before.digest, again, rules).result !== 'different') return equality;
  return undecided('two runs of the unchanged statement differ');
}

/** What a LIMIT leaves open the whole result may settle. */
async function comparedInWhole(
  sides: Sides,
  { record }: PlannedPair,
  undecidedYet: Equality,
  timeoutMs: number,
): Promise<Equality> {
  const { oneCase } = record;
  if (oneCase.shape.loose !== null) return undecidedYet;
  const isPart = await isPartOfWhole(sides, oneCase, timeoutMs);
  sides.check();
  if (isPart === null) return undecidedYet;
  return isPart
    ? { result: 'equal', note: 'LIMIT without ORDER BY: its rows were found in the whole result' }
    : { result: 'different', note: 'rows that are not in the whole result of the unchanged side' };
}

function isRewritten({ record, afterCase }: PlannedPair): boolean {
  return record.oneCase.sql !== afterCase.sql;
}

function undecided(why: string): Equality {
  return { result: 'undecided', note: `not compared: ${why}` };
}

function failed(record: CaseRecord, reason: string): WarmResult {
  return { warm: null, failed: failedCase(record.oneCase, reason), difference: null };
}

function failedWithChange(record: CaseRecord, thrown: unknown, timeoutMs: number): WarmResult {
  const reason = `${reasonOf(thrown, timeoutMs)} with the change`;
  return { warm: null, failed: failedCase(record.oneCase, reason), difference: reason };
}

async function timed(
  session: Session,
  oneCase: TrialCase,
  timeoutMs: number,
  parallel: boolean,
): Promise<Timed | { readonly thrown: unknown }> {
  const startedMs = performance.now();
  try {
    return { digest: await digestOnce(session, oneCase, timeoutMs, parallel), ms: performance.now() - startedMs };
  } catch (thrown) {
    return { thrown };
  }
}
