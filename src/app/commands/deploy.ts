import { z } from 'zod';
import { resolveConnection } from '../../postgres/conninfo.js';
import { deployReportSchema } from '../../report/deploy/deploy-report.js';
import { renderDeploy } from '../../report/deploy/deploy-terminal.js';
import { defineCommand } from '../command.js';
import { deployPlan } from '../deployment/deploy.js';
import { durationInput } from '../inputs.js';

export const deploy = defineCommand({
  name: 'deploy',
  summary:
    'Shows what a plan of `optimize` or `index` would do to a database: statements, locks, time, disk, rollback. Applies it only with --approve.',
  effect: 'production',
  positional: ['plan'],
  input: z.object({
    plan: z
      .string({ error: 'name the output folder of `optimize` or `index`' })
      .describe('output folder of `optimize` or `index`, or its report.json or indexes.json'),
    to: z
      .string({ error: 'name the database to deploy to; PG* variables alone are not taken for it' })
      .min(1, 'name the database to deploy to')
      .describe('connection string of the database to change'),
    approve: z.string().optional().describe('the hash that a run without it showed: applies exactly that'),
    revert: z.boolean().default(false).describe('take back what was deployed, last first'),
    patience: durationInput
      .prefault('2m')
      .describe('how long to wait for locks, transactions and standbys in all before giving up (default: 2m)'),
    longTransaction: durationInput
      .prefault('30s')
      .describe('a transaction that is open for longer is in the way (default: 30s)'),
    lag: durationInput.prefault('10s').describe('a standby that is further behind is in the way (default: 10s)'),
  }),
  output: deployReportSchema,
  async run(input, context) {
    return deployPlan(
      {
        plan: input.plan,
        target: await resolveConnection(input.to, context.env),
        approve: input.approve ?? null,
        revert: input.revert,
        limits: { patienceMs: input.patience, longTransactionMs: input.longTransaction, lagMs: input.lag },
      },
      context,
    );
  },
  render: (report, view) => renderDeploy(report, view),
  failsCheck: (report) => report.outcome === 'dry-run',
});
