import type { DroppedIndex, MeasuredIndex, MeasuredIndexSet } from '../../indexes/measured/measured-index-set.js';
import { measuredValue } from '../../indexes/measured/measured-choice.js';
import { droppedIndex, keptIndex, openVerdict, unseenVerdict } from '../../indexes/measured/measured-verdicts.js';
import { addedPerRow, costOf, periodCost, writesTo } from '../../indexes/measured/write-cost.js';
import type { TableWrite } from '../../indexes/measured/write-cost.js';
import { READ_TOLERANCE, SMALL_SHARE } from '../../indexes/measured/statement-guard.js';
import type { IndexSpec } from '../../model/action.js';
import type { IndexBuild } from './build.js';
import type { CaseRecord } from './case-record.js';
import { onceTolerance } from './chance.js';
import type { Measured, OuterLoop } from './outer-loop.js';
import type { Standing } from './standing.js';
import { bareTotalMs, priceOfBlock, problemOf } from './settle.js';
import type { ChoiceRules, Unit, UpkeepOf } from './settle.js';
import { verifiedStatements, verifiedTotals } from './verified.js';

/** An index that could not be part of the set. */
export interface RefusedIndex {
  readonly spec: IndexSpec;
  readonly reason: string;
}

/** What the choice goes by. */
export function rulesOf(loop: OuterLoop, records: readonly CaseRecord[]): ChoiceRules {
  const { options, builds } = loop;
  return {
    objective: options.objective ?? 'both',
    blockMs: priceOfBlock(records, BLOCK_WEIGHT),
    indexes: builds.map(({ spec, sizeBytes }) => ({ name: spec.name, sizeBytes })),
    budgetBytes: options.budgetBytes,
    readTolerance: options.readTolerance ?? READ_TOLERANCE,
    writeTolerance: options.writeTolerance ?? WRITE_TOLERANCE,
    smallMs: SMALL_SHARE * bareTotalMs(records),
    onceTolerance: onceTolerance(options.noise ?? null),
    leastGain: options.leastGain ?? LEAST_GAIN,
    upkeepOf: upkeepIn(loop),
  };
}

/** The set with everything that was measured of it, and why the others are not in it. */
export function assembleSet(
  loop: OuterLoop,
  parts: {
    readonly measured: Measured;
    readonly standing: Standing;
    readonly rules: ChoiceRules;
    readonly refused: readonly RefusedIndex[];
  },
): Omit<MeasuredIndexSet, 'durationMs' | 'notes'> {
  const { measured, standing, rules } = parts;
  const { kept, records, verified, banned } = standing;
  const problems = {
    time: problemOf(records, rules, 'time'),
    buffers: problemOf(records, rules, 'buffers'),
    decisive: problemOf(records, rules, rules.objective),
  };
  const isComplete = measured.complete && standing.complete;
  const built = new Map(loop.builds.map((build) => [build.spec.name, measuredIndex(loop, build, records)]));
  const dropped = [...built.values()]
    .filter((index) => !kept.includes(index.spec.name))
    .map((index): DroppedIndex => {
      const reason = banned.get(index.spec.name);
      const known = droppedIndex(problems, kept, index, rules.objective);
      const verdict = measured.unseenUses.has(index.spec.name) ? unseenVerdict(known) : known;
      if (reason !== undefined) return { ...verdict, why: 'not-verified', reason, assumed: 0 };
      return isComplete ? verdict : openVerdict(verdict);
    });
  const perStatement = verifiedStatements(verified);
  return {
    objective: rules.objective,
    blockMs: rules.blockMs,
    kept: kept.flatMap((name) => {
      const index = built.get(name);
      return index ? [keptIndex(problems, kept, index)] : [];
    }),
    dropped: [...dropped, ...parts.refused.map(notBuilt)],
    perStatement,
    unaffected: measured.unaffected,
    failed: [...loop.prepared.failed, ...measured.failed, ...standing.failed],
    before: verifiedTotals(perStatement, 'before'),
    after: verifiedTotals(perStatement, 'after'),
    sizeBytes: kept.reduce((sum, name) => sum + (built.get(name)?.sizeBytes ?? 0), 0),
    budgetBytes: rules.budgetBytes,
    proved: standing.proved && measured.complete,
    complete: isComplete,
    assumedPlans: measuredValue(problems.time, kept).assumed,
    plannerCalls: loop.subsets.counts.plans,
    executions: loop.subsets.counts.runs,
  };
}

/** Blocks are what decides first in a trial, too: they are the same on every machine, and the lab's memory is warmer than the target's. */
const BLOCK_WEIGHT = 3;
/** Twice the time for a write, as in a trial (`kernel/evaluate.ts`). */
export const WRITE_TOLERANCE = 2;
/** An index that repeats the beginning of a primary key was measured to bring 1 %, where the planner promised 15. */
const LEAST_GAIN = 0.01;

/** What each index adds to one execution of a write: measured per row, times the rows that the case was seen to write. */
function upkeepIn({ writes, costs, builds }: OuterLoop): UpkeepOf {
  return (record: CaseRecord, unit: Unit) => {
    const own = writes.filter((write) => write.fingerprint === record.oneCase.fingerprint);
    if (own.length === 0) return new Map();
    const rows = rowsOf(record);
    return new Map(
      builds.flatMap(({ spec }) => {
        const cost = costs.get(spec.name);
        const added = writesTo(own, spec.table).flatMap((write) => {
          const measured = cost ? costOf(cost, write) : null;
          return measured ? [addedPerRow(measured)[unit === 'time' ? 'ms' : 'buffers'] * rows] : [];
        });
        const sum = added.reduce((total, one) => total + one, 0);
        return sum > 0 ? [[spec.name, sum] as const] : [];
      }),
    );
  };
}

/** Rows that a case writes in one execution, as seen; 1 when it never came to its end. */
function rowsOf(record: CaseRecord): number {
  for (const { runs } of record.figures.values()) if (runs[0]) return runs[0].rows;
  return 1;
}

function measuredIndex(loop: OuterLoop, build: IndexBuild, records: readonly CaseRecord[]): MeasuredIndex {
  const { spec, sizeBytes, buildMs, walBytes } = build;
  const writeCost = loop.costs.get(spec.name) ?? null;
  const writes = writesTo(loop.writes, spec.table).map((write) => withSeenRows(write, records));
  return {
    spec,
    sizeBytes,
    buildMs,
    buildWalBytes: walBytes,
    writeCost,
    writes: writeCost && periodCost(writeCost, writes),
  };
}

/** Where the source counted no rows, those that the statement was seen to write in the lab stand in: the mean over its parameter sets. */
function withSeenRows(write: TableWrite, records: readonly CaseRecord[]): TableWrite {
  if (!write.rowsAssumed) return write;
  const own = records.filter((record) => record.oneCase.fingerprint === write.fingerprint);
  if (own.length === 0) return write;
  const perCall = own.reduce((sum, record) => sum + rowsOf(record), 0) / own.length;
  return { ...write, rows: perCall * (own[0]?.oneCase.calls ?? 1), rowsAssumed: false };
}

function notBuilt({ spec, reason }: RefusedIndex): DroppedIndex {
  return { spec, why: 'not-built', reason, assumed: 0, built: null, change: null, effects: [] };
}
