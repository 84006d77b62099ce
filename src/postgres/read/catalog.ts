import type { Catalog } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { readColumns } from './columns.js';
import { readConstraints } from './constraints.js';
import { readDependents } from './dependents.js';
import { readDomains } from './domains.js';
import { readExtendedStatistics } from './extended-statistics.js';
import { readFunctions } from './functions.js';
import { readIndexes } from './indexes.js';
import { readInventory } from './inventory.js';
import { readLocked, skipLocked, type LockedRelation } from './locked.js';
import { readTables } from './tables.js';

/** The schema, and what it does not hold. */
export interface CatalogRead {
  readonly catalog: Catalog;
  /** Relations of which it has neither indexes nor constraints: they were locked when it was read. */
  readonly locked: readonly LockedRelation[];
  readonly skipped: Skipped[];
}

/** Reads the whole schema in about fourteen statements, however many tables there are. System schemas and what extensions own are left out. */
export async function readCatalog(session: Session): Promise<CatalogRead> {
  for (let attempt = 1; ; attempt += 1) {
    const locked = await readLocked(session);
    try {
      return await readUnlocked(session, locked);
    } catch (error) {
      if (attempt === ATTEMPTS || sqlstateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
}

/** Somebody may take a lock between the look at the locks and the reading. */
const ATTEMPTS = 3;
const LOCK_NOT_AVAILABLE = '55P03';

async function readUnlocked(session: Session, locked: readonly LockedRelation[]): Promise<CatalogRead> {
  const oids = locked.map(({ oid }) => oid);
  const { columns, hiddenSequences } = await readColumns(session, oids);
  const catalog: Catalog = {
    ...(await readInventory(session)),
    tables: await readTables(session, columns, oids),
    indexes: await readIndexes(session, oids),
    constraints: await readConstraints(session, oids),
    extendedStatistics: await readExtendedStatistics(session),
    functions: await readFunctions(session),
    domains: await readDomains(session),
    dependents: await readDependents(session),
    cascades: null,
    additions: null,
    formers: null,
  };
  return { catalog, locked, skipped: [...skipLocked(locked), ...skipSequences(hiddenSequences)] };
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
