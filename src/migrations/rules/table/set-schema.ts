import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/set-schema',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`SET SCHEMA` of a table or view.',
    why: 'Programs that use the old name, or whose search path does not hold the new schema, fail at once.',
    limits: 'No sequence is made. A view of the old name in the old schema keeps readers and most writers going.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET SCHEMA"'],
  },
  match({ type, relation, body }) {
    const kinds = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
    if (type !== 'AlterObjectSchemaStmt' || !relation || !kinds.includes(textOf(body, 'objectType') ?? '')) return null;
    return { subject: relation, says: `SET SCHEMA breaks who uses ${shown(relation)} by its old name` };
  },
  example: {
    setup:
      'CREATE SCHEMA old; CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book SET SCHEMA old;',
  },
});
