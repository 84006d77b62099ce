import { quoteIdent } from '../../base/quote.js';
import { lookupTable, sameRelation } from '../../model/catalog.js';
import type { Catalog, RelationName } from '../../model/catalog.js';
import type { IndexSpec } from '../../model/action.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { insideOf, usesOf } from '../candidates/candidates.js';
import { partitionFamily } from '../facts.js';
import type { TableWrite } from './write-cost.js';

/** What hides uses of indexes. */
export interface Hiding {
  readonly statements: readonly WorkloadStatement[];
  readonly writes: readonly TableWrite[];
}

/** Names of indexes that statements may use where no plan shows it, by fingerprint. Which of them really matter only measurement tells. */
export function hiddenUses(
  { statements, writes }: Hiding,
  specs: readonly IndexSpec[],
  catalog: Catalog,
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map(usesByKeys(writes, specs, catalog));
  for (const statement of statements) {
    const relations = insideOf(statement).flatMap((one) => usesOf(one, catalog)?.relations ?? []);
    const tables = relations.flatMap(({ schema, name }) => lookupTable(catalog, schema, name) ?? []);
    const names = specs.flatMap((spec) => (tables.some((one) => sameRelation(one, spec.table)) ? [spec.name] : []));
    const { fingerprint } = statement;
    if (names.length > 0) uses.set(fingerprint, [...new Set([...(uses.get(fingerprint) ?? []), ...names])]);
  }
  return uses;
}

/**
 * Indexes that a write may use where no plan shows it: the checks and cascades of foreign keys are triggers that run queries of their own.
 * By the statement's fingerprint, names of indexes that begin with a column of a foreign key which leads to the table written, through
 * cascades too. An update fires none where it sets no column that a key refers to.
 */
function usesByKeys(
  writes: readonly TableWrite[],
  specs: readonly IndexSpec[],
  catalog: Catalog,
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, readonly string[]>();
  for (const write of writes) {
    if (!write.deletes && write.set.length === 0) continue;
    const keys = foreignKeysTo(catalog, write);
    const names = specs
      .filter((spec) =>
        keys.some(
          (key) => sameRelation(key.table, spec.table) && key.columns.some((column) => beginsWith(spec, column)),
        ),
      )
      .map((spec) => spec.name);
    if (names.length > 0) uses.set(write.fingerprint, [...new Set([...(uses.get(write.fingerprint) ?? []), ...names])]);
  }
  return uses;
}

interface ForeignKey {
  readonly table: RelationName;
  readonly columns: readonly string[];
}

/** Foreign keys that refer to what is written of the table, and to the tables that these are on, and so forth. */
function foreignKeysTo(catalog: Catalog, { table, deletes, set }: TableWrite): readonly ForeignKey[] {
  const found: ForeignKey[] = [];
  const reached: RelationName[] = [table];
  const isWritten = (target: RelationName, columns: readonly string[]): boolean =>
    deletes || target !== table || columns.some((column) => set.includes(column));
  for (let next = reached.shift(); next !== undefined; next = reached.shift()) {
    const target = partitionFamily(catalog, next);
    for (const one of catalog.constraints) {
      if (one.kind !== 'foreign' || found.includes(one)) continue;
      const { references } = one;
      if (!references || !target.some((name) => sameRelation(references.table, name))) continue;
      if (!isWritten(next, references.columns)) continue;
      found.push(one);
      reached.push(one.table);
    }
  }
  return found;
}

function beginsWith(spec: IndexSpec, column: string): boolean {
  const first = spec.keys[0] ?? '';
  const name = quoteIdent(column);
  return first === name || first.startsWith(`${name} `);
}
