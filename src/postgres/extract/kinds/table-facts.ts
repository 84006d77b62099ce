import type { ColumnFacts, TableFacts } from '../../../model/schema.js';
import { columnAlterations, isUsualNotNull } from './columns.js';
import { quoteIdent } from '../../../base/quote.js';
import { identityClause } from './sequences.js';
import type { ColumnRow } from './table-rows.js';
import type { ReadTable } from './tables.js';

/** What of a table can be changed in place. */
export function factsOfTable(read: ReadTable): TableFacts {
  const { table, columns, checks } = read;
  return {
    type: 'table',
    unlogged: table.unlogged,
    isPartition: table.is_partition,
    partitionKey: table.partition_key,
    parents: table.is_partition ? [] : (table.parents ?? []),
    ofType: table.of_type,
    accessMethod: table.access_method === 'heap' ? null : table.access_method,
    options: [...(table.options ?? []), ...(table.toast_options ?? []).map((option) => `toast.${option}`)],
    columns: columns.map((column) => factsOfColumn(read, column)),
    checks: checks
      .filter(({ contype }) => contype === 'c')
      .map(({ conname, definition, validated, local }) => ({ name: conname, definition, validated, local })),
  };
}

/** Addresses of its parts, with what they are called. */
export function labelsOfTable({ columns, checks, identityOf }: ReadTable): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const column of columns) {
    if (column.default_key !== null)
      labels.set(column.default_key, `${column.generated === '' ? 'default' : 'column'} ${column.attname}`);
    const sequence = identityOf(column);
    if (sequence !== undefined) labels.set(sequence.key, `column ${column.attname}`);
  }
  for (const check of checks) {
    const column = columns.find(({ attnum }) => attnum === check.column_number);
    labels.set(check.key, column === undefined ? `check ${check.conname}` : `column ${column.attname}`);
  }
  return labels;
}

function factsOfColumn({ table, checks, identityOf }: ReadTable, column: ColumnRow): ColumnFacts {
  const sequence = identityOf(column);
  const notNull = checks.find((check) => check.contype === 'n' && check.column_number === column.attnum);
  const alter = `ALTER COLUMN ${quoteIdent(column.attname)} `;
  return {
    name: column.attname,
    type: column.type,
    collation: column.collation,
    notNull: column.not_null,
    notNullName:
      notNull === undefined || isUsualNotNull(table.relname, column, notNull)
        ? null
        : `${notNull.conname}${notNull.no_inherit ? ' NO INHERIT' : ''}${notNull.validated ? '' : ' NOT VALID'}`,
    default: column.default_sql,
    generated: column.generated,
    identity: sequence === undefined ? null : identityClause(sequence, column.identity === 'a'),
    settings: columnAlterations(column, table.relkind === 'f').map((clause) => clause.slice(alter.length)),
    local: column.local,
    inherited: column.inherited,
  };
}
