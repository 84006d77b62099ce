import { formatCount, formatMs } from '../../base/units.js';
import type { PlanReport } from './plan-report.js';

/** `12.3k`, `1.23M`: a count in six columns or fewer; `?` for null. */
export function compact(count: number | null): string {
  if (count === null) return '?';
  const rounded = Math.round(count);
  if (rounded < 10_000) return String(rounded);
  for (const [unit, size] of [
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
    ['T', 1e12],
  ] as const) {
    const value = rounded / size;
    if (value < 999.5) return `${value.toPrecision(3)}${unit}`;
  }
  return '>999T';
}

/** `12x low`: the estimate was a twelfth of what came; `ok` below a factor of 2; empty where it can not be said. */
export function estimateWords(node: PlanReport['plan']['nodes'][number]): string {
  const { estimateFactor: factor, estimateTooLow: low } = node;
  if (factor === null) return '';
  return factor < 2 ? 'ok' : `${compact(factor)}x ${low === true ? 'low' : 'high'}`;
}

/** What the plan is and what the statement took. */
export function summaryWords({ plan, given }: PlanReport): string {
  const from = {
    given: `a plan in ${given.form ?? 'text'} form`,
    target: 'the plan on the target',
    lab: 'the plan on the lab copy',
  }[plan.source];
  const nodes = `${plan.nodes.length} ${plan.nodes.length === 1 ? 'node' : 'nodes'}`;
  if (!plan.ran)
    return `${from}, ${nodes}; cost ${plan.cost === null ? 'unknown' : formatCount(plan.cost)} (estimated). It was not run: times, rows and blocks are unknown.`;
  const time = plan.executionMs === null ? 'time unknown' : `${formatMs(plan.executionMs)} executing`;
  const planning = plan.planningMs === null ? '' : `, ${formatMs(plan.planningMs)} planning`;
  const blocks = plan.blocks === null ? 'blocks unknown' : `${formatCount(plan.blocks)} blocks`;
  return `${from}, ${nodes}; ${time}${planning}, ${blocks} (measured).`;
}

/** An amount in the unit of the sums by cause. */
export function amountWords(amount: number, unit: 'ms' | 'blocks' | 'cost'): string {
  return unit === 'ms' ? formatMs(amount) : `${formatCount(amount)} ${unit}`;
}

/** The first wrong estimate and what stands on it, as a sentence; null where there is none. */
export function wrongEstimateWords({ firstWrongEstimate: wrong, plan }: PlanReport): string | null {
  if (!wrong) return null;
  const name = (id: number): string => `node ${id} (${plan.nodes[id - 1]?.label ?? ''})`;
  const above =
    wrong.leadsTo.length === 0
      ? 'Nothing above it is wrong because of it.'
      : `From it come the wrong estimates of ${wrong.leadsTo.length} ${wrong.leadsTo.length === 1 ? 'node' : 'nodes'} above: ${wrong.leadsTo.slice(0, 5).map(name).join(', ')}${wrong.leadsTo.length > 5 ? ', ...' : ''}.`;
  return `${name(wrong.node)}: ${formatCount(wrong.estimatedRows)} rows an execution expected, ${formatCount(wrong.actualRows)} came (${compact(wrong.factor)}x off). ${above}`;
}

/** The SQL that goes to the database before any new text; the text itself is shown as a difference. */
export function schemaSteps({ up, rewrite }: PlanReport['advice'][number]): readonly string[] {
  return rewrite === null ? up : up.slice(0, -1);
}

/** What came of a piece of advice on the copy. */
export function trialWords({ verdict, reason }: NonNullable<PlanReport['advice'][number]['trial']>): string {
  return `${verdict}, ${reason}${verdict === 'unverifiable' ? '' : ' (measured)'}`;
}
