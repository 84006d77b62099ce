import { z } from 'zod';
import { formatCount, formatMs } from '../base/units.js';
import type { PlanChanges } from '../model/plan-history.js';
import { figure, finite } from './schema-parts.js';
import { changeWords, timeWords } from './words.js';

export const planChangesSchema = z
  .object({
    since: z.string().describe('when the earlier plans were recorded'),
    compared: z.number().int().describe('statements that both runs planned'),
    changes: z.array(
      z.object({
        fingerprint: z.string(),
        name: z.string(),
        parameterClass: z.string(),
        planBefore: z.string(),
        planNow: z.string(),
        beforeMs: figure.describe('median time with one set of values, measured in the lab by the run before'),
        nowMs: figure.describe('measured in the lab by this run, before any change'),
        beforeBuffers: figure,
        nowBuffers: figure,
        time: z
          .enum(['slower', 'faster', 'same', 'unknown'])
          .describe('of two runs at different times; same within the noise of both'),
        cause: z.object({
          certainty: z
            .enum(['shown', 'likely', 'open', 'unknown'])
            .describe(
              'shown by experiment or by the plan itself; likely: the one recorded thing that differs; open: one of several',
            ),
          says: z.string(),
        }),
        differences: z.array(z.object({ kind: z.string(), on: z.string(), says: z.string() })),
      }),
    ),
  })
  .describe('Plans of the unchanged target against those of the last run on it; null where there was none.');

export type ReportedPlanChanges = z.infer<typeof planChangesSchema>;
type ReportedPlanChange = ReportedPlanChanges['changes'][number];

export function toPlanChanges({ since, compared, changes }: PlanChanges): ReportedPlanChanges {
  return {
    since,
    compared,
    changes: changes.map((change) => ({
      ...change,
      beforeMs: finite(change.beforeMs),
      nowMs: finite(change.nowMs),
      beforeBuffers: finite(change.beforeBuffers),
      nowBuffers: finite(change.nowBuffers),
      cause: { ...change.cause },
      differences: change.differences.map((one) => ({ ...one })),
    })),
  };
}

/** `Of 12 statements 1 has another plan than on 2026-01-02 03:04.` */
export function planChangesSentence({ since, compared, changes }: ReportedPlanChanges): string {
  const of = `${formatCount(compared)} ${compared === 1 ? 'statement' : 'statements'}`;
  const count =
    changes.length === 0 ? 'none has' : changes.length === 1 ? '1 has' : `${formatCount(changes.length)} have`;
  return `Of ${of} that the last run planned too, ${count} another plan than on ${since.replace('T', ' ').slice(0, 16)}.`;
}

/** The two times and their ratio: `1.2 ms -> 9 ms (7.5x slower)`. */
export function planTimeWords({ beforeMs, nowMs, time }: ReportedPlanChange): string {
  const ratio = beforeMs !== null && nowMs !== null && beforeMs > 0 ? nowMs / beforeMs : null;
  const said =
    time === 'slower' || time === 'faster' ? timeWords(ratio) : time === 'same' ? 'same within the noise' : 'unknown';
  return `${formatMs(beforeMs)} -> ${formatMs(nowMs)} (${said})`;
}

/** `120 -> 4,000 (33x more)`. */
export function planBufferWords({ beforeBuffers, nowBuffers }: ReportedPlanChange): string {
  const ratio = beforeBuffers !== null && nowBuffers !== null && beforeBuffers > 0 ? nowBuffers / beforeBuffers : null;
  return `${formatCount(beforeBuffers)} -> ${formatCount(nowBuffers)} (${changeWords(ratio)})`;
}

const CERTAINTY: Readonly<Record<ReportedPlanChange['cause']['certainty'], string>> = {
  shown: 'Cause',
  likely: 'Likely cause',
  open: 'Cause not settled',
  unknown: 'Cause unknown',
};

/** `Cause: work_mem was 4MB and is 64kB; set back, the old plan returns in the lab`. */
export function planCauseWords({ cause }: ReportedPlanChange): string {
  return `${CERTAINTY[cause.certainty]}: ${cause.says}`;
}
