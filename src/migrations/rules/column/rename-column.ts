import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'column/rename-column',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`RENAME COLUMN`.',
    why: 'Programs that use the old name fail at once, those that use the new one fail until then: there is no moment at which both run.',
    limits:
      'No sequence is made. A view gives readers the new name; for writers add a column of the new name that a trigger keeps, and drop the old one in a later release.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "RENAME"'],
  },
  match({ type, relation, body }) {
    if (type !== 'RenameStmt' || textOf(body, 'renameType') !== 'OBJECT_COLUMN' || !relation) return null;
    return {
      subject: relation,
      says: `RENAME COLUMN ${textOf(body, 'subname') ?? ''} of ${shown(relation)} breaks who uses the old name`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book RENAME COLUMN title TO name;',
    good: 'CREATE VIEW book_names AS SELECT id, title AS name FROM book;',
  },
});
