import type { Catalog, Table } from '../../model/catalog.js';
import { placeOf } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import { groupBy } from '../../base/group.js';
import type { Predicate } from '../../sql/use-types.js';
import { tryParseStatement } from '../../sql/parse.js';
import { field, list, names, walk } from '../../sql/tree.js';
import type { TypedNode } from '../../sql/tree.js';
import { tablePages } from './candidates.js';
import type { TableUse } from './candidates.js';
import { isImmutable } from './immutability.js';

/** Smaller tables are read as fast as an index is descended. */
const LEAST_PAGES = 100;

/**
 * Conditions on expressions that PostgreSQL takes for no index, with the reason: a function of the database's own that is not IMMUTABLE, or a time that depends on the
 * session's time zone. Other expressions of which it is not known are not told.
 */
export function unindexableExpressions(uses: readonly TableUse[], catalog: Catalog): readonly Skipped[] {
  const found = uses
    .filter(({ table }) => tablePages(catalog, table) >= LEAST_PAGES)
    .flatMap(({ table, use, statement }) =>
      use.predicates.flatMap((predicate) => {
        const why = refusal(predicate, table, catalog);
        return why === null
          ? []
          : [{ ...why, place: `(${predicate.expression}) of ${placeOf(table)}`, name: statement.name }];
      }),
    );
  const byPlace = groupBy(found, (one) => one.place);
  return [...new Map(found.map((one) => [one.place, one])).values()].map(({ place, reason, remedy }) => ({
    what: `an index on ${place} for ${[...new Set(byPlace.get(place)?.map((one) => one.name))].join(', ')}`,
    reason,
    remedy,
  }));
}

function refusal(
  { expression, columns, value }: Predicate,
  table: Table,
  catalog: Catalog,
): Pick<Skipped, 'reason' | 'remedy'> | null {
  if (expression === null || columns.length === 0 || value.kind === 'join') return null;
  if (isImmutable(expression, table, catalog)) return null;
  const nodes = walk(tryParseStatement(`SELECT ${expression}`)?.body);
  const called = new Set(nodes.map(calledBy));
  const own = catalog.functions.find((one) => one.volatility !== 'i' && called.has(one.name));
  if (own !== undefined) {
    return {
      reason: `${own.name} is ${own.volatility === 's' ? 'STABLE' : 'VOLATILE'}, and PostgreSQL takes only IMMUTABLE expressions`,
      remedy: 'Declare it IMMUTABLE if it always gives the same for the same arguments.',
    };
  }
  const zoned = new Set(table.columns.filter((one) => one.baseType === 'timestamptz').map((one) => one.name));
  // AT TIME ZONE names one.
  const isZoned =
    !called.has('timezone') &&
    nodes.some(
      (node) =>
        ZONE_DEPENDENT.has(calledBy(node) ?? '') && walk(node.body).some((inner) => zoned.has(referred(inner) ?? '')),
    );
  return isZoned
    ? {
        reason: "it depends on the session's time zone, and PostgreSQL takes only IMMUTABLE expressions",
        remedy: 'Compare the column itself with a range, or name the zone: AT TIME ZONE.',
      }
    : null;
}

/** Functions and casts that are STABLE of a timestamp with time zone (`pg_proc.provolatile`). */
const ZONE_DEPENDENT = new Set([
  'date',
  'date_trunc',
  'date_part',
  'extract',
  'to_char',
  'time',
  'timestamp',
  'text',
  'varchar',
]);

/** The name of a function, or of the type of a cast. */
function calledBy({ type, body }: TypedNode): string | null {
  if (type === 'FuncCall') return names(list(body, 'funcname')).at(-1) ?? null;
  const to = type === 'TypeCast' ? field(body, 'typeName') : null;
  return to ? (names(list(to, 'names')).at(-1) ?? null) : null;
}

function referred({ type, body }: TypedNode): string | null {
  return type === 'ColumnRef' ? (names(list(body, 'fields')).at(-1) ?? null) : null;
}
