import type { FailedCase, NoiseFloor } from '../../model/measurement.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { failedCase, inOrder, reasonOf } from './measure.js';
import { planCase } from './planned.js';
import type { PlannedCase } from './planned.js';
import { compareResults } from './results.js';
import type { ResultDigest } from './results.js';
import { BASELINE_PAIRS, planPairs, runPairs } from './rounds.js';
import type { CasePairs, PairedCase } from './rounds.js';
import { digestOnce } from './sampling.js';
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
  /** For each execution. */
  readonly timeoutMs: number;
  /** Called before each statement and between pairs; throws to end the baseline. */
  readonly check: () => void;
  readonly progress: (done: number, total: number) => void;
}

/** Measures every case on two copies of the same state, interleaved; both sides' samples count as the accepted state. */
export async function measureBaseline(
  one: Session,
  other: Session,
  cases: readonly TrialCase[],
  options: BaselineOptions,
): Promise<BaselineMeasurement> {
  const startedMs = performance.now();
  const failed: FailedCase[] = [];
  const warm: WarmCase[] = [];
  for (const oneCase of inOrder(cases, (item) => item)) {
    options.check();
    const result = await warmUp(one, other, oneCase, options);
    if ('reason' in result) failed.push(failedCase(oneCase, result.reason));
    else warm.push(result);
    options.progress(warm.length + failed.length, cases.length * 2);
  }
  const statements = byStatement(warm, (item) => item.oneCase);
  const expected = statements.map((group) => ({ totalMs: group.reduce((sum, item) => sum + item.ms, 0), cases: group.length }));
  const pairs = planPairs(expected, options.budgetMs - (performance.now() - startedMs), BASELINE_PAIRS);
  const records: CaseRecord[] = [];
  const measured: (readonly CasePairs[])[] = [];
  for (const [number, group] of statements.entries()) {
    options.check();
    const paired = group.map(({ oneCase, ms }) => pairedWithItself(oneCase, ms, options.timeoutMs));
    const results = await runPairs({ before: one, after: other, check: options.check }, paired, pairs[number] ?? 2, number);
    const failure = results.find((result) => result.failure !== null)?.failure ?? null;
    if (failure) failed.push(...group.map(({ oneCase }) => failedCase(oneCase, failure.reason)));
    else {
      measured.push(results);
      records.push(...group.map((item, i) => recordOf(item, results[i] as CasePairs)));
    }
    options.progress(cases.length + Math.round(((number + 1) / statements.length) * cases.length), cases.length * 2);
  }
  return { records, failed, noise: noiseOf(measured) };
}

interface WarmCase {
  readonly oneCase: TrialCase;
  readonly planned: PlannedCase;
  readonly digest: ResultDigest;
  readonly deterministic: boolean;
  /** Of one execution when warm, as this process saw it. */
  readonly ms: number;
}

async function warmUp(
  one: Session,
  other: Session,
  oneCase: TrialCase,
  options: BaselineOptions,
): Promise<WarmCase | { readonly reason: string }> {
  try {
    const planned = await planCase(one, oneCase.sql);
    const digest = await digestOnce(one, oneCase, options.timeoutMs, planned.parallel);
    const startedMs = performance.now();
    const again = await digestOnce(other, oneCase, options.timeoutMs, planned.parallel);
    const ms = performance.now() - startedMs;
    const equality = compareResults(digest, again, { shape: oneCase.shape, typesMayDiffer: false, sameText: true, deterministic: true });
    return { oneCase, planned, digest, deterministic: equality.result !== 'different', ms };
  } catch (thrown) {
    options.check();
    return { reason: reasonOf(thrown, options.timeoutMs) };
  }
}

function pairedWithItself(oneCase: TrialCase, expectedMs: number, timeoutMs: number): PairedCase {
  return { before: oneCase, after: oneCase, timeoutMs, expectedMs, timedOut: false };
}

function recordOf(item: WarmCase, pairs: CasePairs): CaseRecord {
  return {
    oneCase: item.oneCase,
    samples: pairs.censored ? pairs.before : pairs.before.flatMap((sample, i) => [sample, pairs.after[i] ?? sample]),
    planned: item.planned,
    plan: pairs.planBefore,
    digest: item.digest,
    deterministic: item.deterministic,
    carriedOver: false,
  };
}
