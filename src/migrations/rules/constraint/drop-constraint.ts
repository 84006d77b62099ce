import { constraintsOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/drop-constraint',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`DROP CONSTRAINT`.',
    why: 'It is done at once, but ACCESS EXCLUSIVE is waited for, of a foreign key on both tables, and everybody else waits behind it.',
    limits:
      'Which kind of constraint it is, and with it whether a second table is locked and how it comes back, is known with --to.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "DROP CONSTRAINT"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_DropConstraint');
    if (!found) return null;
    const referenced = constraintsOf(context, found.relation).find(
      ({ name }) => name === found.command.name,
    )?.references;
    const also = referenced ? ` and of ${shown(referenced.table)}` : '';
    return {
      subject: found.relation,
      says: `DROP CONSTRAINT takes a short lock of ${shown(found.relation)}${also} that nobody passes`,
    };
  },
  example: {
    setup: `
      CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id int PRIMARY KEY, author_id int CONSTRAINT by REFERENCES author); INSERT INTO book SELECT n, 1 + n % 100 FROM generate_series(1, 2000) AS n;`,
    bad: 'ALTER TABLE book DROP CONSTRAINT by;',
  },
});
