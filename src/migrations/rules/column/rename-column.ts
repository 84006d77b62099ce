import { quoteIdent } from '../../../base/quote.js';
import { textOf } from '../../../sql/tree.js';
import { isNew, tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { placed, viewByOldName } from '../../old-name.js';
import { objectName, shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'column/rename-column',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`RENAME COLUMN`.',
    why: 'Programs that use the old name fail at once, those that use the new one fail until then: there is no moment at which both run.',
    limits:
      'Silent where the file makes a view by the name of the table. The sequence is for tables, and for the last statement of a file about the table that is no SELECT or INSERT: the table gets another name, and a view by its own name has the column under both. The view can be read and written as the table was, with the same rights; it can not be truncated, copied into or named in DDL, it has no ctid and xmin, ON CONFLICT ON CONSTRAINT does not find its constraints, and a row may be given one of the two names only. Before PostgreSQL 15 it refuses a table with row security. Other ways are a column of the new name that a trigger keeps, or a new name in the programs alone.',
    sources: [
      'PostgreSQL manual, "ALTER TABLE", section "RENAME"',
      'PostgreSQL manual, "CREATE VIEW", section "Updatable Views"',
    ],
  },
  match({ type, relation, body }, { file }) {
    if (type !== 'RenameStmt' || textOf(body, 'renameType') !== 'OBJECT_COLUMN' || !relation) return null;
    if (file.views.includes(relation.name)) return null;
    return {
      subject: relation,
      says: `RENAME COLUMN ${textOf(body, 'subname') ?? ''} of ${shown(relation)} breaks who uses the old name`,
    };
  },
  safe({ type, relation: named, body }, context) {
    const [old, now] = [textOf(body, 'subname'), textOf(body, 'newname')];
    if (type !== 'RenameStmt' || textOf(body, 'renameType') !== 'OBJECT_COLUMN') return null;
    if (!named || old === null || now === null || textOf(body, 'relationType') !== 'OBJECT_TABLE') return null;
    const kind = tableOf(context, named)?.kind ?? 'r';
    const { file, line } = context;
    const isLast = file.needing.filter((one) => one.table === named.name && one.line >= line).length <= 1;
    if (isNew(context, named) || !isLast || (kind !== 'r' && kind !== 'p')) return null;
    const relation = placed(named, context);
    const table = { schema: relation.schema, name: objectName(relation.name, null, 'table') };
    if (tableOf(context, table)) return null;
    const back = [
      `DROP VIEW ${written(relation)}`,
      `ALTER TABLE ${written(table)} RENAME TO ${quoteIdent(relation.name)}`,
    ];
    return {
      differs: `the table is ${shown(table)} for now, and ${shown(relation)} a view of it that has ${old} as ${now} and as ${old}`,
      up: [
        {
          sql: [
            `ALTER TABLE ${written(relation)} RENAME COLUMN ${quoteIdent(old)} TO ${quoteIdent(now)}`,
            `ALTER TABLE ${written(relation)} RENAME TO ${quoteIdent(table.name)}`,
            ...viewByOldName({ view: relation, table, column: { old, now } }, context),
          ],
          down: [...back, `ALTER TABLE ${written(relation)} RENAME COLUMN ${quoteIdent(now)} TO ${quoteIdent(old)}`],
          note: 'Both names of the column work from here on.',
        },
      ],
      later: { when: `nobody uses ${old} of ${shown(relation)} any longer`, sql: back },
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book RENAME COLUMN title TO name;',
    good: 'CREATE VIEW book_names AS SELECT id, title AS name FROM book;',
  },
});
