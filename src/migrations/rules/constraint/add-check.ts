import { quoteIdent } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import type { TreeNode } from '../../../sql/tree.js';
import { constraintName } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { withCommand } from '../../operation.js';
import { shown } from '../../relation.js';
import { addedConstraint, alterTable, oneByOne } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-check',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD CONSTRAINT ... CHECK` without NOT VALID.',
    why: 'Every row is read under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'The sequence reads the rows as well, but under SHARE UPDATE EXCLUSIVE. Where rows break the condition, VALIDATE fails and the constraint stays, for new rows only.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint [ NOT VALID ]"'],
  },
  match(operation) {
    const found = addedConstraint(operation, 'CONSTR_CHECK');
    if (!found || found.constraint['skip_validation'] === true || found.constraint['is_enforced'] !== true) return null;
    return { subject: found.relation, says: `ADD CHECK reads all of ${shown(found.relation)} under its lock` };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_CHECK');
    if (!found) return null;
    const { constraint, command, relation } = found;
    const name = constraintName(relation, constraint, context) ?? '';
    const later: TreeNode = { ...constraint, conname: name, skip_validation: true, initially_valid: undefined };
    return oneByOne([
      deparseGuarded(withCommand(operation, { ...command.body, def: { Constraint: later } })),
      `${alterTable(operation, relation)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
    ]);
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD CHECK (pages > 0);',
  },
});
