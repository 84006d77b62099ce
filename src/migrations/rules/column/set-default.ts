import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/set-default',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`ALTER COLUMN ... SET DEFAULT` and `DROP DEFAULT`.',
    why: 'It is for new rows only and is done at once, but ACCESS EXCLUSIVE is waited for, and everybody else waits behind it.',
    limits: 'Rows that are there keep what they have.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET/DROP DEFAULT"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_ColumnDefault');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `the default of ${found.command.name ?? 'a column'} of ${shown(found.relation)} changes under a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ALTER COLUMN pages SET DEFAULT 0;',
  },
});
