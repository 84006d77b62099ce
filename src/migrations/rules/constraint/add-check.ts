import { quoteIdent } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import { list, names, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { withCommand } from '../../operation.js';
import { objectName, shown } from '../../relation.js';
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
  safe(operation) {
    const found = addedConstraint(operation, 'CONSTR_CHECK');
    if (!found) return null;
    const { constraint, command, relation } = found;
    const name = found.name ?? checkName(relation.name, constraint);
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

/** PostgreSQL names a check after its column where it is about one only. */
function checkName(table: string, constraint: TreeNode): string {
  const columns = new Set(
    [...walk(constraint['raw_expr'])].flatMap(({ type, body }) =>
      type === 'ColumnRef' ? [names(list(body, 'fields')).at(-1) ?? ''] : [],
    ),
  );
  const [only] = columns;
  return objectName(table, columns.size === 1 ? (only ?? null) : null, 'check');
}
