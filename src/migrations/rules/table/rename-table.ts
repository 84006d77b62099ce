import { quoteIdent } from '../../../base/quote.js';
import { textOf } from '../../../sql/tree.js';
import { isKnownAbsent } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { placed, viewByOldName } from '../../old-name.js';
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
      'Silent where the file makes a view by the old name. The sequence is for tables. The view that takes the old name can be read and written as the table was, with the same rights; it can not be truncated, copied into or named in DDL, it has no ctid and xmin, and ON CONFLICT ON CONSTRAINT does not find its constraints. Before PostgreSQL 15 it refuses a table with row security.',
    sources: ['PostgreSQL manual, "CREATE VIEW", section "Updatable Views"'],
  },
  match({ type, relation, body }, context) {
    if (type !== 'RenameStmt' || !KINDS.has(textOf(body, 'renameType') ?? '') || !relation) return null;
    // ALTER TABLE renames indexes and sequences as well.
    if (context.file.views.includes(relation.name) || isKnownAbsent(context, relation)) return null;
    return { subject: relation, says: `RENAME of ${shown(relation)} breaks who uses the old name` };
  },
  safe({ type, relation: named, body }, context) {
    const to = textOf(body, 'newname');
    if (type !== 'RenameStmt' || !named || to === null || textOf(body, 'renameType') !== 'OBJECT_TABLE') return null;
    const { file, line } = context;
    // Something else comes by the old name further on.
    if (file.needing.filter((one) => one.table === named.name && one.line >= line).length > 1) return null;
    // No view may stand on what goes or changes its form.
    if (file.reshaped.some((one) => one.table === to && one.line >= line)) return null;
    const relation = placed(named, context);
    const table = { schema: relation.schema, name: to };
    return {
      differs: `a view by the old name of ${shown(relation)} stays for who still uses it`,
      up: [
        {
          sql: [
            `ALTER TABLE ${written(relation)} RENAME TO ${quoteIdent(to)}`,
            ...viewByOldName({ view: relation, table, column: null }, context),
          ],
          down: [
            `DROP VIEW ${written(relation)}`,
            `ALTER TABLE ${written(table)} RENAME TO ${quoteIdent(relation.name)}`,
          ],
          note: 'Both names work from here on.',
        },
      ],
      later: { when: `nobody uses the name ${shown(relation)} any longer`, sql: [`DROP VIEW ${written(relation)}`] },
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book RENAME TO volume;',
  },
});
