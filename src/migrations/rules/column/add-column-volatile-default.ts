import { quoteIdent } from '../../../base/quote.js';
import { deparseExpression, deparseGuarded } from '../../../sql/deparse.js';
import { textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { FILL_NOTE, fillColumn } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { volatilityOf } from '../../effects/defaults.js';
import { withCommand } from '../../operation.js';
import type { Operation } from '../../operation.js';
import { shown } from '../../relation.js';
import { addedColumn, alterTable, mayExist } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-volatile-default',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... DEFAULT` with a volatile function, such as random() or gen_random_uuid().',
    why: 'Each row gets a value of its own, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      "A function of the user's is looked up in the catalog given with --to; without one it is taken for volatile. No sequence for partitioned tables, whose pages are not one sequence.",
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation, { catalog }) {
    const found = addedColumn(operation);
    const value = found ? defaultOf(operation) : null;
    if (!found || !value) return null;
    const volatility = volatilityOf(value, catalog);
    if (volatility === 'not') return null;
    const why = volatility === 'volatile' ? 'a volatile default' : 'a default that may be volatile';
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} with ${why} writes all of ${shown(found.relation)} anew`,
    };
  },
  safe(operation, context) {
    const found = addedColumn(operation);
    const value = defaultOf(operation);
    if (!found || !value || tableOf(context, found.relation)?.kind === 'p') return null;
    if (mayExist(found, context)) return null;
    const { relation, name, column, constraints } = found;
    const alter = alterTable(operation, relation);
    const expression = deparseExpression(value);
    const bare: TreeNode = { ...column, constraints: undefined };
    const [notNull, others] = [
      constraints.filter(isNotNull),
      constraints.filter((one) => !isNotNull(one) && !isDefault(one)),
    ];
    if (others.length > 0) return null;
    return {
      up: [
        { sql: [deparseGuarded(withCommand(operation, { ...found.command.body, def: { ColumnDef: bare } }))] },
        {
          sql: [`${alter} ALTER COLUMN ${quoteIdent(name)} SET DEFAULT ${expression}`],
          down: [],
          note: 'New rows get it from here on.',
        },
        {
          sql: [fillColumn(relation, name, 'DEFAULT')],
          down: [],
          commits: true,
          note: FILL_NOTE,
        },
        ...(notNull.length > 0 ? [{ sql: [`${alter} ALTER COLUMN ${quoteIdent(name)} SET NOT NULL`], down: [] }] : []),
      ],
    };
  },
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN code uuid NOT NULL DEFAULT gen_random_uuid();',
  },
});

function defaultOf(operation: Operation): TreeNode | null {
  const constraint = addedColumn(operation)?.constraints.find(isDefault);
  return (constraint?.['raw_expr'] as TreeNode | undefined) ?? null;
}

function isDefault(constraint: TreeNode): boolean {
  return textOf(constraint, 'contype') === 'CONSTR_DEFAULT';
}

function isNotNull(constraint: TreeNode): boolean {
  return textOf(constraint, 'contype') === 'CONSTR_NOTNULL';
}
