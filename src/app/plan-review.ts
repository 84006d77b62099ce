import type { LoopOutcome } from '../kernel/run.js';
import type { Plan } from '../model/plan.js';
import type { PlanReview, ReviewedPlanFinding } from '../model/plan-review.js';
import type { Snapshot } from '../model/snapshot.js';
import { catalogue } from '../plans/catalogue.js';
import type { PlanFinding } from '../plans/define.js';
import { treeOfPlan } from '../plans/read/read-plan.js';
import { viewPlan } from '../plans/view.js';

/** Plans by fingerprint. */
type Plans = ReadonlyMap<string, Plan>;

/** What the plans show before the first and after the last change, and which iterations tried something for it. Figures of nodes are those of one execution, without the time of each. */
export function reviewPlans(
  { before, after }: { readonly before: Plans; readonly after: Plans },
  { workload, catalog, statistics, settings }: Snapshot,
  { iterations, untried }: Pick<LoopOutcome, 'iterations' | 'untried'>,
): Omit<PlanReview, 'hints'> {
  const facts = { catalog, columns: statistics.columns, settings };
  const shownIn = (plan: Plan | undefined): ReadonlyMap<string, PlanFinding> => {
    const tree = plan ? treeOfPlan(plan) : null;
    if (!tree) return new Map();
    const view = viewPlan(tree);
    const found = catalogue.flatMap((kind) => kind.find(view, facts)).filter(({ severity }) => severity !== 'info');
    // One of a kind says enough of a statement: the one that most of it stands on.
    return new Map(found.toSorted((a, b) => (a.share ?? 0) - (b.share ?? 0)).map((one) => [one.id, one]));
  };
  const findings = workload.statements.flatMap(({ fingerprint, name }) => {
    const was = shownIn(before.get(fingerprint));
    // The plan of a statement that no change touched is the very same.
    const is = after.get(fingerprint) === before.get(fingerprint) ? was : shownIn(after.get(fingerprint));
    const waiting = untried.filter(({ hypothesis }) => hypothesis.finding.statements.includes(fingerprint)).length;
    const tried = iterations.flatMap(({ number, hypothesis }) =>
      hypothesis.finding.statements.includes(fingerprint) ? [number] : [],
    );
    return [...new Map([...was, ...is])].map(([id, { severity, title, remedy, share }]): ReviewedPlanFinding => ({
      fingerprint,
      name,
      id,
      severity,
      title,
      remedy,
      share,
      status: !is.has(id) ? 'resolved' : was.has(id) ? 'open' : 'new',
      iterations: tried,
      untried: waiting,
    }));
  });
  return {
    plans: { before: before.size, after: after.size },
    findings: findings.toSorted(
      (a, b) => Number(a.status === 'resolved') - Number(b.status === 'resolved') || (b.share ?? 0) - (a.share ?? 0),
    ),
  };
}
