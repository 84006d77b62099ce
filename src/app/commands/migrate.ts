import { join } from 'node:path';
import { z } from 'zod';
import { WizardError } from '../../base/errors.js';
import { checkScript } from '../../migrations/check.js';
import { planScript, type MigrationPlan } from '../../migrations/plan.js';
import type { Catalog } from '../../model/catalog.js';
import { describeTarget } from '../../postgres/errors.js';
import { renderMigrate } from '../../report/migrate/migrate-terminal.js';
import { migrateReportSchema } from '../../report/migrate/migrate-report.js';
import type { MigrateReport } from '../../report/migrate/migrate-report.js';
import { oneLine } from '../../report/words.js';
import { toSarif } from '../../report/migrate/sarif.js';
import { toFileReport } from '../../report/migrate/to-migrate-report.js';
import { loadParser } from '../../sql/parse.js';
import { defineCommand } from '../command.js';
import { changesOfPlan, laterWords } from '../../report/formats/handed.js';
import { handOver, openHandover } from '../handover.js';
import { handoverInput } from '../handover-input.js';
import { durationInput } from '../inputs.js';
import { readMigrationFiles, readScripts } from '../migration-files.js';
import { lookAtTarget } from '../migration-target.js';
import { toMigrationDocument } from '../deployment/migration-document.js';
import { migrationFilesFor, writeSteps } from '../output.js';
import type { ReportFile } from '../../report/migrations.js';
import { tool } from '../version.js';

/** The newest major whose locks are known, by the contract test. */
const NEWEST_MAJOR = 18;
const OLDEST_MAJOR = 14;
/** A stall that readers of a table hardly notice. `npm run bench:migrate` shows what those of a plan come to. */
const LOCK_TIMEOUT_MS = 100;

/** What `deploy` takes; nothing without a catalog. */
async function deployable(
  plan: MigrationPlan | null,
  { name, plan: report }: MigrateReport['files'][number],
  { major, catalog }: { readonly major: number; readonly catalog: Catalog | null },
): Promise<readonly ReportFile[]> {
  if (!plan || !report || !catalog || plan.steps.length === 0) return [];
  const document = toMigrationDocument(plan, report, { from: name, major, catalog });
  return migrationFilesFor(document, catalog, new Date().toISOString());
}

export const migrate = defineCommand({
  name: 'migrate',
  summary:
    'Says what migration files lock, read and write anew (check), or writes them as safe steps with a way back (plan). Never writes to a database.',
  effect: 'read',
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
    ...handoverInput,
    sarif: z.boolean().default(false).describe('check: print a SARIF 2.1.0 log'),
  }),
  output: migrateReportSchema,
  async run(input, context) {
    await loadParser();
    const files = await readMigrationFiles(input.files);
    const handover = await openHandover(input, input.out ?? null);
    if ((input.out !== undefined || handover !== null) && (input.action !== 'plan' || files.length !== 1))
      throw new WizardError('input/invalid', '--out, --format and --git take the plan of one file', {
        hint: 'E.g. `database-wizard migrate plan add_column.sql --out steps`.',
      });
    const scripts = readScripts(files);
    const target =
      input.to === undefined
        ? null
        : await lookAtTarget(
            input.to,
            scripts.map(({ script }) => script),
            context,
          );
    const major = input.major ?? (target ? Math.min(NEWEST_MAJOR, Math.max(OLDEST_MAJOR, target.major)) : NEWEST_MAJOR);
    const options = { major, catalog: target?.catalog ?? null, oneTransaction: input.oneTransaction };
    const plans = scripts.map(({ script }) => (input.action === 'plan' ? planScript(script, options) : null));
    const parts = scripts.map(({ name, script }, at) => {
      const plan = plans[at] ?? null;
      const written = input.out === undefined ? (handover?.folder ?? null) : join(input.out, 'migrations');
      const isDeployable = input.out !== undefined && target !== null && plan !== null && plan.steps.length > 0;
      const deployable = isDeployable ? (input.out ?? null) : null;
      return toFileReport({ name, script, checked: checkScript(script, options), plan, written, deployable });
    });
    const report: MigrateReport = {
      tool,
      action: input.action,
      major,
      majorFrom: input.major !== undefined ? 'given' : target ? 'target' : 'assumed',
      target: target ? describeTarget(target.settings) : null,
      lockTimeoutMs: input.lockTimeout,
      files: parts,
      coverage: {
        examined: [{ what: 'statements', count: parts.reduce((sum, part) => sum + part.statements, 0) }],
        skipped: target
          ? [...target.skipped]
          : [
              {
                what: 'the database',
                reason: 'sizes, types and what depends on what are not known, and the worst is said',
                remedy: '--to <url>, which reads the catalog only',
              },
            ],
      },
      sarif: input.sarif ? toSarif({ tool, files: parts }) : null,
    };
    if (input.out !== undefined && parts[0])
      await writeSteps(
        input.out,
        report,
        parts[0],
        await deployable(plans[0] ?? null, parts[0], { major, catalog: options.catalog }),
      );
    if (parts[0]) await handOver(handover, changesOfPlan(report, parts[0]), context.watch);
    const later = handover && parts[0] ? laterWords(parts[0]) : [];
    for (const text of later) context.watch({ type: 'note', text: oneLine(text) });
    return report;
  },
  render: (report, view) => renderMigrate(report, view),
  alwaysChecks: () => true,
  failsCheck: ({ action, files }) =>
    action === 'check' && files.some(({ findings }) => findings.some(({ severity }) => severity !== 'info')),
});
