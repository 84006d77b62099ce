import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedChange } from '../deploy/plan.js';
import type { Catalog } from '../model/catalog.js';
import type { Iteration } from '../model/run.js';
import { renderIndexHtml } from '../report/index/index-html.js';
import { renderIndexMarkdown } from '../report/index/index-markdown.js';
import type { IndexReport } from '../report/index/index-report.js';
import { indexSqlFiles } from '../report/index/sql-files.js';
import { renderHtml } from '../report/html.js';
import { renderMarkdown } from '../report/markdown.js';
import type { MigrateReport } from '../report/migrate/migrate-report.js';
import { laterFiles, stepFiles } from '../report/migrate/step-files.js';
import { migrationFiles, type Attributions, type ReportFile } from '../report/migrations.js';
import type { RunReport } from '../report/run-report.js';
import { toCatalogFile } from './deployment/catalog-file.js';
import { changesOf, type MigrationDocument } from './deployment/migration-document.js';
import { writeWhole } from './whole-file.js';

/** Writes reports, migrations and rewrites. Each file is there wholly or not at all; those of an earlier run are replaced. */
export async function writeOutput(
  folder: string,
  report: RunReport,
  iterations: readonly Iteration[],
  catalog: Catalog,
  attributions: Attributions,
): Promise<void> {
  const { migrations, rewrites } = migrationFiles(iterations, attributions);
  const changes = iterations
    .filter(({ decision }) => decision.kind === 'accept')
    .map(({ hypothesis }) => hypothesis.action);
  const files = [
    ...(await catalogFile('report.catalog.json', changes, catalog, report.startedAt)),
    { path: 'report.json', content: `${JSON.stringify(report, null, 2)}\n` },
    { path: 'report.md', content: renderMarkdown(report) },
    { path: 'report.html', content: renderHtml(report) },
    ...migrations.flatMap(({ up, down }) => [up, down]),
    ...rewrites.flatMap(({ file, patch }) => (patch ? [file, patch] : [file])),
  ];
  for (const sub of ['migrations', 'rewrites']) await removeStale(folder, sub, new Set(files.map((file) => file.path)));
  for (const file of files) await writeWhole(join(folder, file.path), file.content);
}

/** Writes the report of an index selection and its SQL. Each file is there wholly or not at all. */
export async function writeIndexOutput(folder: string, report: IndexReport, catalog: Catalog): Promise<void> {
  const creates = report.indexes.filter(({ decision }) => decision === 'create').map(({ action }) => action);
  const drops = report.existing.flatMap(({ trial }) => (trial?.outcome === 'goes' ? [trial.drop] : []));
  const changes = [...creates, ...drops];
  const files = [
    ...(await catalogFile('indexes.catalog.json', changes, catalog, report.startedAt)),
    { path: 'indexes.json', content: `${JSON.stringify(report, null, 2)}\n` },
    { path: 'indexes.md', content: renderIndexMarkdown(report) },
    { path: 'indexes.html', content: renderIndexHtml(report) },
    ...indexSqlFiles(report),
  ];
  for (const file of files) await writeWhole(join(folder, file.path), file.content);
}

/** Writes the steps of a planned migration; those of an earlier plan in the same folder are replaced. */
export async function writeSteps(
  folder: string,
  report: MigrateReport,
  file: MigrateReport['files'][number],
  deployable: readonly ReportFile[],
): Promise<void> {
  const files = [
    ...stepFiles(report, file).map(({ path, content }) => ({ path: `migrations/${path}`, content })),
    ...laterFiles(report, file).map(({ path, content }) => ({ path: `later/${path}`, content })),
  ];
  // Of an earlier plan, which was made with a database.
  for (const name of MIGRATION_FILES)
    if (!deployable.some(({ path }) => path === name)) await rm(join(folder, name), { force: true });
  for (const sub of ['migrations', 'later']) await removeStale(folder, sub, new Set(files.map(({ path }) => path)));
  for (const { path, content } of [...files, ...deployable]) await writeWhole(join(folder, path), content);
}

/** What `deploy` reads of a planned migration. */
const MIGRATION_FILES = ['migration.json', 'migration.catalog.json'] as const;

/** Those files. */
export async function migrationFilesFor(
  document: MigrationDocument,
  catalog: Catalog,
  examinedAt: string,
): Promise<readonly ReportFile[]> {
  const [path, catalogPath] = MIGRATION_FILES;
  return [
    { path, content: `${JSON.stringify(document, null, 2)}\n` },
    ...(await catalogFile(catalogPath, changesOf(document), catalog, examinedAt)),
  ];
}

/** What `deploy` holds the database against; none where there is nothing to deploy. */
async function catalogFile(
  path: string,
  changes: readonly Omit<PlannedChange, 'evidence'>[],
  catalog: Catalog,
  examinedAt: string,
): Promise<readonly ReportFile[]> {
  const content = await toCatalogFile(
    changes.filter(({ up }) => up.length > 0),
    catalog,
    examinedAt,
  );
  return content ? [{ path, content: `${JSON.stringify(content, null, 2)}\n` }] : [];
}

/** Only files that an earlier run of ours can have written. */
async function removeStale(folder: string, sub: string, wanted: ReadonlySet<string>): Promise<void> {
  const names = await readdir(join(folder, sub)).catch(() => [] as string[]);
  const stale = names.filter((name) => /^\d{4}_.*\.sql(\.part)?$/.test(name) && !wanted.has(`${sub}/${name}`));
  await Promise.all(stale.map((name) => rm(join(folder, sub, name))));
}
