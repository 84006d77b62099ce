import { indexesOf, sameRelation } from '../../model/catalog.js';
import type { IndexSpec } from '../../model/action.js';
import type { Catalog } from '../../model/catalog.js';
import type { TableWrite } from '../measured/write-cost.js';
import { mentionsAny } from '../selection/items.js';

/**
 * What a new entry of an index costs in the planner's unit: the descent of a btree of three levels as PostgreSQL itself
 * reckons it (`btcostestimate`: 50 times `cpu_operator_cost` a page).
 */
const ENTRY_COST = 3 * 50 * 0.0025;

/**
 * What the workload's writes would pay for an index, in the planner's unit over the observed time: `estimated`, from row
 * counts alone, so that an index on a table that is written all the time has to win more. The trial measures it.
 */
export function writeCostOf(spec: IndexSpec, writes: readonly TableWrite[], catalog: Catalog): number {
  const others = indexesOf(catalog, spec.table).length;
  const entries = writes
    .filter((write) => sameRelation(write.table, spec.table))
    .reduce((sum, write) => sum + write.rows * entriesOf(spec, write, others), 0);
  return entries * ENTRY_COST;
}

/** Entries that one written row makes: none for an update of other columns, and for one of its own an entry in every index of the table, as it is no heap-only update any more. */
function entriesOf({ keys, include, where }: IndexSpec, { kind, columns }: TableWrite, others: number): number {
  if (kind !== 'update') return 1;
  const written = new Set(columns);
  const isTouched = [...keys, ...include, where ?? ''].some((sql) => mentionsAny(sql, written));
  return isTouched ? 1 + others : 0;
}
