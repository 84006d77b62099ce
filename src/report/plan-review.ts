import { z } from 'zod';
import { formatCount, formatPercent } from '../base/units.js';
import type { PlanReview } from '../model/plan-review.js';
import { figure, finite } from './schema-parts.js';

export const planReviewSchema = z
  .object({
    plans: z.object({ before: z.number().int(), after: z.number().int() }).describe('statements with a plan'),
    findings: z.array(
      z.object({
        fingerprint: z.string(),
        name: z.string(),
        id: z.string().describe('of docs/plan-findings'),
        severity: z.enum(['info', 'warning', 'critical']),
        title: z.string(),
        remedy: z.string(),
        share: figure.describe('of the statement, 0 to 1'),
        status: z.enum(['resolved', 'open', 'new']).describe('new: only there after the accepted changes'),
        iterations: z.array(z.number().int()).describe('iterations that tried a change for the statement'),
        untried: z.number().int().describe('changes for the statement in `untried`'),
      }),
    ),
    hints: z
      .array(
        z.object({
          fingerprint: z.string(),
          name: z.string(),
          settings: z.string(),
          since: z.string(),
          until: z.string(),
          now: z.enum(['confirmed', 'refuted', 'not-needed', 'not-tried', 'not-seen']),
        }),
      )
      .describe('hints that earlier runs on the target accepted, and what this run saw of them'),
  })
  .describe('What the plans showed in the lab before the first and after the last change, above info.');

export type ReportedPlanReview = z.infer<typeof planReviewSchema>;
type ReportedPlanFinding = ReportedPlanReview['findings'][number];

export function toPlanReview({ plans, findings, hints }: PlanReview): ReportedPlanReview {
  return {
    plans: { ...plans },
    findings: findings.map((one) => ({ ...one, share: finite(one.share), iterations: [...one.iterations] })),
    hints: hints.map((one) => ({ ...one })),
  };
}

/** `Of 12 plans 5 findings: 3 resolved, 2 left.` */
export function planReviewSentence({ plans, findings }: ReportedPlanReview): string {
  const resolved = findings.filter(({ status }) => status === 'resolved').length;
  const fresh = findings.filter(({ status }) => status === 'new').length;
  const left = findings.length - resolved;
  const of = `${formatCount(plans.before)} ${plans.before === 1 ? 'plan' : 'plans'}`;
  if (findings.length === 0) return `Of ${of} none shows a finding above info.`;
  const among = fresh > 0 ? `, ${formatCount(fresh)} of them only after the changes` : '';
  return `Of ${of} ${formatCount(findings.length)} findings above info: ${formatCount(resolved)} resolved, ${formatCount(left)} left${among}.`;
}

/** `tried for the statement: 2 accepted, 5 rejected; 3 changes were not tried any more`. */
export function triedWords(
  { iterations, untried }: ReportedPlanFinding,
  done: readonly { readonly number: number; readonly decision: string }[],
): string {
  const words: Readonly<Record<string, string>> = { accept: 'accepted', reject: 'rejected', escalate: 'escalated' };
  const said = iterations.flatMap((number) => {
    const one = done.find((iteration) => iteration.number === number);
    return one ? [`${number} ${words[one.decision] ?? one.decision}`] : [];
  });
  const tried =
    said.length === 0 ? 'no change was tried for the statement' : `tried for the statement: ${said.join(', ')}`;
  if (untried === 0) return tried;
  return `${tried}; ${untried === 1 ? '1 change' : `${formatCount(untried)} changes`} not tried (see "Not tried")`;
}

/** `scan/rows-discarded, 80 % of the statement`. */
export function planFindingPlace({ id, share }: ReportedPlanFinding): string {
  return share === null ? id : `${id}, ${formatPercent(share)} of the statement`;
}

type ReportedHint = ReportedPlanReview['hints'][number];

const NOW: Readonly<Record<ReportedHint['now'], string>> = {
  confirmed: 'measured again: it still wins, until the date in its new file',
  refuted: 'measured again: it does not win any more. Take it out',
  'not-needed': 'the plan is right without it. Take it out',
  'not-tried': 'this run ended before it could be measured again',
  'not-seen': 'the statement has no plan in this run',
};

/** `The hint enable_nestloop = off for "report", of 2026-03-01: measured again: ...`. Says so where its day is over. */
export function hintWords({ name, settings, since, until, now }: ReportedHint, today: string): string {
  const over = (now === 'not-tried' || now === 'not-seen') && until < today.slice(0, 10);
  const late = over ? `, and its day (${until}) is over: do not rely on it` : '';
  return `The hint ${settings} for "${name}", of ${since.slice(0, 10)}: ${NOW[now]}${late}.`;
}
