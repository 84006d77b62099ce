import type { IndexSpec } from '../../model/action.js';
import type { FailedCase } from '../../model/measurement.js';
import type { StatementKind } from '../../model/workload.js';
import type { IndexWriteCost, PeriodCost } from './write-cost.js';

/**
 * What decides: milliseconds (the least of several runs), blocks, which are the same on every machine, or `both`: milliseconds, with a price
 * for each block, which a memory that is not warm and another's queries have to pay; no statement may take more time then.
 */
export type Objective = 'both' | 'time' | 'buffers';

/** What a statement may not take more of. */
export function guardOf(objective: Objective): 'time' | 'buffers' {
  return objective === 'buffers' ? 'buffers' : 'time';
}

/** Calls times the figure of one call, over the affected statements. */
export interface MeasuredTotals {
  readonly ms: number;
  readonly buffers: number;
}

/** An index that was really built; all figures are measured. */
export interface MeasuredIndex {
  readonly spec: IndexSpec;
  readonly sizeBytes: number;
  readonly buildMs: number;
  /** Null where the lab's `wal_level` keeps builds out of the WAL. */
  readonly buildWalBytes: number | null;
  /** Null when the workload does not write to its table. */
  readonly writeCost: IndexWriteCost | null;
  /** What it adds to the workload's own writes over the observed time; null as above. */
  readonly writes: PeriodCost | null;
}

/** One statement's figures with and without an index. */
export interface IndexEffect {
  readonly statement: string;
  readonly without: MeasuredTotals;
  readonly with: MeasuredTotals;
}

export interface KeptIndex extends MeasuredIndex {
  /** How the totals would change if only this one went: positive is what it is worth. */
  readonly worth: MeasuredTotals;
  /** Statements whose plans, without it or with the kept set, were not looked up, or ended by the timeout: their part of `worth` is estimated from other plans of theirs, or from what they had done by then. 0 where all of it was measured. */
  readonly assumed: number;
  /** Statements whose figures it changes, the most gain first. */
  readonly effects: readonly IndexEffect[];
}

/** Why an index is not in the set. */
export type DropReason = 'not-built' | 'unused' | 'slower' | 'no-gain' | 'budget' | 'not-verified' | 'not-measured';

export interface DroppedIndex {
  readonly spec: IndexSpec;
  readonly why: DropReason;
  /** In words, with the figures. */
  readonly reason: string;
  /** Statements by which the reason goes although their plans, with it or without, were not looked up, or ended by the timeout: its figures are then estimated. 0 where all of them were measured. */
  readonly assumed: number;
  /** Null when it was not built. */
  readonly built: MeasuredIndex | null;
  /** How the totals would change if it were added to the kept ones: negative is a gain; null when it was not built. Where `assumed` is not 0, or the reason is not of totals, it may be estimated. */
  readonly change: MeasuredTotals | null;
  readonly effects: readonly IndexEffect[];
}

/** A statement under the kept indexes against none of the set, one beside the other. */
export interface VerifiedStatement {
  readonly fingerprint: string;
  readonly name: string;
  readonly kind: StatementKind;
  readonly calls: number;
  /** Least of several runs, mean over parameter sets; milliseconds of one call. A run that was cut off counts as its timeout: a lower bound. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Blocks of one call; null where a run was cut off. */
  readonly beforeBuffers: number | null;
  readonly afterBuffers: number | null;
  readonly beforeWalBytes: number;
  readonly afterWalBytes: number;
  readonly planBefore: string;
  readonly planAfter: string;
  /** The timeout ended it. */
  readonly cutOff: 'neither' | 'before' | 'after' | 'both';
  /** Runs on each side. */
  readonly rounds: number;
}

/** What measurement left of a set of indexes. */
export interface MeasuredIndexSet {
  readonly objective: Objective;
  /** Milliseconds that a block is held to be worth where blocks decide beside time; 0 where none was touched. */
  readonly blockMs: number;
  readonly kept: readonly KeptIndex[];
  readonly dropped: readonly DroppedIndex[];
  /** Affected by some index of the set, before and after the kept ones: measured turn by turn at the end. */
  readonly perStatement: readonly VerifiedStatement[];
  /** Names of statements that no index of the set changes: same plan, nothing written. Not run. */
  readonly unaffected: readonly string[];
  readonly failed: readonly FailedCase[];
  /** Over `perStatement`, calls times figures. Time is a lower bound where a statement was cut off. Blocks of statements that were cut off are left out on both sides. */
  readonly before: MeasuredTotals;
  readonly after: MeasuredTotals;
  readonly sizeBytes: number;
  readonly budgetBytes: number;
  /** No better set can be made of these indexes by what was measured. */
  readonly proved: boolean;
  /** False when the time ran out first, or a signal stopped the run; then some of the figures are of fewer runs, or of a plan that was assumed. */
  readonly complete: boolean;
  /** Cases whose plan under the kept set was not looked up. */
  readonly assumedPlans: number;
  /** Questions to the planner, and executions. */
  readonly plannerCalls: number;
  readonly executions: number;
  readonly durationMs: number;
  readonly notes: readonly string[];
}
