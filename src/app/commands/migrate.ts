import { z } from 'zod';
import { migrateReportSchema } from '../../report/migrate/migrate-report.js';
import { renderMigrate } from '../../report/migrate/migrate-terminal.js';
import { defineCommand } from '../command.js';
import { handoverInput } from '../handover-input.js';
import { durationInput } from '../inputs.js';
import { checkOrPlan, NEWEST_MAJOR, OLDEST_MAJOR } from '../migration.js';

/** A stall that readers of a table hardly notice. `npm run bench:migrate` shows what those of a plan come to. */
const LOCK_TIMEOUT_MS = 100;

export const migrate = defineCommand({
  name: 'migrate',
  summary:
    'Says what migration files lock, read and write anew (check), or writes them as safe steps with a way back (plan), tried on a copy with --lab. Never writes to the database that --to names.',
  effect: 'lab',
  positional: ['action', 'files'],
  input: z.object({
    action: z
      .enum(['check', 'plan'])
      .describe('check: findings, exit code 1 from a warning on; plan: the safe sequence'),
    files: z.array(z.string()).min(1).describe('SQL files or folders of them; - for standard input'),
    to: z
      .string()
      .optional()
      .describe('connection string of the database it is for: types, sizes and names are looked up there, read-only'),
    major: z.coerce
      .number()
      .int()
      .min(OLDEST_MAJOR)
      .max(NEWEST_MAJOR)
      .optional()
      .describe(
        `major version of PostgreSQL, ${OLDEST_MAJOR} to ${NEWEST_MAJOR} (default: that of --to, else ${NEWEST_MAJOR})`,
      ),
    oneTransaction: z
      .boolean()
      .default(false)
      .describe('the tool that runs the files opens one transaction around each'),
    lockTimeout: durationInput
      .default(LOCK_TIMEOUT_MS)
      .describe(`plan: lock_timeout of each step (default: ${LOCK_TIMEOUT_MS}ms)`),
    out: z
      .string()
      .optional()
      .describe('plan: the folder into which up and down files are written, and with --to what `deploy` takes'),
    lab: z
      .string()
      .optional()
      .describe(
        'plan, with --to: auto runs the steps and their ways back on a copy, in a server of our own; or the connection string of a staging server (default: planned, not run)',
      ),
    ...handoverInput,
    sarif: z.boolean().default(false).describe('check: print a SARIF 2.1.0 log'),
  }),
  output: migrateReportSchema,
  run: (input, context) => checkOrPlan(input, context),
  render: (report, view) => renderMigrate(report, view),
  alwaysChecks: () => true,
  failsCheck: ({ action, files }) =>
    files.some(({ plan }) => plan !== null && plan.labFailure !== null) ||
    (action === 'check' && files.some(({ findings }) => findings.some(({ severity }) => severity !== 'info'))),
});
