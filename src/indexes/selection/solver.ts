import loadHighs from 'highs';
import type { Highs } from 'highs';
import { optimiseWasm } from '../../base/wasm.js';

/** What came of a programme. */
export interface Solution {
  readonly objective: number;
  /** No solution is better than this. */
  readonly bound: number;
  /** By variable. */
  readonly values: readonly number[];
}

/** Limits of one solution. Only the time makes the outcome depend on the machine. */
export interface SolverLimits {
  readonly timeMs: number | null;
  readonly nodes: number;
  /** Relative gap at which it stops. */
  readonly gap: number;
}

let loaded: Promise<Highs> | null = null;

/** Loads the solver (3.5 MB of WebAssembly) once. */
export function loadSolver(): Promise<Highs> {
  if (loaded === null) optimiseWasm(true);
  // The package's types describe its CommonJS form, where the function is one level deeper.
  loaded ??= (loadHighs as unknown as typeof loadHighs.default)();
  return loaded;
}

/** A mixed integer programme to be minimised, built row by row. All variables lie between 0 and 1. */
export class Programme {
  readonly #costs: number[] = [];
  readonly #integral: (0 | 1)[] = [];
  readonly #starts: number[] = [0];
  readonly #indices: number[] = [];
  readonly #values: number[] = [];
  readonly #lower: number[] = [];
  readonly #upper: number[] = [];
  readonly #most: number[] = [];
  #offset = 0;

  get variables(): number {
    return this.#costs.length;
  }

  /** Adds what every solution costs. */
  addConstant(cost: number): void {
    this.#offset += cost;
  }

  /** Gives the variable's position. `most` is its upper bound. */
  addVariable(cost: number, kind: 'binary' | 'continuous', most = 1): number {
    this.#costs.push(cost);
    this.#integral.push(kind === 'binary' ? 1 : 0);
    this.#most.push(most);
    return this.#costs.length - 1;
  }

  /** `lower` <= sum of coefficient x variable <= `upper`. */
  addRow(terms: readonly (readonly [variable: number, coefficient: number])[], lower: number, upper: number): void {
    for (const [variable, coefficient] of terms) {
      this.#indices.push(variable);
      this.#values.push(coefficient);
    }
    this.#starts.push(this.#indices.length);
    this.#lower.push(lower);
    this.#upper.push(upper);
  }

  /** Null when there is no solution within the limits. */
  solve(highs: Highs, limits: SolverLimits): Solution | null {
    const numCols = this.#costs.length;
    const numRows = this.#lower.length;
    if (numCols === 0) return { objective: this.#offset, bound: this.#offset, values: [] };
    const finite = (bound: number): number => (Number.isFinite(bound) ? bound : Math.sign(bound) * highs.infinity);
    return highs.withModel(
      {
        numCols,
        numRows,
        offset: this.#offset,
        colCost: this.#costs,
        colLower: this.#costs.map(() => 0),
        colUpper: this.#most,
        rowLower: this.#lower.map(finite),
        rowUpper: this.#upper.map(finite),
        matrix: {
          format: 'csr',
          numRows,
          numCols,
          starts: this.#starts,
          indices: this.#indices,
          values: this.#values,
        },
        integrality: this.#integral,
      },
      (model) => {
        model.options.set({
          output_flag: false,
          mip_rel_gap: limits.gap,
          mip_max_nodes: limits.nodes,
          // A restart solves the root anew for its smaller form: it doubled the time of 28 programmes of the benchmark, and proved no more.
          mip_allow_restart: false,
          ...(limits.timeMs === null ? {} : { time_limit: limits.timeMs / 1000 }),
        });
        model.run();
        const values = model.getSolution().colValue;
        const objective = model.getObjectiveValue();
        // The solver has a dual bound of its own for mixed programmes only; a linear one that is solved is its own bound.
        const bound = this.#integral.includes(1) ? Number(model.info.get('mip_dual_bound')) : objective;
        const solved = Number(model.info.get('primal_solution_status')) === FEASIBLE;
        return solved && values !== null ? { objective, bound, values: [...values] } : null;
      },
    );
  }
}

/** `kSolutionStatusFeasible`. */
const FEASIBLE = 2;
