import { gainOf, isWorthwhile } from './gain.js';
import type { ChoiceProblem, SetValue } from './measured-choice.js';
import { isSubset, withoutBit } from './measured-problem.js';
import type { Compiled, CompiledCase, CompiledPlan } from './measured-problem.js';

/** Sums of many figures round. */
const ROUNDING = 1e-9;

/** The search behind a measured choice: `best` is the best set so far, as bits. */
export class Search {
  best = 0n;
  private bestTotal: number;
  private readonly cache = new Map<bigint, SetValue>();
  /** By statement: most changes of a set are none to it. */
  private readonly known: readonly Map<bigint, StatementValue>[];
  private readonly bases: readonly number[];

  constructor(
    readonly problem: Compiled,
    private readonly limits: ChoiceProblem,
  ) {
    this.known = problem.statements.map(() => new Map());
    this.bases = problem.statements.map((_, position) => this.statement(position, 0n).guard);
    this.bestTotal = this.value(0n).total;
  }

  value(set: bigint): SetValue {
    const known = this.cache.get(set);
    if (known) return known;
    let total = 0;
    let assumed = 0;
    const slower: number[] = [];
    const perStatement = this.problem.statements.map((one, position) => {
      const now = this.statement(position, set);
      assumed += now.assumed;
      total += one.calls * now.value;
      if (now.guard > (this.bases[position] ?? 0) * one.tolerance + this.limits.slack) slower.push(position);
      return now.value;
    });
    const made = { total, perStatement, slower, assumed };
    this.cache.set(set, made);
    return made;
  }

  private statement(position: number, set: bigint): StatementValue {
    const one = this.problem.statements[position];
    const known = this.known[position];
    const seen = set & (one?.concerning ?? 0n);
    const made = known?.get(seen) ?? statementValue(one?.cases ?? [], set);
    known?.set(seen, made);
    return made;
  }

  /** From all of them down: takes away what hurts most, until what is left fits and nothing left hurts. */
  descend(): void {
    let set = this.problem.all;
    for (;;) {
      this.offer(set);
      const now = this.value(set);
      const steps = this.problem.bits.filter((bit) => (set & bit) !== 0n).map((bit) => withoutBit(set, bit));
      const next = steps.toSorted(
        (a, b) => this.trouble(a) - this.trouble(b) || this.value(a).total - this.value(b).total,
      )[0];
      if (next === undefined) return;
      if (this.fits(set) && now.slower.length === 0 && this.value(next).total >= now.total) return;
      set = next;
    }
  }

  /** Adds, takes away and swaps, as long as one of these makes the best set better. */
  climb(): void {
    for (let better = true; better;) {
      better = false;
      const set = this.best;
      for (const one of this.problem.bits) {
        if (this.offer(set ^ one)) better = true;
        for (const other of this.problem.bits) {
          if ((set & one) !== 0n && (set & other) === 0n && this.offer(withoutBit(set, one) | other)) better = true;
        }
      }
    }
  }

  /**
   * Puts in what the best set lacks, with what keeps the statements content that suffer by it, and takes away in its place what brings least for its size,
   * as long as one such exchange makes the best set better, and until so many statements were looked at.
   */
  exchange(mostLooks: number): void {
    const mostSets = this.cache.size + mostLooks / this.problem.statements.length;
    for (let better = true; better;) {
      better = false;
      for (const one of this.problem.bits) {
        if (this.cache.size >= mostSets) return;
        if ((this.best & one) !== 0n) continue;
        for (const wanted of this.contentWith(one))
          if (this.offer(this.fitted(this.best | wanted, wanted))) better = true;
      }
      if (better) this.climb();
    }
  }

  /** The index, by itself and together with those of each plan under which a statement that suffers by it would be content. */
  private contentWith(one: bigint): readonly bigint[] {
    const { slower } = this.value(this.best | one);
    const rescues = slower.flatMap((position) => {
      const { cases = [], tolerance = 1 } = this.problem.statements[position] ?? {};
      const allowed = ((this.bases[position] ?? 0) * tolerance + this.limits.slack) * cases.length;
      return cases.flatMap(({ plans }) => plans.filter((plan) => plan.guard <= allowed).map((plan) => one | plan.uses));
    });
    return [...new Set([one, ...rescues])];
  }

  /** The set without what brings least for its size, but for what is wanted, until it fits and no statement suffers by what went. */
  private fitted(set: bigint, wanted: bigint): bigint {
    for (let now = set; ;) {
      const { total, slower } = this.value(now);
      if (this.fits(now) && slower.length === 0) return now;
      const steps = this.problem.bits
        .filter((bit) => (now & bit) !== 0n && (wanted & bit) === 0n)
        .map((bit) => ({ without: withoutBit(now, bit), size: Math.max(1, this.sizeOf(bit)) }))
        .map(({ without, size }) => ({ without, after: this.value(without), size }))
        .map(({ without, after, size }) => ({
          without,
          worse: after.slower.length,
          price: (after.total - total) / size,
        }));
      const [least] = steps.toSorted((a, b) => a.worse - b.worse || a.price - b.price);
      if (least === undefined) return now;
      now = least.without;
    }
  }

  /** Branch and bound; false when it had to stop before the end. */
  prove(nodeLimit: number): boolean {
    const useful = this.useful();
    const order = this.problem.bits
      .filter((bit) => (useful & bit) !== 0n)
      .toSorted((a, b) => this.value(a).total - this.value(b).total);
    let nodes = 0;
    const visit = (chosen: bigint, position: number, open: bigint): boolean => {
      nodes += 1;
      if (nodes > nodeLimit) return false;
      this.offer(chosen);
      const bit = order[position];
      if (bit === undefined || this.bound(chosen, open) >= this.bestTotal * (1 - ROUNDING)) return true;
      const rest = withoutBit(open, bit);
      const within = this.fits(chosen | bit) ? visit(chosen | bit, position + 1, rest) : true;
      return within && visit(chosen, position + 1, rest);
    };
    return visit(0n, 0, useful);
  }

  /** Takes indexes away, the least useful first, while one gains too little to count. */
  trim(): readonly bigint[] {
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
    for (const [position, { cases, tolerance }] of this.problem.statements.entries()) {
      const allowed = ((this.bases[position] ?? 0) * tolerance + this.limits.slack) * cases.length;
      for (const { plans } of cases) for (const plan of plans) if (plan.guard <= allowed) useful |= plan.uses;
    }
    return useful;
  }

  private offer(set: bigint): boolean {
    if (!this.fits(set)) return false;
    const { total, slower } = this.value(set);
    if (slower.length > 0 || total >= this.bestTotal * (1 - ROUNDING)) return false;
    this.best = set;
    this.bestTotal = total;
    return true;
  }

  private fits(set: bigint): boolean {
    return this.sizeOf(set) <= this.limits.budgetBytes;
  }

  private sizeOf(set: bigint): number {
    return this.problem.bits.reduce((sum, bit, i) => sum + ((set & bit) === 0n ? 0 : (this.problem.sizes[i] ?? 0)), 0);
  }

  /** How far a set is from one that may be chosen. */
  private trouble(set: bigint): number {
    const over = Math.max(0, this.sizeOf(set) - this.limits.budgetBytes) / Math.max(1, this.limits.budgetBytes);
    return this.value(set).slower.length + over;
  }

  /** No set that holds `chosen` and some of `open` can have a lower total: every case takes the best plan that it could have. */
  private bound(chosen: bigint, open: bigint): number {
    const most = chosen | open;
    return this.problem.statements.reduce((sum, one) => {
      const values = one.cases.map((each) => leastOf(each, most) + upkeepOf(each.upkeep, chosen));
      return sum + (one.calls * values.reduce((a, b) => a + b, 0)) / values.length;
    }, 0);
  }
}

/** One statement under a set. */
interface StatementValue {
  readonly value: number;
  readonly guard: number;
  readonly assumed: number;
}

function statementValue(cases: readonly CompiledCase[], set: bigint): StatementValue {
  let value = 0;
  let guard = 0;
  let assumed = 0;
  for (const each of cases) {
    const plan = planUnder(each, set);
    value += plan.value + upkeepOf(each.upkeep, set);
    guard += plan.guard + upkeepOf(each.guardUpkeep, set);
    if (!plan.certain) assumed += 1;
  }
  return { value: value / cases.length, guard: guard / cases.length, assumed };
}

/**
 * A plan seen under S that used U is the plan of every T between U and S: what was cheapest of more is cheapest of less.
 * Else the cheapest, for the planner, of the plans it could take, without those that it was seen not to take where another of them was there; and no less than
 * what an index does that is new to this plan, and that no plan which could be taken was seen to pass over.
 */
function planUnder(
  each: CompiledCase,
  set: bigint,
): { readonly value: number; readonly guard: number; readonly certain: boolean } {
  const possible = each.plans.filter((plan) => isSubset(plan.uses, set));
  const certain = possible.find((plan) => isSubset(set, plan.present));
  if (certain) return { value: certain.value, guard: certain.guard, certain: true };
  const open = possible.find(({ beatenBy }) => !beatenBy.some((uses) => isSubset(uses, set)));
  const plan = (open ?? possible[0]) as CompiledPlan;
  let { value, guard } = plan;
  for (const least of each.leastWith) {
    if ((least.bit & set & ~plan.present) === 0n || !isSubset(least.beside, set)) continue;
    if (least.value <= value && least.guard <= guard) continue;
    if (possible.some(({ present, uses }) => (present & ~uses & least.bit) !== 0n)) continue;
    value = Math.max(value, least.value);
    guard = Math.max(guard, least.guard);
  }
  return { value, guard, certain: false };
}

function leastOf(each: CompiledCase, most: bigint): number {
  let least = Number.POSITIVE_INFINITY;
  for (const plan of each.plans) if (plan.value < least && isSubset(plan.uses, most)) least = plan.value;
  return least;
}

function upkeepOf(upkeep: CompiledCase['upkeep'], set: bigint): number {
  let sum = 0;
  for (const { bit, value } of upkeep) if ((set & bit) !== 0n) sum += value;
  return sum;
}
