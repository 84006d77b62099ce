import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/inherit',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`INHERIT` and `NO INHERIT`.',
    why: 'ACCESS EXCLUSIVE is waited for on the child, and everybody else waits behind it; queries on the parent see other rows from then on.',
    limits: 'Whether the columns and checks fit is seen when it runs.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "INHERIT parent_table"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_AddInherit', 'AT_DropInherit');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `${shown(found.relation)} joins or leaves its parent under a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n; CREATE TABLE novel (id int NOT NULL, pages int); INSERT INTO novel SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE novel INHERIT book;',
  },
});
