import { columnKey } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/validate-in-same-transaction',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  plannedAway: true,
  docs: {
    what: '`VALIDATE CONSTRAINT` in the transaction that added the constraint NOT VALID.',
    why: 'The lock of adding it is held to the end of the transaction, so that the rows are read under it after all.',
    limits: 'Seen where both stand in one BEGIN ... COMMIT, or with --one-transaction.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "VALIDATE CONSTRAINT"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_ValidateConstraint');
    const name = found?.command.name;
    if (!found || name === null || name === undefined) return null;
    if (!context.state.transaction?.notValid.has(columnKey(context, found.relation, name))) return null;
    return {
      subject: found.relation,
      says: `VALIDATE reads all of ${shown(found.relation)} while the lock of adding the constraint is still held`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'BEGIN; ALTER TABLE book ADD CONSTRAINT positive CHECK (pages > 0) NOT VALID; ALTER TABLE book VALIDATE CONSTRAINT positive; COMMIT;',
  },
});
