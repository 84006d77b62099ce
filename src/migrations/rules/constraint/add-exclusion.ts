import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { addedConstraint } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-exclusion',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD EXCLUDE`.',
    why: 'The index is built and every row is compared under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'No sequence is made: PostgreSQL can neither take an index over for an exclusion constraint nor validate one later. Where only rows to come matter, a trigger that looks for an overlap under an advisory lock refuses them; otherwise choose a quiet hour: it takes as long as building the index takes.',
    sources: [
      'PostgreSQL manual, "CREATE TABLE", section "EXCLUDE"',
      'PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint_using_index"',
    ],
  },
  match(operation) {
    const found = addedConstraint(operation, 'CONSTR_EXCLUSION');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `ADD EXCLUDE builds its index of ${shown(found.relation)} under a lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE booking (id int PRIMARY KEY, during int4range); INSERT INTO booking SELECT n, int4range(n, n + 1) FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE booking ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&);',
  },
});
