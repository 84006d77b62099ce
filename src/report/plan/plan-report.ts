import { z } from 'zod';
import {
  coverageSchema,
  evidenceSchema,
  figure,
  overheadSchema,
  patchSchema,
  placeSchema,
  targetSchema,
  toolSchema,
} from '../schema-parts.js';

const nodeSchema = z.object({
  id: z.number().int().describe('1, 2, ... in the order in which EXPLAIN prints them'),
  parent: figure.describe('id; null for the root'),
  depth: z.number().int(),
  label: z.string().describe('as EXPLAIN names it'),
  type: z.string(),
  subplan: z.string().nullable().describe('CTE x, InitPlan 1, SubPlan 1'),
  relation: z.string().nullable(),
  index: z.string().nullable(),
  loops: figure,
  rows: figure.describe('measured, over all loops and processes'),
  estimatedRows: figure.describe('over as many loops'),
  estimateFactor: figure.describe(
    'the greater of estimated / actual and actual / estimated; null where it can not be said',
  ),
  estimateTooLow: z.boolean().nullable(),
  selfMs: figure.describe('on the clock, without its children'),
  totalMs: figure.describe('with its children'),
  share: figure.describe("of the statement's time, blocks or cost, without its children, 0 to 1"),
  selfBlocks: figure.describe('hit, read and temporary, without its children'),
  cost: figure.describe('estimated total cost, with its children'),
  details: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe("what else the plan says, by PostgreSQL's keys"),
});

const adviceSchema = z.object({
  kind: z.string().describe('create-index, rewrite, rewrite-with-index, analyze, ...'),
  title: z.string(),
  why: z.array(z.string()).describe('what it rests on; of a rewrite each precondition with the fact that proves it'),
  evidence: z.array(evidenceSchema),
  up: z
    .array(z.string())
    .describe('SQL; of a rewrite the new statement; of one with indexes their SQL, and the new statement last'),
  down: z.array(z.string()),
  missing: z.array(z.string()).describe('facts without which it is not proved: then it is not advised, only named'),
  cost: z
    .object({ before: figure, after: figure })
    .nullable()
    .describe(
      "the planner's cost without and with it, estimated: of an index, alone or with a rewrite, on a clone of the statistics; null where it was not asked",
    ),
  trial: z
    .object({ verdict: z.string(), reason: z.string() })
    .nullable()
    .describe('measured on the lab copy; null: untried'),
  untried: z.string().nullable().describe('why it was not tried; null where it was'),
  rewrite: z
    .object({
      rule: z.string(),
      holdsFor: z.string().describe('majors of PostgreSQL'),
      difference: z.array(z.string()).describe('both texts laid out: lines that begin with -, + or a blank'),
      planDifference: z
        .array(z.string())
        .describe('how the plan on the copy changed, in sentences; empty where it was not run'),
      patch: patchSchema,
    })
    .nullable(),
});

const parallelSchema = z.object({
  cores: z
    .number()
    .int()
    .describe("of the lab's machine; with more workers than that the times say nothing of one that has the cores"),
  load: figure.describe('processes that wanted to run, mean of the minute before: more than a few disturb the times'),
  alone: z
    .array(
      z.object({
        workers: z.number().int().describe('max_parallel_workers_per_gather'),
        planned: z.number(),
        launched: z.number().describe('mean'),
        medianMs: z.number(),
        ratio: z
          .object({ ratio: z.number(), ciLow: z.number(), ciHigh: z.number() })
          .nullable()
          .describe('time against none, 95 % interval; null for none'),
        rounds: z.number().int(),
      }),
    )
    .describe('one client; measured on the lab copy'),
  together: z
    .array(
      z.object({
        clients: z.number().int(),
        workers: z.number().int(),
        executions: z.number().int(),
        perSecond: z.array(z.number()).describe('of each of two windows'),
        meanMs: z.number(),
        launched: z.number().describe('mean'),
      }),
    )
    .describe('several clients at once, each again as soon as it is answered; empty where workers won nothing alone'),
  blockers: z
    .array(z.object({ what: z.string(), how: z.string(), remedy: z.string() }))
    .nullable()
    .describe('what keeps it from workers as it is planned now; null where it has some; empty where that is unknown'),
});

/** The document of `explain --json`. Null means unknown. */
export const planReportSchema = z.object({
  tool: toolSchema,
  startedAt: z.string(),
  finishedAt: z.string(),
  given: z.object({
    what: z.enum(['plan', 'query']),
    form: z.enum(['text', 'json', 'yaml', 'xml']).nullable().describe('of a plan'),
    origin: z.string().describe('argument, standard input, or the file'),
  }),
  target: targetSchema.nullable().describe('null where no database was given'),
  query: z.string().nullable(),
  plan: z.object({
    source: z.enum(['given', 'target', 'lab']).describe('target: planned there and not run; lab: run on the copy'),
    ran: z.boolean(),
    timed: z.boolean(),
    hasBuffers: z.boolean(),
    planningMs: figure,
    executionMs: figure,
    blocks: figure.describe('hit, read and temporary'),
    cost: figure.describe('estimated'),
    settings: z.record(z.string(), z.string()),
    nodes: z.array(nodeSchema),
  }),
  timeByCause: z
    .object({
      unit: z.enum(['ms', 'blocks', 'cost']),
      provenance: z.enum(['measured', 'estimated']),
      total: z.number(),
      causes: z.array(
        z.object({ cause: z.string(), amount: z.number(), share: z.number(), nodes: z.array(z.number().int()) }),
      ),
    })
    .nullable(),
  firstWrongEstimate: z
    .object({
      node: z.number().int(),
      estimatedRows: z.number(),
      actualRows: z.number(),
      factor: z.number(),
      leadsTo: z.array(z.number().int()).describe('nodes above that are wrong because of it'),
    })
    .nullable()
    .describe('null where none is wrong by 10 or more, and where the plan was not run'),
  findings: z
    .array(
      z.object({
        id: z.string(),
        severity: z.enum(['info', 'warning', 'critical']),
        node: figure.describe('id; null for the whole statement'),
        share: figure.describe('of the statement, 0 to 1'),
        title: z.string(),
        evidence: z.array(evidenceSchema).min(1),
        remedy: z.string(),
      }),
    )
    .describe('most severe first'),
  advice: z.array(adviceSchema),
  parallel: parallelSchema.nullable().describe('with --lab; null where it was not measured, which coverage explains'),
  difference: z.object({ against: z.string(), words: z.array(z.string()) }).nullable(),
  foundIn: z.array(placeSchema).describe('where in a program the statement comes from, the surest first'),
  coverage: coverageSchema,
  overhead: overheadSchema.nullable(),
});

export type PlanReport = z.infer<typeof planReportSchema>;

/** One plan, and those that the same text holds behind it. */
export const plansReportSchema = planReportSchema.extend({
  further: z.array(planReportSchema).optional().describe('where the text holds several plans: those behind the first'),
});

export type PlansReport = z.infer<typeof plansReportSchema>;
