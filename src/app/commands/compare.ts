import { z } from 'zod';
import { comparisonReportSchema } from '../../report/comparison/comparison-report.js';
import { renderComparison } from '../../report/comparison/comparison-terminal.js';
import { defineCommand } from '../command.js';
import { compareGiven } from '../comparison.js';
import { durationInput } from '../inputs.js';

export const compare = defineCommand({
  name: 'compare',
  summary:
    'Says whether two statements give the same: looks for a small database on which they differ, and prints it as SQL; measures which is faster on request. Exit code 1 where they differ.',
  effect: 'lab',
  positional: ['given'],
  input: z.object({
    given: z
      .array(z.string())
      .default([])
      .describe(
        '[url] and two statements: each in quotes, as a file, or - for standard input; only the schema is read from the url, but with --measure',
      ),
    schema: z
      .string()
      .optional()
      .describe('a file with the tables, as CREATE TABLE statements or from pg_dump --schema-only, in place of a url'),
    measure: z
      .boolean()
      .default(false)
      .describe('with a url: copies the database to a server of our own, and runs both there to say which is faster'),
    databases: z.coerce
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(2000)
      .describe('how many small databases are tried at most; 300 are the least that counts as evidence'),
    time: durationInput
      .default(60_000)
      .describe('how long is looked at most, and as long again measured: 90s, 15m (default: 60s)'),
    seed: z.coerce.number().int().min(0).default(1).describe('another one gives other databases'),
  }),
  output: comparisonReportSchema,
  run: (input, context) =>
    compareGiven(
      {
        given: input.given,
        schemaFile: input.schema ?? null,
        measure: input.measure,
        databases: input.databases,
        timeBoxMs: input.time,
        seed: input.seed,
      },
      context,
    ),
  render: (report, view) => renderComparison(report, view),
  alwaysChecks: () => true,
  failsCheck: ({ verdict }) => verdict === 'different',
});
