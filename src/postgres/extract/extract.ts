import { WizardError } from '../../base/errors.js';
import type { Session } from '../session.js';
import { readCasts } from './casts.js';
import { readCollations } from './collations.js';
import { readComments } from './comments.js';
import { createContext, groupRows, type ExtractContext } from './context.js';
import { readDependencies } from './dependencies.js';
import { readForeign } from './foreign.js';
import { readForeignKeys } from './foreign-keys.js';
import { readFunctions } from './functions.js';
import { readIndexes } from './indexes.js';
import { noteLeftOut } from './left-out.js';
import { readNamespaces } from './namespaces.js';
import { readOperators } from './operators.js';
import { orderObjects } from './order.js';
import { readPolicies } from './policies.js';
import type { SchemaObject, SchemaScript } from './script.js';
import { readSequenceRows, sequenceObjects } from './sequences.js';
import { readExtendedStatistics } from './statistics.js';
import { readColumnRows, readTableRows } from './table-rows.js';
import { readTables } from './tables.js';
import { readTextSearch } from './text-search.js';
import { withTextSession } from './texts.js';
import { readTriggers } from './triggers.js';
import { readTypes } from './types.js';
import { readViews } from './views.js';

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
  const { context, skipped } = await createContext(session);
  const sequences = await readSequenceRows(context);
  const tables = await readTableRows(context);
  const columns = groupRows(await readColumnRows(context), (row) => row.table_key);
  const objects: SchemaObject[] = [...sequenceObjects(sequences)];
  objects.push(...(await readTables(context, { tables, columns, sequences })));
  objects.push(...(await readViews(context, columns)));
  for (const read of READERS) objects.push(...(await orSkip(context, read)));
  objects.push(...(await orSkip(context, { what: 'comments', read: (reading) => readComments(reading, objects) })));
  await orSkip(context, { what: 'what is left out', read: (reading) => noteLeftOut(reading).then(() => []) });
  const { preData, postData } = orderObjects(objects, await readDependencies(context, objects));
  return {
    preData,
    postData,
    skipped,
    tables: tables.filter(({ relkind }) => relkind === 'r').map(({ nspname, relname }) => ({ schema: nspname, name: relname })),
  };
}

interface Reader {
  readonly what: string;
  readonly read: (context: ExtractContext) => Promise<readonly SchemaObject[]>;
}

const READERS: readonly Reader[] = [
  { what: 'schemas, extensions, languages', read: readNamespaces },
  { what: 'types', read: readTypes },
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

/** Managed services close some catalogs to all but themselves: that costs the kind, not the copy. */
async function orSkip(context: ExtractContext, { what, read }: Reader): Promise<readonly SchemaObject[]> {
  try {
    return await read(context);
  } catch (error) {
    if (!(error instanceof WizardError) || error.sqlstate !== '42501') throw error;
    context.skip({ what, reason: `The role may not read their catalog: ${error.message}`, remedy: null });
    return [];
  }
}
