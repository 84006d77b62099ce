import { z } from 'zod';
import { coverageSchema, figure, overheadSchema, targetSchema, toolSchema } from '../schema-parts.js';

const skippedSchema = z.object({ what: z.string(), reason: z.string(), remedy: z.string().nullable() });

/** The document of `upgrade --json`. All costs are estimated, by planners that saw the target's statistics; nothing was run, and no time is known. */
export const upgradeReportSchema = z.object({
  tool: toolSchema,
  startedAt: z.string(),
  finishedAt: z.string(),
  target: targetSchema,
  provenance: z.literal('estimated').describe('of all costs and plans'),
  statements: z
    .array(
      z.object({
        fingerprint: z.string(),
        name: z.string(),
        calls: z.number(),
        share: figure.describe("of the workload's time as its source measured it, 0 to 1"),
        likeTarget: z
          .boolean()
          .nullable()
          .describe(
            "whether the clone of the target's version plans it as the target does; null where that is unknown",
          ),
        parameterSets: z.number().int().describe('how many forms with values were planned'),
        versions: z.array(
          z.object({
            major: z.number().int(),
            outcome: z
              .enum(['same', 'recosted', 'changed', 'refused'])
              .describe('recosted: the same nodes, at another cost by a factor of 2 at least'),
            changedSets: z.number().int().describe('parameter sets whose plan is another'),
            words: z
              .array(z.string())
              .describe('what changed against the version of the target, for the first of those'),
            costBefore: figure.describe("planner's units, on the version of the target"),
            costAfter: figure.describe(
              "planner's units of the newer version; not a time, and not to be held against one",
            ),
            refused: z.string().nullable().describe('why the version can not plan it'),
          }),
        ),
      }),
    )
    .describe('those with a change first'),
  versions: z.array(
    z.object({
      major: z.number().int(),
      planned: z.boolean().describe('false where no such server could be had'),
      changed: z.number().int(),
      recosted: z.number().int(),
      refused: z.number().int(),
      notLoaded: z
        .array(skippedSchema)
        .describe('what the lab server of this version could not take and that of the target could'),
      defaults: z
        .array(
          z.object({
            name: z.string(),
            category: z.string(),
            before: z.string().nullable(),
            after: z.string().nullable(),
            applies: z.boolean().describe('whether the target leaves it at its default'),
          }),
        )
        .describe('settings with another default'),
      removed: z
        .array(z.string())
        .describe('settings of the target that the version does not know, and would not start with'),
    }),
  ),
  coverage: coverageSchema,
  overhead: overheadSchema,
});

export type UpgradeReport = z.infer<typeof upgradeReportSchema>;
