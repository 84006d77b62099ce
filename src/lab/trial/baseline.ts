import { formatMs } from '../../base/units.js';
import type { FailedCase, NoiseFloor } from '../../model/measurement.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { failedCase, inOrder, reasonOf } from './measure.js';
import { planCase } from './planned.js';
import type { PlannedCase } from './planned.js';
import { BASELINE_PAIRS, planPairs, runPairs } from './rounds.js';
import type { CasePairs, PairedCase, Sides } from './rounds.js';
import { executeOnce, executeOrCutOff } from './sampling.js';
import type { Execution } from './sampling.js';
import { byStatement, noiseOf } from './summary.js';
import type { CaseRecord } from './summary.js';

/** The accepted state, measured against itself. */
export interface BaselineMeasurement {
  readonly records: readonly CaseRecord[];
  readonly failed: readonly FailedCase[];
  readonly noise: NoiseFloor;
}

export interface BaselineOptions {
  readonly budgetMs: number;
  /** Cases that were not begun by then are not run; none by default. */
  readonly limitMs?: number;
  /** For each execution. */
  readonly timeoutMs: number;
  /** Called before each statement and between pairs; throws to end the baseline. */
  readonly check: () => void;
  readonly progress: (done: number, total: number) => void;
}

/**
 * Measures every case on two copies of the same state, interleaved; both sides' samples count as the accepted state.
 * Reads first: the dead rows of writes can not disturb them then.
 */
export async function measureBaseline(
  one: Session,
  other: Session,
  cases: readonly TrialCase[],
  options: BaselineOptions,
): Promise<BaselineMeasurement> {
  const startedMs = performance.now();
  const found: Found = { records: [], failed: [], measured: [] };
  const sides = { before: one, after: other, check: options.check };
  const reads = cases.filter((item) => !item.soils);
  const writes = cases.filter((item) => item.soils);
  const allMs = options.limitMs ?? Number.POSITIVE_INFINITY;
  const readsMs = writes.length > 0 ? allMs * (1 - WRITES_SHARE) : allMs;
  for (const group of [reads, writes]) {
    const spentMs = performance.now() - startedMs;
    const limitMs = group === reads ? readsMs : Math.max(allMs - spentMs, allMs * WRITES_SHARE);
    const doneBefore = group === writes ? reads.length * 2 : 0;
    const progress = (done: number): void => options.progress(doneBefore + done, cases.length * 2);
    const budgetMs = options.budgetMs - spentMs;
    await measureCases(sides, group, { ...options, budgetMs, limitMs, progress }, found);
  }
  const byKey = new Map(found.records.map((record) => [record.oneCase.key, record]));
  const records = inOrder(cases, (one) => one).flatMap(({ key }) => byKey.get(key) ?? []);
  return { records, failed: found.failed, noise: noiseOf(found.measured) };
}

/** Of the limit, for writes, however long the reads took: what an index costs is not seen without them. */
const WRITES_SHARE = 0.25;

interface Found {
  readonly records: CaseRecord[];
  readonly failed: FailedCase[];
  readonly measured: (readonly CasePairs[])[];
}

async function measureCases(
  sides: Sides,
  cases: readonly TrialCase[],
  options: BaselineOptions & { readonly limitMs: number },
  found: Found,
): Promise<void> {
  const startedMs = performance.now();
  const warm: WarmCase[] = [];
  const patience = new Patience(options.timeoutMs);
  const left = new Map<string, FailedCase>();
  for (const [number, oneCase] of firstSetsFirst(cases).entries()) {
    options.check();
    const reason = patience.reason(oneCase, performance.now() - startedMs > options.limitMs);
    if (reason !== null) {
      left.set(oneCase.fingerprint, failedCase(oneCase, reason));
      continue;
    }
    const isKnownNoise = found.measured.length + warm.length >= NOISE_STATEMENTS;
    const isLate = isKnownNoise && performance.now() - startedMs > options.budgetMs;
    const result = await warmUp(sides, oneCase, { ...options, isLate });
    if ('reason' in result) found.failed.push(failedCase(oneCase, result.reason));
    else if ('timedOutMs' in result) found.records.push(result);
    else warm.push(result);
    if (!('reason' in result)) patience.spend(oneCase, finishedMs(result));
    options.progress(number + 1, cases.length * 2);
  }
  found.failed.push(...left.values());
  const statements = byStatement(warm, (item) => item.oneCase);
  const expected = statements.map((group) => ({
    totalMs: group.reduce((sum, item) => sum + item.ms, 0),
    cases: group.length,
  }));
  const pairs = planPairs(expected, options.budgetMs - (performance.now() - startedMs), BASELINE_PAIRS);
  for (const [number, group] of statements.entries()) {
    options.check();
    const results = await measureStatement(sides, group, pairs[number] ?? 1, { ...options, number });
    const failure = results.find((result) => result.failure !== null)?.failure ?? null;
    if (failure) found.failed.push(...group.map(({ oneCase }) => failedCase(oneCase, failure.reason)));
    else {
      found.measured.push(results);
      found.records.push(...group.map((item, i) => recordOf(item, results[i] as CasePairs)));
    }
    options.progress(cases.length + Math.round(((number + 1) / statements.length) * cases.length), cases.length * 2);
  }
}

/** Where time is short, every statement is run once before any is run with further values. */
function firstSetsFirst(cases: readonly TrialCase[]): readonly TrialCase[] {
  return cases.toSorted((a, b) => a.parameterSet - b.parameterSet);
}

/** A statement that is slow with the first of its parameter sets is measured with few of them: each costs some ten executions in every trial. */
class Patience {
  private readonly spent = new Map<string, { finished: number; cutOff: number; ms: number }>();

  constructor(private readonly timeoutMs: number) {}

  /** `ms` of one execution; null for one that was cut off. */
  spend({ fingerprint }: TrialCase, ms: number | null): void {
    const { finished, cutOff, ms: before } = this.of(fingerprint);
    this.spent.set(fingerprint, {
      finished: finished + (ms === null ? 0 : 1),
      cutOff: cutOff + (ms === null ? 1 : 0),
      ms: before + (ms ?? this.timeoutMs),
    });
  }

  /** Why it is not run; null where it is. After half of what one execution may take; what was cut off says little, so that one that finishes is sought, once. */
  reason({ fingerprint }: TrialCase, isOver: boolean): string | null {
    const { finished, cutOff, ms } = this.of(fingerprint);
    const sets = finished + cutOff;
    if (isOver && sets === 0)
      return 'not run: the statements before it took the time that there is to measure them all';
    if (!isOver && (ms < this.timeoutMs / 2 || (finished === 0 && cutOff <= 1))) return null;
    return `all but ${sets} of its parameter sets, as ${sets === 1 ? 'it takes' : 'they take'} ${formatMs(ms)}`;
  }

  private of(fingerprint: string): { finished: number; cutOff: number; ms: number } {
    return this.spent.get(fingerprint) ?? { finished: 0, cutOff: 0, ms: 0 };
  }
}

/** From here on the warm-up is one of the pairs: a second run of such a statement is hardly faster, and costs too much. */
const WARM_UP_COUNTS_MS = 1000;

/** So many of a workload say how far two runs of the same are apart: once they are measured and the time is used up, a slow statement runs once. */
const NOISE_STATEMENTS = 20;

interface WarmCase {
  readonly oneCase: TrialCase;
  readonly planned: PlannedCase;
  readonly before: Execution;
  readonly after: Execution;
  /** Of one execution when warm. */
  readonly ms: number;
}

async function warmUp(
  sides: Sides,
  oneCase: TrialCase,
  options: BaselineOptions & { readonly isLate: boolean },
): Promise<WarmCase | CaseRecord | { readonly reason: string }> {
  try {
    const planned = await planCase(sides.before, oneCase);
    const before = await executeOrCutOff(sides.before, oneCase, options.timeoutMs);
    options.check();
    const single = { oneCase, planned, carriedOver: false };
    if ('cutOff' in before) return { ...single, samples: [before.cutOff], plan: null, timedOutMs: options.timeoutMs };
    if (options.isLate && before.sample.executionMs >= WARM_UP_COUNTS_MS)
      return { ...single, samples: [before.sample], plan: before.plan, timedOutMs: null };
    const after = await executeOnce(sides.after, oneCase, options.timeoutMs);
    return { oneCase, planned, before, after, ms: Math.min(before.sample.executionMs, after.sample.executionMs) };
  } catch (thrown) {
    options.check();
    return { reason: reasonOf(thrown, options.timeoutMs) };
  }
}

/** Of one execution; null where none came to its end. */
function finishedMs(one: WarmCase | CaseRecord): number | null {
  if ('ms' in one) return one.ms;
  return one.timedOutMs === null ? (one.samples[0]?.executionMs ?? null) : null;
}

async function measureStatement(
  sides: Sides,
  group: readonly WarmCase[],
  pairs: number,
  options: BaselineOptions & { readonly number: number },
): Promise<readonly CasePairs[]> {
  const counts = group.every((item) => item.ms >= WARM_UP_COUNTS_MS);
  const paired: PairedCase[] = group.map(({ oneCase, ms }) => ({
    before: oneCase,
    after: oneCase,
    timeoutMs: options.timeoutMs,
    expectedMs: ms,
    timedOut: false,
    beforeCutOff: null,
  }));
  const results = await runPairs(sides, paired, counts ? pairs - 1 : pairs, options.number);
  if (!counts) return results;
  return results.map((result, i) => {
    const warm = group[i] as WarmCase;
    return { ...result, before: [warm.before.sample, ...result.before], after: [warm.after.sample, ...result.after] };
  });
}

function recordOf(item: WarmCase, pairs: CasePairs): CaseRecord {
  return {
    oneCase: item.oneCase,
    samples: pairs.censored ? pairs.before : pairs.before.flatMap((sample, i) => [sample, pairs.after[i] ?? sample]),
    planned: item.planned,
    plan: pairs.planBefore ?? item.before.plan,
    carriedOver: false,
    timedOutMs: null,
  };
}
