import { z } from 'zod';
import { coverageSchema, toolSchema } from '../schema-parts.js';

const lockSchema = z.object({
  table: z.string(),
  mode: z.string().describe("PostgreSQL's name, e.g. SHARE UPDATE EXCLUSIVE"),
  blocks: z.string().describe('what it keeps others from, in words'),
});

const estimateSchema = z
  .object({ bytes: z.number(), lowMs: z.number(), highMs: z.number() })
  .nullable()
  .describe('of the work under the lock, estimated from the size of the tables; null where that is not known');

/** What a copy showed of a step. */
export const triedSchema = z
  .object({
    applyMs: z.number(),
    walBytes: z.number(),
    addedBytes: z.number().describe('how much larger the database is after it; may be less than nothing'),
    revert: z.object({
      outcome: z
        .enum(['as-before', 'not-as-before', 'along', 'failed', 'no-way'])
        .describe(
          'along: what it did goes with a step before it; no-way: there is none, or one after it has none, so that it was not run',
        ),
      note: z.string().describe('what is otherwise than before, or why it failed; empty for the rest'),
    }),
  })
  .nullable()
  .describe('measured on a copy, without load; null where it was not run there');

const severitySchema = z.enum(['error', 'warning', 'info']);

const stepSchema = z.object({
  number: z.number().int(),
  title: z.string().describe('what it does, in few words'),
  line: z.number().int().describe('of the statement that it comes from'),
  prologue: z.array(z.string()).describe('settings of the file that hold for it; they stand in its files as well'),
  up: z.array(z.string()),
  down: z.array(z.string()).nullable().describe('null: there is no way back'),
  noWayBack: z.string().nullable(),
  takesBackFrom: z
    .number()
    .int()
    .nullable()
    .describe('the first step whose change its way back takes back as well; null where it takes back its own alone'),
  transactional: z.boolean().describe('false: it may not run inside a transaction'),
  locks: z.array(lockSchema),
  estimate: estimateSchema,
  unsure: z.string().nullable().describe('why it may lock, read or write more than is said'),
  notes: z.array(z.string()),
  remaining: z.array(z.string()).describe('what rules still say of it'),
  lab: triedSchema,
  upFile: z.string().describe('relative to the output folder'),
  downFile: z.string().nullable(),
});

/** The document of `migrate --json`. */
export const migrateReportSchema = z.object({
  tool: toolSchema,
  action: z.enum(['check', 'plan']),
  major: z.number().int(),
  majorFrom: z.enum(['given', 'target', 'assumed']),
  target: z.string().nullable().describe('null: the files were looked at without a database'),
  lockTimeoutMs: z.number().describe('of the planned steps'),
  files: z.array(
    z.object({
      name: z.string(),
      statements: z.number().int(),
      findings: z.array(
        z.object({
          rule: z.string(),
          severity: severitySchema,
          line: z.number().int(),
          statement: z.string().describe('its beginning'),
          says: z.string(),
          locks: z.array(lockSchema),
          rewrites: z.array(z.string()).describe('tables whose rows are all written anew'),
          scans: z.array(z.string()).describe('tables whose rows are all read'),
          unsure: z
            .string()
            .nullable()
            .describe('why it is the worst that may happen, and not what is known to happen'),
          lowered: z.string().nullable().describe("why it is less than the rule's own severity"),
          estimate: estimateSchema,
          remedy: z
            .enum(['sequence', 'steps', 'none'])
            .describe('a safe sequence in place of the statement; how every planned step runs; none is known'),
        }),
      ),
      effects: z
        .array(
          z.object({
            line: z.number().int(),
            statement: z.string().describe('its beginning'),
            locks: z.array(lockSchema),
            rewrites: z.array(z.string()).describe('tables whose rows are all written anew'),
            scans: z.array(z.string()).describe('tables whose rows are all read'),
            unsure: z.string().nullable().describe('why it may lock, read or write more or less than is said'),
            outsideTransaction: z.boolean().describe('it is refused inside a transaction block'),
          }),
        )
        .describe('of each statement, in order, on what was there before the file: also where no rule speaks'),
      skipped: z.array(z.object({ line: z.number().int(), what: z.string(), reason: z.string() })),
      plan: z
        .object({
          steps: z.array(stepSchema),
          differs: z.array(z.string()).describe('from the file as it was written'),
          labFailure: z
            .string()
            .nullable()
            .describe('why the first step without figures failed on the copy; null where none did, or none was run'),
          later: z
            .array(
              z.object({
                line: z.number().int(),
                when: z.string().describe('what has to be so before'),
                sql: z.array(z.string()).describe('one transaction'),
                noWayBack: z
                  .string()
                  .nullable()
                  .describe('why it can not be taken back; null where what it drops can be made again'),
                file: z.string().describe('relative to the output folder'),
              }),
            )
            .describe('what a later release does'),
        })
        .nullable()
        .describe('null where it was not asked for'),
      written: z.string().nullable().describe('the folder into which the steps were written'),
      deployable: z
        .string()
        .nullable()
        .describe('what `deploy` takes; null where the plan was made without a database, or was not written'),
    }),
  ),
  coverage: coverageSchema,
  sarif: z.record(z.string(), z.unknown()).nullable().describe('SARIF 2.1.0, with --sarif'),
});

export type MigrateReport = z.infer<typeof migrateReportSchema>;
