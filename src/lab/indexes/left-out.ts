import { measuredValue } from '../../indexes/measured/measured-choice.js';
import { inOrder } from '../trial/measure.js';
import { barePlan, figuresOf, hasRun, isOver, planOfSet, runBeside } from './case-record.js';
import type { Bench, CaseRecord } from './case-record.js';
import { problemOf } from './settle.js';
import type { ChoiceRules } from './settle.js';

/**
 * Runs, once, what statements do without one index of a set, the worthiest first, until the deadline: what an index is worth beside the others is told by nothing
 * else, and what is chosen next knows it. Gives what it ran.
 */
export async function leaveEachOut(
  bench: Bench,
  { kept, records }: KeptSet,
  rules: ChoiceRules,
): Promise<readonly CaseRecord[]> {
  const problem = problemOf(records, rules, rules.objective);
  const without = new Map(kept.map((name) => [name, measuredValue(problem, lacking(kept, name)).total]));
  const ran = new Set<CaseRecord>();
  for (const name of kept.toSorted((a, b) => (without.get(b) ?? 0) - (without.get(a) ?? 0))) {
    if (isOver(bench)) break;
    for (const record of await runWithout(bench, { kept, records }, name)) ran.add(record);
  }
  return [...ran];
}

interface KeptSet {
  readonly kept: readonly string[];
  readonly records: readonly CaseRecord[];
}

/** Asks for the plans without one of the kept indexes and runs, once, those that never ran, until the deadline. Gives what it ran. */
export async function runWithout(
  bench: Bench,
  { kept, records }: KeptSet,
  name: string,
): Promise<readonly CaseRecord[]> {
  const present = lacking(kept, name);
  const ran: CaseRecord[] = [];
  for (const record of inOrder<CaseRecord>(records, (one) => one.oneCase)) {
    if (isOver(bench)) break;
    const figures = figuresOf(record, await planOfSet(bench, record, present));
    if (hasRun(figures)) continue;
    const bare = figuresOf(record, await barePlan(bench, record));
    // What fails was told of when all of them were there.
    await runBeside(bench, record, bare, figures);
    ran.push(record);
  }
  return ran;
}

function lacking(kept: readonly string[], name: string): readonly string[] {
  return kept.filter((one) => one !== name);
}
