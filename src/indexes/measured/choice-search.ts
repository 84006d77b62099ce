import { statementValue } from './case-value.js';
import { gainOf, isWorthwhile } from './gain.js';
import type { ChoiceProblem, SetValue } from './measured-choice.js';
import { isSubset, withoutBit } from './measured-problem.js';
import type { Compiled, CompiledCase, CompiledPlan } from './measured-problem.js';
import { WorkloadBounds } from './workload-bounds.js';
import { WorkloadValues } from './workload-values.js';

/** Sums of many figures round. */
const ROUNDING = 1e-9;

/** Plans that are put in one for another's sake. */
const MOST_LINKS = 4;

/** The search behind a measured choice: `best` is the best set so far, as bits. */
export class Search {
  best = 0n;
  private bestTotal: number;
  private readonly values: WorkloadValues;
  private readonly sizes: ReadonlyMap<bigint, number>;

  constructor(
    readonly problem: Compiled,
    private readonly limits: ChoiceProblem,
  ) {
    this.values = new WorkloadValues(problem);
    this.sizes = new Map(problem.bits.map((bit, at) => [bit, problem.sizes[at] ?? 0]));
    this.bestTotal = this.values.brief(0n).total;
  }

  value(set: bigint): SetValue {
    return this.values.value(set);
  }

  /** From all of them down: takes away what hurts most, until what is left fits and nothing left hurts. */
  descend(): void {
    for (let set = this.problem.all; ;) {
      this.values.moveTo(set);
      this.offer(set);
      const now = this.values.brief(set);
      const bytes = this.sizeOf(set);
      const [next] = this.indexesIn(set)
        .map((bit) => ({ set: withoutBit(set, bit), bytes: bytes - this.sizeOf(bit) }))
        .map((one) => ({ ...one, ...this.values.brief(one.set) }))
        .toSorted((a, b) => this.trouble(a) - this.trouble(b) || a.total - b.total);
      if (next === undefined) return;
      if (bytes <= this.limits.budgetBytes && now.slower === 0 && next.total >= now.total) return;
      ({ set } = next);
    }
  }

  /** Takes the best of the sets that is better than the best by now. */
  begin(sets: readonly bigint[]): void {
    for (const set of sets) {
      if (!this.fits(set)) continue;
      this.values.moveTo(set);
      this.offer(set);
    }
  }

  /** The best of the sets under which every plan is known; null where none of them fits and makes nothing slow. */
  bestKnown(sets: readonly bigint[]): bigint | null {
    const known = sets
      .filter((set) => this.fits(set))
      .map((set) => ({ set, ...this.value(set) }))
      .filter(({ assumed, slower }) => assumed === 0 && slower.length === 0);
    return known.toSorted((a, b) => a.total - b.total)[0]?.set ?? null;
  }

  /** Adds, takes away and swaps, as long as one of these makes the best set better. */
  climb(mostEffort: number): void {
    const end = this.values.effort + mostEffort;
    for (let better = true; better;) {
      better = false;
      const set = this.best;
      this.values.moveTo(set);
      const inside = this.indexesIn(set);
      const outside = this.problem.bits.filter((bit) => (set & bit) === 0n);
      const room = this.limits.budgetBytes - this.sizeOf(set);
      for (const one of inside) {
        if (this.values.effort >= end) return;
        if (this.offer(withoutBit(set, one))) better = true;
        for (const other of outside)
          if (this.sizeOf(other) <= room + this.sizeOf(one) && this.offer(withoutBit(set, one) | other)) better = true;
      }
      for (const other of outside) if (this.sizeOf(other) <= room && this.offer(set | other)) better = true;
    }
  }

  /**
   * Puts in what a plan uses that takes less than what its statement takes under the best set, and each index that the best set lacks with what keeps the
   * statements content that suffer by it; takes away in their place what brings least for its size. As long as one such exchange makes the best set better, and
   * until that much effort.
   */
  exchange(mostEffort: number): void {
    const end = this.values.effort + mostEffort;
    for (let better = true; better;) {
      better = false;
      const missing = this.problem.bits.filter((bit) => (this.best & bit) === 0n);
      for (const wish of [...this.betterPlans(), ...missing]) {
        if (this.values.effort >= end) return;
        if (isSubset(wish, this.best)) continue;
        this.values.moveTo(this.best);
        for (const wanted of this.contentWith(wish)) if (this.chain(wanted)) better = true;
      }
      if (better) this.climb(end - this.values.effort);
    }
  }

  /** What plans use that take less than their statement takes under the best set, those that save most first. */
  private betterPlans(): readonly bigint[] {
    const found = this.problem.statements.flatMap(({ calls, cases }) =>
      cases.flatMap((each) => {
        const { value } = statementValue([each], this.best);
        return lowerPlans(each, value, this.best).map((plan) => ({
          uses: plan.uses,
          saves: (calls * (value - plan.value)) / cases.length,
        }));
      }),
    );
    return [...new Set(found.toSorted((a, b) => b.saves - a.saves).map((one) => one.uses))];
  }

  /** The indexes, by themselves and together with those of each plan under which a statement that suffers by them would be content. */
  private contentWith(one: bigint): readonly bigint[] {
    if (this.values.brief(this.best | one).slower === 0) return [one];
    const { slower } = this.value(this.best | one);
    const rescues = slower.flatMap((position) => {
      const { cases = [] } = this.problem.statements[position] ?? {};
      const allowed = this.values.allowed(position) * cases.length;
      return cases.flatMap(({ plans }) => plans.filter((plan) => plan.guard <= allowed).map((plan) => one | plan.uses));
    });
    return [...new Set([one, ...rescues])];
  }

  /**
   * Exchanges for what is wanted, and where that makes nothing better also for a plan of the statement that loses most by it, and so forth: what is
   * wanted may push out what others stand on, which may as well stand on something else. True when it found a better set.
   */
  private chain(first: bigint): boolean {
    const before = this.value(this.best).perStatement;
    let wanted = first;
    let set = this.fitted(this.best | wanted, wanted);
    for (let links = 0; links < MOST_LINKS; links += 1) {
      if (this.offer(set)) return true;
      const [best] = this.withPlans(this.loser(before, set), set)
        .map((uses) => ({ wanted: wanted | uses, set: this.fitted(this.best | wanted | uses, wanted | uses) }))
        .map((one) => ({ ...one, ...this.values.brief(one.set) }))
        .toSorted((a, b) => a.slower - b.slower || a.total - b.total);
      const now = this.values.brief(set);
      if (best === undefined || best.slower > now.slower || best.total >= now.total) return false;
      ({ wanted, set } = best);
    }
    return this.offer(set);
  }

  /** The position of the statement that loses most; -1 when none does. */
  private loser(before: readonly number[], set: bigint): number {
    let most = 0;
    let loser = -1;
    for (const [position, value] of this.value(set).perStatement.entries()) {
      const loss = (this.problem.statements[position]?.calls ?? 0) * (value - (before[position] ?? 0));
      if (loss <= most) continue;
      most = loss;
      loser = position;
    }
    return loser;
  }

  /** What those of a statement's plans use that take less than what it takes under a set. */
  private withPlans(position: number, set: bigint): readonly bigint[] {
    const { cases = [] } = this.problem.statements[position] ?? {};
    const lower = cases.flatMap((each) => lowerPlans(each, statementValue([each], set).value, set));
    return [...new Set(lower.map((plan) => plan.uses))];
  }

  /** The set without what brings least for its size, but for what is wanted, until it fits and no statement suffers by what went. */
  private fitted(set: bigint, wanted: bigint): bigint {
    for (let now = set; ;) {
      const { total, slower } = this.values.brief(now);
      if (this.fits(now) && slower === 0) return now;
      const steps = this.indexesIn(now)
        .filter((bit) => (wanted & bit) === 0n)
        .map((bit) => ({ without: withoutBit(now, bit), size: Math.max(1, this.sizeOf(bit)) }))
        .map(({ without, size }) => ({ without, after: this.values.brief(without), size }))
        .map(({ without, after, size }) => ({
          without,
          worse: after.slower,
          price: (after.total - total) / size,
        }));
      const [least] = steps.toSorted((a, b) => a.worse - b.worse || a.price - b.price);
      if (least === undefined) return now;
      now = least.without;
    }
  }

  /** Branch and bound; false when it had to stop before the end: after so many nodes, or that much effort. */
  prove(nodeLimit: number, mostEffort: number): boolean {
    const useful = this.useful();
    const bounds = new WorkloadBounds(this.problem);
    this.values.moveTo(0n);
    const order = this.problem.bits
      .filter((bit) => (useful & bit) !== 0n)
      .toSorted((a, b) => this.values.brief(a).total - this.values.brief(b).total);
    const end = this.values.effort + mostEffort;
    let nodes = 0;
    const visit = (chosen: bigint, position: number, open: bigint): boolean => {
      nodes += 1;
      if (nodes > nodeLimit || this.values.effort > end) return false;
      if (bounds.least(chosen, open) >= this.bestTotal * (1 - ROUNDING)) return true;
      this.values.moveTo(chosen);
      this.offer(chosen);
      const bit = order[position];
      if (bit === undefined) return true;
      const rest = withoutBit(open, bit);
      const within = this.fits(chosen | bit) ? visit(chosen | bit, position + 1, rest) : true;
      return within && visit(chosen, position + 1, rest);
    };
    return visit(0n, 0, useful);
  }

  /** Takes indexes away, the least useful first, while one gains too little to count. */
  trim(which: 'any' | 'known' = 'any'): readonly bigint[] {
    const trimmed: bigint[] = [];
    const { statements } = this.problem;
    for (;;) {
      const now = this.value(this.best);
      const least = this.problem.bits
        .filter((bit) => (this.best & bit) !== 0n)
        .map((bit) => ({ bit, without: this.value(withoutBit(this.best, bit)) }))
        .filter(
          ({ without }) =>
            without.slower.length === 0 &&
            (which === 'any' || without.assumed === 0) &&
            !isWorthwhile(statements, without.perStatement, now.perStatement, this.limits),
        )
        .map(({ bit, without }) => ({ bit, gain: gainOf(statements, without.perStatement, now.perStatement) }))
        .toSorted((a, b) => a.gain - b.gain)[0];
      if (least === undefined) return trimmed;
      trimmed.push(least.bit);
      this.best = withoutBit(this.best, least.bit);
    }
  }

  /** Indexes that some plan uses under which its statement may stay within its tolerance: in a set that may be chosen the others are never used. */
  private useful(): bigint {
    let useful = 0n;
    for (const [position, { cases }] of this.problem.statements.entries()) {
      const allowed = this.values.allowed(position) * cases.length;
      for (const { plans } of cases) for (const plan of plans) if (plan.guard <= allowed) useful |= plan.uses;
    }
    return useful;
  }

  private offer(set: bigint): boolean {
    if (!this.fits(set)) return false;
    const { total, slower } = this.values.brief(set);
    if (slower > 0 || total >= this.bestTotal * (1 - ROUNDING)) return false;
    this.best = set;
    this.bestTotal = total;
    return true;
  }

  private fits(set: bigint): boolean {
    return this.sizeOf(set) <= this.limits.budgetBytes;
  }

  private sizeOf(set: bigint): number {
    const known = this.sizes.get(set);
    if (known !== undefined) return known;
    return this.problem.bits.reduce((sum, bit, i) => sum + ((set & bit) === 0n ? 0 : (this.problem.sizes[i] ?? 0)), 0);
  }

  /** By itself each. */
  private indexesIn(set: bigint): bigint[] {
    return this.problem.bits.filter((bit) => (set & bit) !== 0n);
  }

  /** How far a set is from one that may be chosen. */
  private trouble({ slower, bytes }: { readonly slower: number; readonly bytes: number }): number {
    return slower + Math.max(0, bytes - this.limits.budgetBytes) / Math.max(1, this.limits.budgetBytes);
  }
}

/** Plans that take less than this and need more than the set holds. */
function lowerPlans({ plans }: CompiledCase, value: number, set: bigint): readonly CompiledPlan[] {
  return plans.filter((plan) => plan.value < value && !isSubset(plan.uses, set));
}
