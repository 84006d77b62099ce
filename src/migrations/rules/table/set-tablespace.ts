import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/set-tablespace',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`SET TABLESPACE` of a table.',
    why: 'The whole table is copied under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'No sequence is made. Its indexes stay where they are (index/set-tablespace moves those beside their use); a table by the extension pg_repack, or as a new table that is filled in batches.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET TABLESPACE"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_SetTableSpace');
    if (!found) return null;
    return { subject: found.relation, says: `${shown(found.relation)} is copied under a lock that nobody passes` };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book SET TABLESPACE cold;',
  },
});
