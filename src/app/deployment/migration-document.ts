import { z } from 'zod';
import type { MigrationStep } from '../../deploy/migration-step.js';
import { formatMs } from '../../base/units.js';
import type { LabEvidence, PlannedChange } from '../../deploy/plan.js';
import { blockWords, blocksWrites } from '../../migrations/locks.js';
import type { MigrationPlan } from '../../migrations/plan.js';
import type { PlanStep } from '../../migrations/plan-step.js';
import { relationOf, relationOfNames, shown, type Relation } from '../../migrations/relation.js';
import { lookupTable, type Catalog, type RelationName } from '../../model/catalog.js';
import { triedSchema, type MigrateReport } from '../../report/migrate/migrate-report.js';
import { mayRunInTransaction } from '../../report/migrations.js';
import { stepTitle } from '../../report/migrate/step-files.js';
import { parseStatement } from '../../sql/parse.js';
import { bodiesOf, bodyOf, field, list, textOf, type TreeNode } from '../../sql/tree.js';

const relationName = z.object({ schema: z.string(), name: z.string() });

const stepSchema = z.object({
  title: z.string(),
  up: z.array(z.string()),
  down: z.array(z.string()).describe('empty where there is nothing to take back, or no way back'),
  lab: triedSchema,
  migration: z.object({
    settings: z.array(z.string()),
    locks: z.array(z.object({ table: relationName, words: z.string(), blocksClients: z.boolean() })),
    transactional: z.boolean(),
    downTransactional: z.boolean(),
    object: relationName.nullable(),
    noWayBack: z.string().nullable(),
    takesBackFrom: z.number().int().nullable(),
    workMs: z.number().nullable(),
    unsure: z.string().nullable(),
    notes: z.array(z.string()),
  }),
});

/** `migration.json`: what `deploy` reads of a planned migration. */
export const migrationDocumentSchema = z.object({
  from: z.string().describe('the file that was planned'),
  major: z.number().int(),
  steps: z.array(stepSchema),
  later: z.array(z.object({ title: z.string(), when: z.string() })),
});

export type MigrationDocument = z.infer<typeof migrationDocumentSchema>;

/** The document of a plan that was made with a catalog: without one it is not known which tables it is about. */
export function toMigrationDocument(
  plan: MigrationPlan,
  report: NonNullable<MigrateReport['files'][number]['plan']>,
  { from, major, catalog }: { readonly from: string; readonly major: number; readonly catalog: Catalog },
): MigrationDocument {
  const made = new Map<string, string>();
  return {
    from,
    major,
    steps: plan.steps.map((step, at) => ({
      title: report.steps[at]?.title ?? stepTitle(step.up),
      up: [...step.up],
      down: [...(step.down ?? [])],
      lab: report.steps[at]?.lab ?? null,
      migration: migrationOf(step, report.steps[at]?.takesBackFrom ?? null, catalog, made),
    })),
    later: report.later.map(({ sql, when }) => ({ title: stepTitle(sql), when })),
  };
}

/** What the document says, as a deployment takes it. */
export function changesOf({ steps }: MigrationDocument): readonly PlannedChange[] {
  return steps.map(({ title, up, down, lab, migration }) => ({
    title,
    up,
    down,
    evidence: lab ? evidenceOf(lab) : UNTRIED,
    migration,
  }));
}

const UNTRIED: LabEvidence = {
  applyMs: null,
  sizeBytes: null,
  walBytes: null,
  revertVerified: null,
  effect: 'not run in a lab',
};

function evidenceOf({
  applyMs,
  walBytes,
  addedBytes,
  revert,
}: NonNullable<MigrationDocument['steps'][number]['lab']>): LabEvidence {
  const back = { 'as-before': true, 'not-as-before': false, along: null, failed: false, 'no-way': null }[
    revert.outcome
  ];
  const words =
    revert.note === '' ? '' : `; its way back ${revert.outcome === 'failed' ? 'failed' : 'left'}: ${revert.note}`;
  return {
    applyMs,
    sizeBytes: Math.max(0, addedBytes),
    walBytes,
    revertVerified: back,
    effect: `ran on a copy without load in ${formatMs(applyMs)} (measured)${words}`,
  };
}

function migrationOf(
  step: PlanStep,
  takesBackFrom: number | null,
  catalog: Catalog,
  made: Map<string, string>,
): z.infer<typeof stepSchema>['migration'] & MigrationStep {
  const { prologue, up, locks, transactional, down, noWayBack, estimate, unsure, notes, unavoidable, remaining } = step;
  for (const sql of up) {
    const { type, body } = parseStatement(sql);
    const index = type === 'IndexStmt' ? indexOf(body, step, catalog) : null;
    if (index) made.set(index.name, index.schema);
  }
  const downTransactional = (down ?? []).every(mayRunInTransaction);
  const outside = transactional ? (downTransactional ? undefined : down?.[0]) : up[0];
  const isKnown = unsure === null && unavoidable === null && remaining.length === 0;
  return {
    settings: [...prologue],
    locks: locks.map(({ relation, mode }) => ({
      table: { schema: schemaOf(relation, step, catalog), name: relation.name },
      words: `takes ${mode} on ${shown(relation)}, which ${blockWords(mode)}`,
      blocksClients: blocksWrites(mode),
    })),
    transactional,
    downTransactional,
    object: outside === undefined ? null : objectOf(outside, step, catalog, made),
    noWayBack,
    takesBackFrom,
    workMs: estimate ? Math.round(estimate.highMs) : isKnown ? 0 : null,
    unsure,
    notes: [...notes],
  };
}

function schemaOf({ schema, name }: Relation, { searchPath }: PlanStep, catalog: Catalog): string {
  if (schema !== null) return schema;
  const path = searchPath ?? [null];
  const found = path.map((one) => lookupTable(catalog, one, name)).find((table) => table !== undefined);
  return found?.schema ?? path[0] ?? 'public';
}

/** The index or partition of a statement that may not run in a transaction; `made` has the schemas of indexes that the steps until then make. */
function objectOf(sql: string, step: PlanStep, catalog: Catalog, made: Map<string, string>): RelationName | null {
  const { type, body } = parseStatement(sql);
  if (type === 'IndexStmt') return indexOf(body, step, catalog);
  if (type === 'DropStmt' || type === 'ReindexStmt') {
    const index =
      type === 'DropStmt' ? relationOfNames(list(body, 'objects')[0] ?? null) : relationOf(field(body, 'relation'));
    const known = catalog.indexes.find(({ name }) => name === index?.name)?.schema;
    return index && { schema: index.schema ?? made.get(index.name) ?? known ?? 'public', name: index.name };
  }
  const [command] = bodiesOf(list(body, 'cmds'), 'AlterTableCmd');
  const partition = relationOf(field(bodyOf(command?.['def'], 'PartitionCmd') ?? {}, 'name'));
  return partition && { schema: schemaOf(partition, step, catalog), name: partition.name };
}

/** An index is made in the schema of its table. */
function indexOf(body: TreeNode, step: PlanStep, catalog: Catalog): RelationName | null {
  const [table, name] = [relationOf(field(body, 'relation')), textOf(body, 'idxname')];
  return table && name !== null ? { schema: schemaOf(table, step, catalog), name } : null;
}
