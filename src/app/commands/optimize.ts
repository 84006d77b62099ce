import { resolve } from 'node:path';
import { z } from 'zod';
import { parseBytes, parseDurationMs } from '../../base/units.js';
import { describeTarget } from '../../postgres/errors.js';
import { resolveConnection } from '../../postgres/conninfo.js';
import { runReportSchema } from '../../report/run-report.js';
import { renderRun } from '../../report/terminal.js';
import { defineCommand } from '../command.js';
import { replicaInput } from '../inputs.js';
import { optimizeTarget } from '../optimization.js';
import { resolveReplicas } from '../replicas.js';

/** `15m`, `90s`, `2h`, to milliseconds. */
export const durationInput = z.string().transform((text, check) => {
  const value = parseDurationMs(text);
  if (value !== null && value > 0) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a time; write 90s, 15m or 2h` });
  return z.NEVER;
});

/** `500MB`, `2GB`, to bytes. */
export const sizeInput = z.string().transform((text, check) => {
  const value = parseBytes(text);
  if (value !== null) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a size; write 500MB or 2GB` });
  return z.NEVER;
});

export const optimize = defineCommand({
  name: 'optimize',
  summary: 'Runs the loop on a lab copy and hands over proved migrations. Never writes to the target.',
  effect: 'lab',
  positional: ['url'],
  input: z.object({
    url: z.string().optional().describe('connection string of the target; PG* variables fill what it leaves out'),
    workload: z.string().optional().describe('a file of SQL statements, or pg_stat_statements (the default)'),
    lab: z.string().default('auto').describe('auto: a server of our own; or the connection string of a staging server'),
    budget: durationInput
      .prefault('15m')
      .describe('time after which no new hypothesis is tried, e.g. 90s, 15m, 2h (default: 15m)'),
    storage: sizeInput.optional().describe('most that accepted changes may add, e.g. 500MB'),
    replica: replicaInput,
    out: z.string().default('database-wizard-out').describe('output folder; a later run goes on from its ledger'),
  }),
  output: runReportSchema,
  async run(input, context) {
    const target = await resolveConnection(input.url, context.env);
    const lab = input.lab === 'auto' ? 'auto' : await resolveConnection(input.lab, context.env);
    return optimizeTarget(
      {
        target,
        workload: input.workload,
        lab,
        budgetMs: input.budget,
        replicas: await resolveReplicas(input.replica, context.env),
        storageBudgetBytes: input.storage ?? null,
        outFolder: resolve(input.out),
        command: `optimize ${describeTarget(target)}`,
      },
      context,
    );
  },
  render: (report, view) => renderRun(report, view),
  failsCheck: (report) => report.scorecard.some((row) => row.status === 'missed'),
});
