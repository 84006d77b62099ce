import { specKey } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import type { DroppedIndex, IndexEffect } from '../indexes/measured/measured-index-set.js';
import { READ_TOLERANCE } from '../indexes/measured/statement-guard.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import type { IndexSpec } from '../model/action.js';
import { sameRelation } from '../model/catalog.js';
import { sizedFor } from './index-alternatives.js';
import type { IndexSearchOptions } from './index-search-once.js';

/** What measurement refused, and what it kept. */
export interface RefusedBeside {
  readonly candidates: readonly Candidate[];
  readonly kept: readonly IndexSpec[];
  readonly dropped: readonly DroppedIndex[];
  /** For all indexes together; null for no limit. */
  readonly budgetBytes: number | null;
}

/**
 * Indexes that measurement refused although they gain over the whole workload, since some statement takes a bad plan with them; each with those others that give
 * this statement a plan which the planner likes better than the bad one, the best of them and the smallest, where both fit in the budget. Whether that is so in truth, measuring them together shows.
 */
export async function withCompanions(
  { whatIf, snapshot, signal }: Pick<IndexSearchOptions, 'whatIf' | 'snapshot' | 'signal'>,
  { dropped, budgetBytes, ...beside }: RefusedBeside,
): Promise<readonly UnvaluedIndex[]> {
  const fingerprints = new Map(snapshot.workload.statements.map((one) => [one.name, one.fingerprint]));
  const found = new Map<string, UnvaluedIndex>();
  for (const { spec, effects, built } of worthAnotherTry(dropped)) {
    const leftBytes = (budgetBytes ?? Number.POSITIVE_INFINITY) - (built?.sizeBytes ?? 0);
    const slowed = slowedBy(effects).flatMap(({ statement }) => fingerprints.get(statement) ?? []);
    for (const fingerprint of slowed.slice(0, MOST_SLOWED)) {
      if (signal.aborted) return [];
      const better = await betterWith(whatIf, { ...beside, spec, fingerprint });
      const [own, ...sized] = await sizedFor(whatIf, beside.candidates, [spec, ...better]);
      const fitting = sized.filter((one) => one.sizeBytes <= leftBytes);
      const smallest = fitting.toSorted((a, b) => a.sizeBytes - b.sizeBytes).slice(0, 1);
      if (!own || fitting.length === 0) continue;
      for (const one of [own, ...fitting.slice(0, MOST_BEST), ...smallest]) found.set(specKey(one.spec), one);
    }
  }
  return [...found.values()];
}

/** Candidates with which the planner likes another plan for a statement clearly better than the one that it is lured into, the best first. */
async function betterWith(
  whatIf: IndexSearchOptions['whatIf'],
  {
    candidates,
    kept,
    spec,
    fingerprint,
  }: Pick<RefusedBeside, 'candidates' | 'kept'> & { readonly spec: IndexSpec; readonly fingerprint: string },
): Promise<readonly IndexSpec[]> {
  const costOf = async (add: readonly IndexSpec[]): Promise<number> => {
    const [answer] = await whatIf.cost([fingerprint], { add: [...kept, spec, ...add], drop: [] });
    return answer?.cost ?? Number.POSITIVE_INFINITY;
  };
  const lured = await costOf([]);
  const there = new Set([...kept, spec].map(specKey));
  // Most often it is another way into the same table that the statement is lured from.
  const open = candidates
    .filter((one) => one.for.includes(fingerprint) && !there.has(specKey(one.spec)))
    .toSorted((a, b) => Number(isOnTableOf(b, spec)) - Number(isOnTableOf(a, spec)));
  const tried: { readonly spec: IndexSpec; readonly cost: number }[] = [];
  for (const one of open.slice(0, MOST_TRIED)) tried.push({ spec: one.spec, cost: await costOf([one.spec]) });
  return tried
    .filter(({ cost }) => cost < lured * CLEARLY)
    .toSorted((a, b) => a.cost - b.cost)
    .map((one) => one.spec);
}

/** Those that would gain most blocks over the whole workload first. */
function worthAnotherTry(dropped: readonly DroppedIndex[]): readonly DroppedIndex[] {
  return dropped
    .filter(({ why, change }) => FOR_A_STATEMENT.has(why) && change !== null && change.buffers < 0)
    .toSorted((a, b) => (a.change?.buffers ?? 0) - (b.change?.buffers ?? 0))
    .slice(0, MOST_REFUSED);
}

/** Those that lose most first. */
function slowedBy(effects: readonly IndexEffect[]): readonly IndexEffect[] {
  const lost = ({ with: after, without }: IndexEffect): number => after.ms - without.ms;
  return effects
    .filter(({ with: after, without }) => after.ms > without.ms * READ_TOLERANCE)
    .toSorted((a, b) => lost(b) - lost(a));
}

function isOnTableOf(one: Candidate, spec: IndexSpec): boolean {
  return sameRelation(one.spec.table, spec.table);
}

/** What is said of an index that some statement does not stand. */
const FOR_A_STATEMENT: ReadonlySet<DroppedIndex['why']> = new Set(['slower', 'not-verified']);
/** Each costs an index or three to be built and measured. */
const MOST_REFUSED = 4;
/** An index that lures many statements is no good one. */
const MOST_SLOWED = 3;
/** One EXPLAIN each. */
const MOST_TRIED = 100;
/** Of those that the planner likes best; the smallest is tried too. */
const MOST_BEST = 2;
/** The least that the planner itself does not take for equal is 1 %; what is measured is to be worth building. */
const CLEARLY = 0.9;
