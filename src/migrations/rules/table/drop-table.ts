import { list, textOf } from '../../../sql/tree.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { relationOfNames, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/drop-table',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DROP TABLE`, and of views and materialised views.',
    why: 'Programs that still use it fail from then on, and the rows can not be brought back; a table that it refers to is locked as well.',
    limits:
      'Whether anything still uses it can not be seen in a migration. Rename it first and drop it days later, when nothing has failed.',
    sources: ['PostgreSQL manual, "DROP TABLE"'],
  },
  match({ type, body }, context) {
    const kind = textOf(body, 'removeType');
    if (type !== 'DropStmt' || !['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'].includes(kind ?? '')) return null;
    const tables = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
    const [first] = tables;
    if (!first || tables.every((table) => tableOf(context, table)?.partitionOf)) return null;
    const lost = kind === 'OBJECT_VIEW' ? '' : ', and its rows are lost';
    return { subject: first, says: `DROP of ${tables.map(shown).join(', ')} breaks who still uses it${lost}` };
  },
  example: {
    setup: `
      CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author); INSERT INTO book SELECT n, 1 FROM generate_series(1, 2000) AS n;`,
    bad: 'DROP TABLE book;',
    good: 'ALTER TABLE book RENAME TO book_gone;',
  },
});
