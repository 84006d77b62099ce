import { defineMigrationRule } from '../../define.js';
import { dependentWords, dependentsOf } from '../../dependents.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/change-type-used',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER COLUMN ... TYPE` of a column that a view, a rule, a policy, a trigger, a generated column, a function or a publication uses.',
    why: 'It fails: such a use is not made again for another type, as an index, a default or a constraint is.',
    limits:
      'Known with --to only. No sequence is made, also not by the rules about how the table is written anew: drop what uses the column first, change the type, and make it again after. What the file itself dropped before the statement is not counted; nor what it made. Functions whose body is text are not seen: they go on, or fail when they are called.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"', 'PostgreSQL manual, "Dependency Tracking"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AlterColumnType');
    if (!found || found.command.name === null) return null;
    const { relation, command } = found;
    const users = dependentsOf(relation, command.name, context).map(dependentWords);
    if (users.length === 0) return null;
    const place = `${shown(relation)}.${shown({ schema: null, name: found.command.name })}`;
    return { subject: null, says: `the type of ${place} can not change while it is used by ${users.join(', ')}` };
  },
  example: {
    setup: `
      CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;
      CREATE VIEW long_book AS SELECT id FROM book WHERE pages > 10;`,
    bad: 'ALTER TABLE book ALTER COLUMN pages TYPE bigint;',
    fails: '0A000',
  },
});
