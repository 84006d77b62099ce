import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import { field, list, textOf } from '../../../sql/tree.js';
import { FILL_NOTE, fillColumn } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { typeParts } from '../../effects/types.js';
import { withCommand } from '../../operation.js';
import { objectName, shown, written, writtenLiteral } from '../../relation.js';
import { addedColumn, alterTable, mayExist } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-identity',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... GENERATED AS IDENTITY`.',
    why: 'Each row gets a number of its own, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence of steps for partitioned tables, for options of the identity (START, INCREMENT, ...) and where the column has further constraints.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation) {
    const found = addedColumn(operation);
    if (!found?.constraints.some((one) => textOf(one, 'contype') === 'CONSTR_IDENTITY')) return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} as an identity writes all of ${shown(found.relation)} anew`,
    };
  },
  safe(operation, context) {
    const found = addedColumn(operation);
    const identity = found?.constraints.find((one) => textOf(one, 'contype') === 'CONSTR_IDENTITY');
    if (!found || !identity || tableOf(context, found.relation)?.kind === 'p' || list(identity, 'options').length > 0)
      return null;
    if (found.constraints.some((one) => !['CONSTR_IDENTITY', 'CONSTR_NOTNULL'].includes(textOf(one, 'contype') ?? '')))
      return null;
    if (mayExist(found, context)) return null;
    const { relation, name, column, command } = found;
    const type = { int2: 'smallint', int4: 'integer', int8: 'bigint' }[
      typeParts(field(column, 'typeName'))?.name ?? ''
    ];
    if (type === undefined) return null;
    const alter = `${alterTable(operation, relation)} ALTER COLUMN ${quoteIdent(name)}`;
    const sequence = written({ schema: relation.schema, name: objectName(relation.name, name, 'fill_seq') });
    const kind = textOf(identity, 'generated_when') === 'd' ? 'BY DEFAULT' : 'ALWAYS';
    return {
      up: [
        { sql: [`CREATE SEQUENCE ${sequence} AS ${type}`], down: [`DROP SEQUENCE IF EXISTS ${sequence}`] },
        {
          sql: [
            deparseGuarded(
              withCommand(operation, { ...command.body, def: { ColumnDef: { ...column, constraints: undefined } } }),
            ),
          ],
        },
        {
          sql: [`${alter} SET DEFAULT nextval(${quoteLiteral(sequence)})`],
          down: [`${alter} DROP DEFAULT`],
          note: 'New rows get a number from here on.',
        },
        {
          sql: [fillColumn(relation, name, 'DEFAULT')],
          down: [],
          commits: true,
          note: FILL_NOTE,
        },
        { sql: [`${alter} SET NOT NULL`], down: [] },
        {
          sql: [
            `${alter} DROP DEFAULT`,
            `${alter} ADD GENERATED ${kind} AS IDENTITY`,
            `SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(${writtenLiteral(relation)}, ${quoteLiteral(name)}), last_value, is_called) FROM ${sequence}`,
            `DROP SEQUENCE ${sequence}`,
          ],
          down: [`${alter} DROP IDENTITY`],
          note: 'The identity goes on where the numbers ended.',
        },
      ],
    };
  },
  example: {
    setup: "CREATE TABLE book (title text); INSERT INTO book SELECT 'title' FROM generate_series(1, 2000);",
    bad: 'ALTER TABLE book ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY;',
  },
});
