import { formatMs } from '../base/units.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Escalation } from '../model/run.js';

/** What one run may do on its own. */
export interface EscalationLimits {
  /** Person-weeks beyond which a change is architectural. */
  readonly effortWeeks: number;
  /** Downtime that is tolerated, milliseconds. */
  readonly downtimeMs: number;
}

/** SPEC L9: eight weeks, four hours. */
export const DEFAULT_ESCALATION_LIMITS: EscalationLimits = { effortWeeks: 8, downtimeMs: 4 * 3_600_000 };

/** Hours that a production review may take (SPEC L9). */
export const REVIEW_HOURS = 24;

/** The escalation that a hypothesis needs before anything is done; null when the loop may act. An unknown downtime escalates. */
export function escalationFor(hypothesis: Hypothesis, limits: EscalationLimits): Escalation | null {
  const { risk } = hypothesis;
  const evidence = hypothesis.finding.evidence.map(
    (fact) => `${fact.what}: ${fact.value ?? 'unknown'} ${fact.unit} (${fact.provenance}, ${fact.source})`,
  );
  if (risk.effortWeeks > limits.effortWeeks) {
    return {
      protocol: 'architecture',
      decisionNeeded: `${hypothesis.title}: about ${risk.effortWeeks} weeks of work, over the limit of ${limits.effortWeeks}`,
      decidedBy: 'architecture',
      timeLimitHours: REVIEW_HOURS,
      evidence,
    };
  }
  if (risk.downtimeMs === null || risk.downtimeMs > limits.downtimeMs) {
    return {
      protocol: 'downtime',
      decisionNeeded: `${hypothesis.title}: downtime ${formatMs(risk.downtimeMs)}, tolerated ${formatMs(limits.downtimeMs)}`,
      decidedBy: 'change management',
      timeLimitHours: REVIEW_HOURS,
      evidence,
    };
  }
  if (risk.level === 'high') {
    return {
      protocol: 'data-integrity',
      decisionNeeded: `${hypothesis.title}: ${risk.data}; ${risk.behaviour}`,
      decidedBy: 'DBA and data governance',
      timeLimitHours: REVIEW_HOURS,
      evidence,
    };
  }
  return null;
}
