import { z } from 'zod';
import { formatIds } from './handover.js';

/** For whom migrations are written. */
export const handoverInput = {
  format: z
    .enum(formatIds, { error: `one of ${formatIds.join(', ')}` })
    .optional()
    .describe(`also write the migrations as this tool takes them: ${formatIds.join(', ')}`),
  into: z
    .string()
    .optional()
    .describe("the tool's own folder of migrations, which is continued (default: a folder in the output folder)"),
  git: z
    .string()
    .optional()
    .describe('a clean git worktree: makes a branch and a commit of them there, with the evidence; never pushes'),
  branch: z.string().optional().describe('the name of that branch (default: database-wizard/ and the time)'),
};
