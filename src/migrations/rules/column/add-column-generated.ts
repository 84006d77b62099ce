import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { addedColumn } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-generated',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... GENERATED ALWAYS AS (...) STORED`.',
    why: 'The value is stored in each row, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence is made: a stored generated column can only be added so. A view, an index on the expression, a column that a trigger fills, or from PostgreSQL 18 on a VIRTUAL column writes nothing anew.',
    sources: ['PostgreSQL manual, "Generated Columns"', 'PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation) {
    const found = addedColumn(operation);
    const generated = found?.constraints.find((one) => textOf(one, 'contype') === 'CONSTR_GENERATED');
    if (!found || !generated || textOf(generated, 'generated_kind') === 'v') return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} as stored and generated writes all of ${shown(found.relation)} anew`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, price int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN gross int GENERATED ALWAYS AS (price * 2) STORED;',
    good: 'CREATE VIEW book_gross AS SELECT id, price * 2 AS gross FROM book;',
  },
});
