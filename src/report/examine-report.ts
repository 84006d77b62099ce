import { z } from 'zod';
import { coverageSchema, figure, findingSchema, overheadSchema, targetSchema, toolSchema } from './schema-parts.js';

const provenance = z.enum(['measured', 'estimated', 'unknown']);

/** The document of `examine --json`. Null means unknown. */
export const examineReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  startedAt: z.string(),
  finishedAt: z.string(),
  inventory: z.object({
    schemas: z.number().int(),
    tables: z.number().int().describe('ordinary and partitioned tables and partitions'),
    views: z.number().int().describe('plain and materialised'),
    indexes: z.number().int(),
    constraints: z.number().int(),
    functions: z.number().int(),
    extensions: z.array(z.string()),
    other: z.record(z.string(), z.number()),
    rows: figure.describe('sum of pg_class.reltuples: estimated; null when no table was ever analysed'),
    tableBytes: z.number().describe('heaps, measured'),
    indexBytes: z.number().describe('measured'),
    largest: z.array(
      z.object({
        table: z.string(),
        rows: figure.describe('estimated'),
        tableBytes: z.number(),
        indexBytes: z.number(),
      }),
    ),
  }),
  baseline: z
    .object({
      source: z.enum(['pg_stat_statements', 'file', 'log', 'activity', 'none']),
      origin: z.string(),
      since: z.string().nullable(),
      totalMs: figure.describe('null when the source does not measure'),
      calls: z.number(),
      provenance,
      statements: z.array(
        z.object({
          fingerprint: z.string(),
          name: z.string(),
          kind: z.string(),
          calls: z.number(),
          meanMs: figure,
          totalMs: figure,
          share: figure.describe('of the total time, 0 to 1'),
          blocks: figure.describe('shared blocks hit and read, over all calls'),
        }),
      ),
      unusable: z.array(z.object({ name: z.string(), reason: z.string() })),
    })
    .describe('The workload as its source measured it; examine runs no statement of it.'),
  bottlenecks: z
    .array(
      z.object({
        rank: z.number().int(),
        kind: z.enum(['statement', 'setting']),
        name: z.string(),
        fingerprint: z.string().nullable(),
        share: figure.describe('of the total time; of the total planner cost where only that is known'),
        ms: figure.describe('total time; null when not measured'),
        provenance,
        why: z.string(),
      }),
    )
    .describe('What holds the most time first; then settings.'),
  findings: z.array(findingSchema),
  coverage: coverageSchema,
  overhead: overheadSchema,
});

export type ExamineReport = z.infer<typeof examineReportSchema>;
