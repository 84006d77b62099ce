import { z } from 'zod';
import { WizardError } from '../../base/errors.js';
import { toSteps, type PlannedChange } from '../../deploy/plan.js';
import { touchedPart } from '../../deploy/state.js';
import type { Catalog } from '../../model/catalog.js';
import { loadParser } from '../../sql/parse.js';

/** What the objects that a plan touches were when it was made: a deployment refuses what has changed since, and scales by the sizes. */
export const catalogFileSchema = z.object({
  examinedAt: z.string(),
  structure: z.record(z.string(), z.string()),
  tables: z.record(z.string(), z.number()).describe('bytes, with partitions'),
});

export type CatalogFile = z.infer<typeof catalogFileSchema>;

/** The content of that file; null where the plan holds nothing that a deployment runs. */
export async function toCatalogFile(
  changes: readonly Omit<PlannedChange, 'evidence'>[],
  catalog: Catalog,
  examinedAt: string,
): Promise<CatalogFile | null> {
  await loadParser();
  try {
    const steps = toSteps(changes.map((change) => ({ ...change, evidence: NOTHING })));
    if (steps.length === 0) return null;
    const { structure, sizes } = touchedPart(catalog, steps);
    return { examinedAt, structure, tables: Object.fromEntries(sizes) };
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'deploy/plan') return null;
    throw thrown;
  }
}

const NOTHING = { applyMs: null, sizeBytes: null, walBytes: null, revertVerified: null, effect: '' };
