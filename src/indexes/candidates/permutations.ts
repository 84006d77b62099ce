import type { Catalog } from '../../model/catalog.js';
import { columnKey, indexSpec, mergeCandidates } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';

/**
 * Every plain btree on the columns that one statement names of a table, in every order, up to a number of keys: nothing
 * is reasoned about. It is the class in which the published algorithms search.
 */
export function permutationCandidates(
  catalog: Catalog,
  uses: readonly TableUse[],
  mostKeys: number,
): readonly Candidate[] {
  const candidates = uses.flatMap(({ statement, table, use }) => {
    const columns = table.columns.map((column) => column.name).filter((name) => use.needed.includes(name));
    return orderings(columns, mostKeys).map((keys) => ({
      spec: indexSpec(catalog, table, { keys: keys.map((column) => columnKey(column)) }),
      table,
      for: [statement.fingerprint],
    }));
  });
  return mergeCandidates(candidates);
}

function orderings(columns: readonly string[], most: number): string[][] {
  const found: string[][] = [];
  let longest: string[][] = [[]];
  for (let width = 1; width <= most; width += 1) {
    longest = longest.flatMap((begun) =>
      columns.filter((column) => !begun.includes(column)).map((column) => [...begun, column]),
    );
    found.push(...longest);
  }
  return found;
}
