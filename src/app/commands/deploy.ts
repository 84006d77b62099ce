import { z } from 'zod';
import { resolveConnection } from '../../postgres/conninfo.js';
import { deployReportSchema, type DeployReport } from '../../report/deploy/deploy-report.js';
import { renderDeploy } from '../../report/deploy/deploy-terminal.js';
import { defineCommand } from '../command.js';
import { deployPlan } from '../deployment/deploy.js';
import { durationInput, durationOrZeroInput } from '../inputs.js';
import { liveLimits } from '../../deploy/live/limits.js';

export const deploy = defineCommand({
  name: 'deploy',
  summary:
    'Shows what a plan of `optimize`, `index` or `migrate plan` would do to a database: statements, locks, time, disk, rollback. Applies it only with --approve.',
  effect: 'production',
  resumes: true,
  positional: ['plan'],
  input: z.object({
    plan: z
      .string({ error: 'name the output folder of `optimize`, `index` or `migrate plan`' })
      .describe(
        'output folder of `optimize`, `index` or `migrate plan --to`, or its report.json, indexes.json or migration.json',
      ),
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
    soak: durationOrZeroInput
      .prefault('0')
      .describe(
        'how long to watch the live figures after each step before it goes on, stops or takes the step back; 0: steps follow each other at once (default: 0)',
      ),
    baseline: durationInput
      .prefault('2m')
      .describe('with --soak: how long to watch before the first step, for figures to compare with (default: 2m)'),
    withoutFigures: z
      .enum(['refuse', 'ask', 'go'])
      .default('refuse')
      .describe(
        'with --soak, where live figures are missing: refuse to begin; ask, which stops after each step; or go on',
      ),
    validation: durationInput
      .prefault('24h')
      .describe('after this time `verify` closes the deployment with figures (default: 24h)'),
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
        staging: {
          soakMs: input.soak,
          baselineMs: input.baseline,
          withoutFigures: input.withoutFigures,
          validationMs: input.validation,
          limits: liveLimits(input.lag),
        },
      },
      context,
    );
  },
  render: (report, view) => renderDeploy(report, view),
  failsCheck: ({ outcome }) => outcome === 'dry-run' || isUnfinished(outcome),
  alwaysChecks: ({ outcome }) => isUnfinished(outcome),
});

/** It did not come to the end that was approved. */
function isUnfinished(outcome: DeployReport['outcome']): boolean {
  return outcome === 'stopped' || outcome === 'withdrawn';
}
