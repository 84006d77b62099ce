import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/replace-view',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`CREATE OR REPLACE VIEW` of a view that is there.',
    why: 'It is done at once, but ACCESS EXCLUSIVE on the view is waited for, and everybody who reads it waits behind it.',
    limits: 'Silent where the catalog given with --to has no such view.',
    sources: ['PostgreSQL manual, "CREATE VIEW"'],
  },
  match({ type, relation, body }, context) {
    if (type !== 'ViewStmt' || body['replace'] !== true || !relation) return null;
    if (context.catalog && !tableOf(context, relation)) return null;
    return {
      subject: relation,
      says: `${shown(relation)} is replaced under a short lock that none of its readers passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n; CREATE VIEW long_book AS SELECT id FROM book WHERE pages > 10;',
    bad: 'CREATE OR REPLACE VIEW long_book AS SELECT id FROM book WHERE pages > 100;',
  },
});
