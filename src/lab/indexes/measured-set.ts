import { specKey } from '../../indexes/candidates/candidates.js';
import { hiddenUses } from '../../indexes/measured/hidden-uses.js';
import type { MeasuredIndexSet, Objective } from '../../indexes/measured/measured-index-set.js';
import { writesOf, writesTo } from '../../indexes/measured/write-cost.js';
import type { IndexWriteCost, TableWrite } from '../../indexes/measured/write-cost.js';
import type { IndexSpec } from '../../model/action.js';
import type { Catalog } from '../../model/catalog.js';
import type { NoiseFloor } from '../../model/measurement.js';
import type { Workload } from '../../model/workload.js';
import { quoteQualified } from '../../base/quote.js';
import { readCatalog } from '../../postgres/read/catalog.js';
import { prepareCases } from '../trial/cases.js';
import { analyseExpressions, buildIndex } from './build.js';
import type { IndexBuild } from './build.js';
import { EarlierRuns } from './earlier-runs.js';
import { assembleSet, rulesOf } from './assemble.js';
import type { RefusedIndex } from './assemble.js';
import { isOver } from './case-record.js';
import { inCopy } from './copy.js';
import type { CopyOptions } from './copy.js';
import {
  FIRST_WALK_SHARE,
  MEASURING_SHARE,
  WALKING_SHARE,
  benchOf,
  leaveRestOut,
  measureCases,
  untilStopped,
} from './outer-loop.js';
import type { Measured, OuterLoop } from './outer-loop.js';
import { walkOn, walkSets } from './set-walk.js';
import { findStanding, seenStanding } from './standing.js';
import type { Runner } from './runner.js';
import { Subsets } from './subset.js';
import { measureWriteCosts } from './write-cost.js';

export interface MeasureSetOptions extends CopyOptions {
  /** What the search chose: about 1.3 times the budget, so that measuring has a choice. */
  readonly specs: readonly IndexSpec[];
  readonly workload: Workload;
  readonly budgetBytes: number;
  /** For all of it. What is under way is ended first, and what is kept is verified by one run of each statement at least. */
  readonly timeBudgetMs: number;
  /** Of one execution; 10 000 by default. The same for all sets that share `earlier`. */
  readonly statementTimeoutMs?: number;
  /** Both by default. */
  readonly objective?: Objective;
  /** What a read that matters may take of its time without any index of the set (`StatementGuard`); 1.15 by default, as in a trial. */
  readonly readTolerance?: number;
  /** The same for a write; 2 by default, as in a trial. */
  readonly writeTolerance?: number;
  /** Of the baseline, for what the time only lets run once. */
  readonly noise?: NoiseFloor;
  /** Gain that an index must bring; 0.01 by default: what a duplicate of a primary key's prefix was measured to bring. */
  readonly leastGain?: number;
  readonly allowVolatile?: boolean;
  /**
   * Indexes that may keep statements from suffering by one which the figures refuse for their sake. They are built and measured beside the others before any set is verified,
   * unless the workload writes to their tables: what writes pay is measured before anything is built.
   */
  readonly companions?: (set: Pick<MeasuredIndexSet, 'kept' | 'dropped'>) => Promise<readonly IndexSpec[]>;
  /** Names of what an earlier round kept: where one is given, better sets are looked for from there, and nothing need be kept where none stands by the end of the time. */
  readonly standing?: readonly string[];
  /** What other sets were seen to do on copies of this template, which need not be run again; what this one does is added. */
  readonly earlier?: EarlierRuns;
  /** An abort cancels what runs; what was measured by then is chosen from, and where that is nothing it rejects with `run/interrupted`. */
  readonly signal?: AbortSignal;
  readonly progress?: (phase: 'writes' | 'build' | 'measure' | 'verify', done: number, total: number) => void;
}

/**
 * Builds a set of indexes in a copy of the lab's database and keeps those which measurement confirms: the set with the least
 * total within the budget under which no statement is slower than allowed. Every figure is measured; the planner is only asked
 * what it would do. Leaves nothing behind. Throws `kernel/forbidden` for the target itself, `run/interrupted`, `lab/died`, `lab/disk-full`.
 */
export async function measureIndexSet(options: MeasureSetOptions): Promise<MeasuredIndexSet> {
  const startedMs = performance.now();
  const notes: string[] = [];
  const note = (text: string): void => {
    notes.push(text);
    options.note?.(text);
  };
  const found = await inCopy({ ...options, note }, 'indexes', (runner) =>
    measureIn(runner, options, { startedMs, note }),
  );
  return { ...found, durationMs: performance.now() - startedMs, notes };
}

async function measureIn(
  runner: Runner,
  options: MeasureSetOptions,
  { startedMs, note }: { readonly startedMs: number; readonly note: (text: string) => void },
): Promise<Omit<MeasuredIndexSet, 'durationMs' | 'notes'>> {
  const { workload, timeBudgetMs } = options;
  const allowVolatile = options.allowVolatile ?? false;
  const prepared = await runner.use((session) => prepareCases(session, workload, { rewrites: [], allowVolatile }));
  for (const text of prepared.notes) note(text);
  const opaque = new Set(prepared.cases.filter((one) => one.opaque).map((one) => one.name));
  for (const name of opaque) note(`${name}: calls a function, and which indexes that uses no plan shows`);
  const { catalog } = await runner.use(readCatalog);
  const writes = writesOf(workload, catalog);
  const { specs, refused } = usable(options.specs, catalog);
  const earlier = options.earlier ?? new EarlierRuns();
  const deadlineMs = startedMs + timeBudgetMs * WRITES_SHARE;
  const costs = await writeCosts(runner, options, { specs, writes, known: earlier.writeCosts, deadlineMs });
  for (const cost of costs) for (const text of cost.unmeasured) note(`write cost of ${cost.index}: ${text}`);
  const written = specs.filter((spec) => writesTo(writes, spec.table).length > 0).length;
  if (costs.length < written)
    note(
      `what ${written - costs.length} indexes cost the writes was not measured: it would have taken the time for the rest`,
    );
  const built = await buildAll(runner, options, specs, startedMs + timeBudgetMs / 2);
  const hiddenOf = (all: readonly IndexSpec[]): ReturnType<typeof hiddenUses> =>
    hiddenUses({ statements: workload.statements, writes }, all, catalog);
  const first: OuterLoop = {
    runner,
    subsets: new Subsets(built.builds, hiddenOf(specs)),
    prepared,
    writes,
    costs: new Map(costs.map((cost) => [cost.index, cost])),
    builds: built.builds,
    options,
    earlier,
    startedMs,
    note,
  };
  const begun = await measureAndWalk(first, standingIn(first), { walk: walkSets, share: FIRST_WALK_SHARE });
  const companions = await companionsOf(first, begun);
  const more = await buildAll(runner, options, companions, startedMs + timeBudgetMs * MEASURING_SHARE);
  const builds = [...first.builds, ...more.builds];
  const { counts } = first.subsets;
  const loop: OuterLoop =
    more.builds.length === 0
      ? first
      : { ...first, builds, subsets: new Subsets(builds, hiddenOf([...specs, ...companions]), counts) };
  const measured =
    loop === first
      ? await goOn(loop, begun)
      : await measureAndWalk(loop, begun.walked, { walk: walkOn, share: WALKING_SHARE });
  const rules = rulesOf(loop, measured.records);
  const walked = measured.walked ?? begun.walked;
  const standing = await findStanding(loop, measured.records, rules, { walked, until: 'verified' });
  loop.earlier.add(standing.records);
  return assembleSet(loop, { measured, standing, rules, refused: [...refused, ...built.refused, ...more.refused] });
}

function measureAndWalk(
  loop: OuterLoop,
  from: readonly string[] | null,
  { walk, share }: { readonly walk: typeof walkSets; readonly share: number },
): Promise<Measured> {
  return measureCases(loop, (records) => walk(loop, { records, rules: rulesOf(loop, records), from }), share);
}

/** Where no companions were asked for the walk only goes on; after an abort it ends where it was. */
async function goOn(loop: OuterLoop, begun: Measured): Promise<Measured> {
  const { records, walked: from, steadied } = begun;
  const further = await untilStopped(loop, async () => {
    const walked = await walkOn(loop, { records, rules: rulesOf(loop, records), from });
    return { walked, complete: steadied && (await leaveRestOut(loop, records, WALKING_SHARE)) };
  });
  return { ...begun, ...(further ?? { complete: false }) };
}

/** What an earlier round kept, as far as it is built; null where it kept nothing. */
function standingIn({ options: { standing = [] }, subsets }: OuterLoop): readonly string[] | null {
  const there = standing.filter((name) => subsets.all.includes(name));
  return there.length > 0 ? there : null;
}

/** What is asked for beside the indexes of a first choice, by what ran until then. */
async function companionsOf(loop: OuterLoop, measured: Measured): Promise<readonly IndexSpec[]> {
  const { companions, signal } = loop.options;
  // What can not be built in time any more need not be asked for.
  if (companions === undefined || signal?.aborted || isOver(benchOf(loop, MEASURING_SHARE))) return [];
  const rules = rulesOf(loop, measured.records);
  const standing =
    measured.walked === null
      ? await findStanding(loop, measured.records, rules, { walked: null, until: 'draft' })
      : seenStanding(measured.records, measured.walked);
  loop.earlier.add(standing.records);
  const { kept, dropped } = assembleSet(loop, { measured, standing, rules, refused: [] });
  const asked = await companions({ kept, dropped });
  const there = new Set(loop.builds.map(({ spec }) => spec.name));
  return asked.filter(({ name, table }) => !there.has(name) && writesTo(loop.writes, table).length === 0);
}

/** Names stand for indexes from here on, in plans too. */
function usable(
  specs: readonly IndexSpec[],
  catalog: Catalog,
): { readonly specs: readonly IndexSpec[]; readonly refused: readonly RefusedIndex[] } {
  const taken = new Set(catalog.indexes.map((index) => index.name));
  const refused: RefusedIndex[] = [];
  const kept = specs.filter((spec) => {
    if (!taken.has(spec.name)) {
      taken.add(spec.name);
      return true;
    }
    refused.push({
      spec,
      reason: `an index of the name ${spec.name} is there already: plans could not tell them apart`,
    });
    return false;
  });
  return { specs: kept, refused };
}

/** Before any index of the set is built: the scratch tables take on the indexes of theirs. What is not known, until the deadline. */
async function writeCosts(
  runner: Runner,
  options: MeasureSetOptions,
  {
    specs,
    writes,
    known,
    deadlineMs,
  }: {
    readonly specs: readonly IndexSpec[];
    readonly writes: readonly TableWrite[];
    readonly known: Map<string, IndexWriteCost>;
    readonly deadlineMs: number;
  },
): Promise<readonly IndexWriteCost[]> {
  const open = specs.filter((spec) => !known.has(specKey(spec)));
  let done = 0;
  const check = (): void => {
    runner.check();
    done += 1;
    options.progress?.('writes', done, open.length);
  };
  const isOver = (): boolean => performance.now() > deadlineMs;
  const measured = await runner.use((session) =>
    measureWriteCosts(session, open, (spec) => writesTo(writes, spec.table), { check, isOver }),
  );
  const byName = new Map(measured.map((cost) => [cost.index, cost]));
  for (const spec of open) {
    const cost = byName.get(spec.name);
    if (cost) known.set(specKey(spec), cost);
  }
  return specs.flatMap((spec) => {
    const cost = known.get(specKey(spec));
    return cost ? [{ ...cost, index: spec.name }] : [];
  });
}

/** Of the time, for what indexes cost the writes: 51 of them took 119 s on tables of 430 MB. The statements' own writes are run under the sets in any case. */
const WRITES_SHARE = 0.15;

async function buildAll(
  runner: Runner,
  options: MeasureSetOptions,
  specs: readonly IndexSpec[],
  deadlineMs: number,
): Promise<{ readonly builds: readonly IndexBuild[]; readonly refused: readonly RefusedIndex[] }> {
  const builds: IndexBuild[] = [];
  const refused: RefusedIndex[] = [];
  for (const [number, spec] of specs.entries()) {
    const timeoutMs = deadlineMs - performance.now();
    if (timeoutMs <= 0) {
      refused.push({ spec, reason: 'the time ran out before it was built' });
      continue;
    }
    const built = await runner.use(async (session) => {
      // A connection that was lost may have left it there, whole.
      await session.run(`DROP INDEX IF EXISTS ${quoteQualified(spec.table.schema, spec.name)}`);
      return buildIndex(session, spec, { keep: true, timeoutMs });
    });
    if ('reason' in built) refused.push({ spec, reason: built.reason });
    else builds.push(built);
    options.progress?.('build', number + 1, specs.length);
  }
  await analyseExpressions(
    runner,
    builds.map(({ spec }) => spec),
  );
  return { builds, refused };
}
