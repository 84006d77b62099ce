import { z } from 'zod';
import { coverageSchema, overheadSchema, targetSchema, toolSchema } from '../schema-parts.js';
import { assessmentSchema, limitsSchema, windowSchema } from './live-schema.js';

/** The document of `verify --json`. Figures are measured on the target. */
export const verifyReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  plan: z.string().describe('the file that was read'),
  hash: z.string().describe('of the deployment'),
  verdict: z
    .enum(['validated', 'regressed', 'no-gain', 'insufficient', 'unknown'])
    .describe('of the figures since the deployment, held against those before'),
  reason: z.string(),
  state: z
    .enum(['open', 'closed'])
    .describe('closed: the time is over, and the journal holds this verdict; open: so far'),
  elapsedMs: z
    .number()
    .nullable()
    .describe("since the deployment, by the server's clock; null where that was set back, so that it is not known"),
  windowMs: z.number(),
  steps: z.array(z.object({ number: z.number().int(), title: z.string(), status: z.string() })),
  objects: z
    .array(z.object({ name: z.string(), state: z.enum(['as deployed', 'changed', 'gone', 'new']) }))
    .describe('catalog objects that the deployment made, changed or removed'),
  drift: z.array(z.string()).describe('what is not as the deployment left it, in words'),
  assessment: assessmentSchema,
  limits: limitsSchema,
  before: z.array(windowSchema).describe('what the figures are held against, latest last'),
  after: windowSchema,
  journal: z.string(),
  command: z.string().nullable().describe('what takes the deployment back; null where the figures do not ask for it'),
  coverage: coverageSchema,
  overhead: overheadSchema,
});

export type VerifyReport = z.infer<typeof verifyReportSchema>;
