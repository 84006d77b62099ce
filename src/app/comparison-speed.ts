import { asWizardError } from '../base/errors.js';
import { formatMs } from '../base/units.js';
import { DEFAULT_THRESHOLDS, WIDEST_INTERVAL } from '../kernel/thresholds.js';
import type { LabServer } from '../lab/server.js';
import { measureBaseline } from '../lab/trial/baseline.js';
import { prepareCases, rewriteCase } from '../lab/trial/cases.js';
import type { TrialCase } from '../lab/trial/cases.js';
import { compareSides, planSides } from '../lab/trial/comparison.js';
import { planCase } from '../lab/trial/planned.js';
import type { Sides } from '../lab/trial/rounds.js';
import { labSessions } from '../lab/trial/sessions.js';
import type { CaseRecord } from '../lab/trial/summary.js';
import type { Skipped } from '../model/coverage.js';
import type { NoiseFloor } from '../model/measurement.js';
import type { StatementEffect } from '../model/verdict.js';
import type { WorkloadStatement } from '../model/workload.js';
import { exportPlanner } from '../postgres/clone/planner.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import type { ComparisonReport } from '../report/comparison/comparison-report.js';
import type { ParsedStatement } from '../sql/parse.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { copyToLab, freeLabBytes } from './lab-copy.js';
import { openTarget } from './open-target.js';
import { writtenStatement } from './written-statement.js';

export type Speed = ComparisonReport['speed'];

/** What is measured, and where. */
export interface SpeedQuestion {
  readonly source: ConnectionSettings;
  /** Gets a copy of the source, which goes with it. */
  readonly server: LabServer;
  readonly pair: readonly [ParsedStatement, ParsedStatement];
  /** For all executions together, the copying left out. */
  readonly timeBoxMs: number;
}

/** Which of two statements is faster, and what was seen on the way there. */
export interface SpeedFound {
  readonly speed: Speed;
  readonly remarks: readonly string[];
  readonly skipped: readonly Skipped[];
}

/** Copies the database and runs both statements there in turn, as a trial runs a rewrite. What stands in the way of it is the reason of an `unknown`; only an abort and faults of our own are thrown. */
export async function measureSpeed(question: SpeedQuestion, context: CommandContext): Promise<SpeedFound> {
  try {
    context.watch({ type: 'phase', phase: 'copy', text: 'copying the database, to measure both on it' });
    const { database, skipped } = await copied(question, context);
    context.watch({ type: 'phase', phase: 'baseline', text: 'running both statements in turn' });
    const measured = await measuredOn(database, question, context);
    return { ...measured, skipped };
  } catch (thrown) {
    if (thrown instanceof OutOfTime)
      return unmeasured(`it takes longer than ${formatMs(question.timeBoxMs)}; give more with --time`);
    const error = asWizardError(thrown);
    if (context.signal.aborted || error.code === 'internal' || error.code === 'run/interrupted') throw thrown;
    return unmeasured(error.message);
  }
}

/** That nothing was measured. */
export function unmeasured(reason: string): SpeedFound {
  return { speed: { ...NO_FIGURES, faster: 'unknown', reason }, remarks: [], skipped: [] };
}

const NO_FIGURES = { reason: null, first: null, second: null, timeRatio: null, noise: null, pairs: 0 };

/** Which side a trial's figures call faster, by the rules of its verdict: time beyond the noise floor and the least effect that counts, or blocks where time confirms. */
export function fasterOf(
  effect: StatementEffect,
  noise: NoiseFloor,
): { readonly faster: Speed['faster']; readonly reason: string | null } {
  const { minimalEffect, minimalPairs } = DEFAULT_THRESHOLDS;
  const { timeCiLow: low, timeCiHigh: high, beforeBuffers, afterBuffers, rounds } = effect;
  if (rounds < minimalPairs) return { faster: 'unknown', reason: `only ${rounds} pairs were measured` };
  const floor = Math.min(1 - minimalEffect, Math.exp(-noise.timeLogRatio));
  const fewer = (one: number, other: number): boolean => one < other * (1 - minimalEffect);
  if (high < floor || (high < 1 && fewer(afterBuffers, beforeBuffers))) return { faster: 'second', reason: null };
  if (low > 1 / floor || (low > 1 && fewer(beforeBuffers, afterBuffers))) return { faster: 'first', reason: null };
  if (high / low > WIDEST_INTERVAL) return { faster: 'unknown', reason: 'the times vary too much to decide' };
  return { faster: 'neither', reason: null };
}

/** The time box is over. */
class OutOfTime extends Error {}

/** The copy has to fit with as much beside it for what sorting and writing take. */
const ROOM_SHARE = 0.5;

async function copied(
  { source, server }: SpeedQuestion,
  { signal, watch }: CommandContext,
): Promise<{ readonly database: string; readonly skipped: readonly Skipped[] }> {
  const planner = await plannerOf(source, signal);
  const budgetBytes = (await freeLabBytes()) * ROOM_SHARE;
  return copyToLab({ source, lab: server.connection, planner, budgetBytes, signal, watch });
}

async function plannerOf(source: ConnectionSettings, signal: AbortSignal): ReturnType<typeof exportPlanner> {
  const { session } = await openTarget(source, signal);
  try {
    return await untilAborted(signal, exportPlanner(session));
  } finally {
    await session.close();
  }
}

/** One execution may take a sixth of the time box: a statement that is measured runs a dozen times and more, so that a slower one could not be. */
const TIMEOUT_SHARE = 1 / 6;
/** Shares of the time box, as `explain` divides its trial's. */
const BASELINE_SHARE = 0.1;
const TRIAL_SHARE = 0.2;

type Measured = Omit<SpeedFound, 'skipped'>;

async function measuredOn(
  database: string,
  { server, pair, timeBoxMs }: SpeedQuestion,
  { signal, watch }: CommandContext,
): Promise<Measured> {
  const sessions = labSessions(server.connection, signal);
  const untilMs = performance.now() + timeBoxMs;
  const check = (): void => {
    sessions.checkAborted();
    if (performance.now() > untilMs) throw new OutOfTime();
  };
  try {
    const [before, after] = [await sessions.open(database), await sessions.open(database)];
    const cases = await casesOf(before, pair);
    if ('reason' in cases) return unmeasured(cases.reason);
    if (await readsNoRows(before, [...cases.first, ...cases.second]))
      return unmeasured('the tables that they read hold no rows');
    const { records, failed, noise } = await measureBaseline(before, after, [...cases.first, ...cases.second], {
      budgetMs: timeBoxMs * BASELINE_SHARE,
      timeoutMs: timeBoxMs * TIMEOUT_SHARE,
      check,
      progress: (done, total) => watch({ type: 'work', phase: 'baseline', text: 'each against itself', done, total }),
    });
    if (failed[0]) return unmeasured(`the ${failed[0].name} ${failed[0].reason}`);
    const cutOff = cutOffOf(records);
    return cutOff ?? (await against({ before, after, check }, { ...cases, records, noise }, timeBoxMs));
  } finally {
    await sessions.closeAll();
  }
}

interface Cases {
  readonly first: readonly TrialCase[];
  /** With the values of the first's, in its order. */
  readonly second: readonly TrialCase[];
}

const [FIRST, SECOND] = ['first', 'second'] as const;

async function casesOf(
  session: Session,
  [one, other]: readonly [ParsedStatement, ParsedStatement],
): Promise<Cases | { readonly reason: string }> {
  const prepare = (statement: WorkloadStatement): ReturnType<typeof prepareCases> =>
    prepareCases(
      session,
      { source: 'file', origin: 'what was given', statements: [statement], unusable: [], since: null },
      {
        rewrites: [],
        allowVolatile: false,
      },
    );
  const first = await prepare(statementOf(FIRST, one, []));
  if (first.failed[0]) return { reason: `the first was ${first.failed[0].reason}` };
  const sets = first.cases.map(({ parameterClass, values }) => ({ class: parameterClass, values }));
  const second = await prepare(statementOf(SECOND, other, sets));
  if (second.failed[0]) return { reason: `the second was ${second.failed[0].reason}` };
  const rewrite = { fingerprint: FIRST, rule: 'given', from: one.sql, to: other.sql, proof: [] };
  return {
    first: first.cases,
    second: first.cases.map((each, at) => ({
      ...rewriteCase(each, rewrite),
      fingerprint: SECOND,
      name: SECOND,
      key: `${SECOND}#${at}`,
    })),
  };
}

function statementOf(
  name: string,
  parsed: ParsedStatement,
  parameterSets: WorkloadStatement['parameterSets'],
): WorkloadStatement {
  return writtenStatement(parsed, { fingerprint: name, name, parameterSets });
}

/** Whether the plans name tables, and none of them has a page. */
async function readsNoRows(session: Session, cases: readonly TrialCase[]): Promise<boolean> {
  const named = new Set<string>();
  for (const one of cases) for (const relation of (await planCase(session, one)).relations) named.add(relation);
  if (named.size === 0) return false;
  const [row] = await session.query<{ filled: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname::text || '.' || c.relname::text = ANY ($1::text[])
         AND (c.relkind = 'f' OR pg_catalog.pg_relation_size(c.oid) > 0)) AS filled`,
    [[...named]],
  );
  return row?.filled !== true;
}

/** Where one of the two did not finish in time; null where both finished. */
function cutOffOf(records: readonly CaseRecord[]): Measured | null {
  const timedOut = (name: string): number | null =>
    records.find(({ oneCase, timedOutMs }) => oneCase.fingerprint === name && timedOutMs !== null)?.timedOutMs ?? null;
  const [first, second] = [timedOut(FIRST), timedOut(SECOND)];
  const after = formatMs(first ?? second);
  if (first === null && second === null) return null;
  if (first !== null && second !== null)
    return unmeasured(`neither finished in ${after}; more --time gives each of them longer`);
  const slow = first === null ? SECOND : FIRST;
  const reason = `the ${slow} did not finish in ${after}`;
  return { speed: { ...NO_FIGURES, faster: first === null ? FIRST : SECOND, reason }, remarks: [] };
}

async function against(
  sides: Sides,
  { first, second, records, noise }: Cases & { readonly records: readonly CaseRecord[]; readonly noise: NoiseFloor },
  timeBoxMs: number,
): Promise<Measured> {
  const others = new Map(first.map((one, at) => [one.key, second[at] ?? one]));
  const { planned } = await planSides(
    sides,
    records.filter(({ oneCase }) => oneCase.fingerprint === FIRST),
    (one) => others.get(one.key) ?? one,
  );
  const { effects, failed, differences } = await compareSides(sides, planned, {
    rules: { typesMayDiffer: true },
    budgetMs: timeBoxMs * TRIAL_SHARE,
    progress: () => undefined,
  });
  const [effect] = effects;
  if (!effect) return unmeasured(failed[0]?.reason ?? 'nothing could be measured');
  const results = differences.filter((text) => !text.includes('columns differ'));
  return {
    speed: {
      ...fasterOf(effect, noise),
      first: { ms: effect.beforeMs, blocks: effect.beforeBuffers },
      second: { ms: effect.afterMs, blocks: effect.afterBuffers },
      timeRatio: { ratio: effect.timeRatio, low: effect.timeCiLow, high: effect.timeCiHigh },
      noise: Math.exp(noise.timeLogRatio) - 1,
      pairs: effect.rounds,
    },
    remarks: [
      ...results.map((text) => `On the copy their results differ: ${text.replace(/^first: /, '')}.`),
      ...(first[0]?.parameterClass === 'given'
        ? []
        : [`Measured with ${first.length} sets of values for $1, $2, ..., drawn from the column statistics.`]),
    ],
  };
}
