import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/change-owner',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`OWNER TO`.',
    why: 'It is done at once, but ACCESS EXCLUSIVE is waited for, and everybody else waits behind it; rights of the former owner are gone.',
    limits: 'Who is a member of the new owner is not looked at.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "OWNER TO"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_ChangeOwner');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `${shown(found.relation)} changes its owner under a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book OWNER TO pg_monitor;',
  },
});
