import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/set-persistence',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`SET LOGGED` and `SET UNLOGGED`.',
    why: 'The whole table and its indexes are written anew under ACCESS EXCLUSIVE, to the WAL as well for SET LOGGED; an unlogged table is empty after a crash and on every standby.',
    limits:
      'No sequence is made: PostgreSQL can not change it beside its use, and a copy has to take along every row that is written meanwhile. For rows that may be lost after a crash, make a new table that is UNLOGGED from the start and let the programs write there; otherwise choose a quiet hour: it takes as long as writing the table takes.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET { LOGGED | UNLOGGED }"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_SetLogged', 'AT_SetUnLogged');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `${shown(found.relation)} is written anew under a lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book SET UNLOGGED; ALTER TABLE book SET LOGGED;',
  },
});
