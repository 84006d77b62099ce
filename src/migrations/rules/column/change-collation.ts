import { sortsAnew, typeChangeOf } from '../../effects/alter-table.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/change-collation',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER COLUMN ... TYPE ... COLLATE` on a column with an index.',
    why: 'The rows stay as they are, but every index on the column is built anew under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'Which indexes there are is known with --to; without, one is taken for granted. No sequence is made: an index with the collation in its own definition serves statements that name it, and can be built with CONCURRENTLY.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"', 'PostgreSQL manual, "Indexes and Collations"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AlterColumnType');
    if (!found || !sortsAnew(found.relation, found.command, context)) return null;
    const change = typeChangeOf(found.relation, found.command, context);
    if (change !== 'same' && change !== 'no-rewrite') return null;
    return {
      subject: found.relation,
      says: `another collation of ${found.command.name ?? 'a column'} builds its indexes on ${shown(found.relation)} anew under a lock that nobody passes`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n; CREATE INDEX book_title ON book (title);",
    bad: 'ALTER TABLE book ALTER COLUMN title TYPE text COLLATE "C";',
    good: 'CREATE INDEX CONCURRENTLY book_title_c ON book (title COLLATE "C");',
  },
});
