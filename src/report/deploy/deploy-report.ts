import { z } from 'zod';
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
    .enum(['pending', 'applied', 'reverted', 'open'])
    .describe('open: an earlier start ended in the middle of it'),
  statements: z.array(statementSchema),
  rollback: z.array(statementSchema).describe('empty where there is nothing to take back'),
  rollbackRun: z
    .boolean()
    .nullable()
    .describe('whether the lab ran it and found the catalog as before; null where it did not'),
  effect: z.string().describe('what the lab measured'),
  expected: z
    .object({ durationMs: figure, diskBytes: figure, walBytes: figure, basis: z.string() })
    .describe('Estimated; null is unknown.'),
  tookMs: figure.describe('measured, on this target; null where it has not run, or was found applied'),
});

/** The document of `deploy --json`. */
export const deployReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  plan: z.string().describe('the file that was read'),
  direction: z.enum(['up', 'down']),
  outcome: z.enum(['dry-run', 'deployed', 'reverted', 'nothing-to-do']),
  hash: z.string().nullable().describe('what --approve takes; null where there is nothing to approve'),
  steps: z.array(stepSchema),
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
