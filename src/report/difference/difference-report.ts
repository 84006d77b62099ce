import { z } from 'zod';
import { skippedSchema, toolSchema } from '../schema-parts.js';

const changeSchema = z.object({
  kind: z.string().describe('table, column, index, privileges, ...'),
  name: z.string(),
  change: z.enum(['new', 'gone', 'changed']).describe('in the second, seen from the first'),
  details: z.array(
    z
      .object({ what: z.string(), from: z.string().nullable(), to: z.string().nullable() })
      .describe('null: there is none'),
  ),
  within: z.string().nullable().describe('the new or gone object with which it goes'),
  possibleRename: z
    .string()
    .nullable()
    .describe('the object on the other side that is defined the same; it is not taken for the same one'),
});

const statementSchema = z.object({
  sql: z.string(),
  about: z.string(),
  loses: z.string().nullable().describe('what it destroys beside the definition'),
});

const scriptSchema = z.object({
  before: z.array(statementSchema).describe('each commits before the next'),
  statements: z.array(statementSchema).describe('in one transaction'),
  unwritten: z.array(z.object({ what: z.string(), reason: z.string() })).describe('what no statement does'),
});

const sideSchema = z.object({
  name: z.string().describe('the database without its password, or the file'),
  serverVersion: z.number().int(),
  objects: z.number().int(),
});

/** The document of `diff --json`. */
export const differenceReportSchema = z.object({
  tool: toolSchema,
  first: sideSchema,
  second: sideSchema.nullable().describe('null: the first was only saved'),
  saved: z.string().nullable(),
  changes: z.array(changeSchema),
  up: scriptSchema,
  down: scriptSchema,
  notCompared: z.array(skippedSchema),
  files: z.array(z.string()).describe('written files'),
});

export type DifferenceReport = z.infer<typeof differenceReportSchema>;
