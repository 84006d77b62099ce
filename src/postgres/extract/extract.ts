import { groupBy } from '../../base/group.js';
import { WizardError } from '../../base/errors.js';
import type { Skipped } from '../../model/coverage.js';
import type { Schema } from '../../model/schema.js';
import { isLocked, retryWhileLocked } from '../locked.js';
import type { Session } from '../session.js';
import { readBaseTypes } from './kinds/base-types.js';
import { readCasts } from './kinds/casts.js';
import { readCollations } from './kinds/collations.js';
import { readComments } from './kinds/comments.js';
import { createContext, type ExtractContext } from './context.js';
import { readDependencies } from './dependencies.js';
import { readForeign } from './kinds/foreign.js';
import { readForeignKeys } from './kinds/foreign-keys.js';
import { readFunctions } from './kinds/functions.js';
import { readIndexes } from './kinds/indexes.js';
import { noteLeftOut } from './kinds/left-out.js';
import { readNamespaces } from './kinds/namespaces.js';
import { readOperators } from './kinds/operators.js';
import { toEntries } from './entries.js';
import { orderObjects, type Dependency } from './order.js';
import { readPolicies } from './kinds/policies.js';
import { readPrivileges } from './kinds/privileges.js';
import type { SchemaObject, SchemaScript } from './script.js';
import { readSequenceRows, sequenceObjects } from './kinds/sequences.js';
import { readExtendedStatistics } from './kinds/statistics.js';
import { readColumnRows, readTableRows, type ColumnRow, type TableRow } from './kinds/table-rows.js';
import { readTables } from './kinds/tables.js';
import { readTextSearch } from './kinds/text-search.js';
import { withTextSession } from './texts.js';
import { readTriggers } from './kinds/triggers.js';
import { readTypes } from './kinds/types.js';
import { readViews } from './kinds/views.js';

export type { SchemaScript, SchemaStatement } from './script.js';

export interface ExtractOptions {
  /** Quote every identifier in `pg_get_*` texts, for a server of another major, whose reserved words differ. */
  readonly quoteAll?: boolean;
}

/**
 * Reads all objects of user schemas as statements, as `pg_dump --schema-only --no-owner --no-privileges` would: read-only,
 * with a fixed number of queries. What can not be re-created is in `skipped`. Opens a second connection for the time it takes,
 * unless the session came from `withTextSettings`.
 */
export async function extractSchema(session: Session, options: ExtractOptions = {}): Promise<SchemaScript> {
  return withTextSession(session, options.quoteAll === true, extract);
}

async function extract(session: Session): Promise<SchemaScript> {
  const { objects, dependencies, tables, skipped } = await readObjects(await createContext(session), []);
  const { preData, postData } = orderObjects(objects, dependencies);
  return {
    preData,
    postData,
    skipped,
    tables: tables
      .filter(({ relkind }) => relkind === 'r')
      .map(({ nspname, relname }) => ({ schema: nspname, name: relname })),
  };
}

/**
 * The same objects for a comparison: with the privileges that were granted, and with what can be changed in place. Read-only; opens a
 * second connection for the time it takes.
 */
export async function extractEntries(session: Session): Promise<Schema> {
  return withTextSession(session, false, async (reading) => {
    const created = await createContext(reading);
    const read = await readObjects(created, [{ what: 'privileges', read: readPrivileges }]);
    return {
      serverVersion: created.context.version,
      entries: toEntries(read),
      skipped: read.skipped.filter(({ what }) => !what.startsWith('owners and privileges')),
    };
  });
}

/** What was read of a database, before it is put in order. */
interface ReadObjects {
  readonly objects: readonly SchemaObject[];
  readonly dependencies: readonly Dependency[];
  readonly tables: readonly TableRow[];
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
  readonly skipped: readonly Skipped[];
}

async function readObjects(
  { context, skipped }: { readonly context: ExtractContext; readonly skipped: readonly Skipped[] },
  more: readonly Reader[],
): Promise<ReadObjects> {
  const sequences = await readSequenceRows(context);
  const tables = await readTableRows(context);
  const columns = groupBy(await readColumnRows(context), (row) => row.table_key);
  const objects: SchemaObject[] = [...sequenceObjects(sequences)];
  objects.push(...(await readTables(context, { tables, columns, sequences })));
  objects.push(...(await orSkip(context, { what: 'views', read: (reading) => readViews(reading, columns) })));
  for (const read of [...READERS, ...more]) objects.push(...(await orSkip(context, read)));
  objects.push(...(await orSkip(context, { what: 'comments', read: (reading) => readComments(reading, objects) })));
  await orSkip(context, { what: 'what is left out', read: (reading) => noteLeftOut(reading).then(() => []) });
  return { objects, dependencies: await readDependencies(context, objects), tables, columns, skipped };
}

interface Reader {
  readonly what: string;
  readonly read: (context: ExtractContext) => Promise<readonly SchemaObject[]>;
}

const READERS: readonly Reader[] = [
  { what: 'schemas, extensions, languages', read: readNamespaces },
  { what: 'types', read: readTypes },
  { what: 'base types', read: readBaseTypes },
  { what: 'functions', read: readFunctions },
  { what: 'indexes', read: readIndexes },
  { what: 'foreign keys', read: readForeignKeys },
  { what: 'triggers and rules', read: readTriggers },
  { what: 'operators', read: readOperators },
  { what: 'collations', read: readCollations },
  { what: 'casts', read: readCasts },
  { what: 'text search', read: readTextSearch },
  { what: 'foreign servers', read: readForeign },
  { what: 'extended statistics', read: readExtendedStatistics },
  { what: 'policies', read: readPolicies },
];

/** A catalog closed by a managed service, or a view whose tables stay locked, costs the kind, not the copy. */
async function orSkip(context: ExtractContext, { what, read }: Reader): Promise<readonly SchemaObject[]> {
  try {
    return await retryWhileLocked(() => read(context));
  } catch (error) {
    const isRefused = error instanceof WizardError && error.sqlstate === '42501';
    if (!isRefused && !isLocked(error)) throw error;
    const reason = isRefused
      ? `The role may not read their catalog: ${error.message}`
      : 'Another session holds what they need locked.';
    context.skip({ what, reason, remedy: isRefused ? null : 'Run again when no schema change is under way.' });
    return [];
  }
}
