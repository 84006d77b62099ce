import type { Catalog } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { readColumns } from './columns.js';
import { readConstraints } from './constraints.js';
import { readExtendedStatistics } from './extended-statistics.js';
import { readFunctions } from './functions.js';
import { readIndexes } from './indexes.js';
import { readInventory } from './inventory.js';
import { readTables, type SizeSource } from './tables.js';

/** Reads the whole schema in about ten statements, however many tables there are. System schemas and what extensions own are left out. */
export async function readCatalog(session: Session): Promise<{ catalog: Catalog; skipped: Skipped[] }> {
  const inventory = await readInventory(session);
  const { columns, hiddenSequences } = await readColumns(session);
  const { result, skipped } = await withSizes(async (sizes) => ({
    tables: await readTables(session, columns, sizes),
    indexes: await readIndexes(session, sizes),
  }));
  const catalog: Catalog = {
    ...inventory,
    ...result,
    constraints: await readConstraints(session),
    extendedStatistics: await readExtendedStatistics(session),
    functions: await readFunctions(session),
  };
  return { catalog, skipped: [...skipped, ...skipSequences(hiddenSequences)] };
}

/** `lock_not_available` and `query_canceled`: reading a size waits for whoever holds ACCESS EXCLUSIVE. */
const BLOCKED = new Set(['55P03', '57014']);

async function withSizes<T>(read: (sizes: SizeSource) => Promise<T>): Promise<{ result: T; skipped: Skipped[] }> {
  try {
    return { result: await read('files'), skipped: [] };
  } catch (error) {
    if (!BLOCKED.has(sqlstateOf(error) ?? '')) throw error;
    const skipped = {
      what: 'sizes on disk',
      reason: 'A table is locked in ACCESS EXCLUSIVE mode; sizes are those of the last VACUUM or ANALYZE.',
      remedy: 'Examine again when no DDL, VACUUM FULL or TRUNCATE runs.',
    };
    return { result: await read('pg_class'), skipped: [skipped] };
  }
}

function skipSequences(hidden: number): Skipped[] {
  if (hidden === 0) return [];
  return [
    {
      what: `the last value of ${hidden} sequence${hidden === 1 ? '' : 's'} behind key columns`,
      reason: 'This role may not read them.',
      remedy: 'GRANT pg_read_all_data to the role.',
    },
  ];
}
