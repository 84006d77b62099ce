import type { PlanModes, PlanModesOfSet } from '../../model/plan-modes.js';
import { planShape } from '../../model/plan.js';
import type { ParameterClass } from '../../model/workload.js';
import type { Session } from '../../postgres/session.js';
import { pairedBootstrap } from '../../stats/bootstrap.js';
import { median } from '../../stats/quantile.js';
import { planOf, rootOf } from '../trial/planned.js';
import { troubleOf } from '../trial/sessions.js';

/** A statement that writes nothing, as its program prepares it. */
export interface PreparedQuestion {
  readonly fingerprint: string;
  readonly name: string;
  /** With `$1, $2, ...`. */
  readonly sql: string;
  /** At least one, with a value for each parameter. */
  readonly sets: readonly ParameterValues[];
  /** For one execution. */
  readonly timeoutMs: number;
  /** For all executions of one set beyond the least rounds. */
  readonly budgetMs: number;
  readonly check: () => void;
}

export interface ParameterValues {
  readonly parameterClass: ParameterClass;
  /** As SQL literals, in the order of `$1, $2, ...`. */
  readonly values: readonly string[];
}

/** What the two modes plan, by set, without running anything. */
export interface PlannedModes {
  readonly generic: string;
  readonly custom: readonly string[];
  readonly chosen: PlanModes['chosen'];
}

const NAME = 'database_wizard_prepared';
/** The server plans five executions for their values before it weighs the generic plan (plancache.c, choose_custom_plan). */
const CUSTOM_FIRST = 5;
/**
 * Over fewer than 5 pairs one that was disturbed is an end of the interval by itself (drawn every time in 3 of 3: 1 of 27 resamples, more than the 2.5 % cut off);
 * more than 9 add little to it.
 */
const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 9;

type Mode = 'force_generic_plan' | 'force_custom_plan';

/** Prepares the statement for the time of `work`. Throws what the server refuses, such as a parameter whose type it can not tell. */
export async function withPrepared<T>(session: Session, sql: string, work: () => Promise<T>): Promise<T> {
  await session.run(`PREPARE ${NAME} AS ${sql}`);
  try {
    return await work();
  } finally {
    await session.run(`DEALLOCATE ${NAME}`);
  }
}

/** Plans a prepared statement both ways with each set, and sees which the server goes over to by itself. Runs nothing. */
export async function planModes(session: Session, { sets }: PreparedQuestion): Promise<PlannedModes> {
  for (let made = 0; made <= CUSTOM_FIRST; made += 1) {
    const set = sets[made % sets.length];
    if (set) await session.query(`EXPLAIN (FORMAT JSON) ${execution(set)}`);
  }
  const [counted] = await session.query<{ generic: boolean }>(
    'SELECT generic_plans > 0 AS generic FROM pg_catalog.pg_prepared_statements WHERE name = $1',
    [NAME],
  );
  const shapes: string[] = [];
  for (const set of sets) shapes.push(await shapeIn(session, 'force_custom_plan', set));
  const [first] = sets;
  return {
    generic: first ? await shapeIn(session, 'force_generic_plan', first) : '',
    custom: shapes,
    chosen: counted?.generic === true ? 'generic' : 'custom',
  };
}

/** Runs a prepared statement both ways with each set for which the plans differ, in turn. */
export async function measureModes(
  session: Session,
  question: PreparedQuestion,
  planned: PlannedModes,
): Promise<PlanModes> {
  const sets: PlanModesOfSet[] = [];
  for (const [position, set] of question.sets.entries()) {
    if (planned.custom[position] === planned.generic) continue;
    sets.push({
      customShape: planned.custom[position] ?? '',
      genericShape: planned.generic,
      ...(await measureSet(session, question, set)),
    });
  }
  return { fingerprint: question.fingerprint, chosen: planned.chosen, sets };
}

async function measureSet(
  session: Session,
  { timeoutMs, budgetMs, check }: PreparedQuestion,
  set: ParameterValues,
): Promise<Figures> {
  const run = (mode: Mode): Promise<Execution> => {
    check();
    return execute(session, { mode, set, timeoutMs });
  };
  const startedMs = performance.now();
  // The first of each reads what the others find in memory.
  await run('force_custom_plan');
  const isCutOff = async (): Promise<boolean> => (await orTimeout(() => run('force_generic_plan'))) === null;
  const cutOff = (await isCutOff()) && (await isCutOff());
  const rounds: Round[] = [];
  while (rounds.length < MOST_ROUNDS) {
    if (rounds.length >= LEAST_ROUNDS && performance.now() - startedMs > budgetMs) break;
    const generic = (): Promise<Execution | null> => (cutOff ? Promise.resolve(null) : run('force_generic_plan'));
    const customFirst = rounds.length % 2 === 0;
    const early = customFirst ? null : await generic();
    const custom = await run('force_custom_plan');
    rounds.push({ custom, generic: customFirst ? await generic() : early });
  }
  return summarise(set, rounds, cutOff ? timeoutMs : null);
}

/** What is measured of a set, its plans aside. */
type Figures = Omit<PlanModesOfSet, 'customShape' | 'genericShape'>;

interface Execution {
  readonly ms: number;
  readonly buffers: number;
}

interface Round {
  readonly custom: Execution;
  /** Null where it is known to run into the timeout. */
  readonly generic: Execution | null;
}

function summarise(
  { parameterClass }: ParameterValues,
  rounds: readonly Round[],
  genericTimedOutMs: number | null,
): Figures {
  const genericMs = ({ generic }: Round): number => generic?.ms ?? genericTimedOutMs ?? 0;
  const { ratio, ciLow, ciHigh } = pairedBootstrap(
    rounds.map((round) => ({ before: round.custom.ms, after: genericMs(round) })),
  );
  return {
    parameterClass,
    customMs: median(rounds.map(({ custom }) => custom.ms)),
    genericMs: median(rounds.map(genericMs)),
    customBuffers: median(rounds.map(({ custom }) => custom.buffers)),
    genericBuffers: genericTimedOutMs === null ? median(rounds.map(({ generic }) => generic?.buffers ?? 0)) : null,
    ratio,
    ciLow,
    ciHigh,
    rounds: rounds.length,
    genericTimedOutMs,
  };
}

interface Execute {
  readonly mode: Mode;
  readonly set: ParameterValues;
  readonly timeoutMs: number;
}

async function execute(session: Session, { mode, set, timeoutMs }: Execute): Promise<Execution> {
  await session.run(
    `BEGIN; SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}; SET LOCAL plan_cache_mode = ${mode}`,
  );
  try {
    const measure = 'ANALYZE, BUFFERS, TIMING OFF, SUMMARY, FORMAT JSON';
    const { root, planningMs, executionMs } = planOf(
      rootOf(await session.query(`EXPLAIN (${measure}) ${execution(set)}`)),
    );
    return {
      ms: (planningMs ?? 0) + (executionMs ?? 0),
      buffers:
        (root['Shared Hit Blocks'] ?? 0) +
        (root['Shared Read Blocks'] ?? 0) +
        (root['Temp Read Blocks'] ?? 0) +
        (root['Temp Written Blocks'] ?? 0),
    };
  } finally {
    await session.run('ROLLBACK');
  }
}

async function shapeIn(session: Session, mode: Mode, set: ParameterValues): Promise<string> {
  await session.run(`BEGIN; SET LOCAL plan_cache_mode = ${mode}`);
  try {
    return planShape(rootOf(await session.query(`EXPLAIN (FORMAT JSON) ${execution(set)}`)).Plan);
  } finally {
    await session.run('ROLLBACK');
  }
}

/** Null when the timeout ended it. */
async function orTimeout<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (thrown) {
    if (troubleOf(thrown) !== 'timeout') throw thrown;
    return null;
  }
}

function execution({ values }: ParameterValues): string {
  return `EXECUTE ${NAME} (${values.join(', ')})`;
}
