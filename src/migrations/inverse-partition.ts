import { bareLiteral } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import type { Table } from '../model/catalog.js';
import { keyOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { missingIndexes } from './partition-indexes.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/** ATTACH PARTITION taken back, with the indexes and keys that it made on the partition. */
export function detachedAgain(parent: Relation, partition: Relation, context: MigrationContext): string {
  const detach = `ALTER TABLE ${written(parent)} DETACH PARTITION ${written(partition)}`;
  const own = context.state.formerly.get(keyOf(context, partition)) ?? tableOf(context, partition);
  if (!own || !mayMake(parent, partition, context)) return detach;
  return dropping(partition, ownNames(own, context), { constraints: "'p', 'u', 'x', 'f'", around: detach });
}

/** DETACH PARTITION taken back; one that was detached CONCURRENTLY has a CHECK of its bounds since. */
export function attachedAgain(
  attach: string,
  partition: Relation,
  isConcurrent: boolean,
  context: MigrationContext,
): string {
  const own = tableOf(context, partition);
  if (!own || !isConcurrent) return attach;
  return dropping(partition, ownNames(own, context), { constraints: "'c'", around: attach });
}

/** Whether the parent has indexes or keys that the partition lacks. */
function mayMake(parent: Relation, partition: Relation, context: MigrationContext): boolean {
  const above = tableOf(context, parent);
  if (!above || context.state.created.has(keyOf(context, parent)) || !tableOf(context, partition)) return true;
  const hasKeys = context.catalog?.constraints.some(
    ({ kind, table }) => kind === 'foreign' && sameRelation(table, above),
  );
  return hasKeys === true || missingIndexes(parent, partition, context).length > 0;
}

/** Names of indexes and constraints that the table had before, or that the file gave to something. */
function ownNames(table: Table, { catalog, state }: MigrationContext): readonly string[] {
  const ofTable = [...(catalog?.indexes ?? []), ...(catalog?.constraints ?? [])].filter((one) =>
    sameRelation(one.table, table),
  );
  const given = state.named.keys().map((key) => (JSON.parse(key) as string[]).at(-1) ?? '');
  return [...new Set([...ofTable.map(({ name }) => name), ...given])];
}

/** `around` is run, then the constraints and indexes of the partition go whose names are none of these. */
function dropping(
  partition: Relation,
  names: readonly string[],
  { constraints, around }: { readonly constraints: string; readonly around: string },
): string {
  const table = `${writtenLiteral(partition)}::pg_catalog.regclass`;
  const kept = `ARRAY[${names.map(bareLiteral).join(', ')}]::text[]`;
  const indexes = constraints.includes("'p'")
    ? `
    UNION ALL
    SELECT pg_catalog.format('DROP INDEX %s', i.indexrelid::pg_catalog.regclass) FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = ${table} AND c.relname <> ALL (${kept}) AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)`
    : '';
  return `DO $back$
DECLARE
  wizard_made text[] := ARRAY(
    SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid = ${table} AND k.contype IN (${constraints}) AND k.conname <> ALL (${kept})${indexes});
  wizard_one text;
BEGIN
  ${around};
  FOREACH wizard_one IN ARRAY wizard_made LOOP
    EXECUTE wizard_one;
  END LOOP;
END $back$`;
}
