import { quoteIdent } from '../../../base/quote.js';
import { hasValidCheck, partitionCondition } from '../../effects/partition-bound.js';
import { partitionOf } from '../../effects/attach.js';
import { defineMigrationRule } from '../../define.js';
import { operationSql } from '../../operation.js';
import { objectName, shown, written } from '../../relation.js';
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
      'The sequence is made with --to, for LIST and RANGE by one column. Indexes of the parent which the partition lacks are built while it is attached: make them before, concurrently. The scan of a DEFAULT partition is spared by a CHECK on that one, which is not made.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ATTACH PARTITION"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AttachPartition');
    const partition = found ? partitionOf(found.command) : null;
    if (!found || !partition) return null;
    const condition = partitionCondition(found.relation, found.command, context);
    if (condition !== null && hasValidCheck(context, partition, condition)) return null;
    return { subject: partition, says: `ATTACH reads all of ${shown(partition)} under its lock` };
  },
  safe(operation, context) {
    const found = alteration(operation, 'AT_AttachPartition');
    const partition = found ? partitionOf(found.command) : null;
    const condition = found ? partitionCondition(found.relation, found.command, context) : null;
    if (!found || !partition || condition === null) return null;
    const alter = `ALTER TABLE ${written(partition)}`;
    const check = quoteIdent(objectName(partition.name, null, 'bounds_check'));
    return {
      up: [
        {
          sql: [`${alter} ADD CONSTRAINT ${check} CHECK (${condition}) NOT VALID`],
          down: [`${alter} DROP CONSTRAINT IF EXISTS ${check}`],
        },
        { sql: [`${alter} VALIDATE CONSTRAINT ${check}`], down: [] },
        { sql: [operationSql(operation)], note: 'The valid check proves the bounds, so that no row is read.' },
        { sql: [`${alter} DROP CONSTRAINT ${check}`], down: [] },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE sale (id int, day int) PARTITION BY RANGE (day);
      CREATE TABLE sale_1 (id int, day int); INSERT INTO sale_1 SELECT n, n FROM generate_series(1, 2000) AS n;`,
    bad: 'ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (1) TO (3000);',
  },
});
