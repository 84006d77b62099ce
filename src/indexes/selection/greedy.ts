import type { CostCache, StatementCosts } from './cost-cache.js';
import { choiceBytes } from './problem.js';
import type { Choice } from './problem.js';

/**
 * Adds, again and again, what gains most for its size by what is known: `gain / bytes ^ power`. A step may be several
 * indexes, where a plan needs them together. Costs no question.
 */
export function greedyChoice(
  cache: CostCache,
  start: Choice,
  { storageBytes, power }: { readonly storageBytes: number | null; readonly power: number },
): Choice {
  const choice = new Set(start);
  const chosen = new Map(cache.statements.map((costs) => [costs, costs.bits(choice)]));
  const guess = rememberGuesses();
  let steps = collectSteps(cache).map((ids): Step => ({ ids, score: Number.POSITIVE_INFINITY }));
  let left = storageBytes === null ? Number.POSITIVE_INFINITY : storageBytes - choiceBytes(cache.problem, choice);
  const score = ({ ids }: Step): number => {
    const missing = ids.filter((id) => !choice.has(id));
    const bytes = missing.reduce((sum, id) => sum + (cache.problem.items[id]?.bytes ?? 0), 0);
    if (missing.length === 0 || bytes > left) return 0;
    const writes = missing.reduce((sum, id) => sum + (cache.problem.items[id]?.writeCost ?? 0), 0);
    const touched = new Set(missing.flatMap((id) => cache.concernedBy(id)));
    let gain = -writes;
    for (const costs of touched) {
      const { value } = costs.statement;
      const set = chosen.get(costs) ?? 0n;
      gain += value(guess(costs, set)) - value(guess(costs, set | costs.bits(missing)));
    }
    return gain <= 0 ? 0 : gain / Math.max(1, bytes) ** power;
  };
  for (;;) {
    const best = takeLazily(steps, score);
    if (best === null) return choice;
    steps = best.others;
    const missing = best.step.ids.filter((id) => !choice.has(id));
    for (const id of missing) {
      choice.add(id);
      left -= cache.problem.items[id]?.bytes ?? 0;
    }
    for (const costs of new Set(missing.flatMap((id) => cache.concernedBy(id))))
      chosen.set(costs, (chosen.get(costs) ?? 0n) | costs.bits(missing));
  }
}

/**
 * Packs what the plans with everything in sight use, by gain for size: each index counts for the whole gain of the statements that
 * use it, also where others have to be there for it. So nothing is known of the choice, but it is good for a first one. Costs no question.
 */
export function packedChoice(cache: CostCache, start: Choice, storageBytes: number | null): Choice {
  const gains = new Map<number, number>();
  for (const costs of cache.statements) {
    const { value } = costs.statement;
    const whole = costs.known(costs.full);
    if (whole === undefined) continue;
    const gain = value(costs.upper(costs.present)) - value(whole.cost);
    for (const { id } of costs.itemsIn(whole.used & ~costs.present)) gains.set(id, (gains.get(id) ?? 0) + gain);
  }
  const { items } = cache.problem;
  const ratio = (id: number): number =>
    ((gains.get(id) ?? 0) - (items[id]?.writeCost ?? 0)) / Math.max(1, items[id]?.bytes ?? 0);
  const byRatio = [...gains.keys()].toSorted((a, b) => ratio(b) - ratio(a) || a - b);
  // One that begins with another's keys comes for both, at the place of the better.
  const givers = new Map<number, number>();
  for (const id of byRatio) for (const given of items[id]?.gives ?? []) if (!givers.has(given)) givers.set(given, id);
  const wanted = byRatio.map((id) => givers.get(id) ?? id);
  const choice = new Set(start);
  let left = storageBytes === null ? Number.POSITIVE_INFINITY : storageBytes - choiceBytes(cache.problem, choice);
  for (const id of new Set(wanted)) {
    const bytes = items[id]?.bytes ?? 0;
    if (ratio(id) <= 0 || bytes > left) continue;
    choice.add(id);
    left -= bytes;
  }
  return choice;
}

/** By known plans, one index standing for another whose keys it begins with. */
export function guessedCost(costs: StatementCosts, choice: Choice): number {
  return guessAt(costs, costs.bits(choice));
}

function guessAt(costs: StatementCosts, set: bigint): number {
  return Math.max(costs.upper(costs.given(set)), costs.lower(set));
}

/** Guesses while nothing new is learnt: a step that is scored again mostly meets the sets that it met before. */
function rememberGuesses(): typeof guessAt {
  const known = new Map<StatementCosts, Map<bigint, number>>();
  return (costs, set) => {
    const guesses = known.get(costs) ?? new Map<bigint, number>();
    known.set(costs, guesses);
    const guess = guesses.get(set) ?? guessAt(costs, set);
    guesses.set(set, guess);
    return guess;
  };
}

/** Indexes that a known plan uses together; `score` may be out of date, and is then too high or nearly right. */
interface Step {
  readonly ids: readonly number[];
  readonly score: number;
}

function collectSteps(cache: CostCache): readonly (readonly number[])[] {
  const steps = new Map<string, readonly number[]>();
  for (const costs of cache.statements) {
    for (const { used } of costs.answers) {
      const ids = costs.itemsIn(used & ~costs.present).map((item) => item.id);
      if (ids.length > 0) steps.set(ids.join(' '), ids);
    }
  }
  return [...steps.keys()].toSorted().map((key) => steps.get(key) ?? []);
}

/** Looks at steps in the order of what they were worth, and takes the first that is still worth more than the next was. */
function takeLazily(
  steps: readonly Step[],
  score: (step: Step) => number,
): { readonly step: Step; readonly others: Step[] } | null {
  const sorted = steps.toSorted((a, b) => b.score - a.score);
  const fresh: Step[] = [];
  let best: Step | null = null;
  let looked = 0;
  for (const step of sorted) {
    if (best !== null && best.score >= step.score) break;
    looked += 1;
    const now = { ids: step.ids, score: score(step) };
    if (now.score > 0) fresh.push(now);
    if (now.score > (best?.score ?? 0)) best = now;
  }
  if (best === null) return null;
  const chosen = best;
  return { step: chosen, others: [...fresh.filter((step) => step !== chosen), ...sorted.slice(looked)] };
}
