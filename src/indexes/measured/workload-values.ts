import { statementValue } from './case-value.js';
import type { StatementValue } from './case-value.js';
import type { SetValue } from './measured-choice.js';
import type { Compiled } from './measured-problem.js';
import { mostOf } from './statement-guard.js';

/** What a search needs to know of a set. */
export interface Brief {
  /** Calls times value, over all statements. */
  readonly total: number;
  /** How many statements are beyond their tolerance. */
  readonly slower: number;
}

/** Looks that working out a statement's value takes as long as. */
const WORKING_OUT = 20;

/**
 * The workload under sets of indexes. A search asks for many sets that differ by an index or two from one it is at: only the statements
 * that these may concern are looked at then.
 */
export class WorkloadValues {
  readonly #problem: Compiled;
  /** By statement: most changes of a set are none to it. */
  readonly #known: readonly Map<bigint, StatementValue>[];
  readonly #bases: readonly number[];
  /** By index, the positions of statements that it may concern. */
  readonly #concerned: readonly (readonly number[])[];
  readonly #briefs = new Map<bigint, Brief>();
  #effort = 0;
  #at = 0n;
  readonly #totals: Float64Array;
  readonly #slower: Uint8Array;
  #brief: Brief;

  constructor(problem: Compiled) {
    const { statements, bits } = problem;
    this.#problem = problem;
    this.#known = statements.map(() => new Map());
    this.#bases = statements.map((_, position) => this.#statement(position, 0n).guard);
    this.#concerned = bits.map((bit) =>
      statements.flatMap(({ concerning }, position) => ((concerning & bit) === 0n ? [] : [position])),
    );
    this.#totals = Float64Array.from(statements, (one, position) => one.calls * this.#statement(position, 0n).value);
    this.#slower = new Uint8Array(statements.length);
    this.#brief = { total: this.#totals.reduce((sum, one) => sum + one, 0), slower: 0 };
  }

  /** How often a statement was looked at under some set, what had to be worked out counted more often. */
  get effort(): number {
    return this.#effort;
  }

  /** All that is known of a set. */
  value(set: bigint): SetValue {
    const perStatement: number[] = [];
    const slower: number[] = [];
    const unsure: number[] = [];
    let total = 0;
    let assumed = 0;
    for (const [position, { calls }] of this.#problem.statements.entries()) {
      const now = this.#statement(position, set);
      assumed += now.assumed;
      if (now.unsure) unsure.push(position);
      total += calls * now.value;
      if (this.#isSlower(position, now)) slower.push(position);
      perStatement.push(now.value);
    }
    return { total, perStatement, slower, assumed, unsure };
  }

  /** The set from which others are told apart from now on. */
  moveTo(set: bigint): void {
    const changed = this.#changedBy(set ^ this.#at);
    if (changed.size === 0) return;
    let { slower } = this.#brief;
    for (const position of changed) {
      const now = this.#statement(position, set);
      const isSlower = this.#isSlower(position, now) ? 1 : 0;
      slower += isSlower - (this.#slower[position] ?? 0);
      this.#slower[position] = isSlower;
      this.#totals[position] = (this.#problem.statements[position]?.calls ?? 0) * now.value;
    }
    this.#at = set;
    // Anew, so that what rounds does not add up.
    this.#brief = { total: this.#totals.reduce((sum, one) => sum + one, 0), slower };
  }

  brief(set: bigint): Brief {
    const known = this.#briefs.get(set);
    if (known) return known;
    let { total, slower } = this.#brief;
    for (const position of this.#changedBy(set ^ this.#at)) {
      const now = this.#statement(position, set);
      total += (this.#problem.statements[position]?.calls ?? 0) * now.value - (this.#totals[position] ?? 0);
      slower += (this.#isSlower(position, now) ? 1 : 0) - (this.#slower[position] ?? 0);
    }
    const made = { total, slower };
    this.#briefs.set(set, made);
    return made;
  }

  /** The most that a statement's guard may be. */
  allowed(position: number): number {
    const base = this.#bases[position] ?? 0;
    const guard = this.#problem.statements[position]?.guard;
    return guard ? mostOf(base, guard) : base;
  }

  #isSlower(position: number, { guard }: StatementValue): boolean {
    return guard > this.allowed(position);
  }

  #changedBy(difference: bigint): ReadonlySet<number> {
    const positions = new Set<number>();
    if (difference === 0n) return positions;
    for (const [at, bit] of this.#problem.bits.entries())
      if ((difference & bit) !== 0n) for (const position of this.#concerned[at] ?? []) positions.add(position);
    return positions;
  }

  #statement(position: number, set: bigint): StatementValue {
    const one = this.#problem.statements[position];
    const known = this.#known[position];
    const seen = set & (one?.concerning ?? 0n);
    const already = known?.get(seen);
    this.#effort += already === undefined ? WORKING_OUT : 1;
    if (already !== undefined) return already;
    const made = statementValue(one?.cases ?? [], set);
    known?.set(seen, made);
    return made;
  }
}
