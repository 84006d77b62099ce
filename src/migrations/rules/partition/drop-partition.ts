import { list, textOf } from '../../../sql/tree.js';
import { keyOf, tableOf } from '../../context.js';
import type { MigrationContext } from '../../context.js';
import { defaultPartition } from '../../effects/below.js';
import { defineMigrationRule } from '../../define.js';
import type { Operation } from '../../operation.js';
import { relationOfNames, shown, written } from '../../relation.js';
import type { Relation } from '../../relation.js';

export default defineMigrationRule({
  id: 'partition/drop-partition',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DROP TABLE` of a partition.',
    why: 'ACCESS EXCLUSIVE is waited for on the parent as well: all queries on all partitions wait behind it.',
    limits:
      'Known with --to only. DETACH ... CONCURRENTLY, which the sequence begins with, is refused where there is a DEFAULT partition: then none is made.',
    sources: ['PostgreSQL manual, "Table Partitioning", section "Partition Maintenance"'],
  },
  match(operation, context) {
    const found = partitionIn(operation, context);
    if (!found) return null;
    return {
      subject: found.parent,
      says: `DROP TABLE of ${shown(found.partition)} keeps everybody off ${shown(found.parent)} while its lock is waited for and held`,
    };
  },
  safe(operation, context) {
    const found = partitionIn(operation, context);
    if (!found || defaultPartition(found.parent, context).length > 0) return null;
    return {
      up: [
        { sql: [`ALTER TABLE ${written(found.parent)} DETACH PARTITION ${written(found.partition)} CONCURRENTLY`] },
        { sql: [`DROP TABLE ${written(found.partition)}`] },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE sale (id int, day int) PARTITION BY RANGE (day);
      CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (1) TO (3000); INSERT INTO sale SELECT n, n FROM generate_series(1, 2000) AS n;`,
    bad: 'DROP TABLE sale_1;',
  },
});

function partitionIn(
  { type, body }: Operation,
  context: MigrationContext,
): { readonly partition: Relation; readonly parent: Relation } | null {
  const objects = list(body, 'objects');
  if (type !== 'DropStmt' || textOf(body, 'removeType') !== 'OBJECT_TABLE' || objects.length !== 1) return null;
  const partition = relationOfNames(objects[0]);
  const parent = partition ? tableOf(context, partition)?.partitionOf : null;
  if (!partition || !parent || context.state.detached.has(keyOf(context, partition))) return null;
  return { partition, parent };
}
