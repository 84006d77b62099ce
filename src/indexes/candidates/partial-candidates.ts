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
  const constant = rows.where.endsWith('IS NOT NULL') ? [] : rows.columns;
  const parts = indexableParts(basis, tableUse, (predicate) => constant.includes(predicate.column ?? ''));
  const equal = [...parts.equal, ...parts.joined].map((column) => columnKey(column));
  const sorts = parts.sorts.flatMap((sort) => sortedKeys(sort, [...rows.single, ...parts.equal]) ?? []);
  const lists = [
    ...sorts.map((sort) => [...equal, ...sort.keys]),
    ...sorts.map((sort) => [...sort.keys]),
    ...parts.ranges.map((range) => [...equal, range]),
    equal,
  ].filter((keys) => keys.length > 0 && new Set(keys).size === keys.length);
  const distinct = [...new Map(lists.map((keys) => [keys.join(), keys])).values()];
  return distinct.length > 0 ? distinct : [rows.columns.map((column) => columnKey(column))];
}
