import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import { formatCount } from '../../base/units.js';
import { partitionFamily } from '../../indexes/facts.js';
import type { MeasuredRemovals, Removal, StayingIndex } from '../../indexes/measured/measured-removals.js';
import { READ_TOLERANCE } from '../../indexes/measured/statement-guard.js';
import { writesOf } from '../../indexes/measured/write-cost.js';
import type { TableWrite } from '../../indexes/measured/write-cost.js';
import { createIndexSql } from '../../model/action.js';
import type { Action, IndexSpec } from '../../model/action.js';
import { placeOf, sameRelation } from '../../model/catalog.js';
import type { Catalog } from '../../model/catalog.js';
import type { NoiseFloor } from '../../model/measurement.js';
import type { Workload } from '../../model/workload.js';
import type { Session } from '../../postgres/session.js';
import { readCatalog } from '../../postgres/read/catalog.js';
import { readRevertBasis, verifyRevert } from '../revert.js';
import { runUp } from '../trial/apply.js';
import { prepareCases } from '../trial/cases.js';
import { WRITE_TOLERANCE } from './assemble.js';
import { analyseExpressions, storedIndex } from './build.js';
import { isOver } from './case-record.js';
import type { Bench } from './case-record.js';
import { onceTolerance } from './chance.js';
import { inCopy } from './copy.js';
import type { CopyOptions } from './copy.js';
import { RemovalTrial, casesTouched, totalsOf } from './removal-trial.js';
import type { Runner } from './runner.js';
import type { ChoiceRules } from './settle.js';
import { Subsets } from './subset.js';
import type { SubsetIndex } from './subset.js';

export interface RemovalOptions extends CopyOptions {
  /** What the set keeps: built first, for it may serve in the place of what goes. */
  readonly kept: readonly IndexSpec[];
  /** Which indexes might go, by the catalog of the copy with the kept ones in it. */
  readonly removals: (catalog: Catalog) => Promise<readonly Removal[]>;
  readonly workload: Workload;
  /** For running statements; the kept indexes are built beforehand. */
  readonly timeBudgetMs: number;
  /** Of one execution. */
  readonly statementTimeoutMs: number;
  readonly noise?: NoiseFloor;
}

/**
 * Drops indexes that are there in a copy of the lab's database, all together, beside the kept ones of a set, and runs every statement that plans otherwise then or that pays for them, with them and without, turn by turn. What
 * a statement misses stays, and the rest is run again, until nothing is missed; then they are really dropped and made again. Null where nothing might go. Throws `kernel/forbidden` for the target itself,
 * `run/interrupted`, `lab/died`, `lab/disk-full`.
 */
export function measureRemovals(options: RemovalOptions): Promise<MeasuredRemovals | null> {
  return inCopy(options, 'removals', (runner) => measureIn(runner, options));
}

async function measureIn(runner: Runner, options: RemovalOptions): Promise<MeasuredRemovals | null> {
  await buildKept(runner, options.kept);
  const { catalog } = await runner.use(readCatalog);
  const removals = await options.removals(catalog);
  if (removals.length === 0) return null;
  const members: Member[] = [];
  for (const removal of removals) members.push(await memberOf(runner, removal));
  const { cases, failed } = await runner.use((session) =>
    prepareCases(session, options.workload, { rewrites: [], allowVolatile: false }),
  );
  const bench: Bench = {
    runner,
    subsets: new Subsets(members, new Map()),
    timeoutMs: options.statementTimeoutMs,
    deadlineMs: performance.now() + options.timeBudgetMs,
  };
  const paying = payersOf(writesOf(options.workload, catalog), catalog, removals);
  if (!(await runner.use((session) => countsScans(session)))) return nothingGone(members, NOT_COUNTED);
  const seen = await casesTouched(bench, { cases, paying: new Set(paying) });
  if (seen === null) return nothingGone(members, NOT_ALL_RAN);
  const { touched, refused, unended } = seen;
  const trial = await new RemovalTrial(bench, touched, guardRules(options)).find();
  const { gone, stay, perStatement } = trial;
  const isGone = ({ spec }: Member): boolean => gone.includes(spec.name);
  const going = members.filter(isGone).map(({ removal, sizeBytes }) => ({ ...removal, sizeBytes }));
  const back = await wayBack(bench, going);
  const found = {
    perStatement,
    before: totalsOf(perStatement, 'before'),
    after: totalsOf(perStatement, 'after'),
    unasked: new Set([...failed, ...refused].map(({ fingerprint }) => fingerprint)).size,
    unended: new Set(unended.map(({ fingerprint }) => fingerprint)).size,
  };
  const staying = members.flatMap(({ removal, spec, sizeBytes }): readonly StayingIndex[] => {
    const reason = stay.get(spec.name) ?? back.failure;
    return reason === null ? [] : [{ ...removal, sizeBytes, reason }];
  });
  if (back.failure !== null) return { ...found, gone: [], stay: staying, sizeBytes: 0, reverted: false };
  const sizeBytes = going.reduce((sum, one) => sum + one.sizeBytes, 0);
  return { ...found, gone: going, stay: staying, sizeBytes, reverted: back.ran ? true : null };
}

function nothingGone(members: readonly Member[], reason: string): MeasuredRemovals {
  const none = { ms: 0, buffers: 0, walBytes: 0 };
  const stay = members.map(({ removal, sizeBytes }) => ({ ...removal, sizeBytes, reason }));
  return {
    gone: [],
    stay,
    sizeBytes: 0,
    perStatement: [],
    before: none,
    after: none,
    unasked: 0,
    unended: 0,
    reverted: null,
  };
}

async function countsScans(session: Session): Promise<boolean> {
  const [row] = await session.query<{ on: boolean }>(`SELECT pg_catalog.current_setting('track_counts')::bool AS "on"`);
  return row?.on === true;
}

/** On a server of the user's own. */
const NOT_COUNTED =
  'track_counts is off on the lab’s server: what is scanned inside functions and triggers is not seen';

/** A statement that did not run may use an index inside a function or a trigger. */
const NOT_ALL_RAN = 'the time ended before every statement had run once with it there';

async function buildKept(runner: Runner, kept: readonly IndexSpec[]): Promise<void> {
  for (const spec of kept)
    await runner.use(async (session) => {
      // A connection that was lost may have left it there, whole.
      await session.run(`DROP INDEX IF EXISTS ${quoteQualified(spec.table.schema, spec.name)}`);
      await session.run(createIndexSql(spec, { concurrently: false }));
    });
  await analyseExpressions(runner, kept);
}

/** An index that might go, as the subsets know it: by its place, for several schemas may have one of its name. */
interface Member extends SubsetIndex {
  readonly removal: Removal;
  readonly sizeBytes: number;
}

async function memberOf(runner: Runner, removal: Removal): Promise<Member> {
  const { index } = removal;
  const stored = await runner.use((session) => storedIndex(session, index));
  const spec = { table: index.table, name: placeOf(index), unique: index.unique };
  return { removal, spec, serverName: index.name, ...stored };
}

/** What statements may lose: as when a set of indexes is chosen, of time and of blocks, but that nothing is too little to matter: all there is to gain is space, and what writes pay. */
function guardRules({ noise }: RemovalOptions): ChoiceRules {
  return {
    objective: 'time',
    blockMs: 0,
    indexes: [],
    budgetBytes: 0,
    readTolerance: READ_TOLERANCE,
    writeTolerance: WRITE_TOLERANCE,
    smallMs: 0,
    onceTolerance: onceTolerance(noise ?? null),
    leastGain: 0,
    upkeepOf: () => new Map(),
  };
}

/** Fingerprints of the statements that write to the tables of the indexes. */
function payersOf(writes: readonly TableWrite[], catalog: Catalog, removals: readonly Removal[]): readonly string[] {
  const tables = removals.flatMap(({ index }) => partitionFamily(catalog, index.table));
  const paying = writes.filter(({ table }) => tables.some((one) => sameRelation(one, table)));
  return paying.map(({ fingerprint }) => fingerprint);
}

/** Really drops what goes, as the migration would, and makes it again. */
async function wayBack(
  bench: Bench,
  gone: readonly Removal[],
): Promise<{ readonly ran: boolean; readonly failure: string | null }> {
  const [first] = gone;
  if (!first || isOver(bench)) return { ran: false, failure: null };
  const action: Action = {
    ...first.action,
    title: `Drop ${formatCount(gone.length)} indexes`,
    up: gone.flatMap((one) => one.action.up),
    down: gone.toReversed().flatMap((one) => one.action.down),
    tables: gone.flatMap((one) => one.action.tables),
  };
  try {
    const { verified, note } = await bench.runner.use(async (session) => {
      const basis = await readRevertBasis(session, action);
      await runUp(session, action);
      return verifyRevert(session, action, basis);
    });
    return { ran: true, failure: verified ? null : (note ?? 'the way back did not bring back what was there') };
  } catch (thrown) {
    bench.runner.check();
    if (!(thrown instanceof WizardError) || thrown.code !== 'lab/statement') throw thrown;
    return { ran: true, failure: thrown.message };
  }
}
