import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { WizardError } from '../../base/errors.js';
import type { PlannedChange, PromisedGain } from '../../deploy/plan.js';
import { DEFAULT_THRESHOLDS } from '../../kernel/thresholds.js';
import { effectSentence } from '../../report/words.js';
import { catalogFileSchema, type CatalogFile } from './catalog-file.js';
import { changesOf, migrationDocumentSchema, type MigrationDocument } from './migration-document.js';

/** What `optimize`, `index` or `migrate plan` handed over. */
export interface PlanFolder {
  /** `report.json`, `indexes.json` or `migration.json`. */
  readonly file: string;
  readonly folder: string;
  readonly changes: readonly PlannedChange[];
  readonly setAside: readonly { readonly title: string; readonly reason: string }[];
  /** What the touched objects were when the plan was made; null where it was not written. */
  readonly catalog: CatalogFile | null;
}

/** Reads a plan by its folder, or by its JSON file. Throws `deploy/plan`. */
export async function readPlanFolder(path: string): Promise<PlanFolder> {
  const file = await planFile(resolve(path));
  const document = await readJson(file);
  const read = readChanges(document, file);
  if (read.changes.length === 0) {
    throw new WizardError('deploy/plan', `${file} holds no change to deploy`, {
      hint: 'There is nothing to do.',
    });
  }
  return {
    ...read,
    file,
    folder: dirname(file),
    catalog: await readCatalogFile(file.replace(/\.json$/, '.catalog.json')),
  };
}

function readChanges(document: unknown, file: string): Read {
  if (basename(file) === MIGRATION) return ofMigration(parsed(migrationDocumentSchema, document, file));
  const run = runSchema.safeParse(document);
  return run.success ? ofRun(run.data) : ofIndexes(parsed(indexSchema, document, file));
}

/** What `migrate plan` writes. */
const MIGRATION = 'migration.json';

async function planFile(path: string): Promise<string> {
  if (await isFile(path)) return path;
  const candidates = ['report.json', 'indexes.json', MIGRATION].map((name) => join(path, name));
  const there = (await Promise.all(candidates.map(isFile))).flatMap((is, at) => (is ? [candidates[at] ?? ''] : []));
  const [only] = there;
  if (only !== undefined && there.length === 1) return only;
  throw new WizardError(
    'deploy/plan',
    there.length > 1
      ? `${path} holds more than one plan`
      : `${path} holds none of report.json, indexes.json and migration.json`,
    {
      hint:
        there.length > 1
          ? `Name the one that is meant: ${there.join(' or ')}.`
          : 'Give the output folder of `optimize`, `index` or `migrate plan --to <url>`.',
    },
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw unreadable(file, 'it is not JSON', cause);
  }
}

async function readCatalogFile(file: string): Promise<CatalogFile | null> {
  return (await isFile(file)) ? parsed(catalogFileSchema, await readJson(file), file) : null;
}

function parsed<T>(schema: z.ZodType<T>, document: unknown, file: string): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  throw unreadable(file, result.error.issues[0]?.path.join('.') ?? 'its form', result.error);
}

function unreadable(file: string, what: string, cause: unknown): WizardError {
  return new WizardError('deploy/plan', `${file} can not be read as a plan: ${what}`, {
    cause,
    hint: 'Give the output folder of `optimize`, `index` or `migrate plan`, as it was written.',
  });
}

const figure = z.number().nullable();

const actionSchema = z.object({
  kind: z.string(),
  title: z.string(),
  up: z.array(z.string()),
  down: z.array(z.string()),
});

const effectSchema = z.object({
  metric: z.enum(['executionMs', 'buffers', 'walBytes', 'storageBytes', 'risk']),
  before: figure,
  after: figure,
  ratio: figure,
  ciLow: figure,
  ciHigh: figure,
});

/** What is needed of `report.json`; those of 0.1.0 have no `applyMs`. */
const runSchema = z.object({
  iterations: z.array(
    z.object({
      hypothesis: z.object({ title: z.string(), action: actionSchema }),
      decision: z.string(),
      effect: effectSchema.nullable(),
      effects: z.array(effectSchema),
      revertVerified: z.boolean(),
      applyMs: figure.optional(),
      statements: z
        .array(z.object({ fingerprint: z.string(), name: z.string(), timeRatio: figure, timeCiHigh: figure }))
        .default([]),
    }),
  ),
});

const indexSchema = z.object({
  indexes: z.array(
    z.object({
      title: z.string(),
      action: actionSchema,
      decision: z.string(),
      reason: z.string(),
      measured: z.object({ sizeBytes: figure, buildMs: figure, buildWalBytes: figure }).nullable(),
      estimated: z.object({ serves: z.array(z.object({ fingerprint: z.string() })) }).optional(),
    }),
  ),
  measured: z
    .object({
      statements: z.array(
        z.object({ fingerprint: z.string(), name: z.string(), beforeMs: figure, afterMs: figure, cutOff: z.string() }),
      ),
    })
    .nullable()
    .default(null),
  existing: z
    .array(
      z.object({
        index: z.string(),
        advice: z.string(),
        trial: z
          .object({ outcome: z.string(), reason: z.string().nullable(), needsSet: z.boolean(), drop: actionSchema })
          .nullable()
          .default(null),
      }),
    )
    .default([]),
  removals: z.object({ reverted: z.boolean().nullable() }).nullable().default(null),
  missing: z.array(z.object({ place: z.string(), advice: z.string() })).default([]),
});

type Read = Pick<PlanFolder, 'changes' | 'setAside'>;

function ofRun({ iterations }: z.infer<typeof runSchema>): Read {
  const accepted = iterations.filter(({ decision }) => decision === 'accept');
  const changes = accepted.filter(({ hypothesis }) => hypothesis.action.up.length > 0);
  const rewritten = accepted.filter(({ hypothesis }) => hypothesis.action.up.length === 0);
  return {
    changes: changes.map(({ hypothesis, effect, effects, revertVerified, applyMs, statements }) => {
      const storage = effects.find(({ metric }) => metric === 'storageBytes');
      const added = storage?.after != null && storage.before !== null ? storage.after - storage.before : null;
      return {
        title: hypothesis.title,
        up: hypothesis.action.up,
        down: hypothesis.action.down,
        evidence: {
          applyMs: applyMs ?? null,
          sizeBytes: added !== null && added > 0 ? added : null,
          walBytes: null,
          revertVerified,
          effect: effectSentence(effect),
          promised: statements.flatMap(({ fingerprint, name, timeRatio, timeCiHigh }) =>
            timeRatio !== null && timeCiHigh !== null && timeCiHigh <= GAIN
              ? [{ fingerprint, name, ratio: timeRatio }]
              : [],
          ),
        },
      };
    }),
    setAside: rewritten.map(({ hypothesis }) => ({
      title: hypothesis.title,
      reason: 'a rewritten statement stands in the application, which has to be released',
    })),
  };
}

function ofMigration(document: MigrationDocument): Read {
  return {
    changes: changesOf(document),
    setAside: document.later.map(({ title, when }) => ({ title, reason: `a later release does it, when ${when}` })),
  };
}

/** At most this ratio is a gain. */
const GAIN = 1 - DEFAULT_THRESHOLDS.minimalEffect;

function ofIndexes({ indexes, existing, missing, removals, measured: whole }: z.infer<typeof indexSchema>): Read {
  const kept = indexes.filter(({ decision }) => decision === 'create');
  const creates = kept.map(({ title, action, reason, measured }, at) => ({
    title,
    up: action.up,
    down: action.down,
    evidence: {
      applyMs: measured?.buildMs ?? null,
      sizeBytes: measured?.sizeBytes ?? null,
      walBytes: measured?.buildWalBytes ?? null,
      revertVerified: null,
      effect: `${reason} (measured)`,
      promised: (whole?.statements ?? []).flatMap((statement) =>
        lastServing(kept, statement.fingerprint) === at ? promiseOf(statement) : [],
      ),
    },
  }));
  const drops = existing.flatMap(({ advice, trial }) => {
    if (trial?.outcome !== 'goes' || trial.needsSet) return [];
    const effect = `${advice} Dropped in the lab, no statement missed it (measured)`;
    const evidence = { applyMs: null, sizeBytes: null, walBytes: null, promised: [], effect };
    const revertVerified = removals?.reverted ?? null;
    const { title, up, down } = trial.drop;
    return [{ title, up, down, evidence: { ...evidence, revertVerified } }];
  });
  return {
    changes: [...creates, ...drops],
    setAside: [
      ...existing.flatMap(({ index, advice, trial }) => {
        if (trial?.outcome === 'goes' && !trial.needsSet) return [];
        if (trial?.outcome === 'goes')
          return [{ title: index, reason: `it goes when the new index in its place has proved itself: ${advice}` }];
        const what =
          trial === null ? 'was not tried in the lab' : `did not stand its trial (${trial.reason ?? 'unknown'})`;
        return [{ title: index, reason: `advice on an index that is there ${what}: ${advice}` }];
      }),
      ...missing.map(({ place, advice }) => ({
        title: place,
        reason: `advice on an index that is missing was not tried in the lab: ${advice}`,
      })),
    ],
  };
}

/** Statements were measured with all indexes of the set: what they gained is promised by the last one that serves them. */
function lastServing(kept: z.infer<typeof indexSchema>['indexes'], fingerprint: string): number {
  return kept.findLastIndex(
    ({ estimated }) => estimated?.serves.some((one) => one.fingerprint === fingerprint) === true,
  );
}

/** One that did not finish without the indexes gained at least as much; of one that did not finish with them nothing is known. */
function promiseOf({
  fingerprint,
  name,
  beforeMs,
  afterMs,
  cutOff,
}: NonNullable<z.infer<typeof indexSchema>['measured']>['statements'][number]): readonly PromisedGain[] {
  if (beforeMs === null || afterMs === null || beforeMs <= 0 || cutOff === 'after' || cutOff === 'both') return [];
  return afterMs / beforeMs <= GAIN ? [{ fingerprint, name, ratio: afterMs / beforeMs }] : [];
}
