import { join } from 'node:path';
import { WizardError } from '../base/errors.js';
import type { MigrationTrialStep } from '../lab/migration/trial.js';
import { checkScript, type CheckOptions } from '../migrations/check.js';
import { planScript, type MigrationPlan } from '../migrations/plan.js';
import type { Script } from '../migrations/script.js';
import type { MigrationTrial } from '../model/migration-trial.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { describeTarget } from '../postgres/errors.js';
import { changesOfPlan, laterWords } from '../report/formats/handed.js';
import type { MigrateReport } from '../report/migrate/migrate-report.js';
import { toSarif } from '../report/migrate/sarif.js';
import { takesBackFrom, toFileReport } from '../report/migrate/to-migrate-report.js';
import { mayRunInTransaction, type ReportFile } from '../report/migrations.js';
import { oneLine } from '../report/words.js';
import { loadParser } from '../sql/parse.js';
import type { CommandContext } from './command.js';
import { toMigrationDocument } from './deployment/migration-document.js';
import { handOver, openHandover, type HandoverInput } from './handover.js';
import { readMigrationFiles, readScripts } from './migration-files.js';
import { lookAtTarget, type MigrationTarget } from './migration-target.js';
import { tryOnCopy } from './migration-trial.js';
import { migrationFilesFor, writeSteps } from './output.js';
import { tool } from './version.js';

/** The newest major whose locks are known, by the contract test. */
export const NEWEST_MAJOR = 18;
export const OLDEST_MAJOR = 14;

/** What is asked of migration files. */
export interface MigrationQuestion extends HandoverInput {
  readonly action: 'check' | 'plan';
  readonly files: readonly string[];
  /** The database that they are for. */
  readonly to?: string | undefined;
  readonly major?: number | undefined;
  readonly oneTransaction: boolean;
  readonly lockTimeout: number;
  readonly out?: string | undefined;
  /** `auto`, or how to reach a staging server. */
  readonly lab?: string | undefined;
  readonly sarif: boolean;
}

/** Checks migration files, or plans them; with a lab the plan is tried on a copy. The target is only read. Throws `input/invalid`, `sql/parse` and the codes of targets and labs. */
export async function checkOrPlan(input: MigrationQuestion, context: CommandContext): Promise<MigrateReport> {
  await loadParser();
  const files = await readMigrationFiles(input.files);
  const handover = await openHandover(input, input.out ?? null);
  refuseMixed(input, files.length, handover !== null);
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
  const trial =
    input.lab !== undefined && target && plans[0] ? await tryPlan(plans[0], target, input.lab, context) : null;
  const parts = scripts.map((one, at) => partOf(one, { plan: plans[at] ?? null, trial, options, input, handover }));
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
      skipped: target ? [...target.skipped] : [WITHOUT_TARGET],
    },
    sarif: input.sarif ? toSarif({ tool, files: parts }) : null,
  };
  const [first] = parts;
  if (first && input.out !== undefined)
    await writeSteps(input.out, report, first, await deployableFiles(plans[0] ?? null, first, options));
  if (first) await handOver(handover, changesOfPlan(report, first), context.watch);
  for (const text of handover && first ? laterWords(first) : []) context.watch({ type: 'note', text: oneLine(text) });
  return report;
}

const WITHOUT_TARGET = {
  what: 'the database',
  reason: 'sizes, types and what depends on what are not known, and the worst is said',
  remedy: '--to <url>, which reads the catalog only',
};

function refuseMixed({ action, out, lab, to }: MigrationQuestion, files: number, isHandedOver: boolean): void {
  if ((out !== undefined || isHandedOver || lab !== undefined) && (action !== 'plan' || files !== 1))
    throw new WizardError('input/invalid', '--out, --format, --git and --lab take the plan of one file', {
      hint: 'E.g. `database-wizard migrate plan add_column.sql --out steps`.',
    });
  if (lab !== undefined && to === undefined)
    throw new WizardError('input/invalid', '--lab needs a database to copy', {
      hint: 'Name it with --to <url>; it is only read.',
    });
}

interface PartOptions {
  readonly plan: MigrationPlan | null;
  readonly trial: MigrationTrial | null;
  readonly options: CheckOptions;
  readonly input: MigrationQuestion;
  readonly handover: Awaited<ReturnType<typeof openHandover>>;
}

function partOf(
  { name, script }: { readonly name: string; readonly script: Script },
  { plan, trial, options, input, handover }: PartOptions,
): MigrateReport['files'][number] {
  const isDeployable =
    options.catalog !== null && plan !== null && plan.steps.length > 0 && (trial?.failure ?? null) === null;
  return toFileReport({
    name,
    script,
    checked: checkScript(script, options),
    plan,
    trial,
    written: input.out === undefined ? (handover?.folder ?? null) : join(input.out, 'migrations'),
    deployable: isDeployable ? (input.out ?? null) : null,
  });
}

async function tryPlan(
  { steps }: MigrationPlan,
  { settings, catalog, major }: MigrationTarget,
  lab: string,
  context: CommandContext,
): Promise<MigrationTrial> {
  const tried = steps.map(({ prologue, up, down, noWayBack, transactional }, at): MigrationTrialStep => ({
    settings: prologue,
    up,
    down: down ?? [],
    transactional,
    downTransactional: (down ?? []).every(mayRunInTransaction),
    noWayBack,
    takesBackFrom: takesBackFrom(at, steps),
  }));
  const place = lab === 'auto' ? lab : await resolveConnection(lab, context.env);
  return tryOnCopy({ source: settings, catalog, major, lab: place, steps: tried }, context);
}

/** What `deploy` takes of the plan; nothing where there is nothing to deploy. */
async function deployableFiles(
  plan: MigrationPlan | null,
  { name, plan: report, deployable }: MigrateReport['files'][number],
  { major, catalog }: CheckOptions,
): Promise<readonly ReportFile[]> {
  if (!plan || !report || !catalog || deployable === null) return [];
  const document = toMigrationDocument(plan, report, { from: name, major, catalog });
  return migrationFilesFor(document, catalog, new Date().toISOString());
}
