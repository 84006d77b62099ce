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

/** The cases to which it may be something whether the indexes are there, writes last, and those that could not be asked. `unseen` are fingerprints of statements for which that is more than their plans show. */
export async function casesTouched(
  bench: Bench,
  { cases, unseen }: { readonly cases: readonly TrialCase[]; readonly unseen: ReadonlySet<string> },
): Promise<{ readonly touched: readonly TrialCase[]; readonly refused: readonly TrialCase[] }> {
  const touched: TrialCase[] = [];
  const refused: TrialCase[] = [];
  for (const oneCase of inOrder(cases, (one) => one)) {
    bench.runner.check();
    const there = await planOrReason(bench, oneCase, bench.subsets.all);
    const none = await planOrReason(bench, oneCase, []);
    if ('reason' in there) refused.push(oneCase);
    else if ('reason' in none || there.text !== none.text || unseen.has(oneCase.fingerprint)) touched.push(oneCase);
  }
  return { touched, refused };
}

/** Asked each time: an expression's statistics go with its index, though no plan used it. The reason where the server refuses to plan it. */
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
  readonly #failed = new Map<string, TrialCase>();

  constructor(
    readonly bench: Bench,
    readonly cases: readonly TrialCase[],
    readonly rules: ChoiceRules,
  ) {}

  async find(): Promise<{
    readonly gone: readonly string[];
    readonly stay: ReadonlyMap<string, string>;
    readonly perStatement: readonly VerifiedStatement[];
    /** Those that the server refuses, and that use none of the indexes. */
    readonly failed: readonly TrialCase[];
  }> {
    for (;;) {
      const gone = this.#gone();
      const perStatement = gone.length === 0 ? [] : await this.#missed(gone);
      if (this.#gone().length === gone.length)
        return { gone, stay: this.#stay, perStatement, failed: [...this.#failed.values()] };
    }
  }

  #gone(): readonly string[] {
    return this.bench.subsets.all.filter((name) => !this.#stay.has(name));
  }

  /** Runs the cases with all and without those that go; what is missed stays from then on. */
  async #missed(gone: readonly string[]): Promise<readonly VerifiedStatement[]> {
    const stay = [...this.#stay.keys()];
    const pairs: Verified[] = [];
    for (const oneCase of this.cases) {
      this.bench.runner.check();
      const there = await planOrReason(this.bench, oneCase, this.bench.subsets.all);
      const without = await planOrReason(this.bench, oneCase, stay);
      if ('reason' in there) continue;
      if ('reason' in without) {
        this.#keep(usedOf(there, gone), `without it "${oneCase.name}" can not be planned: ${without.reason}`);
        continue;
      }
      const pair = await this.#pair(oneCase, there, without);
      if (pair === null) continue;
      if (!('reason' in pair)) pairs.push(pair);
      else if (!pair.failed || usesAny(there, gone))
        this.#keep(usedOf(there, gone), `"${oneCase.name}" ${pair.reason}`);
      // It fails as well without them, and uses none of them.
      else this.#failed.set(oneCase.key, oneCase);
    }
    await runAgain(this.bench, this.#slower(pairs));
    for (const group of byStatement(this.#slower(pairs), ({ record }) => record.oneCase)) this.#keepFor(group, gone);
    const perStatement = verifiedStatements(pairs);
    const [before, after] = [totalsOf(perStatement, 'before'), totalsOf(perStatement, 'after')];
    if (after.buffers > before.buffers * MOST_BLOCKS) {
      const [most] = byStatement(pairs, ({ record }) => record.oneCase).toSorted(
        (a, b) => blocksLost(b) - blocksLost(a),
      );
      if (most) this.#keepFor(most, gone);
    }
    return perStatement;
  }

  /** By time or by blocks. */
  #slower(pairs: readonly Verified[]): readonly Verified[] {
    const byBlocks = slowerWith(pairs, { ...this.rules, objective: 'buffers' });
    return [...new Set([...slowerWith(pairs, this.rules), ...byBlocks])];
  }

  /** Null where the plans are the same, and tell all. */
  async #pair(oneCase: TrialCase, there: SubsetPlan, without: SubsetPlan): Promise<Verified | Unrun | null> {
    const isTold = isToldByPlan(oneCase);
    if (isTold && there.text === without.text) return null;
    const key = JSON.stringify([oneCase.key, there.text, without.text]);
    const known = isTold ? this.#known.get(key) : undefined;
    if (known) return known;
    if (isOver(this.bench)) return { reason: 'did not run in the time', failed: false };
    const record = emptyRecord(oneCase);
    const [before, after] = [figuresOf(record, there), figuresOf(record, without)];
    const failure = await runInTurns(this.bench, record, before === after ? [before] : [before, after]);
    if (failure !== null) return { reason: `could not be run: ${failure}`, failed: true };
    if (before.cutOffMs !== null && after.cutOffMs !== null)
      return { reason: `came to no end in ${formatMs(before.cutOffMs)}, with it or without`, failed: false };
    const pair = { record, before, after };
    this.#known.set(key, pair);
    return pair;
  }

  #keepFor(group: readonly Verified[], gone: readonly string[]): void {
    const [row] = verifiedStatements(group);
    if (!row) return;
    const isMore = slowerWith(group, this.rules).length === 0;
    const [before, after] = isMore
      ? [`${formatCount(row.beforeBuffers)} blocks`, `${formatCount(row.afterBuffers)} blocks`]
      : [formatMs(row.beforeMs), formatMs(row.afterMs)];
    const names = group.flatMap((one) => usedOf(one.before.plan, gone));
    this.#keep(names, `without it "${row.name}" takes ${after} instead of ${before}`);
  }

  #keep(names: readonly string[], reason: string): void {
    for (const name of names) if (!this.#stay.has(name)) this.#stay.set(name, reason);
  }
}

/** A case without a figure. */
interface Unrun {
  readonly reason: string;
  /** The server refused it. */
  readonly failed: boolean;
}

function usesAny({ uses }: SubsetPlan, gone: readonly string[]): boolean {
  return uses.some((name) => gone.includes(name));
}

/** What a case may miss of what goes: all, where its plan uses none, since a trigger may. */
function usedOf(plan: SubsetPlan, gone: readonly string[]): readonly string[] {
  return usesAny(plan, gone) ? plan.uses.filter((name) => gone.includes(name)) : gone;
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
