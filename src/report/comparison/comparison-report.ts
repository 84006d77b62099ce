import { z } from 'zod';
import { skippedSchema, toolSchema } from '../schema-parts.js';

/** One execution: the median over the pairs, the mean over sets of values. Blocks of 8 kB, hit and read, temporary ones included. */
const sideSchema = z.object({ ms: z.number(), blocks: z.number() });

/** What `compare` found about two statements. */
export const comparisonReportSchema = z.object({
  tool: toolSchema,
  first: z.object({ origin: z.string(), sql: z.string() }),
  second: z.object({ origin: z.string(), sql: z.string() }),
  /** Where the tables come from: the database without its password, or the file. */
  schema: z.string(),
  serverMajor: z.number().int(),
  /** `different`: shown by the counterexample. `proved`: a rule of ours, or their texts, say that they give the same. `not-shown-different`: no database was found on which they differ, which proves nothing. `unknown`: nothing could be compared. */
  verdict: z.enum(['different', 'proved', 'not-shown-different', 'unknown']),
  /** The difference, the proof, or why nothing could be compared. */
  reason: z.string().nullable(),
  /** A script for psql that shows the difference and leaves nothing behind. */
  counterexample: z.string().nullable(),
  /** Small databases that were tried, those of them on which a statement gave rows, and how long it took. */
  databases: z.number().int(),
  databasesWithRows: z.number().int(),
  tookMs: z.number(),
  /** Which takes less, measured on a copy of the database. */
  speed: z.object({
    /** `neither`: within the noise floor, or less than 5 % apart. */
    faster: z.enum(['first', 'second', 'neither', 'unknown']),
    /** Why it is unknown, or that one of them did not finish. */
    reason: z.string().nullable(),
    first: sideSchema.nullable(),
    second: sideSchema.nullable(),
    /** Time of the second over that of the first, over pairs that ran next to each other, with its 95 % interval. */
    timeRatio: z.object({ ratio: z.number(), low: z.number(), high: z.number() }).nullable(),
    /** Share by which the time of a statement differs from its own where nothing is changed: 0.03 is 3 %. */
    noise: z.number().nullable(),
    pairs: z.number().int(),
  }),
  /** How the two were compared, and what else differs: names and types of columns, order, LIMIT. */
  remarks: z.array(z.string()),
  skipped: z.array(skippedSchema),
});

export type ComparisonReport = z.infer<typeof comparisonReportSchema>;
