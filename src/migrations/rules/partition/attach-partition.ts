import { quoteIdent } from '../../../base/quote.js';
import { hasValidCheck, partitionCondition } from '../../effects/partition-bound.js';
import { partitionOf } from '../../effects/attach.js';
import { constraintsOf } from '../../context.js';
import type { MigrationContext } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { operationSql } from '../../operation.js';
import { builtBefore, missingIndexes } from '../../partition-indexes.js';
import { objectName, shown, written } from '../../relation.js';
import type { Relation } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'partition/attach-partition',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ATTACH PARTITION` of a table without a valid CHECK of the bounds.',
    why: 'Every row of the new partition is read under ACCESS EXCLUSIVE on it; a DEFAULT partition is read as well.',
    limits:
      'The sequence is made with --to, for LIST and RANGE by columns; not for HASH and expressions. Indexes of the parent which the table lacks are built before, concurrently, but those of exclusion constraints, and where it has partitions of its own. A CHECK counts as proof where it says just what the bounds do; whether another one does is not worked out. The scan of a DEFAULT partition is spared by a CHECK on that one, which is not made: until the ATTACH it would refuse rows that programs write there now.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ATTACH PARTITION"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AttachPartition');
    const partition = found ? partitionOf(found.command) : null;
    if (!found || !partition) return null;
    const condition = partitionCondition(found.relation, found.command, context);
    const isProved = condition !== null && hasValidCheck(context, partition, condition);
    const missing = missingIndexes(found.relation, partition, context).map(({ name }) => shown({ schema: null, name }));
    if (isProved && missing.length === 0) return null;
    const does = [
      ...(isProved ? [] : [`reads all of ${shown(partition)}${perhaps(partition, context)}`]),
      ...(missing.length > 0 ? [`builds what ${shown(partition)} lacks of ${missing.join(', ')}`] : []),
    ];
    return { subject: partition, says: `under its lock ATTACH ${does.join('; it ')}` };
  },
  safe(operation, context) {
    const found = alteration(operation, 'AT_AttachPartition');
    const partition = found ? partitionOf(found.command) : null;
    const condition = found ? partitionCondition(found.relation, found.command, context) : null;
    if (!found || !partition) return null;
    const indexes = builtBefore(missingIndexes(found.relation, partition, context), partition, context);
    const attach = operationSql(operation);
    if (condition === null || hasValidCheck(context, partition, condition))
      return indexes.length === 0 ? null : { up: [...indexes, { sql: [attach] }] };
    const alter = `ALTER TABLE ${written(partition)}`;
    const check = quoteIdent(objectName(partition.name, null, 'bounds_check'));
    return {
      up: [
        ...indexes,
        {
          sql: [`${alter} ADD CONSTRAINT ${check} CHECK (${condition}) NOT VALID`],
          down: [`${alter} DROP CONSTRAINT IF EXISTS ${check}`],
        },
        { sql: [`${alter} VALIDATE CONSTRAINT ${check}`], down: [] },
        { sql: [attach], note: 'The valid check proves the bounds, so that no row is read.' },
        { sql: [`${alter} DROP CONSTRAINT ${check}`], down: [] },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE sale (id int NOT NULL, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); CREATE INDEX ON sale (day) WHERE id > 5;
      CREATE TABLE sale_1 (id int NOT NULL, day int NOT NULL); INSERT INTO sale_1 SELECT n, n FROM generate_series(1, 2000) AS n;`,
    bad: 'ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (1) TO (3000);',
  },
});

/** Checks of the table which PostgreSQL may or may not find to prove the bounds. */
function perhaps(partition: Relation, context: MigrationContext): string {
  const checks = constraintsOf(context, partition).filter(({ kind, validated }) => kind === 'check' && validated);
  const listed = checks.map(({ name }) => shown({ schema: null, name })).join(', ');
  return checks.length === 0 ? '' : `, unless CHECK ${listed} proves the bounds, which is not known`;
}
