import { deparseGuarded } from '../../../sql/deparse.js';
import { textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { withCommand } from '../../operation.js';
import { shown } from '../../relation.js';
import { addedColumn, mayExist, oneByOne } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-with-constraint',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN` with CHECK, UNIQUE or PRIMARY KEY, with REFERENCES and a default, or with NOT NULL of a virtual generated column, in one statement.',
    why: 'Rows are read, and the index is built, under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'REFERENCES of a column without a default reads no rows, and is left as it is: it takes a short lock on both tables.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD COLUMN"'],
  },
  match(operation) {
    const found = addedColumn(operation);
    const working = found ? found.constraints.filter((one) => isWork(one, found.constraints)) : [];
    if (!found || working.length === 0) return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} with its constraint reads all of ${shown(found.relation)} under its lock`,
    };
  },
  safe(operation, context) {
    const found = addedColumn(operation);
    if (!found || mayExist(found, context)) return null;
    const { column, command, constraints, name } = found;
    const apart = constraints.filter((one) => isWork(one, constraints));
    // DEFERRABLE and the like are nodes of their own after a column's constraint.
    if (constraints.some((one) => (textOf(one, 'contype') ?? '').startsWith('CONSTR_ATTR'))) return null;
    const stays = constraints.filter((one) => !apart.includes(one)).map((one) => ({ Constraint: one }));
    const bare: TreeNode = { ...column, constraints: stays.length > 0 ? stays : undefined };
    return oneByOne([
      deparseGuarded(withCommand(operation, { ...command.body, def: { ColumnDef: bare } })),
      ...apart.map((one) => {
        const { name: _, subtype: __, ...rest } = command.body;
        const def = { Constraint: { ...one, ...keyFields(one, name) } };
        return deparseGuarded(
          withCommand(operation, { ...rest, subtype: 'AT_AddConstraint', def, missing_ok: undefined }),
        );
      }),
    ]);
  },
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN isbn text UNIQUE CHECK (length(isbn) = 13);',
  },
});

function isWork(constraint: TreeNode, all: readonly TreeNode[]): boolean {
  const kind = textOf(constraint, 'contype');
  const isFilled = all.some((one) => textOf(one, 'contype') === 'CONSTR_DEFAULT');
  return (
    kind === 'CONSTR_CHECK' ||
    kind === 'CONSTR_UNIQUE' ||
    kind === 'CONSTR_PRIMARY' ||
    (kind === 'CONSTR_FOREIGN' && isFilled) ||
    (kind === 'CONSTR_NOTNULL' && all.some((one) => textOf(one, 'generated_kind') === 'v'))
  );
}

/** A table's constraint names its columns. */
function keyFields(constraint: TreeNode, column: string): TreeNode {
  const keys = [{ String: { sval: column } }];
  const kind = textOf(constraint, 'contype');
  if (kind === 'CONSTR_CHECK') return {};
  return kind === 'CONSTR_FOREIGN' ? { fk_attrs: keys } : { keys };
}
