import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/set-expression',
  minMajor: 17,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER COLUMN ... SET EXPRESSION` of a stored generated column.',
    why: 'Every value is computed again, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence is made. Taken for stored: whether the column is virtual (PostgreSQL 18), which nothing is written for, is not looked up.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET EXPRESSION AS"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_SetExpression');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `SET EXPRESSION of ${found.command.name ?? 'a column'} writes all of ${shown(found.relation)} anew`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (price int, gross int GENERATED ALWAYS AS (price * 2) STORED); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ALTER COLUMN gross SET EXPRESSION AS (price * 3);',
  },
});
