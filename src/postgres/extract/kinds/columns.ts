import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import type { CheckRow, ColumnRow } from './table-rows.js';

/** Name, type and collation; `WITH OPTIONS` instead of them in a typed table. */
export function columnClause(column: ColumnRow, typed: boolean): string {
  const name = quoteIdent(column.attname);
  if (typed) return `${name} WITH OPTIONS`;
  const options = column.foreign_options === null ? '' : ` OPTIONS (${column.foreign_options})`;
  const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`;
  return `${name} ${column.type}${options}${collation}`;
}

/** `NOT NULL`, with its constraint's name where that is not the one PostgreSQL would give; null for a nullable column. */
export function notNullClause(
  table: string,
  column: ColumnRow,
  constraint: CheckRow | undefined,
  partition: boolean,
): string | null {
  if (!column.not_null) return null;
  if (constraint === undefined) return 'NOT NULL';
  if (!constraint.validated || (!constraint.local && !partition)) return null;
  const name = isUsualNotNull(table, column, constraint) ? '' : `CONSTRAINT ${quoteIdent(constraint.conname)} `;
  return `${name}NOT NULL${constraint.no_inherit ? ' NO INHERIT' : ''}`;
}

/** The column's not-null constraint, as SET NOT NULL makes it. */
export function isUsualNotNull(table: string, column: ColumnRow, constraint: CheckRow): boolean {
  const { contype, column_number: number, conname } = constraint;
  return contype === 'n' && number === column.attnum && conname === `${table}_${column.attname}_not_null`;
}

const STORAGE: Readonly<Record<string, string>> = { p: 'PLAIN', e: 'EXTERNAL', x: 'EXTENDED', m: 'MAIN' };
const COMPRESSION: Readonly<Record<string, string>> = { p: 'pglz', l: 'lz4' };

/** Clauses of ALTER TABLE for what CREATE TABLE can not say on every major. */
export function columnAlterations(column: ColumnRow, foreign: boolean): string[] {
  const alter = `ALTER COLUMN ${quoteIdent(column.attname)}`;
  const clauses: string[] = [];
  if (column.statistics_target !== null) clauses.push(`${alter} SET STATISTICS ${column.statistics_target}`);
  const storage = column.storage === null ? undefined : STORAGE[column.storage];
  if (storage !== undefined && !foreign) clauses.push(`${alter} SET STORAGE ${storage}`);
  const compression = COMPRESSION[column.compression];
  if (compression !== undefined && !foreign) clauses.push(`${alter} SET COMPRESSION ${compression}`);
  if (column.options !== null && column.options.length > 0)
    clauses.push(`${alter} SET (${column.options.map(attributeOption).join(', ')})`);
  return clauses;
}

/** Clauses for a column that comes from parents but differs from what they give. */
export function inheritedAlterations(
  column: ColumnRow,
  parents: readonly (readonly ColumnRow[])[],
  ownNotNull: boolean,
): string[] {
  const sources = parents.flatMap((columns) => columns.filter(({ attname }) => attname === column.attname));
  const alter = `ALTER COLUMN ${quoteIdent(column.attname)}`;
  const clauses: string[] = [];
  const given = sources.find(({ default_sql: sql }) => sql !== null)?.default_sql ?? null;
  if (column.generated === '' && sources.some(({ default_sql: sql }) => sql !== column.default_sql)) {
    if (column.default_sql !== null) clauses.push(`${alter} SET DEFAULT ${column.default_sql}`);
    else if (given !== null) clauses.push(`${alter} DROP DEFAULT`);
  }
  const nullable = !sources.some(({ not_null: notNull }) => notNull);
  if (ownNotNull || (column.not_null && nullable)) clauses.push(`${alter} SET NOT NULL`);
  return clauses;
}

function attributeOption(option: string): string {
  const at = option.indexOf('=');
  return `${quoteIdent(option.slice(0, at))}=${quoteLiteral(option.slice(at + 1))}`;
}
