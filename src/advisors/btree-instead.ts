import { quoteIdent } from '../base/quote.js';
import type { Action, IndexSpec } from '../model/action.js';
import { indexesOf, type Catalog, type Index, placeOf } from '../model/catalog.js';
import type { Snapshot } from '../model/snapshot.js';
import { isOnScalar, standsInFor } from '../indexes/redundancy.js';
import { btreeServes, columnUses, statementsThatCompare, type ColumnUse } from '../indexes/column-use.js';
import { reasonToKeep, wholeIndex } from '../indexes/facts.js';
import { freeIndexName } from '../indexes/candidates/index-name.js';
import { loadParser } from '../sql/parse.js';
import { createIndexAction, dropIndexAction } from './actions.js';
import type { AdvisorFinding } from './define.js';
import { measured } from './evidence.js';

/** A plain btree on the same column and rows as a one-column index of another method. */
export function btreeSpec(catalog: Catalog, index: Index): IndexSpec {
  const column = index.keys[0]?.column ?? '';
  return {
    table: index.table,
    method: 'btree',
    unique: false,
    keys: [quoteIdent(column)],
    include: [],
    where: index.predicate,
    with: null,
    name: freeIndexName(catalog, index.table, [column]),
  };
}

/** The two ways to a btree, best first: make it, after which the other is redundant; or drop the other where it is not missed. */
export function btreeInstead(catalog: Catalog, index: Index): readonly Action[] {
  return [createIndexAction(btreeSpec(catalog, index), catalog), dropIndexAction(index, catalog)];
}

/** Whether a btree already does all that the index does: then it is `index/overlapping-index` that speaks. */
export function hasBtree(catalog: Catalog, index: Index): boolean {
  return indexesOf(catalog, index.table).some((other) => standsInFor(other, index) !== null);
}

/** What `index/gin-on-scalar` and `index/gist-on-scalar` find, in the same words. */
export async function scalarFindings(
  snapshot: Snapshot,
  { method, name }: { readonly method: 'gin' | 'gist'; readonly name: string },
): Promise<readonly AdvisorFinding[]> {
  const { catalog } = snapshot;
  return (await scalarIndexes(snapshot, method)).map(({ index, column, uses, statements }) => ({
    title: `${name} index ${placeOf(index)} is asked only for comparisons of ${column}, which a btree serves.`,
    place: placeOf(index),
    evidence: [
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      measured('statements that compare the column', statements.length, 'statements', 'workload'),
      measured('statements that use the table', uses.length, 'statements', 'workload'),
      measured('size', wholeIndex(catalog, index).sizeBytes, 'bytes', 'pg_relation_size'),
      measured('scans', wholeIndex(catalog, index).scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
    ],
    statements,
    actions: btreeInstead(catalog, index),
  }));
}

/** An index of btree_gin or btree_gist of which the workload asks only comparisons. */
interface ScalarIndex {
  readonly index: Index;
  readonly column: string;
  readonly uses: readonly ColumnUse[];
  /** Fingerprints. */
  readonly statements: readonly string[];
}

/** Indexes of that method on one scalar column, without a btree beside them, where the whole workload is known, compares the column and asks for nothing that a btree can not do. */
async function scalarIndexes(snapshot: Snapshot, method: 'gin' | 'gist'): Promise<readonly ScalarIndex[]> {
  await loadParser();
  const { catalog } = snapshot;
  return catalog.indexes.flatMap((index): ScalarIndex[] => {
    const column = index.keys[0]?.column ?? null;
    if (index.method !== method || column === null || !isOnScalar(index)) return [];
    if (!index.valid || index.building || reasonToKeep(index) !== null || hasBtree(catalog, index)) return [];
    const uses = columnUses(snapshot, index.table, column);
    if (uses === null || !btreeServes(uses, column)) return [];
    const statements = statementsThatCompare(uses, column);
    return statements.length === 0 ? [] : [{ index, column, uses, statements }];
  });
}
