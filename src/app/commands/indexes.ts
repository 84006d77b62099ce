import { resolve } from 'node:path';
import { z } from 'zod';
import { resolveConnection } from '../../postgres/conninfo.js';
import { describeTarget } from '../../postgres/errors.js';
import { indexReportSchema } from '../../report/index/index-report.js';
import { renderIndexes } from '../../report/index/index-terminal.js';
import { defineCommand } from '../command.js';
import { openHandover } from '../handover.js';
import { adviseIndexes } from '../index-advice.js';
import { handoverInput } from '../handover-input.js';
import {
  durationInput,
  exactBloatInput,
  labInput,
  replicaInput,
  sizeInput,
  targetInput,
  workloadInput,
} from '../inputs.js';
import { resolveReplicas } from '../replicas.js';

const writeWeightInput = z.string().transform((text, check) => {
  if (text === 'auto') return 1;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a weight; write auto, 0, or a number such as 2` });
  return z.NEVER;
});

export const index = defineCommand({
  name: 'index',
  summary:
    'Chooses the best set of indexes for the whole workload under a storage budget, measured on a lab copy. Never writes to the target.',
  effect: 'lab',
  positional: ['url'],
  input: z.object({
    url: targetInput,
    workload: workloadInput,
    storage: sizeInput
      .optional()
      .describe('most that new indexes may take, e.g. 500MB, in powers of 1024 (default: no limit)'),
    writeWeight: writeWeightInput
      .prefault('auto')
      .describe('auto: writes count as measured; 0: they do not count; 2: they count twice (default: auto)'),
    replica: replicaInput,
    exactBloat: exactBloatInput,
    lab: labInput,
    budget: durationInput
      .prefault('5m')
      .describe(
        'time for the search, and the same again for measuring, e.g. 90s, 5m; so that it ends at the same place again, the search also ends after 21 EXPLAINs a statement (500 at least), and more where this is more than 5m (default: 5m)',
      ),
    out: z.string().default('database-wizard-out').describe('output folder for indexes.html, .md, .json and .sql'),
    ...handoverInput,
  }),
  output: indexReportSchema,
  async run(input, context) {
    const target = await resolveConnection(input.url, context.env);
    const lab = input.lab === 'auto' ? 'auto' : await resolveConnection(input.lab, context.env);
    const handover = await openHandover(input, input.out);
    return adviseIndexes(
      {
        target,
        workload: input.workload,
        lab,
        replicas: await resolveReplicas(input.replica, context.env),
        exactBloat: input.exactBloat,
        storageBudgetBytes: input.storage ?? null,
        writeWeight: input.writeWeight,
        budgetMs: input.budget,
        outFolder: resolve(input.out),
        handover,
        command: `index ${describeTarget(target)}`,
      },
      context,
    );
  },
  render: (report, view) => renderIndexes(report, view),
  failsCheck: (report) => report.indexes.some((one) => one.decision === 'create') || report.existing.length > 0,
});
