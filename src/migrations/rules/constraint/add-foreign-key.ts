import { quoteIdent } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import { field } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { tableOf } from '../../context.js';
import { constraintName } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { withCommand } from '../../operation.js';
import { relationOf, shown } from '../../relation.js';
import { addedConstraint, alterTable, oneByOne } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-foreign-key',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ADD FOREIGN KEY` without NOT VALID.',
    why: 'Both tables take no writes (SHARE ROW EXCLUSIVE) while every row of the referencing one is looked up in the other.',
    limits:
      'A foreign key of a partitioned table can be NOT VALID from PostgreSQL 18 on only; before, constraint/add-foreign-key-partitioned speaks where the catalog shows that it is one.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint [ NOT VALID ]"'],
  },
  match(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
    if (!found || found.constraint['skip_validation'] === true || found.constraint['is_enforced'] !== true) return null;
    if (context.major < 18 && tableOf(context, found.relation)?.kind === 'p') return null;
    const referenced = relationOf(field(found.constraint, 'pktable'));
    return {
      subject: found.relation,
      says: `ADD FOREIGN KEY keeps writes off ${shown(found.relation)} and ${referenced ? shown(referenced) : 'the referenced table'} while it looks every row up`,
    };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
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
    setup: `
      CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id int PRIMARY KEY, author_id int); INSERT INTO book SELECT n, 1 + n % 100 FROM generate_series(1, 2000) AS n;
      CREATE INDEX ON book (author_id);`,
    bad: 'ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id);',
  },
});
