import type { Catalog } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import { tablePages } from './candidates.js';
import type { TableUse } from './candidates.js';
import { isImmutable } from './immutability.js';

/** Smaller tables are read as fast as an index is descended. */
const LEAST_PAGES = 100;

/** Statements that look for what stands within a text, which only pg_trgm indexes, where it is not installed; none else. */
export function missingTrigrams(uses: readonly TableUse[], catalog: Catalog): readonly Skipped[] {
  if (catalog.extensions.some((one) => one.name === 'pg_trgm')) return [];
  const names = uses
    .filter(({ table }) => tablePages(catalog, table) >= LEAST_PAGES)
    .filter(({ table, use }) =>
      use.predicates.some(
        ({ kind, column, expression }) =>
          kind === 'contains' &&
          (table.columns.some((one) => one.name === column && one.typeCategory === 'S') ||
            (expression !== null && isImmutable(expression, table, catalog))),
      ),
    )
    .map(({ statement }) => statement.name);
  if (names.length === 0) return [];
  return [
    {
      what: `indexes for the patterns of ${[...new Set(names)].join(', ')}`,
      reason: 'they look for what stands within a text, which only pg_trgm indexes, and it is not installed',
      remedy: 'CREATE EXTENSION pg_trgm on the target, and run it again.',
    },
  ];
}
