import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/set-access-method',
  minMajor: 15,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`SET ACCESS METHOD`.',
    why: 'The whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits: 'No sequence is made. Make a table with the method, fill it in batches and switch names.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET ACCESS METHOD"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_SetAccessMethod');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `${shown(found.relation)} is written anew under a lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book SET ACCESS METHOD heap2;',
  },
});
