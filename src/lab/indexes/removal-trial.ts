import { formatCount, formatMs } from '../../base/units.js';
import type { VerifiedStatement } from '../../indexes/measured/measured-index-set.js';
import type { RemovalTotals } from '../../indexes/measured/measured-removals.js';
import { isToldByPlan } from '../trial/cases.js';
import type { TrialCase } from '../trial/cases.js';
import { inOrder, reasonOf } from '../trial/measure.js';
import { troubleOf } from '../trial/sessions.js';
import { byStatement } from '../trial/summary.js';
import { emptyRecord, figuresOf, isOver, runInTurns } from './case-record.js';
import type { Bench } from './case-record.js';
import type { ChoiceRules } from './settle.js';
import type { SubsetPlan } from './subset.js';
import { slowerWith, verifiedStatements, verifiedTotals } from './verified.js';
import { runAgain } from './verify.js';
import type { Verified } from './verify.js';

/** A case to which it is something whether the indexes that might go are there. */
export interface TouchedCase {
  /** Opaque where it uses some of them that its plan does not show. */
  readonly oneCase: TrialCase;
  /** Its plan with all of them there. */
  readonly there: SubsetPlan;
  /** Those of them that it uses, as it ran: in its plan, or inside functions, triggers, checks and views. */
  readonly uses: readonly string[];
}

/** What statements have to do with the indexes that might go. */
export interface CasesTouched {
  /** Writes last. */
  readonly touched: readonly TouchedCase[];
  /** Those that the server refuses, with the indexes there. */
  readonly refused: readonly TrialCase[];
  /** Those that came to no end: what no plan shows of them is not known. */
  readonly unended: readonly TrialCase[];
}

/** Runs each case once with all indexes there, and sees which it scans; null where the time ended it before. `paying` are fingerprints of statements that write to their tables. */
export async function casesTouched(
  bench: Bench,
  { cases, paying }: { readonly cases: readonly TrialCase[]; readonly paying: ReadonlySet<string> },
): Promise<CasesTouched | null> {
  const found = { touched: [] as TouchedCase[], refused: [] as TrialCase[], unended: [] as TrialCase[] };
  for (const oneCase of inOrder(cases, (one) => one)) {
    bench.runner.check();
    if (isOver(bench)) return null;
    const there = await planOrReason(bench, oneCase, bench.subsets.all);
    const scanned = 'reason' in there ? null : await scannedOrReason(bench, oneCase);
    if ('reason' in there || (scanned !== null && 'reason' in scanned)) {
      found.refused.push(oneCase);
      continue;
    }
    if (scanned === null) found.unended.push(oneCase);
    const hidden = (scanned ?? []).filter((name) => !there.uses.includes(name));
    const uses = [...there.uses, ...hidden];
    const none = await planOrReason(bench, oneCase, []);
    const isOther = 'reason' in none || there.text !== none.text;
    if (!isOther && uses.length === 0 && !paying.has(oneCase.fingerprint)) continue;
    found.touched.push({ oneCase: hidden.length > 0 ? { ...oneCase, opaque: true } : oneCase, there, uses });
  }
  return found;
}

async function scannedOrReason(
  bench: Bench,
  oneCase: TrialCase,
): Promise<readonly string[] | { readonly reason: string } | null> {
  try {
    return await bench.runner.use((session) => bench.subsets.scanned(session, oneCase, bench.timeoutMs));
  } catch (thrown) {
    bench.runner.check();
    if (troubleOf(thrown) !== 'statement') throw thrown;
    return { reason: reasonOf(thrown, bench.timeoutMs) };
  }
}

/** Asked for each set: an expression's statistics go with its index, though no plan used it. The reason where the server refuses to plan it. */
async function planOrReason(
  bench: Bench,
  oneCase: TrialCase,
  present: readonly string[],
): Promise<SubsetPlan | { readonly reason: string }> {
  try {
    return await bench.runner.use((session) => bench.subsets.plan(session, oneCase, present));
  } catch (thrown) {
    bench.runner.check();
    if (troubleOf(thrown) !== 'statement') throw thrown;
    return { reason: reasonOf(thrown, 0) };
  }
}

/** Looks for what of the indexes that might go can go together. */
export class RemovalTrial {
  /** Why an index stays, by its name. */
  readonly #stay = new Map<string, string>();
  /** Pairs of plans that ran, by case and both texts. */
  readonly #known = new Map<string, Verified>();
  readonly #byKey: ReadonlyMap<string, TouchedCase>;

  constructor(
    readonly bench: Bench,
    readonly cases: readonly TouchedCase[],
    readonly rules: ChoiceRules,
  ) {
    this.#byKey = new Map(cases.map((one) => [one.oneCase.key, one]));
  }

  async find(): Promise<{
    readonly gone: readonly string[];
    readonly stay: ReadonlyMap<string, string>;
    readonly perStatement: readonly VerifiedStatement[];
  }> {
    for (;;) {
      const gone = this.#gone();
      const perStatement = gone.length === 0 ? [] : await this.#missed(gone);
      if (this.#gone().length === gone.length) return { gone, stay: this.#stay, perStatement };
    }
  }

  #gone(): readonly string[] {
    return this.bench.subsets.all.filter((name) => !this.#stay.has(name));
  }

  /** Runs the cases with all and without those that go; what is missed stays from then on. */
  async #missed(gone: readonly string[]): Promise<readonly VerifiedStatement[]> {
    const stay = [...this.#stay.keys()];
    const pairs: Verified[] = [];
    for (const touched of this.cases) {
      const { oneCase, uses } = touched;
      this.bench.runner.check();
      const mine = uses.filter((name) => gone.includes(name));
      const pair = await this.#pairUnder(touched, stay);
      if (pair === null) continue;
      if (!('reason' in pair)) pairs.push(pair);
      // What uses none of them pays less without, or is refused for a rule that one of them is.
      else if (mine.length > 0 || !oneCase.soils || pair.unplanned)
        this.#keep(mine.length > 0 ? mine : gone, `"${oneCase.name}" ${pair.reason}`);
    }
    await runAgain(this.bench, this.#slower(pairs));
    const usedOf = (group: readonly Verified[]): readonly string[] => {
      const used = group.flatMap(({ record }) => this.#byKey.get(record.oneCase.key)?.uses ?? []);
      return [...new Set(used)].filter((name) => gone.includes(name));
    };
    for (const group of byStatement(this.#slower(pairs), ({ record }) => record.oneCase))
      await this.#keepFor(group, { stay, used: usedOf(group), gone });
    const perStatement = verifiedStatements(pairs);
    const [before, after] = [totalsOf(perStatement, 'before'), totalsOf(perStatement, 'after')];
    if (after.buffers > before.buffers * MOST_BLOCKS) {
      const [most] = byStatement(pairs, ({ record }) => record.oneCase).toSorted(
        (a, b) => blocksLost(b) - blocksLost(a),
      );
      if (most) this.#stayFor(most, usedOf(most));
    }
    return perStatement;
  }

  /** By time or by blocks. */
  #slower(pairs: readonly Verified[]): readonly Verified[] {
    const byBlocks = slowerWith(pairs, { ...this.rules, objective: 'buffers' });
    return [...new Set([...slowerWith(pairs, this.rules), ...byBlocks])];
  }

  /** A case with all and without those that do not stay. Null where the plans are the same, and tell all. */
  async #pairUnder({ oneCase, there }: TouchedCase, stay: readonly string[]): Promise<Verified | Unrun | null> {
    const without = await planOrReason(this.bench, oneCase, stay);
    if ('reason' in without) return { reason: `can not be planned without it: ${without.reason}`, unplanned: true };
    const isTold = isToldByPlan(oneCase);
    if (isTold && there.text === without.text) return null;
    const key = JSON.stringify([oneCase.key, there.text, without.text]);
    const known = isTold ? this.#known.get(key) : undefined;
    if (known) return known;
    if (isOver(this.bench)) return { reason: 'did not run in the time', unplanned: false };
    const record = emptyRecord(oneCase);
    // What a read does inside functions hangs on what is there, whatever its plan.
    const [before, after] = [figuresOf(record, withAllUsed(there)), figuresOf(record, withAllUsed(without))];
    const failure = await runInTurns(this.bench, record, before === after ? [before] : [before, after]);
    if (failure !== null) return { reason: `could not be run without it: ${failure}`, unplanned: false };
    if (before.cutOffMs !== null && after.cutOffMs !== null)
      return { reason: `came to no end in ${formatMs(before.cutOffMs)}, with it or without`, unplanned: false };
    const pair = { record, before, after };
    this.#known.set(key, pair);
    return pair;
  }

  /** Of several indexes that a statement uses the one stays that it is content with alone; all, where there is none. */
  async #keepFor(
    group: readonly Verified[],
    {
      stay,
      used,
      gone,
    }: { readonly stay: readonly string[]; readonly used: readonly string[]; readonly gone: readonly string[] },
  ): Promise<void> {
    const isWrite = group.some(({ record }) => record.oneCase.soils);
    // A write that uses none of them only pays for them.
    if (used.length === 0 && isWrite) return;
    if (used.length < 2) return this.#stayFor(group, used.length > 0 ? used : gone);
    for (const name of used) {
      const pairs = [];
      for (const { record } of group) {
        const touched = this.#byKey.get(record.oneCase.key);
        if (touched) pairs.push(await this.#pairUnder(touched, [...stay, name]));
      }
      const ran = pairs.filter((pair): pair is Verified => pair !== null && !('reason' in pair));
      const isContent = pairs.every((pair) => pair === null || !('reason' in pair)) && this.#slower(ran).length === 0;
      if (isContent) return this.#stayFor(group, [name]);
    }
    this.#stayFor(group, used);
  }

  #stayFor(group: readonly Verified[], names: readonly string[]): void {
    const [row] = verifiedStatements(group);
    if (!row) return;
    const isMore = slowerWith(group, this.rules).length === 0;
    const [before, after] = isMore
      ? [`${formatCount(row.beforeBuffers)} blocks`, `${formatCount(row.afterBuffers)} blocks`]
      : [formatMs(row.beforeMs), formatMs(row.afterMs)];
    this.#keep(names, `without it "${row.name}" takes ${after} instead of ${before} (measured)`);
  }

  #keep(names: readonly string[], reason: string): void {
    for (const name of names) if (!this.#stay.has(name)) this.#stay.set(name, reason);
  }
}

/** As if the plan used all that is there: two executions of it are held apart then. */
function withAllUsed(plan: SubsetPlan): SubsetPlan {
  return { ...plan, uses: plan.present };
}

/** A case without a figure. */
interface Unrun {
  readonly reason: string;
  /** The server refuses to plan it without them. */
  readonly unplanned: boolean;
}

function blocksLost(group: readonly Verified[]): number {
  const rows = verifiedStatements(group);
  return totalsOf(rows, 'after').buffers - totalsOf(rows, 'before').buffers;
}

/** Calls times figures. */
export function totalsOf(rows: readonly VerifiedStatement[], side: 'before' | 'after'): RemovalTotals {
  const walBytes = rows.reduce(
    (sum, one) => sum + one.calls * (side === 'before' ? one.beforeWalBytes : one.afterWalBytes),
    0,
  );
  return { ...verifiedTotals(rows, side), walBytes };
}

/** What all the statements together may touch more, of their blocks: an index that most of them read a little less with is worth its place. */
const MOST_BLOCKS = 1.05;
