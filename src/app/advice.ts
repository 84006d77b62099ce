import { rewriteAction } from '../advisors/actions.js';
import { sentText } from '../model/action.js';
import type { Action } from '../model/action.js';
import { sameRelation } from '../model/catalog.js';
import type { Evidence, Finding } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';
import type { WorkloadStatement } from '../model/workload.js';
import type { PlanReport } from '../report/plan/plan-report.js';
import { changedLines } from '../report/text/sent-lines.js';
import { catalogue as rules } from '../rewrites/catalogue.js';
import { isFor } from '../rewrites/define.js';
import { shows } from '../rewrites/plan-signs.js';
import { viewOf } from '../rewrites/view.js';
import { parseStatement } from '../sql/parse.js';
import { advisorsOf } from './advisors.js';
import { cheapestChain, holdsFor, stepsAnew } from './rewrite-chains.js';
import type { Chain, Offer } from './rewrite-chains.js';

type Advice = PlanReport['advice'][number];

/** Who is asked what a change would cost. */
export interface Planners {
  readonly whatIf: IndexWhatIf | null;
  /** The planner's cost of a text as it stands; null where it can not be planned. */
  readonly planCost: (sql: string) => Promise<number | null>;
}

/** What would help one statement, in the order statistics, index, rewrite, the rest, and of rewrites the one first that the planner thinks cheapest; `findings` are those that can be tried, in the same order as their advice. */
export async function advise(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  { whatIf, planCost }: Planners,
): Promise<{ readonly advice: readonly Advice[]; readonly findings: readonly Finding[] }> {
  const { catalog } = snapshot;
  const proposals = proposalsFor(snapshot, statement);
  const tables = viewOf(parseStatement(statement.sql), catalog).queries.flatMap(({ sources }) =>
    sources.flatMap(({ table }) => (table ? [table] : [])),
  );
  // Beside the statement there may be those that run inside the functions which it calls.
  const asked = new Set(snapshot.workload.statements.map((one) => one.fingerprint));
  const found = (await advisorsOf().examine(snapshot, whatIf)).filter(
    (finding) =>
      finding.statements.some((one) => asked.has(one)) ||
      (finding.advisor.startsWith('statistics/') &&
        finding.actions.some((action) =>
          action.tables.some((name) => tables.some((table) => sameRelation(table, name))),
        )),
  );
  const changes = [
    ...found.filter(({ actions }) => actions.every(({ rewrite }) => rewrite === null || rewrite.hint)),
    ...rewritten(statement, proposals),
  ];
  const ordered = withoutRepeats(changes.filter(({ actions }) => actions.length > 0)).toSorted(
    (a, b) => rankOf(a.actions[0]) - rankOf(b.actions[0]),
  );
  const asWritten = ordered.some(({ actions: [action] }) => action?.rewrite) ? await planCost(statement.sql) : null;
  const described: { readonly finding: Finding; readonly rank: number; readonly advice: Advice }[] = [];
  for (const finding of ordered) {
    const [action] = finding.actions;
    if (!action) continue;
    const one = await describe(finding, action, { whatIf, planCost, statement, asWritten });
    described.push({ finding, rank: rankOf(action), advice: one });
  }
  const steps = proposals
    .filter(({ proposal }) => proposal.missing.length === 0)
    .map((offer) => ({ ...offer, cost: costAmong(described, offer.proposal.to) }));
  const chain = steps.length > 0 ? await cheapestChain(snapshot, statement, steps, { asWritten, planCost }) : null;
  if (chain) {
    const finding = rewriting(statement, { id: chain.id, what: chain.what, proposal: chain.proposal });
    const [action] = finding.actions;
    const one = await describe(finding, action, { whatIf, planCost, statement, asWritten });
    described.push({ finding, rank: rankOf(action), advice: one });
  }
  const costOfText = ({ advice }: (typeof described)[number]): number => costRank(advice, statement.sql);
  const sorted = described.toSorted((a, b) => a.rank - b.rank || costOfText(a) - costOfText(b));
  return {
    advice: [...sorted.map(({ advice }) => advice), ...unproved(proposals)],
    findings: sorted.map(({ finding }) => finding),
  };
}

/** Of rewrites the one first that the planner thinks cheapest, and one whose cost tells nothing where the original would stand; all else stays as it is. */
function costRank({ kind, cost, up }: Advice, from: string): number {
  if (kind !== 'rewrite') return 0;
  return (stepsAnew(from, up[0] ?? '') ? cost?.before : cost?.after) ?? Number.MAX_VALUE;
}

/** With the reason why it was not tried. */
export function untriedBecause(advice: Advice, reason: string): Advice {
  return advice.trial === null && advice.missing.length === 0 ? { ...advice, untried: reason } : advice;
}

const ORDER = ['analyze', 'create-statistics', 'column-statistics', 'create-index', 'rewrite'];

/** Statistics cost least and mend most, then indexes, then the text, then settings; a hint is the last resort. */
function rankOf(action: Action | undefined): number {
  if (action?.kind === 'hint') return ORDER.length + 1;
  const position = ORDER.indexOf(action?.kind ?? '');
  return position < 0 ? ORDER.length : position;
}

/** What the rules of the target's major would write, proved or not, where the plan shows a sign of what each is for. */
function proposalsFor({ catalog, target, plans }: Snapshot, statement: WorkloadStatement): readonly Offer[] {
  const parsed = parseStatement(statement.sql);
  const plan = plans.get(statement.fingerprint);
  return rules
    .filter((rule) => isFor(rule, target.major) && (!plan || shows(plan, rule.triggers)))
    .flatMap((rule) => rule.propose(parsed, catalog).map((proposal) => ({ rule, proposal })));
}

/** Rewrites of which every precondition is proved, as findings that a trial takes. */
function rewritten(statement: WorkloadStatement, offers: readonly Offer[]): readonly Finding[] {
  return offers
    .filter(({ proposal }) => proposal.missing.length === 0)
    .map(({ rule, proposal }) => rewriting(statement, { id: rule.id, what: rule.docs.what, proposal }));
}

function rewriting(
  statement: WorkloadStatement,
  { id, what, proposal }: Chain,
): Finding & { readonly actions: readonly [Action] } {
  return {
    advisor: `rewrite/${id}`,
    severity: 'info' as const,
    title: what,
    place: statement.fingerprint,
    evidence: proposal.proof.map(fact) as [Evidence, ...Evidence[]],
    statements: [statement.fingerprint],
    actions: [rewriteAction(statement, id, proposal, { title: what, tables: [] })],
  };
}

/** What the planner thinks of a text that is among the advice; null where it is not, or can not be planned. */
function costAmong(described: readonly { readonly advice: Advice }[], text: string): number | null {
  return described.find(({ advice }) => advice.kind === 'rewrite' && advice.up[0] === text)?.advice.cost?.after ?? null;
}

function fact(says: string): Evidence {
  return { what: 'precondition', value: says, unit: '', source: 'catalog', provenance: 'measured' };
}

/** Rewrites that want a fact: named, with what is missing, and never advised. */
function unproved(offers: readonly Offer[]): readonly Advice[] {
  return offers
    .filter(({ proposal }) => proposal.missing.length > 0)
    .map(({ rule, proposal }) => ({
      kind: 'rewrite',
      title: `${rule.id}: ${rule.docs.what}`,
      why: [],
      evidence: [],
      up: [],
      down: [],
      missing: [...proposal.missing],
      cost: null,
      trial: null,
      untried: 'it is not proved to give the same rows',
      rewrite: null,
    }));
}

interface Asking extends Planners {
  readonly statement: WorkloadStatement;
  /** The planner's cost of the statement as it stands, to hold a rewrite against; null where none is offered. */
  readonly asWritten: number | null;
}

async function describe(
  finding: Finding,
  action: Action,
  { whatIf, planCost, statement, asWritten }: Asking,
): Promise<Advice> {
  const { rewrite } = action;
  const common = { kind: action.kind, missing: [], trial: null, untried: null, rewrite: null };
  if (rewrite !== null) {
    const { hint } = rewrite;
    return {
      ...common,
      title: hint ? action.title : `${rewrite.rule}: ${action.title}`,
      why: hint ? [finding.title, ...rewrite.proof] : [...rewrite.proof],
      evidence: hint ? [...finding.evidence] : [],
      up: [sentText(rewrite)],
      down: [],
      // What the planner thinks of a plan that it did not choose is what the hint is about.
      cost: hint ? null : { before: asWritten, after: await planCost(rewrite.to) },
      rewrite: {
        rule: rewrite.rule,
        holdsFor: hint ? `the data as they are, until ${hint.until}` : holdsFor(rewrite.rule),
        difference: [...changedLines(rewrite)],
        planDifference: [],
        patch: null,
      },
    };
  }
  const { fingerprint } = statement;
  const [of = fingerprint] = finding.statements.includes(fingerprint) ? [] : finding.statements;
  const after = whatIf && action.index ? await costOf(whatIf, of, action.index) : null;
  return {
    ...common,
    title: action.title,
    why: [finding.title],
    evidence: [...finding.evidence],
    up: [...action.up],
    down: [...action.down],
    cost: whatIf && after !== null ? { before: await costOf(whatIf, of, null), after } : null,
  };
}

/** Two advisors may ask for the same change: the first says why. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ actions: [action] }) => {
    const key = JSON.stringify(
      action?.index ? { ...action.index, name: '' } : action?.rewrite ? sentText(action.rewrite) : action?.up,
    );
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

async function costOf(whatIf: IndexWhatIf, fingerprint: string, add: Action['index']): Promise<number | null> {
  const [answer] = await whatIf.cost([fingerprint], { add: add === null ? [] : [add], drop: [] });
  return answer?.cost ?? null;
}
