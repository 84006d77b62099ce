import { z } from 'zod';
import { figure } from '../schema-parts.js';

const ratioSchema = z.object({ ratio: figure, ciLow: figure, ciHigh: figure });
const sideSchema = z.object({ calls: z.number(), meanMs: z.number() });
const occurrenceSchema = z.object({ count: z.number(), of: z.number() });

const riseSchema = z
  .object({
    before: occurrenceSchema,
    after: occurrenceSchema,
    chance: figure.describe('of seeing that much, were it not more frequent than is tolerated'),
    risen: z.boolean(),
  })
  .nullable();

/** What figures are held against. */
export const limitsSchema = z.object({
  readTolerance: z.number().describe('a read that matters may become slower by this factor'),
  writeTolerance: z.number(),
  criticalShare: z.number().describe('share of all time from which a statement matters'),
  judgedShare: z.number().describe('share of the time that must be held by statements which could be judged'),
  minimalCalls: z.number().describe('fewer calls are no figure'),
  minimalGain: z.number().describe('least fall of the time of the statements that the lab found faster'),
  errorTolerance: z.number().describe('rollbacks, deadlocks and lock waits may become more frequent by this factor'),
  confidence: z.number().describe('of all intervals of one decision together'),
  lagMs: figure.describe('null for no limit'),
});

/** The figures of a window held against those before. */
export const assessmentSchema = z
  .object({
    statements: z
      .array(
        z.object({
          fingerprint: z.string(),
          name: z.string(),
          state: z.enum(['slower', 'fine', 'unclear', 'few-calls', 'new']),
          share: figure.describe('of the time after'),
          before: sideSchema.nullable(),
          after: sideSchema,
          ratio: ratioSchema.nullable().describe('after / before of the mean time'),
          tolerance: z.number(),
        }),
      )
      .describe('those that matter, heaviest first'),
    judgedShare: figure,
    gain: z
      .object({
        state: z.enum(['gained', 'no-gain', 'unclear', 'few-calls']),
        ratio: ratioSchema.nullable(),
        labRatio: figure,
        promised: z.number().int(),
        seen: z.number().int(),
      })
      .nullable()
      .describe('of the statements that the lab found faster; null where it promised nothing'),
    rollbacks: riseSchema,
    deadlocks: riseSchema,
    lockWaits: riseSchema,
    lagMs: figure,
    unknown: z.string().nullable().describe('why statements are not known'),
  })
  .describe('Measured on the target, from the differences of pg_stat_statements and pg_stat_database.');

/** What was watched. */
export const windowSchema = z.object({
  from: z.string(),
  to: z.string(),
  statements: z.number().int().nullable().describe('null where they are not known'),
  unknown: z.string().nullable(),
  incomplete: z.number().describe('entries that were reset or evicted meanwhile: not all of their calls are counted'),
  hidden: z.number().describe('entries whose text the role may not see'),
  transactions: z.object({ ended: z.number(), rolledBack: z.number(), deadlocks: z.number() }).nullable(),
  looks: z.object({
    count: z.number(),
    waiting: z.number(),
    longestWaitMs: figure,
    standbys: z.number(),
    lagMs: figure,
  }),
});

/** What was decided after a step. */
export const decisionSchema = z.object({
  choice: z.enum(['go', 'stop', 'revert']),
  verdict: z.enum(['fine', 'slower', 'errors', 'no-gain', 'lock-waits', 'lag', 'insufficient', 'unknown']),
  reason: z.string(),
  assessment: assessmentSchema,
  limits: limitsSchema,
  window: windowSchema.nullable(),
});

/** Who has to approve, for which reason. */
export const escalationSchema = z.object({
  protocol: z.string(),
  decisionNeeded: z.string(),
  decidedBy: z.string(),
  timeLimitHours: z.number(),
  evidence: z.array(z.string()),
});

export type ReportedAssessment = z.infer<typeof assessmentSchema>;
export type ReportedDecision = z.infer<typeof decisionSchema>;
export type ReportedWindow = z.infer<typeof windowSchema>;
