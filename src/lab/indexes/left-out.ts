import { chooseMeasured, measuredValue } from '../../indexes/measured/measured-choice.js';
import { inOrder } from '../trial/measure.js';
import { barePlan, figuresOf, hasRun, isOver, planOfSet, runOnce, timeoutFor } from './case-record.js';
import type { Bench, CaseRecord } from './case-record.js';
import { benchOf, tidy, untilStopped } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { problemOf } from './settle.js';
import type { ChoiceRules } from './settle.js';
import { withoutBanned } from './standing.js';
import type { Standing } from './standing.js';

/**
 * A set that stands with what its statements do without one index of it, as far as time is left: what that index is worth is told by nothing else. What is seen
 * so may show a better set; then this one is not called proved any more.
 */
export async function withLeftOut(loop: OuterLoop, standing: Standing, rules: ChoiceRules): Promise<Standing> {
  const { counts } = loop.subsets;
  const asked = counts.plans;
  const bench = benchOf(loop, 1);
  const deadlineMs = Math.min(bench.deadlineMs, performance.now() + loop.options.timeBudgetMs * LEFT_OUT_SHARE);
  await untilStopped(loop, async () => {
    for (const name of worthiestFirst(standing, rules)) {
      if (isOver({ ...bench, deadlineMs })) return;
      await tidy(loop, await runWithout({ ...bench, deadlineMs }, standing, name));
    }
  });
  if (!standing.proved || counts.plans === asked) return standing;
  const open = withoutBanned(rules, standing.banned);
  const again = chooseMeasured(problemOf(standing.records, open, rules.objective));
  return { ...standing, proved: again.proved && again.kept.join() === standing.kept.join() };
}

/** Of the time for measuring: what is left of it is for further rounds. */
const LEFT_OUT_SHARE = 0.1;

function worthiestFirst({ kept, records }: Standing, rules: ChoiceRules): readonly string[] {
  const problem = problemOf(records, rules, rules.objective);
  const without = new Map(kept.map((name) => [name, measuredValue(problem, lacking(kept, name)).total]));
  return kept.toSorted((a, b) => (without.get(b) ?? 0) - (without.get(a) ?? 0));
}

/** Asks for the plans without one of the kept indexes and runs, once, those that never ran, until the deadline. Gives what it ran. */
export async function runWithout(
  bench: Bench,
  { kept, records }: Pick<Standing, 'kept' | 'records'>,
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
    await runOnce(bench, record, figures, timeoutFor(bench, bare, figures));
    ran.push(record);
  }
  return ran;
}

function lacking(kept: readonly string[], name: string): readonly string[] {
  return kept.filter((one) => one !== name);
}
