import type { IndexSpec } from '../../model/action.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import type { Candidate } from '../candidates/candidates.js';
import type { SearchAllowance } from './allowance.js';
import type { Progress } from './improve.js';

/** What is to be made as small as can be: `sum` is the weighted sum of the cost ratios; `robust` their logarithms with it, in which no statement weighs more than a tenth of all. See `statementValues`. */
export type SelectionObjective = 'sum' | 'robust';

/** What an index selection is made over. */
export interface SelectionInput {
  readonly snapshot: Snapshot;
  readonly whatIf: IndexWhatIf;
  /** Indexes that may be created. Those that an existing index gives already are left out. */
  readonly candidates: readonly Candidate[];
  /** Whether an index that an existing one gives already may be chosen for what the planner thinks of it: reality does not show such gains. */
  readonly allowRedundant?: boolean;
  /** Bytes that new indexes may take, less those of dropped ones; null for no limit. */
  readonly storageBytes: number | null;
  /** More budgets to answer for, with what is known by then and as many questions as are left. */
  readonly curveBytes?: readonly (number | null)[];
  /** The budgets of the curve once the set is chosen, none for no curve; no larger than the largest of `curveBytes`, where there is a limit. */
  readonly curveOf?: (best: Pick<IndexSelection, 'chosen' | 'usedBytes'>) => readonly (number | null)[];
  readonly objective: SelectionObjective;
  readonly allowance: SearchAllowance;
  /** A workload of more statements is compressed to so many; null for never. By default to as many as there is time to ask about, `ALWAYS_ASKED` at least. */
  readonly mostStatements?: number | null;
  /** Bytes of an index; by default what the what-if engine says. */
  readonly sizeBytes?: (spec: IndexSpec) => number | null;
  /** Share of the workload's present cost (0 to 1) that keeping an index costs; by default nothing. */
  readonly writeShare?: (index: IndexSpec | { readonly existing: string }) => number;
  /** Share of the workload's present cost (0 to 1) that a byte of a new index is taken to cost; by default nothing. A part of it that is chosen for its last percent is then left out. */
  readonly bytePrice?: number;
  /** Existing indexes stay as they are: nothing is asked or gained by their going. */
  readonly keepExisting?: boolean;
  /** Whether an index of an eighth of the size takes the place of one that is hardly better to the planner. Points of the curve stay as they are. */
  readonly preferSmall?: boolean;
  /** Milliseconds from any fixed instant. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
}

/** What became of a workload of too many statements. */
export interface Compression {
  /** Of the workload. */
  readonly statements: number;
  /** That the search asked about: `statements` = `kept` + `merged` + `leftOut`. */
  readonly kept: number;
  /** Whose weight was added to one that asks for the same; assumed to gain as much of their cost as that one does. */
  readonly merged: number;
  /** The lightest; those that were merged into one of them are counted here. */
  readonly leftOut: number;
  /**
   * Share of the objective's present value (0 to 1) that those left out hold. No choice is worse for the whole workload by more than this
   * on their account, as nothing that exists goes while statements are left out. Of those that there was no time to ask about the `robust`
   * objective knows what they hold by their calls, and adds `UNKNOWN_SUM_SHARE`; null where there are such in another one.
   */
  readonly boundShare: number | null;
}

/** What a set of indexes does to one statement: costs in the planner's unit, `estimated`. */
export interface StatementGain {
  readonly fingerprint: string;
  readonly before: number;
  readonly after: number;
}

/** An index to create. Gains are shares of the objective's present value, 0 to 1; null where there was nothing left to ask with. */
export interface SelectedIndex {
  readonly spec: IndexSpec;
  readonly sizeBytes: number;
  /** What keeping it costs: its writes, and the price of its bytes where one was given. */
  readonly writeShare: number;
  /** The statements whose plans use it, the one with the greatest gain by the whole set first. */
  readonly serves: readonly StatementGain[];
  /** If it were the only one. */
  readonly gainAlone: number | null;
  /** What would be lost without it. */
  readonly gainInSet: number | null;
  /** What it does if it were the only one, to the statements that get cheaper; the greatest gain first. Empty where there was nothing left to ask with. */
  readonly alone: readonly StatementGain[];
  /** Other indexes of its table that could stand in for it in the set for the statement that gains most, as far as the search happened to see them; the cheapest plan first. */
  readonly variants: readonly IndexSpec[];
  /** `schema.name` of existing indexes that it gives as well. */
  readonly redundant: readonly string[];
}

/** An existing index that need not stay. */
export interface DroppedIndex {
  readonly index: string;
  readonly sizeBytes: number;
  /** `given`: `by` gives all that it does. `not-worth-it`: writes or the budget speak against it. */
  readonly reason: 'given' | 'not-worth-it';
  readonly by: string | null;
}

/** One point of cost against storage. */
export interface CurvePoint {
  readonly storageBytes: number | null;
  readonly usedBytes: number;
  /** Share of the present objective, 0 to 1. */
  readonly objective: number;
  readonly bound: number;
  readonly indexes: readonly IndexSpec[];
  readonly plannerCalls: number;
  readonly complete: boolean;
}

/** The indexes to have. Objectives are shares of the present one. All costs are `estimated`. */
export interface IndexSelection {
  readonly chosen: readonly SelectedIndex[];
  readonly drop: readonly DroppedIndex[];
  readonly statements: readonly StatementGain[];
  /** Null when every statement was asked about. */
  readonly compression: Compression | null;
  /** Statements that were left out count as they are at present. */
  readonly objective: number;
  /** Statements that were left out count as nothing. No choice of the candidates that were sized gets below, as long as one more index never makes a plan dearer to the planner. */
  readonly bound: number;
  /** (objective - bound) / objective. */
  readonly gap: number;
  readonly usedBytes: number;
  readonly curve: readonly CurvePoint[];
  readonly plannerCalls: number;
  /** False when time, questions or the caller ended the search: this is then the best so far. */
  readonly complete: boolean;
  readonly progress: readonly Progress[];
  /** Candidates that PostgreSQL does not accept. */
  readonly refused: readonly { readonly spec: IndexSpec; readonly reason: string }[];
  /** Candidates that were left out for want of time. */
  readonly unsized: number;
  /** Statements that can not be planned, or were not for want of time. */
  readonly skipped: readonly string[];
}
