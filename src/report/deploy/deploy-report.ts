import { z } from 'zod';
import { decisionSchema, escalationSchema, limitsSchema, windowSchema } from './live-schema.js';
import { coverageSchema, figure, overheadSchema, targetSchema, toolSchema } from '../schema-parts.js';

const statementSchema = z.object({
  sql: z.string(),
  lock: z.string().describe('the strongest lock that it takes, and what that blocks'),
  blocksClients: z.boolean().describe('whether statements of clients queue behind it'),
});

const stepSchema = z.object({
  number: z.number().int(),
  title: z.string(),
  status: z
    .enum(['pending', 'applied', 'reverted', 'withdrawn', 'open'])
    .describe('open: an earlier start ended in the middle of it; withdrawn: taken back on its own figures'),
  statements: z.array(statementSchema),
  rollback: z.array(statementSchema).describe('empty where there is nothing to take back'),
  noWayBack: z
    .string()
    .nullable()
    .describe('why it can not be taken back; null where it can, or there is nothing to take back'),
  notes: z.array(z.string()).describe('of the plan of a migration'),
  rollbackRun: z
    .boolean()
    .nullable()
    .describe('whether the lab ran it and found the catalog as before; null where it did not'),
  effect: z.string().describe('what the lab measured'),
  expected: z
    .object({ durationMs: figure, diskBytes: figure, walBytes: figure, basis: z.string() })
    .describe('Estimated; null is unknown.'),
  tookMs: figure.describe('measured, on this target; null where it has not run, or was found applied'),
  approvals: z
    .array(escalationSchema)
    .describe('who has to approve it beside the one who runs it, by the rules of escalation; empty where nobody has'),
  promised: z
    .array(z.object({ fingerprint: z.string(), name: z.string(), ratio: figure }))
    .describe('statements that the lab found faster, after / before: live figures are held against them'),
  decision: decisionSchema.nullable().describe('what the live figures after it led to; null where it was not watched'),
});

const stagingSchema = z
  .object({
    soakMs: z.number().describe('how long each step is watched; 0: steps follow each other at once'),
    baselineMs: z.number().describe('how long it is watched before the first step'),
    withoutFigures: z.enum(['refuse', 'ask', 'go']),
    limits: limitsSchema,
    unknown: z.string().nullable().describe('why live figures can not be read just now; null where they can'),
    before: windowSchema
      .nullable()
      .describe('what was seen before the first step; where it was not watched, all that was counted until then'),
  })
  .describe('How the deployment is watched.');

const validationSchema = z
  .object({
    begunAt: z.string().describe('by the clock of the server'),
    windowMs: z.number(),
    verdict: z.string().nullable().describe('what closed it; null while it is open'),
    command: z.string(),
  })
  .describe('What was deployed is to be validated by figures when this time is over.');

/** The document of `deploy --json`. */
export const deployReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  plan: z.string().describe('the file that was read'),
  direction: z.enum(['up', 'down']),
  outcome: z
    .enum(['dry-run', 'deployed', 'stopped', 'withdrawn', 'reverted', 'nothing-to-do'])
    .describe(
      'stopped: left after a step, and asks; withdrawn: a step was taken back on its figures; both end with exit code 1',
    ),
  hash: z.string().nullable().describe('what --approve takes; null where there is nothing to approve'),
  staging: stagingSchema,
  steps: z.array(stepSchema),
  validation: validationSchema.nullable().describe('null where nothing is deployed'),
  found: z.array(z.string()).describe('what an earlier start left, and what became of it'),
  drift: z.array(z.string()).describe('what changed on the objects since the plan was made: it is refused'),
  obstacles: z.array(z.string()).describe('what is in the way just now'),
  setAside: z
    .array(z.object({ title: z.string(), reason: z.string() }))
    .describe('parts of the plan that no deployment runs'),
  freeDiskBytes: figure,
  journal: z.string().describe('the file that tells what was done'),
  command: z.string().nullable().describe('what applies it; null where there is nothing to apply'),
  coverage: coverageSchema,
  overhead: overheadSchema,
});

export type DeployReport = z.infer<typeof deployReportSchema>;
export type DeployStep = DeployReport['steps'][number];
