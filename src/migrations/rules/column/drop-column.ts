import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/drop-column',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DROP COLUMN`.',
    why: 'Programs that still read or write the column fail from then on, and the values can not be brought back.',
    limits:
      'Whether anything still uses the column can not be seen in a migration. Take it out of all programs first and let it be NULL, then drop it in a later release.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "DROP COLUMN"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_DropColumn');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `DROP COLUMN ${found.command.name ?? ''} of ${shown(found.relation)} breaks who still uses it, for good`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book DROP COLUMN title;',
    good: 'ALTER TABLE book ALTER COLUMN title DROP NOT NULL;',
  },
});
