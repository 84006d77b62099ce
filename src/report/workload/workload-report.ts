import { z } from 'zod';
import { coverageSchema, evidenceSchema, figure, placeSchema, toolSchema } from '../schema-parts.js';

const tallied = z.array(z.object({ name: z.string(), executions: z.number() })).describe('most executions first');

/** The document of `workload --json`. Null means unknown. */
export const workloadReportSchema = z.object({
  tool: toolSchema,
  source: z.enum(['pg_stat_statements', 'file', 'log', 'activity', 'none']).describe('of calls and times'),
  origin: z.string(),
  provenance: z
    .enum(['measured', 'estimated', 'unknown'])
    .describe('of times: measured by the source; estimated from samples of activity; unknown'),
  firstSeen: z.string().nullable().describe('ISO 8601; without a zone where that of the log is not UTC'),
  lastSeen: z.string().nullable(),
  calls: z.number(),
  totalMs: figure,
  files: z.array(
    z.object({
      name: z.string(),
      takenFor: z.string(),
      records: z.number().describe('messages of a log, rows of an export, statements of a text'),
      unread: z.array(z.object({ reason: z.string(), count: z.number(), lines: z.array(z.number()) })),
    }),
  ),
  statements: z
    .array(
      z.object({
        rank: z.number().int(),
        fingerprint: z.string(),
        name: z.string().describe('without constants'),
        kind: z.string(),
        sql: z
          .string()
          .describe('constants that executions differ in are $1, $2, ...; all others, too, unless --literals'),
        calls: z.number(),
        totalMs: figure,
        share: figure.describe('of the total time, 0 to 1'),
        meanMs: figure,
        latencyMs: z
          .object({
            min: z.number(),
            p50: z.number(),
            p95: z.number(),
            p99: z.number(),
            max: z.number(),
            relativeError: z.number().describe('of the quantiles; 0: exact'),
            executions: z.number().describe('that were timed'),
          })
          .nullable()
          .describe('of single executions; null where only means exist'),
        rows: figure,
        sharedHit: figure,
        sharedRead: figure,
        tempBlocks: figure,
        temporaryBytes: figure.describe('of temporary files that were logged one by one'),
        walBytes: figure,
        planned: z
          .object({
            executions: z.number(),
            rows: figure,
            sharedHit: figure,
            sharedRead: figure,
            tempBlocks: figure,
            walBytes: figure,
          })
          .nullable()
          .describe('means over the executions whose plan was logged'),
        errors: figure,
        parameterSets: z.number().int().describe('how many sets of values were kept for trials'),
        parameters: z.array(z.array(z.string())).describe('those sets, with --literals; else empty'),
        users: tallied,
        databases: tallied,
        applications: tallied,
        sources: tallied.describe('places in programs, from tags in comments'),
        foundIn: z.array(placeSchema).describe('with --source, where in the program it comes from, the surest first'),
      }),
    )
    .describe('heaviest first'),
  unusable: z.array(z.object({ name: z.string(), reason: z.string() })),
  waits: z
    .array(z.object({ name: z.string(), looks: z.number() }))
    .describe('what active sessions waited for, of samples of activity; else empty'),
  application: z
    .array(
      z.object({
        pattern: z.string(),
        severity: z.enum(['info', 'warning', 'critical']),
        title: z.string(),
        count: z.number(),
        counted: z.string().describe('what count counts'),
        timeMs: figure,
        timeIs: z.string().describe('what time that is'),
        evidence: z.array(evidenceSchema),
        statements: z.array(z.string()).describe('constants replaced'),
        change: z.string(),
        sql: z.string().nullable().describe('the change as SQL, where it can be written down'),
        sources: z.array(z.string()).describe('places in programs, from tags in comments'),
        line: z.number().int().describe('of the log, where it can be seen'),
      }),
    )
    .describe('how programs use the database, of logs of executions; worst first'),
  coverage: coverageSchema,
});

export type WorkloadReport = z.infer<typeof workloadReportSchema>;
