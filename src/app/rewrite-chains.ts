import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import { catalogue } from '../rewrites/catalogue.js';
import { isFor, majorsOf } from '../rewrites/define.js';
import type { Proposal, RewriteRule } from '../rewrites/define.js';
import { tryParseStatement } from '../sql/parse.js';

/** What one rule would write. */
export interface Offer {
  readonly rule: RewriteRule;
  readonly proposal: Proposal;
}

/** A rewrite of a rewrite: what the second rule makes of the first one's text. */
export interface Chain {
  /** The two rules' ids, as `first + second`. */
  readonly id: string;
  readonly what: string;
  readonly proposal: Proposal;
}

/** A text of one step with what the planner thinks it costs; null where it can not be planned. */
export interface Step extends Offer {
  readonly cost: number | null;
}

/** Texts of one step from which a second is looked for, the cheapest first. */
const FIRST_STEPS = 6;
/** Texts of two steps of which the planner is asked what they cost. */
const SECOND_STEPS = 24;
/** A second step is offered beside the single ones where its plan costs less than this share of the cheapest of them and of the original: estimates that are closer tell nothing. */
const WORTH_IT = 0.5;

/** The rewrite of a proved rewrite that the planner thinks much cheaper than every text of one step; null where there is none. */
export async function cheapestChain(
  { catalog, target }: Snapshot,
  statement: WorkloadStatement,
  steps: readonly Step[],
  costs: { readonly asWritten: number | null; readonly planCost: (sql: string) => Promise<number | null> },
): Promise<Chain | null> {
  const rules = catalogue.filter((rule) => isFor(rule, target.major));
  const known = new Set([statement.sql, ...steps.map(({ proposal }) => proposal.to)]);
  const first = steps.toSorted((a, b) => (a.cost ?? Infinity) - (b.cost ?? Infinity)).slice(0, FIRST_STEPS);
  const chains = first.flatMap((step) => {
    const parsed = tryParseStatement(step.proposal.to);
    const seconds = parsed
      ? rules.flatMap((rule) => rule.propose(parsed, catalog).map((proposal) => ({ rule, proposal })))
      : [];
    return seconds.flatMap(({ rule, proposal }): readonly Chain[] => {
      if (proposal.missing.length > 0 || known.has(proposal.to) || stepsAnew(statement.sql, proposal.to)) return [];
      known.add(proposal.to);
      const proof = [...new Set([...step.proposal.proof, ...proposal.proof])];
      const id = `${step.rule.id}${JOINED}${rule.id}`;
      return [
        { id, what: `${step.rule.docs.what} Then: ${rule.docs.what}`, proposal: { ...proposal, rule: id, proof } },
      ];
    });
  });
  const bar =
    Math.min(...[costs.asWritten, ...steps.map(({ cost }) => cost)].map((cost) => cost ?? Infinity)) * WORTH_IT;
  let best: { readonly chain: Chain; readonly cost: number } | null = null;
  for (const chain of chains.slice(0, SECOND_STEPS)) {
    const cost = await costs.planCost(chain.proposal.to);
    if (cost !== null && cost < (best?.cost ?? bar)) best = { chain, cost };
  }
  return best?.chain ?? null;
}

const JOINED = ' + ';

/** Whether a text has a recursion that the original has not: the planner takes it for ten rounds (`cost_recursive_union` of costsize.c), however many there are, so that its costs can not be held against others. */
export function stepsAnew(from: string, to: string): boolean {
  const isRecursive = /\bWITH RECURSIVE\b/i;
  return isRecursive.test(to) && !isRecursive.test(from);
}

/** For which majors a rewrite is offered, in words: of a chain those of both rules. */
export function holdsFor(id: string): string {
  const rules = id.split(JOINED).flatMap((one) => catalogue.find((rule) => rule.id === one) ?? []);
  const newest = rules.flatMap(({ maxMajor }) => maxMajor ?? []);
  return rules.length === 0
    ? 'unknown'
    : majorsOf({
        minMajor: Math.max(...rules.map(({ minMajor }) => minMajor)),
        maxMajor: newest.length > 0 ? Math.min(...newest) : null,
      });
}
