import { quoteIdent } from '../../../base/quote.js';
import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown, written } from '../../relation.js';

const KINDS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

export default defineMigrationRule({
  id: 'table/rename-table',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`RENAME TO` of a table, a view or a materialised view.',
    why: 'Programs that use the old name fail at once, those that use the new one fail until then: there is no moment at which both run.',
    limits:
      'Silent where the file makes a view by the old name. The sequence is for tables. The view that takes the old name can be read and written as the table was; it can not be locked, truncated or named in DDL, it has the rights of its own maker, and ON CONFLICT and COPY FROM work through it only as PostgreSQL lets them. Drop it when nobody uses it.',
    sources: ['PostgreSQL manual, "CREATE VIEW", section "Updatable Views"'],
  },
  match({ type, relation, body }, { file }) {
    if (type !== 'RenameStmt' || !KINDS.has(textOf(body, 'renameType') ?? '') || !relation) return null;
    if (file.views.includes(relation.name)) return null;
    return { subject: relation, says: `RENAME of ${shown(relation)} breaks who uses the old name` };
  },
  safe({ type, relation, body }) {
    const to = textOf(body, 'newname');
    if (type !== 'RenameStmt' || !relation || to === null || textOf(body, 'renameType') !== 'OBJECT_TABLE') return null;
    const now = written({ schema: relation.schema, name: to });
    return {
      differs: `a view by the old name of ${shown(relation)} stays for who still uses it: drop it when nobody does`,
      up: [
        {
          sql: [
            `ALTER TABLE ${written(relation)} RENAME TO ${quoteIdent(to)}`,
            `CREATE VIEW ${written(relation)} AS SELECT * FROM ${now}`,
          ],
          down: [`DROP VIEW ${written(relation)}`, `ALTER TABLE ${now} RENAME TO ${quoteIdent(relation.name)}`],
          note: 'Both names work from here on. Rights on the table are to be granted on the view as well.',
        },
      ],
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book RENAME TO volume;',
    ends: ['number of view objects', 'table public.book'],
  },
});
