import { figuresOf, hasRun, isOver, planOfSet } from './case-record.js';
import { bitsOf, isWithin } from './name-bits.js';
import { together, withoutOne } from './outlook.js';
import type { Known, Lacked, Outlook, StatementChange } from './outlook.js';

/** What is looked for from a set on. */
export interface Betterment {
  /** What a millisecond beyond what a statement may take counts as; null where no step may make more statements too slow. */
  readonly price: number | null;
}

/**
 * Goes from a set that fits to better ones, as long as one step makes it better by what then ran: one index more, one less, one in place of others, or all that a statement's best plan uses. The planner is asked of every such step, and those that promise
 * most are run, one after another, as far as what ran still promises something. What statements take beyond what they may is paid for, so that the way may lead over sets which make some too slow. Gives the best set that was run as a whole.
 */
export async function betterSet(
  outlook: Outlook,
  from: readonly string[],
  betterment: Betterment,
): Promise<readonly string[]> {
  const tried = new Set<bigint>([bitsOf(from)]);
  const failures = new Map<string, number>();
  let present = from;
  await outlook.run(present);
  while (!isOver(outlook.bench)) {
    const steps = new Steps(outlook, present, betterment);
    const next = await steps.best({ tried, failures });
    if (next === null) break;
    tried.add(bitsOf(next));
    if (await steps.isBetter(next)) present = next;
    else for (const name of next) if (!present.includes(name)) failures.set(name, (failures.get(name) ?? 0) + 1);
  }
  return present;
}

/** What did not come true. */
interface Disappointments {
  readonly tried: ReadonlySet<bigint>;
  /** By the index that came in. */
  readonly failures: ReadonlyMap<string, number>;
}

/** A set beside the one that is there. */
interface Step {
  readonly set: readonly string[];
  readonly gain: number;
}

/** The steps from one set. */
class Steps {
  constructor(
    readonly outlook: Outlook,
    readonly present: readonly string[],
    readonly betterment: Betterment,
  ) {}

  /** The step that promises most of those looked at; null where none promises enough, or the time ended it. */
  async best({ tried, failures }: Disappointments): Promise<readonly string[] | null> {
    const { bench } = this.outlook;
    const judge = await this.#judge();
    const steps = await this.#steps(judge);
    if (steps === null) return null;
    // What promised in vain is believed less.
    const doubt = (set: readonly string[]): number =>
      set.reduce((most, name) => (this.present.includes(name) ? most : Math.max(most, failures.get(name) ?? 0)), 0) + 1;
    const believed = (gain: number, set: readonly string[]): number => (gain > 0 ? gain / doubt(set) : gain);
    const ranked = steps
      .filter((step) => !tried.has(bitsOf(step.set)))
      .map((step) => ({ ...step, gain: believed(step.gain, step.set) }))
      .toSorted((a, b) => b.gain - a.gain);
    let best: Step | null = null;
    for (const [at, { set }] of ranked.entries()) {
      if (isOver(bench) || (at >= MOST_LOOKS && best !== null)) break;
      const look = await judge.look(set);
      const { gain } = look;
      if (judge.isBetter(look) && believed(gain, set) > (best?.gain ?? 0)) best = { set, gain: believed(gain, set) };
    }
    return best?.set ?? null;
  }

  /** One index more, one less, one in place of others, and all that a plan uses, with what each promises as far as it is known by then; null where the time ended it. */
  async #steps(judge: Judge): Promise<readonly Step[] | null> {
    const { outlook, present } = this;
    const looks = new Map<string, Look>();
    for (const { name } of outlook.rules.indexes) {
      if (isOver(outlook.bench)) return null;
      looks.set(name, await judge.look(present.includes(name) ? withoutOne(present, name) : [...present, name]));
    }
    const gainOf = (name: string): number => looks.get(name)?.gain ?? 0;
    const leastMissed = present.toSorted((a, b) => gainOf(b) / outlook.size(b) - gainOf(a) / outlook.size(a));
    const steps: Step[] = present.map((name) => ({ set: withoutOne(present, name), gain: gainOf(name) }));
    for (const { name } of outlook.rules.indexes) {
      const look = looks.get(name);
      if (look === undefined || present.includes(name)) continue;
      const larger = [...present, name];
      if (this.#fits(larger)) steps.push({ set: larger, gain: look.gain });
      const smaller = present.map((other) => withoutOne(larger, other)).filter((one) => this.#fits(one));
      for (const set of [...smaller, this.#fitted(larger, leastMissed)])
        if (set !== null) steps.push({ set, gain: look.gain - missedIn(look, goneFrom(present, set), looks) });
    }
    for (const { names, gain } of this.#wholePlans(judge.known)) {
      const stay = leastMissed.filter((name) => !names.includes(name));
      const set = this.#fitted([...present, ...names], stay);
      if (set === null || names.some((name) => !set.includes(name))) continue;
      steps.push({ set, gain: goneFrom(present, set).reduce((sum, name) => sum + Math.min(0, gainOf(name)), gain) });
    }
    return steps;
  }

  /** What is lacked for the best plans of statements, where that is several indexes: one of them alone may be of no use. */
  #wholePlans(known: readonly Known[]): readonly Lacked[] {
    const { outlook, present } = this;
    const lacked = known.flatMap((one) => outlook.lackedBy(one, present) ?? []);
    const sets = new Map(lacked.map(({ names }) => [bitsOf(names), names]));
    return [...sets].flatMap(([bits, names]) => {
      if (names.length < 2) return [];
      const served = lacked.filter((one) => isWithin(bitsOf(one.names), bits));
      return [{ names, gain: sum(served.map((one) => one.gain)) }];
    });
  }

  /** Runs what never ran under a set, once, until what ran promises nothing any more. Whether it is better by what ran. */
  async isBetter(set: readonly string[]): Promise<boolean> {
    const { outlook } = this;
    const judge = await this.#judge();
    for (const record of outlook.records) {
      const figures = figuresOf(record, await planOfSet(outlook.bench, record, set));
      if (hasRun(figures)) continue;
      if (isOver(outlook.bench)) return false;
      await outlook.run(set, [record]);
      if (!judge.isBetter(await judge.look(set))) return false;
    }
    return judge.isBetter(await judge.look(set));
  }

  async #judge(): Promise<Judge> {
    const known = await this.outlook.under(this.present);
    return new Judge(this.outlook, known, await this.outlook.changes(known, this.present), this.betterment);
  }

  /** A set without what is missed least, until it fits; null where it never does. */
  #fitted(larger: readonly string[], leastMissed: readonly string[]): readonly string[] | null {
    let set = larger;
    const gone: string[] = [];
    for (const other of leastMissed) {
      if (this.#fits(set)) break;
      set = withoutOne(set, other);
      gone.unshift(other);
    }
    if (!this.#fits(set)) return null;
    // What had to go before a larger one did may stay after all.
    for (const other of gone) if (this.#fits([...set, other])) set = [...set, other];
    return set;
  }

  #fits(set: readonly string[]): boolean {
    return this.outlook.bytes(set) <= this.outlook.rules.budgetBytes;
  }
}

function goneFrom(present: readonly string[], set: readonly string[]): readonly string[] {
  return present.filter((name) => !set.includes(name));
}

/** What the statements that use some of the names under a look lose without each of them, as far as they use it now. */
function missedIn(look: Look, gone: readonly string[], looks: ReadonlyMap<string, Look>): number {
  let missed = 0;
  for (const [at, { plan }] of look.changes.entries())
    for (const name of plan.uses) if (gone.includes(name)) missed -= looks.get(name)?.gains[at] ?? 0;
  return missed;
}

/** What another set promises. */
interface Look {
  readonly gain: number;
  readonly changes: readonly StatementChange[];
  /** By statement. */
  readonly gains: readonly number[];
}

/** Says what sets gain over one. */
class Judge {
  /** Less is nothing. */
  readonly #least: number;

  constructor(
    readonly outlook: Outlook,
    readonly known: readonly Known[],
    readonly now: readonly StatementChange[],
    readonly betterment: Betterment,
  ) {
    this.#least = LEAST_STEP * outlook.worth(known);
  }

  async look(set: readonly string[]): Promise<Look> {
    const changes = await this.outlook.changes(this.known, set);
    const { price } = this.betterment;
    const gains = changes.map(({ loss, excess }, at) => (price ?? 0) * ((this.now[at]?.excess ?? 0) - excess) - loss);
    return { gain: sum(gains) - this.outlook.dearer(this.known, set), changes, gains };
  }

  isBetter({ gain, changes }: Look): boolean {
    const isSlower = this.betterment.price === null && together(changes).slower > together(this.now).slower;
    return gain > this.#least && !isSlower;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}

/** Steps of which the planner is asked at least, of those that promise most. */
const MOST_LOOKS = 24;
/** Of what the workload takes under the set: single runs spread more. */
const LEAST_STEP = 0.001;
