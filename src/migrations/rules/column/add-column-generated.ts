import { quoteIdent } from '../../../base/quote.js';
import { deparseExpression, deparseGuarded } from '../../../sql/deparse.js';
import { isNode, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { FILL_NOTE, inBatches } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { keptByTrigger } from '../../expand-contract.js';
import { withCommand } from '../../operation.js';
import type { Operation } from '../../operation.js';
import { shown, written } from '../../relation.js';
import { addedColumn, alterTable, mayExist } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-generated',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... GENERATED ALWAYS AS (...) STORED`.',
    why: 'The value is stored in each row, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'A stored generated column itself can only be added so. The sequence gives an ordinary column that a trigger fills and keeps: what a program writes into it is overruled and not refused. None for partitioned tables, tables that others inherit from, and columns with further constraints than NOT NULL. A view, an index on the expression, or from PostgreSQL 18 on a VIRTUAL column stores nothing at all.',
    sources: ['PostgreSQL manual, "Generated Columns"', 'PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation) {
    const found = addedColumn(operation);
    if (!found || !generationOf(operation)) return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} as stored and generated writes all of ${shown(found.relation)} anew`,
    };
  },
  safe(operation, context) {
    const found = addedColumn(operation);
    const value = generationOf(operation)?.['raw_expr'];
    if (!found || !isNode(value) || mayExist(found, context)) return null;
    const { relation, name, column, constraints } = found;
    const table = tableOf(context, relation);
    const isNotNull = constraints.some(isKind('CONSTR_NOTNULL'));
    const isPlain = constraints.every((one) => isKind('CONSTR_GENERATED')(one) || isKind('CONSTR_NOTNULL')(one));
    if (!isPlain || (table && (table.kind !== 'r' || table.hasChildren))) return null;
    const bare: TreeNode = { ...column, constraints: undefined };
    const [quoted, expression] = [quoteIdent(name), deparseExpression(value)];
    return {
      differs: `${name} of ${shown(relation)} is an ordinary column that a trigger keeps, not a generated one`,
      up: [
        { sql: [deparseGuarded(withCommand(operation, { ...found.command.body, def: { ColumnDef: bare } }))] },
        keptByTrigger({ relation, column: name, label: name, value, replaces: null, going: [] }).step,
        {
          sql: [
            inBatches({
              relation,
              statement: `UPDATE ${written(relation)} SET ${quoted} = ${expression}`,
              where: `${quoted} IS DISTINCT FROM (${expression})`,
              quiet: true,
            }),
          ],
          down: [],
          commits: true,
          note: FILL_NOTE,
        },
        ...(isNotNull
          ? [{ sql: [`${alterTable(operation, relation)} ALTER COLUMN ${quoted} SET NOT NULL`], down: [] }]
          : []),
      ],
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, price int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN gross int GENERATED ALWAYS AS (price * 2) STORED;',
    good: 'CREATE VIEW book_gross AS SELECT id, price * 2 AS gross FROM book;',
    ends: [
      'function public.book_gross_sync()',
      'number of trigger objects',
      'column public.book.gross: generated yes -> no',
    ],
  },
});

/** The clause of a stored generated column. */
function generationOf(operation: Operation): TreeNode | null {
  const clause = addedColumn(operation)?.constraints.find(isKind('CONSTR_GENERATED'));
  return clause && textOf(clause, 'generated_kind') !== 'v' ? clause : null;
}

function isKind(kind: string): (constraint: TreeNode) => boolean {
  return (constraint) => textOf(constraint, 'contype') === kind;
}
