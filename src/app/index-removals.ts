import { asWizardError } from '../base/errors.js';
import { reasonToKeep } from '../indexes/facts.js';
import type { MeasuredRemovals, Removal } from '../indexes/measured/measured-removals.js';
import { measureRemovals } from '../lab/indexes/removals.js';
import type { RemovalOptions } from '../lab/indexes/removals.js';
import type { IndexSpec } from '../model/action.js';
import { placeOf, relationKey } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import type { Finding } from '../model/finding.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import { advisorsOf } from './advisors.js';
import { indexWithHistory } from './lab-examiner.js';

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
      removals: (catalog) => removalsOf(snapshot, catalog, options.kept),
    });
    return { removals, skipped: [] };
  } catch (thrown) {
    const what = 'dropping in the lab what is there and looks redundant';
    const stopped = { what, reason: 'a signal stopped it before it came to its end', remedy: 'Run it again.' };
    if (options.signal?.aborted) return { removals: null, skipped: [stopped] };
    const { message, hint } = asWizardError(thrown);
    return { removals: null, skipped: [{ what, reason: message, remedy: hint ?? null }] };
  }
}

/** One for each index: the first finding that would drop it. One with a tablespace of its own is left alone, for the lab has none to bring it back to. */
async function removalsOf(
  snapshot: Snapshot,
  catalog: Catalog,
  kept: readonly IndexSpec[],
): Promise<readonly Removal[]> {
  const counted = withCounters(catalog, snapshot.catalog);
  const asked = async (ids: readonly string[], known: Catalog): Promise<readonly Finding[]> =>
    advisorsOf({}, (id) => ids.includes(id)).examine({ ...snapshot, catalog: known }, null);
  // Which of two is used is for the trial to see, not for the counters of either.
  const findings = [...(await asked(REPEATING, withoutScans(counted))), ...(await asked(UNUSED, counted))];
  const isNew = new Set(kept.map(({ table, name }) => relationKey({ schema: table.schema, name })));
  const there = new Map(counted.indexes.map((index) => [placeOf(index), index]));
  const removals = new Map<string, Removal>();
  for (const finding of findings) {
    const index = there.get(finding.place);
    const action = finding.actions.find(({ kind }) => kind === 'drop-index');
    if (!index || !action || isNew.has(relationKey(index)) || removals.has(finding.place)) continue;
    if (index.tablespace === undefined) removals.set(finding.place, { index, action, finding });
  }
  return [...removals.values()];
}

/** Advisors that would drop an index and put nothing in its place: for what another one gives, and for want of use. */
const REPEATING = ['index/duplicate-index', 'index/overlapping-index'];
const UNUSED = ['index/unused-index'];

function withoutScans(catalog: Catalog): Catalog {
  return { ...catalog, indexes: catalog.indexes.map((index) => ({ ...index, scans: null })) };
}

/** What is known of the indexes that were there before; how often a new one is used nobody can know. */
function withCounters(catalog: Catalog, before: Catalog): Catalog {
  const known = new Map(before.indexes.map((index) => [relationKey(index), index]));
  const indexes = catalog.indexes.map((index) => indexWithHistory(index, known.get(relationKey(index))));
  return { ...catalog, indexes, tables: before.tables };
}
