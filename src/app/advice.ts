import { rewriteAction } from '../advisors/actions.js';
import { WizardError } from '../base/errors.js';
import { sentText } from '../model/action.js';
import type { Action } from '../model/action.js';
import { sameRelation } from '../model/catalog.js';
import type { Catalog, Table } from '../model/catalog.js';
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
import { withForeseenIndexes } from './foreseen-indexes.js';
import { cheapestChain, holdsFor, stepsAnew } from './rewrite-chains.js';
import type { Chain, Offer } from './rewrite-chains.js';
import { cheapestPair, pairAction } from './rewrite-pairs.js';
import type { PairPlanner } from './rewrite-pairs.js';

type Advice = PlanReport['advice'][number];

/** Who is asked what a change would cost. */
export interface Planners {
  readonly whatIf: IndexWhatIf | null;
  /** Sets the statements that the what-if engine plans, in place of those before. */
  readonly plan: PairPlanner['plan'];
  /** The planner's cost of a text as it stands; null where it can not be planned. */
  readonly planCost: (sql: string) => Promise<number | null>;
}

/** What would help one statement, in the order statistics, a rewrite with its indexes where that is far better than either, index, rewrite, the rest, and of rewrites the one first that the planner thinks cheapest; `findings` are those that can be tried, in the same order as their advice. */
export async function advise(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  { whatIf, plan, planCost }: Planners,
): Promise<{ readonly advice: readonly Advice[]; readonly findings: readonly Finding[] }> {
  const { catalog } = snapshot;
  const proposals = proposalsFor(snapshot, statement);
  const tables = tablesOf(statement, catalog);
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
  const described: Described[] = [];
  const add = async (finding: Finding): Promise<void> => {
    const [action] = finding.actions;
    if (!action) return;
    const one = await describe(finding, action, { whatIf, planCost, statement, asWritten });
    described.push({ finding, rank: rankOf(action), advice: one });
  };
  for (const finding of ordered) await add(finding);
  const steps = proposals
    .filter(({ proposal }) => proposal.missing.length === 0)
    .map((offer) => ({ ...offer, cost: costAmong(described, offer.proposal.to) }));
  const chain = steps.length > 0 ? await cheapestChain(snapshot, statement, steps, { asWritten, planCost }) : null;
  if (chain) await add(rewriting(statement, chain));
  if (whatIf) described.push(...(await pairsFor(snapshot, statement, described, { whatIf, plan })));
  const costOfText = ({ advice }: Described): number => costRank(advice, statement.sql);
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

interface Described {
  readonly finding: Finding;
  readonly rank: number;
  readonly advice: Advice;
}

/** The rewrite that is worth most with new indexes, if one is far better with them than all that is offered without the other; those included that no rule offers before there is such an index. */
async function pairsFor(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  described: readonly Described[],
  planner: PairPlanner,
): Promise<readonly Described[]> {
  const single = described.flatMap(({ finding: { title, actions }, advice }) => {
    const rewrite = actions[0]?.rewrite;
    if (!rewrite || rewrite.hint) return [];
    const proposal = { rule: rewrite.rule, proof: rewrite.proof, missing: [], to: rewrite.to };
    return [{ rewrite: { id: rewrite.rule, what: title, proposal }, cost: advice.cost?.after ?? null }];
  });
  const known = new Set(single.map(({ rewrite }) => rewrite.proposal.to));
  const tables = new Set(tablesOf(statement, snapshot.catalog));
  const foreseen = proposalsFor({ ...snapshot, catalog: withForeseenIndexes(snapshot.catalog, tables) }, statement)
    .filter(({ proposal }) => proposal.missing.length === 0 && !known.has(proposal.to))
    .map(({ rule, proposal }) => ({ rewrite: { id: rule.id, what: rule.docs.what, proposal }, cost: null }));
  const texts = [...foreseen, ...single.toSorted((a, b) => (a.cost ?? Infinity) - (b.cost ?? Infinity))];
  const indexes = described.flatMap(({ finding }) => finding.actions[0]?.index ?? []);
  const pair = await cheapestPair(snapshot, statement, { indexes, texts }, planner);
  if (!pair) return [];
  const alone = rewriting(statement, pair.rewrite);
  const action = pairAction(alone.actions[0], pair.indexes);
  const finding = {
    ...alone,
    evidence: [...alone.evidence, ...pair.evidence] as [Evidence, ...Evidence[]],
    actions: [action],
  };
  const titles = pair.indexes.map(({ title }) => title.replace(/^Create /, ''));
  const advice = {
    ...rewriteAdvice(action, finding),
    kind: 'rewrite-with-index',
    title: `rewrite ${pair.rewrite.id} with ${titles.join(' and ')}`,
    evidence: [...pair.evidence],
    cost: { ...pair.cost },
  };
  return [{ finding, rank: rankOf(action), advice }];
}

/** With the reason why it was not tried. */
export function untriedBecause(advice: Advice, reason: string): Advice {
  return advice.trial === null && advice.missing.length === 0 ? { ...advice, untried: reason } : advice;
}

const ORDER = ['analyze', 'create-statistics', 'column-statistics', 'create-index', 'rewrite'];

/** Statistics cost least and mend most, then indexes, then the text, then settings; a hint is the last resort. */
function rankOf(action: Action | undefined): number {
  if (action?.kind === 'hint') return ORDER.length + 1;
  // It was found to cost less than half of each index and of each rewrite.
  if (action?.rewrite && action.up.length > 0) return ORDER.indexOf('create-index') - 0.5;
  const position = ORDER.indexOf(action?.kind ?? '');
  return position < 0 ? ORDER.length : position;
}

function tablesOf({ sql }: WorkloadStatement, catalog: Catalog): readonly Table[] {
  const { queries } = viewOf(parseStatement(sql), catalog);
  return queries.flatMap(({ sources }) => sources.flatMap(({ table }) => (table ? [table] : [])));
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

interface Asking extends Omit<Planners, 'plan'> {
  readonly statement: WorkloadStatement;
  /** The planner's cost of the statement as it stands, to hold a rewrite against; null where none is offered. */
  readonly asWritten: number | null;
}

async function describe(
  finding: Finding,
  action: Action,
  { whatIf, planCost, statement, asWritten }: Asking,
): Promise<Advice> {
  if (action.rewrite !== null) {
    const { hint, to } = action.rewrite;
    // What the planner thinks of a plan that it did not choose is what the hint is about.
    return { ...rewriteAdvice(action, finding), cost: hint ? null : { before: asWritten, after: await planCost(to) } };
  }
  const { fingerprint } = statement;
  const [of = fingerprint] = finding.statements.includes(fingerprint) ? [] : finding.statements;
  const after = whatIf && action.index ? await costOf(whatIf, of, action.index) : null;
  return {
    ...UNTRIED,
    kind: action.kind,
    title: action.title,
    why: [finding.title],
    evidence: [...finding.evidence],
    up: [...action.up],
    down: [...action.down],
    cost: whatIf && after !== null ? { before: await costOf(whatIf, of, null), after } : null,
  };
}

const UNTRIED = { trial: null, untried: null, rewrite: null, missing: [] };

/** The advice to send another text, or the same under other settings; what has to be there before goes before. */
function rewriteAdvice({ kind, title, up, down, rewrite }: Action, finding: Finding): Advice {
  if (rewrite === null) throw new WizardError('internal', `"${title}" is no rewrite`);
  const { hint } = rewrite;
  return {
    ...UNTRIED,
    kind,
    title: hint ? title : `${rewrite.rule}: ${title}`,
    why: hint ? [finding.title, ...rewrite.proof] : [...rewrite.proof],
    evidence: hint ? [...finding.evidence] : [],
    up: [...up, sentText(rewrite)],
    down: [...down],
    cost: null,
    rewrite: {
      rule: rewrite.rule,
      holdsFor: hint ? `the data as they are, until ${hint.until}` : holdsFor(rewrite.rule),
      difference: [...changedLines(rewrite)],
      planDifference: [],
      patch: null,
    },
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
