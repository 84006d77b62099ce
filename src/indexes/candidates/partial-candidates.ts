import { indexableParts, sortedKeys } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { rareRows } from './rare-rows.js';
import type { RareRows } from './rare-rows.js';

/** Candidates that hold only the few rows which one use asks for each time: what the other conditions and the sort make of the rows that are left; else the column itself. */
export function partialCandidates(
  basis: CandidateBasis,
  tableUse: TableUse,
): readonly { readonly candidate: Candidate; readonly rows: RareRows }[] {
  if (tableUse.use.role === 'insert') return [];
  return rareRows(tableUse, basis.statistics).flatMap((rows) =>
    keyLists(basis, tableUse, rows).map((keys) => ({
      candidate: {
        spec: indexSpec(basis.catalog, tableUse.table, { keys, where: rows.where }),
        table: tableUse.table,
        for: [tableUse.statement.fingerprint],
      },
      rows,
    })),
  );
}

function keyLists(basis: CandidateBasis, tableUse: TableUse, rows: RareRows): readonly (readonly string[])[] {
  const parts = indexableParts(basis, tableUse, (predicate) => rows.settled.includes(predicate.column ?? ''));
  const equal = parts.equal.map((column) => columnKey(column));
  const joined = parts.joined.filter((column) => !parts.equal.includes(column)).map((column) => columnKey(column));
  // Where the join pins the column to one value the order behind it stands; where it does not, it is in the way.
  const starts = [[...equal, ...joined], equal];
  const held = [...rows.single, ...parts.equal];
  const sorts = parts.sorts.flatMap((sort) => sortedKeys(sort, held) ?? []).map(({ keys }) => keys);
  const lists = [
    ...starts.flatMap((start) => sorts.map((sort) => [...start, ...sort])),
    ...sorts,
    ...starts.flatMap((start) => parts.ranges.map((range) => [...start, range])),
    ...starts,
  ].filter((keys) => keys.length > 0 && new Set(keys).size === keys.length);
  const distinct = [...new Map(lists.map((keys) => [keys.join(), keys])).values()];
  return distinct.length > 0 ? distinct : [standIn(rows)];
}

/** Keys where nothing is asked of the rows that are left: NULL tells none of them apart. */
function standIn({ columns, nulls }: RareRows): readonly string[] {
  const telling = columns.filter((column) => !nulls.includes(column));
  return (telling.length > 0 ? telling : columns).map((column) => columnKey(column));
}
