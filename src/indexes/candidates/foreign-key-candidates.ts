import { findTable, indexesOf, sameRelation } from '../../model/catalog.js';
import type { Catalog, Constraint, RelationName, Table } from '../../model/catalog.js';
import { partitionFamily, servesForeignKey } from '../facts.js';
import type { TableWrite } from '../measured/write-cost.js';
import { columnKey, indexSpec, mergeCandidates, tablePages } from './candidates.js';
import type { Candidate } from './candidates.js';

/**
 * An index on the referencing columns of every foreign key that the workload's deletes and key updates have checked, through
 * cascades too, where no index serves it yet. The checks are triggers that run queries of their own, so EXPLAIN shows
 * nothing of their cost and no estimate can rank these: they are for measuring, those of most statements first.
 */
export function foreignKeyCandidates(catalog: Catalog, writes: readonly TableWrite[]): readonly Candidate[] {
  const found = checkedForeignKeys(catalog, writes).flatMap(({ foreignKey, fingerprint }): readonly Candidate[] => {
    const table = findTable(catalog, foreignKey.table);
    if (!table || isInherited(catalog, foreignKey, table) || tablePages(catalog, table) < LEAST_PAGES) return [];
    if (indexesOf(catalog, table).some((index) => servesForeignKey(index, foreignKey))) return [];
    const keys = foreignKey.columns.map((column) => columnKey(column));
    return [{ spec: indexSpec(catalog, table, { keys }), table, for: [fingerprint] }];
  });
  return mergeCandidates(found).toSorted((a, b) => b.for.length - a.for.length);
}

/** A foreign key whose check or action a write of the workload sets off, itself or through a cascade. */
interface CheckedForeignKey {
  readonly foreignKey: Constraint;
  readonly fingerprint: string;
}

/** Which foreign keys each write has checked: a delete all that refer to its table, an update those to columns that it sets; CASCADE, SET NULL and SET DEFAULT write in turn. */
function checkedForeignKeys(catalog: Catalog, writes: readonly TableWrite[]): readonly CheckedForeignKey[] {
  return writes.flatMap((write) => {
    const found = new Set<Constraint>();
    const seen = new Set<string>();
    const pending: Write[] = [
      ...(write.deletes ? [{ table: write.table, columns: null }] : []),
      ...(write.set.length > 0 ? [{ table: write.table, columns: write.set }] : []),
    ];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const key = JSON.stringify([next.table.schema, next.table.name, next.columns]);
      if (seen.has(key)) continue;
      seen.add(key);
      for (const foreignKey of foreignKeysChecked(catalog, next)) {
        found.add(foreignKey);
        pending.push(...writtenInTurn(foreignKey, next));
      }
    }
    return [...found].map((foreignKey) => ({ foreignKey, fingerprint: write.fingerprint }));
  });
}

/** Columns that are set; null for rows deleted. */
interface Write {
  readonly table: RelationName;
  readonly columns: readonly string[] | null;
}

/** A check that reads fewer pages than this costs no more than the descent of an index and the row: there is nothing to win. */
const LEAST_PAGES = 4;

function foreignKeysChecked(catalog: Catalog, { table, columns }: Write): readonly Constraint[] {
  const family = partitionFamily(catalog, table);
  return catalog.constraints.filter(({ kind, references }) => {
    if (kind !== 'foreign' || references === null) return false;
    return (
      family.some((one) => sameRelation(one, references.table)) &&
      (columns === null || references.columns.some((column) => columns.includes(column)))
    );
  });
}

function writtenInTurn({ table, columns, onDelete, definition }: Constraint, write: Write): readonly Write[] {
  if (write.columns !== null) return /\bON UPDATE (?:CASCADE|SET)\b/.test(definition) ? [{ table, columns }] : [];
  if (onDelete === 'c') return [{ table, columns: null }];
  return onDelete === 'n' || onDelete === 'd' ? [{ table, columns }] : [];
}

/** Every partition has the foreign keys of its parent: one index on the parent serves them all. */
function isInherited(catalog: Catalog, { columns, references }: Constraint, { partitionOf }: Table): boolean {
  return (
    partitionOf !== null &&
    catalog.constraints.some(
      (one) =>
        one.kind === 'foreign' &&
        sameRelation(one.table, partitionOf) &&
        one.columns.join() === columns.join() &&
        one.references !== null &&
        references !== null &&
        sameRelation(one.references.table, references.table),
    )
  );
}
