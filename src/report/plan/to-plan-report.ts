import type { Coverage } from '../../model/coverage.js';
import type { Target } from '../../model/target.js';
import type { PlanFinding } from '../../plans/define.js';
import { firstWrongEstimate, misestimateOf } from '../../plans/estimates.js';
import { labelOf } from '../../plans/label.js';
import type { PlanForm } from '../../plans/read/read-plan.js';
import { timeByCause } from '../../plans/time-by-cause.js';
import { blocksOf } from '../../plans/view.js';
import type { PlanView, ViewedNode } from '../../plans/view.js';
import type { ProgramPlace } from '../../programs/places.js';
import { finite, toCoverage, toTarget } from '../schema-parts.js';
import type { PlanReport } from './plan-report.js';

/** What a plan report is made of. */
export interface PlanReportFacts {
  readonly tool: PlanReport['tool'];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly given: { readonly what: 'plan' | 'query'; readonly form: PlanForm | null; readonly origin: string };
  readonly target: Target | null;
  readonly query: string | null;
  readonly source: PlanReport['plan']['source'];
  readonly view: PlanView;
  readonly findings: readonly PlanFinding[];
  readonly advice: PlanReport['advice'];
  readonly parallel: PlanReport['parallel'];
  readonly difference: PlanReport['difference'];
  /** Where in a program the statement comes from. */
  readonly foundIn: readonly ProgramPlace[];
  readonly coverage: Coverage;
  readonly overhead: PlanReport['overhead'];
}

/** A plan with all that was found about it as a report. */
export function toPlanReport(facts: PlanReportFacts): PlanReport {
  const { view } = facts;
  const { root, tree } = view;
  const byCause = timeByCause(view);
  const first = firstWrongEstimate(view);
  return {
    tool: facts.tool,
    startedAt: facts.startedAt,
    finishedAt: facts.finishedAt,
    given: facts.given,
    target: facts.target && toTarget(facts.target),
    query: facts.query,
    plan: {
      source: facts.source,
      ran: view.ran,
      timed: view.timed,
      hasBuffers: view.hasBuffers,
      planningMs: finite(tree.planningMs),
      executionMs: finite(view.executionMs),
      blocks: view.hasBuffers && root.node.buffers ? blocksOf(root.node.buffers) : null,
      cost: finite(root.node.estimate?.totalCost),
      settings: { ...tree.settings },
      nodes: view.nodes.map((one) => toNode(one, byCause)),
    },
    timeByCause: byCause && {
      ...byCause,
      causes: byCause.causes.map((cause) => ({ ...cause, nodes: [...cause.nodes] })),
    },
    firstWrongEstimate: first && {
      node: first.one.id,
      estimatedRows: first.estimated,
      actualRows: first.actual,
      factor: first.factor,
      leadsTo: first.leadsTo.map(({ one }) => one.id),
    },
    findings: facts.findings
      .map(({ id, severity, node, share, title, evidence, remedy }) => ({
        id,
        severity,
        node: node?.id ?? null,
        share: finite(share),
        title,
        evidence: evidence.map((fact) => ({
          ...fact,
          value: typeof fact.value === 'number' ? finite(fact.value) : fact.value,
        })),
        remedy,
      }))
      .toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || (b.share ?? 0) - (a.share ?? 0)),
    advice: facts.advice,
    parallel: facts.parallel,
    difference: facts.difference,
    foundIn: facts.foundIn.map((place) => ({ ...place })),
    coverage: toCoverage(facts.coverage),
    overhead: facts.overhead,
  };
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

function toNode(one: ViewedNode, byCause: ReturnType<typeof timeByCause>): PlanReport['plan']['nodes'][number] {
  const { node } = one;
  const wrong = misestimateOf(one);
  const amount = byCause === null ? null : { ms: one.selfMs, blocks: one.selfBlocks, cost: one.selfCost }[byCause.unit];
  return {
    id: one.id,
    parent: one.parent?.id ?? null,
    depth: one.depth,
    label: labelOf(node),
    type: node.type,
    subplan: node.subplanName,
    relation: node.relation,
    index: node.index,
    loops: finite(one.loops),
    rows: finite(one.rows),
    estimatedRows: finite(one.estimatedRows),
    estimateFactor: finite(wrong?.factor),
    estimateTooLow: wrong ? wrong.tooFew : null,
    selfMs: finite(one.selfMs),
    totalMs: finite(one.totalMs),
    share: amount === null || !byCause || byCause.total <= 0 ? null : amount / byCause.total,
    selfBlocks: finite(one.selfBlocks),
    cost: finite(node.estimate?.totalCost),
    details: { ...node.details },
  };
}
