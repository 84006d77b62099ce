import { quoteIdent } from '../base/quote.js';
import { indexesOf } from '../model/catalog.js';
import type { Index } from '../model/catalog.js';
import { deparseGuarded } from '../sql/deparse.js';
import { parseStatement } from '../sql/parse.js';
import { treeText } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { firstFree, indexName, takenKey } from './chosen-name.js';
import { keyOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeStep } from './define.js';
import { dropIndex } from './index-for-constraint.js';
import { written } from './relation.js';
import type { Relation } from './relation.js';
import { indexColumns } from './shapes.js';

/** Indexes of a parent for which ATTACH finds none on the partition, and builds one (`AttachPartitionEnsureIndexes`). Empty where there is no catalog, or the partition is not in it. */
export function missingIndexes(parent: Relation, partition: Relation, context: MigrationContext): readonly Index[] {
  const [above, below] = [tableOf(context, parent), tableOf(context, partition)];
  if (!context.catalog || !above || below?.kind !== 'r') return [];
  const own = indexesOf(context.catalog, below).filter((index) => index.valid && index.partitionOf === null);
  const key = keyOf(context, partition);
  const made = context.state.indexes.filter(({ table }) => table === key).map(({ columns }) => columns.join('\0'));
  return indexesOf(context.catalog, above).filter((index) => {
    const form = formOf(index);
    const isThere = own.some((one) => (one.constraint !== null || index.constraint === null) && formOf(one) === form);
    return !isThere && !made.includes(indexColumns(parseStatement(index.definition).body).join('\0'));
  });
}

/** Builds them beside the use of the table that is to be attached, under the names that ATTACH would choose. An exclusion constraint is left to ATTACH. */
export function builtBefore(
  missing: readonly Index[],
  partition: Relation,
  context: MigrationContext,
): readonly SafeStep[] {
  let known = context;
  return missing.flatMap((index) => {
    if (index.exclusion) return [];
    const { body } = parseStatement(index.definition);
    const label = index.primary ? 'pkey' : 'key';
    const columns = [...index.keys, ...index.include].map(({ column }) => column ?? '').join('_');
    const name =
      index.constraint === null
        ? indexName(partition, body, known)
        : firstFree(partition, index.primary ? null : columns, label, known);
    const { state } = known;
    known = { ...known, state: { ...state, named: state.named.with(takenKey(partition, name, known), true) } };
    const relation: TreeNode = {
      relname: partition.name,
      ...(partition.schema === null ? {} : { schemaname: partition.schema }),
      inh: true,
      relpersistence: 'p',
    };
    const build = deparseGuarded({ IndexStmt: { ...body, idxname: name, relation, concurrent: true } });
    const kind = index.primary ? 'PRIMARY KEY' : 'UNIQUE';
    const constraint = `ALTER TABLE ${written(partition)} ADD CONSTRAINT ${quoteIdent(name)} ${kind} USING INDEX ${quoteIdent(name)}`;
    return [
      {
        sql: [build],
        down: [dropIndex(partition, name)],
        note: 'An index of the parent: ATTACH takes it, and builds none.',
      },
      ...(index.constraint === null ? [] : [{ sql: [constraint] }]),
    ];
  });
}

/** What two indexes have in common but for their names and tables. */
function formOf({ definition }: Index): string {
  const { body } = parseStatement(definition);
  return treeText({ ...body, idxname: '', relation: {} });
}
