import { z } from 'zod';
import { planChangesSchema } from './plan-changes.js';
import { planReviewSchema } from './plan-review.js';
import {
  actionSchema,
  coverageSchema,
  evidenceSchema,
  figure,
  findingSchema,
  overheadSchema,
  placeSchema,
  targetSchema,
  toolSchema,
  workloadSummarySchema,
} from './schema-parts.js';

const effectSchema = z
  .object({
    metric: z.enum(['executionMs', 'buffers', 'walBytes', 'storageBytes', 'risk']),
    before: figure,
    after: figure,
    ratio: figure.describe('after / before; below 1 is better'),
    ciLow: figure.describe('lower end of the 95 % interval of the ratio'),
    ciHigh: figure,
  })
  .describe('Measured in the lab, over the statements that the change touches, weighted by calls.');

const predictionSchema = z
  .object({
    workloadRatio: figure.describe('total workload time, after / before'),
    statementRatio: figure.describe('time of the statements it bears on, after / before'),
    throughputRatio: figure,
    storageBytes: figure,
    basis: z.string(),
    provenance: z.enum(['estimated', 'unknown']),
  })
  .describe('Before the trial. Never measured.');

const riskSchema = z.object({
  level: z.enum(['low', 'medium', 'high']),
  behaviour: z.string(),
  data: z.string(),
  downtimeMs: figure,
  effortWeeks: z.number(),
});

const statementEffectSchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  beforeMs: figure,
  afterMs: figure,
  timeRatio: figure,
  timeCiLow: figure,
  timeCiHigh: figure,
  beforeBuffers: figure,
  afterBuffers: figure,
  beforeWalBytes: figure,
  afterWalBytes: figure,
  planBefore: z.string(),
  planAfter: z.string(),
  rounds: z.number(),
  beforeTimedOutMs: figure.describe(
    'timeout that the unchanged side ran into: its figures are then lower bounds, the ratio an upper one; null where it finished',
  ),
  beforeSamplesMs: z.array(z.number()).describe('execution times in order of running'),
  afterSamplesMs: z.array(z.number()),
});

const iterationSchema = z.object({
  number: z.number().int(),
  hypothesis: z.object({
    id: z.string(),
    advisor: z.string(),
    title: z.string(),
    action: actionSchema,
    prediction: predictionSchema,
    risk: riskSchema,
    finding: z.object({
      title: z.string(),
      place: z.string(),
      severity: z.enum(['info', 'warning', 'critical']),
      evidence: z.array(evidenceSchema).min(1),
      statements: z.array(z.string()),
    }),
  }),
  verdict: z.enum(['improved', 'neutral', 'regressed', 'insufficient', 'unverifiable']),
  verdictReason: z.string(),
  effect: effectSchema.nullable(),
  effects: z.array(effectSchema),
  gain: z.number().describe('fall of the objective: 0.2 is 20 % better'),
  resultsEqual: z.boolean().nullable().describe('null where no result could be compared'),
  revertVerified: z.boolean(),
  decision: z.enum(['accept', 'reject', 'escalate']),
  reason: z.string(),
  escalation: z
    .object({
      protocol: z.string(),
      decisionNeeded: z.string(),
      decidedBy: z.string(),
      timeLimitHours: z.number(),
      evidence: z.array(z.string()),
    })
    .nullable(),
  statements: z.array(statementEffectSchema),
  state: z.string().describe('hash of the accepted state that it started from'),
  startedAt: z.string(),
  durationMs: z.number(),
  applyMs: figure.describe('time that the change itself took in the lab'),
});

const scorecardRowSchema = z.object({
  id: z.string(),
  target: z.string(),
  status: z.enum(['met', 'missed', 'unknown']),
  value: z.string(),
  measured: figure,
  source: z.string(),
});

const calibrationQualitySchema = z
  .object({
    pairs: z.number().int().describe('predictions of a statement ratio that were measured'),
    unknown: z.number().int().describe('iterations without a prediction or without a measurement'),
    meanAbsLogError: figure.describe('mean of |ln(measured / predicted)|; null without pairs'),
    rankCorrelation: figure.describe("Spearman's; null for under three pairs or without spread"),
    signErrors: z.number().int().describe('foreseen faster and measured slower, or the reverse'),
    unconfirmed: z.number().int().describe('foreseen faster and measured the same'),
    bins: z.array(
      z.object({
        from: figure.describe('least predicted fall of the time, as a fraction; null for no end'),
        to: figure.describe('most, excluded'),
        count: z.number().int(),
        predictedFall: figure.describe('mean, estimated'),
        measuredFall: figure.describe('mean, measured'),
      }),
    ),
  })
  .describe('How good the predictions of `calibration` were: whether a predicted 40 % is 40 %.');

/** The document of `optimize --json` and `report.json`. Every figure is measured in the lab unless its field says otherwise; null means unknown. */
const loadSideSchema = z.object({
  executions: z.number().int(),
  perSecond: figure,
  p50Ms: figure,
  p95Ms: figure,
  errors: z.number().int(),
  senderShare: figure.describe('of one core, for sending the load'),
});

export const runReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  command: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  stop: z.object({ reason: z.string(), detail: z.string() }),
  replayed: z.number().int().describe('how many of the iterations were taken up from the ledger of an earlier run'),
  iterations: z.array(iterationSchema),
  workload: z
    .object({ before: workloadSummarySchema, after: workloadSummarySchema })
    .describe('Measured side by side in the end where `together` was measured; else each at its own time.'),
  together: z
    .object({
      verdict: z.enum(['confirmed', 'regressed', 'unverifiable', 'none']),
      reason: z.string(),
      resultsEqual: z.boolean().nullable(),
      statements: z.array(statementEffectSchema),
    })
    .describe('All accepted changes together against the beginning, interleaved: the statements that they touch.'),
  load: z
    .object({
      levels: z.array(z.object({ clients: z.number().int(), before: loadSideSchema, after: loadSideSchema })),
      cores: z.number().int().nullable().describe('shared by server and sender; null where the server is elsewhere'),
      leftOut: z.array(z.object({ fingerprint: z.string(), name: z.string(), reason: z.string() })),
    })
    .nullable()
    .describe(
      "The workload's mix from 1, 2, 4, ... clients at once, before and after; null where it was not measured.",
    ),
  noise: z
    .object({ timeLogRatio: figure, bufferLogRatio: figure, pairs: z.number() })
    .describe(
      'What doing nothing shows, A against A: the 97.5 % quantile of |ln ratio| over statements, single outliers aside.',
    ),
  planChanges: planChangesSchema.nullable(),
  planReview: planReviewSchema,
  scorecard: z.array(scorecardRowSchema),
  coverage: coverageSchema,
  findings: z.array(
    findingSchema.extend({
      status: z.enum(['open', 'resolved']).describe('whether it is still seen after the accepted changes'),
    }),
  ),
  untried: z.array(
    z.object({ title: z.string(), advisor: z.string(), predicted: predictionSchema, reason: z.string() }),
  ),
  calibration: z
    .array(
      z.object({
        iteration: z.number().int(),
        title: z.string(),
        predictedStatementRatio: figure.describe('estimated'),
        measuredStatementRatio: figure.describe('measured, over the same statements, weighted by calls'),
        predictedWorkloadRatio: figure.describe('estimated'),
        measuredWorkloadRatio: figure.describe('measured'),
      }),
    )
    .describe('Prediction against measurement, for each iteration that measured something.'),
  calibrationQuality: calibrationQualitySchema,
  migrations: z
    .array(z.object({ iteration: z.number().int(), title: z.string(), up: z.string(), down: z.string() }))
    .describe('files, relative to the output folder'),
  rewrites: z.array(
    z.object({
      iteration: z.number().int(),
      title: z.string(),
      file: z.string(),
      holdsFor: z.string().describe('majors of PostgreSQL'),
      foundIn: z.array(placeSchema).describe('where in a program the statement comes from, the surest first'),
      patch: z.string().nullable().describe('file with a difference that git apply takes'),
      noPatch: z.string().nullable().describe('why there is none; null where no program text was searched as well'),
    }),
  ),
  overhead: overheadSchema,
  outputFolder: z.string().nullable().describe('where the files are; null where none were written'),
});

export type RunReport = z.infer<typeof runReportSchema>;
export type ReportedIteration = RunReport['iterations'][number];
export type ReportedStatement = ReportedIteration['statements'][number];
export type ReportedEffect = z.infer<typeof effectSchema>;
export type ReportedPrediction = z.infer<typeof predictionSchema>;
