import { list, textOf } from '../../../sql/tree.js';
import { cascadeWords, cascadesOf } from '../../cascades.js';
import { defineMigrationRule } from '../../define.js';
import { dependentWords, dependentsOf } from '../../dependents.js';
import { relationOfNames } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/drop-cascade',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`CASCADE` of DROP, DROP COLUMN, DROP CONSTRAINT and TRUNCATE.',
    why: 'What goes along is decided by what is there at that moment: views, foreign keys, with TRUNCATE the rows of other tables; their locks are taken as well, and nothing of it stands in the file.',
    limits:
      'With --to it is listed what is defined on a table, what rests on a function, type, extension or sequence, and of a schema what it holds and what rests on that. Drop them by name, so that the file says it.',
    sources: ['PostgreSQL manual, "Dependency Tracking"'],
  },
  match({ type, relation, command, body }, context) {
    const cascades = command
      ? command.cascade && command.subtype.startsWith('AT_Drop')
      : (type === 'DropStmt' || type === 'TruncateStmt') && textOf(body, 'behavior') === 'DROP_CASCADE';
    if (!cascades) return null;
    const dropped = command
      ? relation
        ? [relation]
        : []
      : list(body, 'objects').flatMap((one) => relationOfNames(one) ?? []);
    const column = command?.subtype === 'AT_DropColumn' ? command.name : null;
    const known =
      command?.subtype === 'AT_DropConstraint' ? [] : dropped.flatMap((one) => dependentsOf(one, column, context));
    const others = type === 'DropStmt' ? (cascadesOf(body, context) ?? []) : [];
    const words = [...known.map(dependentWords), ...(others.length > 0 ? [cascadeWords(others)] : [])];
    const along = words.length > 0 ? `; now ${words.join(', ')}` : '';
    return { subject: relation, says: `CASCADE takes along whatever depends on it at that moment${along}` };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n; CREATE VIEW long_book AS SELECT id FROM book WHERE pages > 10;',
    bad: 'ALTER TABLE book DROP COLUMN pages CASCADE;',
    good: 'DROP VIEW long_book; ALTER TABLE book DROP COLUMN pages;',
  },
});
