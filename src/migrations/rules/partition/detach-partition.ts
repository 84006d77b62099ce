import { field } from '../../../sql/tree.js';
import { partitionOf } from '../../effects/attach.js';
import { defaultPartition } from '../../effects/below.js';
import { defineMigrationRule } from '../../define.js';
import { shown, written } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'partition/detach-partition',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DETACH PARTITION` without CONCURRENTLY.',
    why: 'ACCESS EXCLUSIVE is waited for on the parent: all queries on all partitions wait behind it.',
    limits:
      'CONCURRENTLY may not run in a transaction, nor where there is a DEFAULT partition (no sequence is made then: the lock is short, but waited for), and waits for everybody who uses the parent; one that is cut off is ended by DETACH ... FINALIZE. It leaves a CHECK of the bounds on the partition.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "DETACH PARTITION"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_DetachPartition');
    const partition = found ? partitionOf(found.command) : null;
    const concurrent = field(field(found?.command.body ?? {}, 'def') ?? {}, 'PartitionCmd')?.['concurrent'] === true;
    if (!found || !partition || concurrent) return null;
    return {
      subject: found.relation,
      says: `DETACH of ${shown(partition)} keeps everybody off ${shown(found.relation)} while its lock is waited for and held`,
    };
  },
  safe(operation, context) {
    const found = alteration(operation, 'AT_DetachPartition');
    const partition = found ? partitionOf(found.command) : null;
    if (!found || !partition || defaultPartition(found.relation, context).length > 0) return null;
    return {
      differs: `a CHECK of its bounds stays on ${shown(partition)}`,
      up: [{ sql: [`ALTER TABLE ${written(found.relation)} DETACH PARTITION ${written(partition)} CONCURRENTLY`] }],
    };
  },
  example: {
    setup: `
      CREATE TABLE sale (id int, day int) PARTITION BY RANGE (day);
      CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (1) TO (3000); INSERT INTO sale SELECT n, n FROM generate_series(1, 2000) AS n;`,
    bad: 'ALTER TABLE sale DETACH PARTITION sale_1;',
    ends: ['constraint sale_1_day_check on public.sale_1'],
  },
});
