import { z } from 'zod';
import { liveLimits } from '../../deploy/live/limits.js';
import { resolveConnection } from '../../postgres/conninfo.js';
import { verifyReportSchema } from '../../report/deploy/verify-report.js';
import { renderVerify } from '../../report/deploy/verify-terminal.js';
import { defineCommand } from '../command.js';
import { verifyDeployment } from '../deployment/verify.js';

export const verify = defineCommand({
  name: 'verify',
  summary:
    'Holds the live figures since a deployment against those before it, and the catalog against what it left: validated, regressed, no gain, insufficient or unknown. Closes its validation when the time is over.',
  effect: 'read',
  positional: ['plan'],
  input: z.object({
    plan: z
      .string({ error: 'name the folder of the plan that was deployed' })
      .describe('folder of the plan that was deployed, or its report.json or indexes.json'),
    to: z
      .string({ error: 'name the database that it was deployed to; PG* variables alone are not taken for it' })
      .min(1, 'name the database that it was deployed to')
      .describe('connection string of the database that it was deployed to; it is only read'),
  }),
  output: verifyReportSchema,
  async run(input, context) {
    const target = await resolveConnection(input.to, context.env);
    return verifyDeployment({ plan: input.plan, target, limits: liveLimits(null) }, context);
  },
  render: (report, view) => renderVerify(report, view),
  failsCheck: ({ verdict, drift }) => verdict !== 'validated' || drift.length > 0,
});
