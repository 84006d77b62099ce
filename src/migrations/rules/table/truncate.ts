import { bodiesOf, list } from '../../../sql/tree.js';
import { isNew } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { relationOf, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/truncate',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`TRUNCATE`.',
    why: 'All rows are lost, also for transactions that began before; and ACCESS EXCLUSIVE is waited for, while everybody else waits behind it.',
    limits: 'Whether the rows are still wanted can not be seen in a migration.',
    sources: ['PostgreSQL manual, "TRUNCATE"'],
  },
  match({ type, body }, context) {
    if (type !== 'TruncateStmt') return null;
    const tables = bodiesOf(list(body, 'relations'), 'RangeVar').flatMap((range) => relationOf(range) ?? []);
    const old = tables.filter((table) => !isNew(context, table));
    const [first] = old;
    return first
      ? {
          subject: first,
          says: `TRUNCATE of ${old.map(shown).join(', ')} loses all rows, under a lock that nobody passes`,
        }
      : null;
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'TRUNCATE book;',
  },
});
