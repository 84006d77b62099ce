import { leastOf, upkeepOf } from './case-value.js';
import type { Compiled, CompiledCase } from './measured-problem.js';

/** What the workload takes at least under sets between two others, for a search that goes from set to set by few indexes. */
export class WorkloadBounds {
  readonly #problem: Compiled;
  /** By index, what its upkeep adds to the total. */
  readonly #upkeep: readonly number[];
  /** By index, the positions of statements with a plan that uses it. */
  readonly #using: readonly (readonly number[])[];
  readonly #leasts: Float64Array;
  #at: bigint;

  constructor(problem: Compiled) {
    const { statements, bits, all } = problem;
    this.#problem = problem;
    this.#upkeep = bits.map((bit) =>
      statements.reduce(
        (sum, { calls, cases }) => sum + calls * meanOf(cases, ({ upkeep }) => upkeepOf(upkeep, bit)),
        0,
      ),
    );
    const uses = statements.map(({ cases }) =>
      cases.reduce((sum, { plans }) => plans.reduce((bitsOf, plan) => bitsOf | plan.uses, sum), 0n),
    );
    this.#using = bits.map((bit) => uses.flatMap((used, position) => ((used & bit) === 0n ? [] : [position])));
    this.#leasts = Float64Array.from(statements, (_, position) => this.#least(position, all));
    this.#at = all;
  }

  /** No set that holds `chosen` and some of `open` has a lower total: every case takes the best plan that it could have. */
  least(chosen: bigint, open: bigint): number {
    const most = chosen | open;
    let sum = 0;
    for (const [at, bit] of this.#problem.bits.entries()) {
      if (((most ^ this.#at) & bit) !== 0n)
        for (const position of this.#using[at] ?? []) this.#leasts[position] = this.#least(position, most);
      if ((chosen & bit) !== 0n) sum += this.#upkeep[at] ?? 0;
    }
    this.#at = most;
    return this.#leasts.reduce((total, one) => total + one, sum);
  }

  #least(position: number, most: bigint): number {
    const { calls = 0, cases = [] } = this.#problem.statements[position] ?? {};
    return calls * meanOf(cases, (each) => leastOf(each, most));
  }
}

function meanOf(cases: readonly CompiledCase[], figure: (each: CompiledCase) => number): number {
  return cases.reduce((sum, each) => sum + figure(each), 0) / Math.max(1, cases.length);
}
