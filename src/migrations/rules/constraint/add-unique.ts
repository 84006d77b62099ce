import { quoteIdent } from '../../../base/quote.js';
import { isPartitioned, tableOf } from '../../context.js';
import { constraintName } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { constraintOfPartitions } from '../../partition-constraint.js';
import { deferral, dropIndex, uniqueIndex } from '../../index-for-constraint.js';
import { shown } from '../../relation.js';
import { addedConstraint, alterTable, isOfParentAlone } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-unique',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD UNIQUE` that builds its index by itself.',
    why: 'The index is built under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'Of a partitioned table each partition gets its index and constraint by itself, and the parent takes them over, with --to; a partition that comes between is not looked at. No sequence for WITHOUT OVERLAPS. A concurrent build that meets two equal rows fails and leaves an invalid index: drop it before the next try.',
    sources: [
      'PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint_using_index"',
      'PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"',
    ],
  },
  match(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_UNIQUE');
    if (!found || found.constraint['indexname'] !== undefined || isOfParentAlone(operation, context)) return null;
    return {
      subject: found.relation,
      says: `ADD UNIQUE builds its index of ${shown(found.relation)} under a lock that nobody passes`,
    };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_UNIQUE');
    if (!found) return null;
    const { relation, constraint } = found;
    const name = constraintName(relation, constraint, context) ?? '';
    if (tableOf(context, relation)?.kind === 'p') {
      const up = constraintOfPartitions(constraint, { relation, name }, context);
      return up && { up };
    }
    const index = uniqueIndex(relation, name, constraint);
    if (index === null || isPartitioned(context, relation)) return null;
    const add = `${alterTable(operation, relation)} ADD CONSTRAINT ${quoteIdent(name)} UNIQUE USING INDEX ${quoteIdent(name)}${deferral(constraint)}`;
    return { up: [{ sql: [index], down: [dropIndex(relation, name)] }, { sql: [add] }] };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, isbn text); INSERT INTO book SELECT n, n::text FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD UNIQUE (isbn) DEFERRABLE;',
  },
});
