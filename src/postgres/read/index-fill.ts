import { BLOCK_BYTES } from '../../base/block.js';
import { quoteIdent } from '../../base/quote.js';
import type { Catalog, Index } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import type { IndexRebuild } from '../../model/index-rebuild.js';
import { asWizardError } from '../../base/errors.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';

/** Below this an index is not worth the reading. */
const WORTH_READING_BYTES = 1024 * 1024;

/** `BTREE_DEFAULT_FILLFACTOR`, percent. */
const DEFAULT_FILL = 90;

/**
 * Reads every page of the valid btrees of 1 MiB and more through `pgstattuple`, and reckons from their fill what REINDEX would leave.
 * Costs the reading of all of them. What can not be read is in `skipped`; an index whose reading takes too long, too.
 */
export async function readIndexFill(
  session: Session,
  catalog: Catalog,
): Promise<{ rebuilds: IndexRebuild[]; skipped: Skipped[] }> {
  const extension = catalog.extensions.find((one) => one.name === 'pgstattuple');
  if (!extension) return { rebuilds: [], skipped: [missing('The extension pgstattuple is not installed.', INSTALL)] };
  const worth = catalog.indexes.filter(
    (one) => one.method === 'btree' && one.valid && !one.building && one.sizeBytes >= WORTH_READING_BYTES,
  );
  const rebuilds: IndexRebuild[] = [];
  const skipped: Skipped[] = [];
  for (const index of worth) {
    try {
      const [row] = await session.query<FillRow>(fillSql(extension.schema), [String(index.oid)]);
      if (row) rebuilds.push(toRebuild(index, row));
    } catch (thrown) {
      if (sqlstateOf(thrown) === INSUFFICIENT_PRIVILEGE)
        return { rebuilds, skipped: [...skipped, missing('This role may not call pgstatindex.', GRANT)] };
      if (sqlstateOf(thrown) === null) throw thrown;
      skipped.push({
        what: `fill of the pages of ${index.schema}.${index.name}`,
        reason: asWizardError(thrown).message,
        remedy: null,
      });
    }
  }
  return { rebuilds, skipped };
}

const INSUFFICIENT_PRIVILEGE = '42501';
const INSTALL = 'CREATE EXTENSION pgstattuple; without it bloat is estimated from statistics.';
const GRANT =
  'GRANT pg_stat_scan_tables to the role, and USAGE on the schema of pgstattuple; without it bloat is estimated from statistics.';

function missing(reason: string, remedy: string): Skipped {
  return { what: 'exact bloat of indexes', reason, remedy };
}

function fillSql(schema: string): string {
  return `
    SELECT f.index_size, f.internal_pages, f.leaf_pages, CASE WHEN f.leaf_pages > 0 THEN f.avg_leaf_density ELSE 0 END AS density
    FROM ${quoteIdent(schema)}.pgstatindex($1::pg_catalog.oid::pg_catalog.regclass) AS f ORDER BY 1`;
}

type FillRow = { index_size: string; internal_pages: string; leaf_pages: string; density: number };

/** The same bytes on leaves filled as CREATE INDEX fills them; inner pages shrink alike, deleted and empty ones go. */
function toRebuild(index: Index, row: FillRow): IndexRebuild {
  const fill = Number(index.parameters['fillfactor'] ?? DEFAULT_FILL);
  const leaves = Math.max(1, Math.ceil((Number(row.leaf_pages) * row.density) / fill));
  const inner = Math.ceil(Number(row.internal_pages) * Math.min(1, leaves / Math.max(1, Number(row.leaf_pages))));
  const pages = 1 + leaves + inner;
  return {
    index: { schema: index.schema, name: index.name },
    sizeBytes: Number(row.index_size),
    rebuiltBytes: Math.min(Number(row.index_size), pages * BLOCK_BYTES),
    how: 'pages',
  };
}
