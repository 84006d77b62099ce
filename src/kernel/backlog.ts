import type { Hypothesis } from '../model/hypothesis.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Iteration, Stop } from '../model/run.js';
import type { RunMemory } from './memory.js';
import { byAnotherTechnique, rank } from './rank.js';
import type { Ranked } from './rank.js';
import type { Untried } from './run.js';
import { smallStreak } from './stop.js';
import type { StopRules } from './stop.js';

/** Where a run has come to, by which hypotheses are ranked. */
export interface Standing {
  /** The accepted state, as the ledger names it. */
  readonly state: string;
  readonly measured: WorkloadSummary;
  /** All iterations, those taken from the ledger included. */
  readonly history: readonly Iteration[];
}

/** The hypotheses that wait for a trial, the most promising first, and those that get none, with the reason. */
export class Backlog {
  private waiting: readonly Ranked[] = [];
  private readonly barred: Untried[] = [];

  constructor(
    private readonly memory: RunMemory,
    private readonly stopRules: StopRules,
  ) {}

  get size(): number {
    return this.waiting.length;
  }

  /** Takes the hypotheses of a new examination in the place of the earlier ones. */
  refill(hypotheses: readonly Hypothesis[], standing: Standing): void {
    this.barred.length = 0;
    this.order(hypotheses, standing);
  }

  /** Ranks what waits anew, after a trial. */
  reorder(standing: Standing): void {
    this.order(
      this.waiting.map((item) => item.hypothesis),
      standing,
    );
  }

  /**
   * The most promising one; but the last try before small gains end the run goes to a technique that was not among them, where
   * one promises enough. Of the changes that its finding offers, which come best first, the others wait until the first was tried.
   * `history` is of this run alone.
   */
  next(history: readonly Iteration[]): Hypothesis | null {
    const best = this.reachDeeper(history) ?? this.waiting[0];
    if (!best) return null;
    const { finding } = best.hypothesis;
    const siblings = this.waiting.map((item) => item.hypothesis).filter((hypothesis) => hypothesis.finding === finding);
    const first = finding.actions.find((action) => siblings.some((hypothesis) => hypothesis.action === action));
    return siblings.find((hypothesis) => hypothesis.action === first) ?? best.hypothesis;
  }

  /** What is left when the run stops. */
  untried(stop: Stop): readonly Untried[] {
    const left = this.waiting.map(({ hypothesis }) => ({
      hypothesis,
      reason: `not tried: the run stopped (${stop.reason})`,
    }));
    return [...left, ...this.barred];
  }

  private order(hypotheses: readonly Hypothesis[], standing: Standing): void {
    const worthy = hypotheses.filter((hypothesis) => this.worthATrial(hypothesis, standing));
    this.waiting = rank(worthy, standing.measured, standing.history);
  }

  private reachDeeper(history: readonly Iteration[]): Ranked | null {
    const { smallGain, smallGainsInARow } = this.stopRules;
    const streak = smallStreak(history, smallGain);
    if (streak.length < smallGainsInARow - 1) return null;
    const used = new Set(streak.map(({ hypothesis }) => hypothesis.action.kind));
    return byAnotherTechnique(this.waiting, used, smallGain);
  }

  /** Not tried yet in this state, and asked for by something that can be measured. What is barred is said in the report. */
  private worthATrial(hypothesis: Hypothesis, { state, history }: Standing): boolean {
    if (history.some((iteration) => iteration.hypothesis.id === hypothesis.id)) return false;
    const reason = this.memory.triedIn(state, hypothesis.id)
      ? 'tried under the same state in an earlier run: see the ledger'
      : hypothesis.action.kind === 'create-index' && hypothesis.finding.statements.length === 0
        ? 'no statement of the workload asks for it: an index needs workload evidence'
        : null;
    if (reason) this.barred.push({ hypothesis, reason });
    return reason === null;
  }
}
