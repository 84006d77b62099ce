import { z } from 'zod';
import {
  actionSchema,
  coverageSchema,
  evidenceSchema,
  figure,
  overheadSchema,
  targetSchema,
  toolSchema,
} from '../schema-parts.js';

const share = figure.describe(
  'share of the workload’s present planner cost, 0 to 1; estimated; null where no statement could be planned',
);

const totalsSchema = z.object({ ms: figure, buffers: figure });

const writesSchema = z
  .object({
    ms: figure,
    walBytes: figure,
    buffers: figure,
    hotUpdatesLost: figure,
    rowsAssumed: z.boolean().describe('how many rows a statement writes was not counted: one a call is assumed'),
    unknown: z.array(z.string()).describe('statements whose writes could not be measured'),
  })
  .describe('What the index adds to the workload’s own writes: measured per row in the lab, times the rows.');

const measuredIndexSchema = z.object({
  sizeBytes: figure,
  buildMs: figure,
  buildWalBytes: figure.describe('null where the lab keeps builds out of the WAL'),
  worth: totalsSchema
    .nullable()
    .describe(
      'how the totals would rise if only this index went: estimated where `assumed` is not 0; null where it was not kept',
    ),
  writes: writesSchema.nullable().describe('null where the workload does not write to its table'),
  serves: z
    .array(
      z.object({
        name: z.string(),
        calls: z.number(),
        withoutMs: figure,
        withMs: figure,
        withoutBuffers: figure,
        withBuffers: figure,
      }),
    )
    .describe(
      'what one call of a statement takes beside the kept ones, without this index and with it, of those that gain, the most first, five at most; estimated in part where `assumed` is not 0; empty where it was not kept',
    ),
});

const proposedIndexSchema = z.object({
  title: z.string(),
  action: actionSchema,
  basis: z
    .enum(['plans', 'budget', 'foreign-key'])
    .describe(
      'plans: the search chose it by the planner’s costs, for more than the budget so that measuring has a choice. budget: it did so for the budget itself, one near it, or what measuring left of it. foreign-key: for checks and cascades, which no plan shows; nothing but its size is estimated',
    ),
  decision: z
    .enum(['create', 'refuted', 'over-budget', 'unmeasured'])
    .describe('over-budget: measured, and left out for the storage that it takes'),
  reason: z.string(),
  assumed: z
    .number()
    .int()
    .describe(
      'statements by which the reason (and the worth) goes although their plans with or without the index were not looked up, or ended by the timeout: the figures are then estimated; 0 where all of them were measured',
    ),
  estimated: z.object({
    sizeBytes: figure,
    gainAlone: share,
    gainInSet: share,
    writeShare: figure.describe('share of the workload’s time that its writes cost, from the measured cost of a row'),
    serves: z.array(z.object({ fingerprint: z.string(), name: z.string(), costBefore: figure, costAfter: figure })),
  }),
  measured: measuredIndexSchema.nullable(),
  redundant: z.array(z.string()).describe('existing indexes that it gives as well'),
});

const adviceSchema = z.object({
  advice: z.string(),
  advisor: z.string(),
  evidence: z.array(evidenceSchema),
  action: actionSchema.nullable().describe('the first to try'),
  others: z.array(actionSchema).describe('what can be done instead'),
});

const existingAdviceSchema = adviceSchema.extend({
  index: z.string(),
  trial: z
    .object({
      outcome: z.enum(['goes', 'stays']),
      reason: z.string().nullable().describe('why it stays, with the figures; null where it goes'),
      needsSet: z.boolean().describe('only an index of the kept set makes it redundant: it goes after that one'),
      sizeBytes: figure.describe('in the lab'),
      drop: actionSchema,
    })
    .nullable()
    .describe('what became of dropping it in the lab, with the kept set there; null where that was not tried'),
});
const missingAdviceSchema = adviceSchema.extend({ place: z.string() });

const heaviestSchema = z.object({
  statements: z.number().int(),
  heaviest: z
    .array(
      z.object({
        fingerprint: z.string(),
        name: z.string(),
        calls: z.number(),
        totalMs: figure.describe('calls times the time of one in the baseline; null where it has none'),
        cutOff: z.boolean().describe('the timeout ended it there: its time is a lower bound'),
      }),
    )
    .describe('five at the most'),
});

/** The document of `index --json` and `indexes.json`. Costs are estimated, all else is measured in the lab unless its field says otherwise; null means unknown. */
export const indexReportSchema = z.object({
  tool: toolSchema,
  target: targetSchema,
  command: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  storageBudgetBytes: figure.describe('null for no limit'),
  writeWeight: z.number(),
  workload: z.object({ origin: z.string(), statements: z.number().int(), calls: figure, totalMs: figure }),
  search: z
    .object({
      candidates: z.number().int(),
      plannerCalls: z.number().int(),
      mostPlannerCalls: z
        .number()
        .int()
        .nullable()
        .describe(
          'that the search might make, those added each time it is made again with what writes were measured to cost included; what is under way by then is still asked; null for no limit',
        ),
      timeRatio: figure.describe('workload time with the set / without: cost ratios times measured times; estimated'),
      timeOf: z.number().int().describe('statements that were measured and planned, whose time that is'),
      objective: share,
      bound: figure.describe('no choice of the candidates gets below, by what was asked'),
      gap: figure.describe('(objective - bound) / objective'),
      usedBytes: figure,
      compression: z
        .object({
          statements: z.number().int(),
          kept: z.number().int().describe('statements that were asked about'),
          merged: z
            .number()
            .int()
            .describe('statements that ask for the same as a kept one, and are assumed to gain as it does'),
          leftOut: z.number().int().describe('the lightest statements'),
          boundShare: figure.describe(
            'no choice is worse for the whole workload on account of those left out by more than this share of the present objective, 0 to 1; null where not all were weighed',
          ),
        })
        .nullable()
        .describe('What became of a workload of too many statements; null where every statement was asked about.'),
      complete: z
        .boolean()
        .describe('false where time, planner calls or a signal ended the search: this is then the best so far'),
      interrupted: z.boolean().describe('whether it was a signal'),
      refused: z.array(z.object({ definition: z.string(), reason: z.string() })),
    })
    .describe('The estimating search, before anything was measured.'),
  indexes: z.array(proposedIndexSchema),
  existing: z.array(existingAdviceSchema).describe('What to drop, merge or rebuild of the indexes that are there.'),
  missing: z
    .array(missingAdviceSchema)
    .describe('What advisors miss and no index of the search gives: reasons that no plan of the workload shows.'),
  curve: z
    .array(z.object({ storageBytes: figure, usedBytes: figure, objective: share, indexes: z.number().int() }))
    .describe('Estimated cost against storage.'),
  measured: z
    .object({
      before: totalsSchema,
      after: totalsSchema,
      sizeBytes: figure,
      proved: z.boolean().describe('no better set can be made of these indexes by what was measured'),
      complete: z.boolean(),
      interrupted: z.boolean().describe('whether it was a signal that ended the measuring'),
      executions: z.number().int(),
      unaffected: heaviestSchema.describe(
        'Statements that none of the indexes built bears on: same plan with all of them, nothing written to their tables. They were run for the baseline alone.',
      ),
      refusedOnly: heaviestSchema.describe(
        'Statements that an index bore on which was built and is not kept, and nothing of what is: they are as in the baseline.',
      ),
      statements: z.array(
        z.object({
          fingerprint: z.string(),
          name: z.string(),
          calls: z.number(),
          beforeMs: figure,
          afterMs: figure,
          beforeBuffers: figure,
          afterBuffers: figure,
          cutOff: z.enum(['neither', 'before', 'after', 'both']),
        }),
      ),
    })
    .nullable()
    .describe('The set that was kept against none of it, turn by turn; null where nothing was proposed or measured.'),
  removals: z
    .object({
      gone: z.number().int(),
      sizeBytes: figure.describe('of those that go, in the lab'),
      statements: z
        .number()
        .int()
        .describe('that plan otherwise without them, write to their tables or call a function: they were run'),
      before: totalsSchema.extend({ walBytes: figure }),
      after: totalsSchema.extend({ walBytes: figure }),
      unasked: z.number().int().describe('statements that could not be planned or run, or had no values to run with'),
      unended: z.number().int().describe('statements that came to no end: what they use inside functions is unknown'),
      reverted: z
        .boolean()
        .nullable()
        .describe(
          'whether the way back was run and brought the catalog back; null where nothing went or the time was over',
        ),
    })
    .nullable()
    .describe(
      'Indexes that are there, dropped together in the lab with the kept set there; calls times figures of the statements that were run. Null where none looked redundant or a signal stopped it.',
    ),
  interrupted: z.boolean().describe('a signal stopped the run: this is the best that was found by then'),
  coverage: coverageSchema,
  overhead: overheadSchema,
  outputFolder: z.string().nullable(),
});

export type IndexReport = z.infer<typeof indexReportSchema>;
export type ProposedIndex = IndexReport['indexes'][number];
export type ReportedAction = ProposedIndex['action'];

/** What is said of an index that is there, and what became of dropping it. */
export type ExistingAdvice = IndexReport['existing'][number];

/** What an advisor says of an index that is there or missing. */
export type Advice = z.infer<typeof adviceSchema>;
