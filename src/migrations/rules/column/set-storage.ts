import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/set-storage',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`ALTER COLUMN ... SET STORAGE` and `SET COMPRESSION`.',
    why: 'It is for new values only and is done at once, but ACCESS EXCLUSIVE is waited for, and everybody else waits behind it.',
    limits: 'Values that are there keep their form until they are written again.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET STORAGE"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_SetStorage', 'AT_SetCompression');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `${found.command.name ?? 'a column'} of ${shown(found.relation)} is stored in another way from now on, after a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book ALTER COLUMN title SET STORAGE EXTERNAL;',
  },
});
