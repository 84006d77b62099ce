import { emptyRecord } from '../../src/lab/indexes/case-record.js';
import type { Bench, CaseRecord } from '../../src/lab/indexes/case-record.js';
import { Outlook } from '../../src/lab/indexes/outlook.js';
import type { ChoiceRules } from '../../src/lab/indexes/settle.js';
import type { SubsetPlan, Subsets } from '../../src/lab/indexes/subset.js';
import { aBench } from './bench.js';
import { aTrialCase } from './trial-case.js';

/** A way to run a statement: the planner takes the cheapest whose indexes are there. */
export interface Way {
  readonly uses: readonly string[];
  readonly cost: number;
  readonly ms: number;
}

export const BARE = { uses: [], cost: 100, ms: 100 };
const RULES: ChoiceRules = {
  objective: 'time',
  blockMs: 0,
  smallMs: 0,
  indexes: ['a', 'b', 'c'].map((name) => ({ name, sizeBytes: 1 })),
  budgetBytes: 1,
  readTolerance: 1.15,
  writeTolerance: 2,
  onceTolerance: 1,
  leastGain: 0,
  upkeepOf: () => new Map(),
};

/** Statements by name, with indexes a, b and c of one byte each. Every statement has run without any index. */
export async function waysLab(
  statements: Readonly<Record<string, readonly Way[]>>,
  budgetBytes = 1,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<{
  readonly outlook: Outlook;
  readonly bench: Bench;
  readonly records: readonly CaseRecord[];
  readonly ran: readonly string[];
}> {
  const ran: string[] = [];
  const wayOf = (name: string, present: readonly string[]): Way =>
    (statements[name] ?? [])
      .filter((way) => way.uses.every((one) => present.includes(one)))
      .toSorted((a, b) => a.cost - b.cost)[0] ?? BARE;
  const subsets: Pick<Subsets, 'plan' | 'run'> = {
    plan: (_session, { name }, present) => {
      const { uses, cost } = wayOf(name, present);
      const plan: SubsetPlan = { present, uses, unrelated: [], estimatedCost: cost, shape: '', text: uses.join() };
      return Promise.resolve(plan);
    },
    run: (_session, { name }, present) => {
      const { uses, ms } = wayOf(name, present);
      ran.push(`${name} ${uses.join()}`);
      return Promise.resolve({ ms, buffers: 1, walBytes: 0, rows: 1 });
    },
  };
  const bench = aBench(subsets);
  const records = Object.keys(statements).map((name) => emptyRecord(aTrialCase(name)));
  const rules = { ...RULES, budgetBytes };
  await new Outlook(bench, records, rules).run([]);
  return { outlook: new Outlook({ ...bench, deadlineMs }, records, rules), bench, records, ran };
}
