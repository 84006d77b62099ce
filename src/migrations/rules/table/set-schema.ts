import { quoteIdent } from '../../../base/quote.js';
import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { placed, viewByOldName } from '../../old-name.js';
import { shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/set-schema',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`SET SCHEMA` of a table or view.',
    why: 'Programs that use the old name, or whose search path does not hold the new schema, fail at once.',
    limits:
      'Silent where the file makes a view by the old name. The sequence is for tables whose schema is known: written, or with --to. A view takes the old name; what it can and can not do is said of table/rename-table.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET SCHEMA"'],
  },
  match({ type, relation, body }, { file }) {
    const kinds = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
    if (type !== 'AlterObjectSchemaStmt' || !relation || !kinds.includes(textOf(body, 'objectType') ?? '')) return null;
    if (file.views.includes(relation.name)) return null;
    return { subject: relation, says: `SET SCHEMA breaks who uses ${shown(relation)} by its old name` };
  },
  safe({ type, relation: named, body }, context) {
    const to = textOf(body, 'newschema');
    if (type !== 'AlterObjectSchemaStmt' || !named || to === null || textOf(body, 'objectType') !== 'OBJECT_TABLE')
      return null;
    const { file, line } = context;
    // No view may stand on what goes or changes its form.
    if (file.reshaped.some((one) => one.table === named.name && one.line >= line)) return null;
    const relation = placed(named, context);
    if (relation.schema === null || relation.schema === to) return null;
    const table = { schema: to, name: relation.name };
    return {
      differs: `a view in the old schema of ${shown(relation)} stays for who still uses it`,
      up: [
        {
          sql: [
            `ALTER TABLE ${written(relation)} SET SCHEMA ${quoteIdent(to)}`,
            ...viewByOldName({ view: relation, table, column: null }, context),
          ],
          down: [
            `DROP VIEW ${written(relation)}`,
            `ALTER TABLE ${written(table)} SET SCHEMA ${quoteIdent(relation.schema)}`,
          ],
          note: 'Both names work from here on.',
        },
      ],
      later: { when: `nobody uses ${shown(relation)} any longer`, sql: [`DROP VIEW ${written(relation)}`] },
    };
  },
  example: {
    setup:
      'CREATE SCHEMA old; CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book SET SCHEMA old;',
  },
});
