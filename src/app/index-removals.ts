import { asWizardError } from '../base/errors.js';
import { reasonToKeep } from '../indexes/facts.js';
import type { MeasuredRemovals, Removal } from '../indexes/measured/measured-removals.js';
import { measureRemovals } from '../lab/indexes/removals.js';
import type { RemovalOptions } from '../lab/indexes/removals.js';
import type { IndexSpec } from '../model/action.js';
import { placeOf, relationKey } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import { advisorsOf } from './advisors.js';

/** Whether there is an index that might go at all: one that nothing but its use speaks for. */
export function mayRemove({ indexes }: Catalog): boolean {
  return indexes.some((index) => index.valid && reasonToKeep(index) === null);
}

/** What became of dropping indexes that are there, and why nothing did. */
export interface TriedRemovals {
  /** Null where nothing looks redundant, or nothing was tried. */
  readonly removals: MeasuredRemovals | null;
  readonly skipped: readonly Skipped[];
}

/** Drops in the lab what advisors hold to be of no use once the kept indexes are there. Whatever trouble it meets is told: what was measured before is worth having. */
export async function removeIndexes(
  snapshot: Snapshot,
  options: Omit<RemovalOptions, 'removals' | 'workload'>,
): Promise<TriedRemovals> {
  try {
    const removals = await measureRemovals({
      ...options,
      workload: snapshot.workload,
      removals: (catalog) =>
        removalsOf({ ...snapshot, catalog: withCounters(catalog, snapshot.catalog) }, options.kept),
    });
    return { removals, skipped: [] };
  } catch (thrown) {
    // What was stopped by a signal is told of the whole run.
    if (options.signal?.aborted) return { removals: null, skipped: [] };
    const { message, hint } = asWizardError(thrown);
    const what = 'dropping in the lab what is there and looks redundant';
    return { removals: null, skipped: [{ what, reason: message, remedy: hint ?? null }] };
  }
}

/** One for each index: the first finding that would drop it. */
async function removalsOf(snapshot: Snapshot, kept: readonly IndexSpec[]): Promise<readonly Removal[]> {
  const findings = await advisorsOf({}, (id) => DROPPING.has(id)).examine(snapshot, null);
  const isNew = new Set(kept.map(({ table, name }) => relationKey({ schema: table.schema, name })));
  const there = new Map(snapshot.catalog.indexes.map((index) => [placeOf(index), index]));
  const removals = new Map<string, Removal>();
  for (const finding of findings) {
    const index = there.get(finding.place);
    const action = finding.actions.find(({ kind }) => kind === 'drop-index');
    if (!index || !action || isNew.has(relationKey(index)) || removals.has(finding.place)) continue;
    removals.set(finding.place, { index, action, finding });
  }
  return [...removals.values()];
}

/** Advisors that would drop an index and put nothing in its place. */
const DROPPING: ReadonlySet<string> = new Set([
  'index/duplicate-index',
  'index/overlapping-index',
  'index/unused-index',
]);

/** What is known of the indexes that were there before; how often a new one is used nobody can know. */
function withCounters(catalog: Catalog, before: Catalog): Catalog {
  const known = new Map(before.indexes.map((index) => [relationKey(index), index]));
  const indexes = catalog.indexes.map((index) => {
    const old = known.get(relationKey(index));
    const { scans, entriesRead, lastScan } = old ?? { scans: null, entriesRead: null, lastScan: null };
    return { ...index, scans, entriesRead, lastScan };
  });
  return { ...catalog, indexes, tables: before.tables };
}
