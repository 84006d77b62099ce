import type { IndexWhatIf } from '../../model/what-if.js';
import type { Allowance } from './allowance.js';
import type { Choice, Item, Problem, ProblemStatement } from './problem.js';

/** What the planner said of one statement. The sets are bits by position in `relevant`. */
export interface PlannerAnswer {
  readonly shown: bigint;
  /** What the cost rests on: the plan's indexes, and those that told the planner something. */
  readonly used: bigint;
  readonly cost: number;
}

/** With what else is known by now. */
export interface CostAnswer extends PlannerAnswer {
  /**
   * No set within `shown` is known to cost less. Below `cost` where the planner passed over a plan that it had: it takes
   * two paths for equal whose costs differ by less than 1 % (STD_FUZZ_FACTOR of PostgreSQL's pathnode.c), at each step of a plan.
   */
  readonly floor: number;
}

/**
 * All that is known of one statement's cost. An answer holds for every set between what the plan used and what was
 * shown; and an index more makes no plan dearer to the planner than what it was seen to pass over, which gives bounds for all other sets.
 */
export class StatementCosts {
  readonly statement: ProblemStatement;
  /** All relevant items. */
  readonly full: bigint;
  /** Those that exist already. */
  readonly present: bigint;
  readonly #items: readonly Item[];
  /** By place. */
  readonly #bits: readonly bigint[];
  readonly #place: ReadonlyMap<number, bigint>;
  readonly #families = new Map<string, bigint>();
  /** Of the items that give others: the item and what it gives. */
  readonly #gives: readonly (readonly [bit: bigint, gives: bigint])[];
  readonly #telling: bigint;
  #answers: readonly CostAnswer[] = [];
  readonly #unplanned = new Set<bigint>();
  #usedEver = 0n;

  constructor(problem: Problem, statement: ProblemStatement) {
    this.statement = statement;
    this.#items = statement.relevant.map((id) => itemAt(problem, id));
    this.#bits = statement.relevant.map((_, place) => 1n << BigInt(place));
    this.#place = new Map(statement.relevant.map((id, place) => [id, this.#bits[place] ?? 0n]));
    for (const { family, id } of this.#items)
      this.#families.set(family, (this.#families.get(family) ?? 0n) | this.bits([id]));
    this.full = (1n << BigInt(statement.relevant.length)) - 1n;
    this.present = this.#where((item) => item.existing !== null);
    this.#telling = this.#where((item) => !item.inert);
    this.#gives = this.#items.flatMap((item, place) => {
      const gives = this.bits(item.gives);
      return gives === 0n ? [] : [[this.#bits[place] ?? 0n, gives] as const];
    });
  }

  get answers(): readonly CostAnswer[] {
    return this.#answers;
  }

  /** Of a set, those from which the planner learns by their being there. */
  telling(set: bigint): bigint {
    return set & this.#telling;
  }

  /** Every item that some plan used. */
  get usedEver(): bigint {
    return this.#usedEver;
  }

  /** Items that are not relevant here are left out. */
  bits(ids: Iterable<number> | Choice): bigint {
    let bits = 0n;
    // A choice may hold hundreds, few of which matter here.
    if (ids instanceof Set && ids.size > this.#place.size) {
      for (const [id, bit] of this.#place) if (ids.has(id)) bits |= bit;
      return bits;
    }
    for (const id of ids) bits |= this.#place.get(id) ?? 0n;
    return bits;
  }

  /** Items of a set, in order. */
  itemsIn(bits: bigint): Item[] {
    return bits === 0n ? [] : this.#items.filter((_, place) => (bits & (this.#bits[place] ?? 0n)) !== 0n);
  }

  /** The set with all that its items give as well. */
  given(bits: bigint): bigint {
    return this.#gives.reduce((sum, [bit, gives]) => ((bits & bit) === 0n ? sum : sum | gives), bits);
  }

  /** Items of the same family as one of the set's, the set's own included, that meet a condition. */
  relatives(item: Item, among: bigint, wanted: (other: Item) => boolean): bigint {
    const family = among & (this.#families.get(item.family) ?? 0n);
    return this.bits(this.itemsIn(family).flatMap((other) => (wanted(other) ? [other.id] : [])));
  }

  /** Adds what the planner said. */
  learn({ shown, used, cost }: PlannerAnswer): void {
    const answer = { shown, used, cost, floor: Math.min(cost, this.upper(shown)) };
    const before = this.#answers.map((one) =>
      cost < one.floor && (used & ~one.shown) === 0n ? { ...one, floor: cost } : one,
    );
    this.#answers = [...before, answer];
    this.#usedEver |= used;
  }

  /** Notes that the planner had no answer for a set, which happens when planning takes too long: nothing follows for any other set. */
  noteUnplanned(set: bigint): void {
    this.#unplanned.add(set);
  }

  isUnplanned(set: bigint): boolean {
    return this.#unplanned.has(set);
  }

  /** What stands in for the answer that the planner did not have: the cheapest known cost, and all of the set as what it may rest on. */
  guess(set: bigint): PlannerAnswer {
    return { shown: set, used: set, cost: this.upper(set) };
  }

  /** The answer for a set, when one that is known holds for it. */
  known(set: bigint): PlannerAnswer | undefined {
    return this.#answers.find(
      ({ shown, used }) => (used & ~set) === 0n && (set & ~shown) === 0n && (shown & ~set & this.#telling) === 0n,
    );
  }

  /** The plan with a set: what the planner said of it, or else the cheapest one known that needs no more; null when nothing is known. */
  best(set: bigint): PlannerAnswer | null {
    return this.known(set) ?? this.#cheapest(set);
  }

  /** The cost is at most this; infinite when nothing is known. */
  upper(set: bigint): number {
    return this.#cheapest(set)?.cost ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Of the plans that need no more than a set: the cheapest among those that the planner was told as much for as the set tells it, else the cheapest of all,
   * which is a guess where an item tells more.
   */
  #cheapest(set: bigint): PlannerAnswer | null {
    let told: PlannerAnswer | null = null;
    let any: PlannerAnswer | null = null;
    for (const answer of this.#answers) {
      if ((answer.used & ~set) !== 0n) continue;
      if (any === null || answer.cost < any.cost) any = answer;
      if (((answer.shown ^ set) & this.#telling) !== 0n) continue;
      if (told === null || answer.cost < told.cost) told = answer;
    }
    return told ?? any;
  }

  /** The cost is at least this; 0 when nothing is known. */
  lower(set: bigint): number {
    return this.#answers.reduce((most, { shown, floor }) => (floor > most && (set & ~shown) === 0n ? floor : most), 0);
  }

  #where(wanted: (item: Item) => boolean): bigint {
    return this.bits(this.#items.filter(wanted).map((item) => item.id));
  }
}

/** Costs are printed to the hundredth. */
const SAME_COST = 0.001;

/** The costs of all statements, asked at most once each and counted. */
export class CostCache {
  readonly problem: Problem;
  readonly statements: readonly StatementCosts[];
  readonly #whatIf: IndexWhatIf;
  readonly #allowance: Allowance;
  readonly #names: ReadonlyMap<string, number>;
  readonly #byItem = new Map<number, StatementCosts[]>();

  constructor(problem: Problem, whatIf: IndexWhatIf, allowance: Allowance) {
    this.problem = problem;
    this.#whatIf = whatIf;
    this.#allowance = allowance;
    this.statements = problem.statements.map((statement) => new StatementCosts(problem, statement));
    this.#names = new Map(problem.items.map((item) => [nameOf(item), item.id]));
    for (const costs of this.statements) {
      for (const id of costs.statement.relevant) {
        const concerned = this.#byItem.get(id);
        if (concerned) concerned.push(costs);
        else this.#byItem.set(id, [costs]);
      }
    }
  }

  /** The statements whose plan an item could change, in order. */
  concernedBy(id: number): readonly StatementCosts[] {
    return this.#byItem.get(id) ?? [];
  }

  /** The choice of items of another cache that are here too. */
  choiceOf(items: Iterable<Item>): Choice {
    return new Set([...items].flatMap((item) => this.#names.get(nameOf(item)) ?? []));
  }

  /** Takes over what a cache for the same statements, with some of these items, was told. */
  learnFrom(other: CostCache): void {
    for (const [at, theirs] of other.statements.entries()) {
      const costs = this.statements[at];
      const set = (bits: bigint): bigint => costs?.bits(this.choiceOf(theirs.itemsIn(bits))) ?? 0n;
      for (const { shown, used, cost } of theirs.answers) costs?.learn({ shown: set(shown), used: set(used), cost });
    }
  }

  /** The statement's cost with exactly this set; null when it is not known and there is nothing left to ask with. */
  async at(costs: StatementCosts, set: bigint): Promise<PlannerAnswer | null> {
    const known = costs.known(set);
    if (known !== undefined) return known;
    if (costs.isUnplanned(set)) return costs.guess(set);
    if (this.#allowance.isSpent()) return null;
    const [said] = await this.#whatIf.cost([costs.statement.fingerprint], {
      add: costs.itemsIn(set).flatMap((item) => item.spec ?? []),
      drop: costs.itemsIn(costs.present & ~set).flatMap((item) => item.existing ?? []),
    });
    this.#allowance.count(said?.planned ?? 0);
    const names = [...(said?.uses ?? []), ...(said?.usesExisting ?? [])];
    const inPlan = costs.bits(names.flatMap((name) => this.#names.get(name) ?? [])) & set;
    if (said === undefined || said.cost === null) {
      costs.noteUnplanned(set);
      return costs.guess(set);
    }
    const used = inPlan | (await this.#restsOn(costs, set, { inPlan, cost: said.cost }));
    const answer = { shown: set, used, cost: said.cost };
    costs.learn(answer);
    return answer;
  }

  /** Items that no plan uses and without which the planner says another cost: the statistics of an expression are there only with its index. */
  async #restsOn(
    costs: StatementCosts,
    set: bigint,
    { inPlan, cost }: { readonly inPlan: bigint; readonly cost: number },
  ): Promise<bigint> {
    const telling = costs.telling(set & ~inPlan);
    if (telling === 0n) return 0n;
    const without = await this.at(costs, set & ~telling);
    const isSame = without !== null && Math.abs(without.cost - cost) <= SAME_COST * cost;
    return isSame ? 0n : telling;
  }

  /** How many answers there are: where it is the same, nothing new is known. */
  get learnt(): number {
    return this.statements.reduce((sum, costs) => sum + costs.answers.length, 0);
  }

  /** The objective's value of a choice at most, by what is known; infinite when a statement is not known at all. */
  upper(choice: Choice): number {
    return this.statements.reduce((sum, costs) => sum + costs.statement.value(costs.upper(costs.bits(choice))), 0);
  }
}

/** As the what-if engine says it in its answers. */
function nameOf({ existing, spec }: Item): string {
  return existing ?? spec?.name ?? '';
}

function itemAt(problem: Problem, id: number): Item {
  const item = problem.items[id];
  if (item === undefined) throw new RangeError(`No item ${id}`);
  return item;
}
