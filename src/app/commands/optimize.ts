import { resolve } from 'node:path';
import { z } from 'zod';
import { describeTarget } from '../../postgres/errors.js';
import { resolveConnection } from '../../postgres/conninfo.js';
import { runReportSchema } from '../../report/run-report.js';
import { renderRun } from '../../report/terminal.js';
import { defineCommand } from '../command.js';
import { openHandover } from '../handover.js';
import { handoverInput } from '../handover-input.js';
import {
  clientsInput,
  durationInput,
  labInput,
  replicaInput,
  sizeInput,
  sourceInput,
  targetInput,
  workloadInput,
} from '../inputs.js';
import { optimizeTarget } from '../optimization.js';
import { resolveReplicas } from '../replicas.js';

export const optimize = defineCommand({
  name: 'optimize',
  summary: 'Runs the loop on a lab copy and hands over proved migrations. Never writes to the target.',
  effect: 'lab',
  resumes: true,
  positional: ['url'],
  input: z.object({
    url: targetInput,
    workload: workloadInput,
    lab: labInput,
    budget: durationInput
      .prefault('15m')
      .describe(
        'time after which no new hypothesis is tried, half of it at most, or 25 s, for the workload as it is: 90s, 15m, 2h (default: 15m)',
      ),
    storage: sizeInput.optional().describe('most that accepted changes may add, e.g. 500MB'),
    clients: clientsInput,
    replica: replicaInput,
    source: sourceInput,
    out: z.string().default('database-wizard-out').describe('output folder; a later run goes on from its ledger'),
    ...handoverInput,
  }),
  output: runReportSchema,
  async run(input, context) {
    const target = await resolveConnection(input.url, context.env);
    const lab = input.lab === 'auto' ? 'auto' : await resolveConnection(input.lab, context.env);
    const handover = await openHandover(input, input.out);
    return optimizeTarget(
      {
        target,
        workload: input.workload,
        lab,
        budgetMs: input.budget,
        replicas: await resolveReplicas(input.replica, context.env),
        storageBudgetBytes: input.storage ?? null,
        clients: input.clients,
        outFolder: resolve(input.out),
        handover,
        sourceFolder: input.source ?? null,
        command: `optimize ${describeTarget(target)}`,
      },
      context,
    );
  },
  render: (report, view) => renderRun(report, view),
  failsCheck: (report) => report.scorecard.some((row) => row.status === 'missed'),
});
