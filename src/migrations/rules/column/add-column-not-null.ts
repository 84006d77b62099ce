import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { addedColumn } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-not-null',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... NOT NULL` without a default.',
    why: 'It fails as soon as the table holds a row; and statements of the application that do not know the column yet fail from then on.',
    limits:
      'What value the rows should have is not for a rule to say: give a default, or add the column without NOT NULL, fill it, and SET NOT NULL.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD COLUMN"'],
  },
  match(operation) {
    const found = addedColumn(operation);
    const kinds = found?.constraints.map((one) => textOf(one, 'contype')) ?? [];
    const isFilled = kinds.some(
      (kind) => kind === 'CONSTR_DEFAULT' || kind === 'CONSTR_IDENTITY' || kind === 'CONSTR_GENERATED',
    );
    const isSerial = /"(?:small|big)?serial[248]?"/.test(JSON.stringify(found?.column['typeName'] ?? null));
    if (!found || isFilled || isSerial || !kinds.some((kind) => kind === 'CONSTR_NOTNULL' || kind === 'CONSTR_PRIMARY'))
      return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} NOT NULL without a default fails if ${shown(found.relation)} holds a row`,
    };
  },
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN pages int NOT NULL;',
    good: 'ALTER TABLE book ADD COLUMN pages int NOT NULL DEFAULT 0;',
    fails: '23502',
  },
});
