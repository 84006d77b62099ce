import { deparseGuarded } from '../../../sql/deparse.js';
import { field, list } from '../../../sql/tree.js';
import { inBatches, PACE } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'data/delete-whole-table',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DELETE` without WHERE.',
    why: 'Every row stays locked until the last one is done, its space is not given back, and standbys have to take all of its WAL at once.',
    limits:
      'Rows that are added while the batches run may stay. TRUNCATE is shorter where nobody else needs the table for a moment. Not for partitioned tables.',
    sources: ['PostgreSQL manual, "DELETE"', 'PostgreSQL manual, "TRUNCATE"'],
  },
  match({ type, relation, body }) {
    if (type !== 'DeleteStmt' || !relation || field(body, 'whereClause')) return null;
    return {
      subject: relation,
      says: `DELETE of all of ${shown(relation)} keeps every row locked until the last one is done`,
    };
  },
  safe({ type, relation, body }, context) {
    const plain =
      !field(body, 'withClause') && list(body, 'usingClause').length === 0 && list(body, 'returningList').length === 0;
    if (
      type !== 'DeleteStmt' ||
      !relation ||
      !plain ||
      field(body, 'returningClause') ||
      tableOf(context, relation)?.kind === 'p'
    )
      return null;
    return {
      differs: `rows of ${shown(relation)} go in batches: others see some gone and some not`,
      up: [
        {
          sql: [inBatches({ relation, statement: deparseGuarded({ DeleteStmt: body }), where: null, quiet: false })],
          down: null,
          commits: true,
          note: `In batches. May be interrupted and run again. ${PACE}`,
        },
      ],
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'DELETE FROM book;',
  },
});
