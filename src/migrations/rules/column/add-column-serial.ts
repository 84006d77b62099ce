import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import { field, textOf } from '../../../sql/tree.js';
import { FILL_NOTE, fillColumn } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { SERIALS, typeParts } from '../../effects/types.js';
import { withCommand } from '../../operation.js';
import { objectName, shown, written } from '../../relation.js';
import { addedColumn, alterTable, mayExist } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-serial',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN ... serial` (or bigserial, smallserial).',
    why: 'Each row gets a number of its own, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence of steps for partitioned tables, and none where the column has further constraints. Numbers follow the order of pages, as they do in the unsafe form.',
    sources: [
      'PostgreSQL manual, "Numeric Types", section "Serial Types"',
      'PostgreSQL manual, "ALTER TABLE", section "Notes"',
    ],
  },
  match(operation) {
    const found = addedColumn(operation);
    if (!found || SERIALS[typeParts(field(found.column, 'typeName'))?.name ?? ''] === undefined) return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} as a serial writes all of ${shown(found.relation)} anew`,
    };
  },
  safe(operation, context) {
    const found = addedColumn(operation);
    const typeName = found ? field(found.column, 'typeName') : null;
    const type = SERIALS[typeParts(typeName)?.name ?? ''];
    if (!found || !typeName || type === undefined || tableOf(context, found.relation)?.kind === 'p') return null;
    if (found.constraints.some((one) => textOf(one, 'contype') !== 'CONSTR_NOTNULL')) return null;
    if (mayExist(found, context)) return null;
    const { relation, name, column, command } = found;
    const alter = `${alterTable(operation, relation)} ALTER COLUMN ${quoteIdent(name)}`;
    const sequence = written({ schema: relation.schema, name: objectName(relation.name, name, 'seq') });
    const plain = {
      ...column,
      typeName: { ...typeName, names: [{ String: { sval: 'pg_catalog' } }, { String: { sval: type } }] },
      constraints: undefined,
    };
    return {
      up: [
        {
          sql: [`CREATE SEQUENCE ${sequence} AS ${NAMES[type] ?? type}`],
          down: [`DROP SEQUENCE IF EXISTS ${sequence}`],
        },
        { sql: [deparseGuarded(withCommand(operation, { ...command.body, def: { ColumnDef: plain } }))] },
        {
          sql: [
            `ALTER SEQUENCE ${sequence} OWNED BY ${written(relation)}.${quoteIdent(name)}`,
            `${alter} SET DEFAULT nextval(${quoteLiteral(sequence)})`,
          ],
          down: [],
          note: 'New rows get a number from here on.',
        },
        {
          sql: [fillColumn(relation, name, 'DEFAULT')],
          down: [],
          commits: true,
          note: FILL_NOTE,
        },
        { sql: [`${alter} SET NOT NULL`], down: [] },
      ],
    };
  },
  example: {
    setup: "CREATE TABLE book (title text); INSERT INTO book SELECT 'title' FROM generate_series(1, 2000);",
    bad: 'ALTER TABLE book ADD COLUMN id bigserial;',
  },
});

const NAMES: Readonly<Record<string, string>> = { int2: 'smallint', int4: 'integer', int8: 'bigint' };
