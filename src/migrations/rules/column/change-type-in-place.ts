import { defineMigrationRule } from '../../define.js';
import { typeChangeOf } from '../../effects/alter-table.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/change-type-in-place',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`ALTER COLUMN ... TYPE` that keeps the stored values: a wider varchar or numeric, varchar to text.',
    why: 'No row is read or written, but ACCESS EXCLUSIVE is waited for, and everybody else waits behind it.',
    limits:
      'Spoken only where the present type is known, from the file or with --to. Statements that were prepared before plan again, and cached plans of functions fail once where a result type changes.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AlterColumnType');
    if (!found || typeChangeOf(found.relation, found.command, context) !== 'no-rewrite') return null;
    return {
      subject: found.relation,
      says: `${found.command.name ?? 'the column'} of ${shown(found.relation)} changes its type without touching a row`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title varchar(20)); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n; CREATE INDEX ON book (title);",
    bad: 'ALTER TABLE book ALTER COLUMN title TYPE varchar(40); ALTER TABLE book ALTER COLUMN title TYPE text;',
  },
});
