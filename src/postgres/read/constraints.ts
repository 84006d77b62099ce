import type { Constraint, ConstraintKind } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** Every constraint on the user's tables, by table and name. What PostgreSQL adds to a foreign key for each partition of the table it references is left out, and so are `locked` tables. */
export async function readConstraints(session: Session, locked: readonly string[]): Promise<Constraint[]> {
  return (await session.query<ConstraintRow>(CONSTRAINTS_SQL, [locked])).map(toConstraint);
}

/** Columns in the order of the constraint. */
const columnsSql = (keys: string, table: string): string => `
  ARRAY(SELECT a.attname FROM pg_catalog.unnest(${keys}) WITH ORDINALITY AS key (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = ${table} AND a.attnum = key.attnum ORDER BY key.place)`;

const CONSTRAINTS_SQL = `
  SELECT k.conname AS name, n.nspname AS schema, c.relname AS table_name, k.contype::text AS kind,
    ${columnsSql('k.conkey', 'k.conrelid')} AS columns, k.convalidated AS validated, k.condeferrable AS deferrable,
    rn.nspname AS referenced_schema, r.relname AS referenced_name,
    ${columnsSql('k.confkey', 'k.confrelid')} AS referenced_columns,
    CASE WHEN k.contype = 'f' THEN k.confdeltype::text END AS on_delete,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint AS parent ON parent.oid = k.conparentid
  LEFT JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
  WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND parent.conrelid IS DISTINCT FROM k.conrelid
    AND c.oid <> ALL ($1::pg_catalog.oid[])
    AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  ORDER BY n.nspname, c.relname, k.conname`;

type ConstraintRow = {
  name: string;
  schema: string;
  table_name: string;
  kind: keyof typeof KINDS;
  columns: string[];
  validated: boolean;
  deferrable: boolean;
  referenced_schema: string | null;
  referenced_name: string | null;
  referenced_columns: string[];
  on_delete: string | null;
  definition: string;
};

/** `pg_constraint.contype`; `n` is there since 18. */
const KINDS = {
  p: 'primary',
  u: 'unique',
  f: 'foreign',
  c: 'check',
  x: 'exclusion',
  n: 'not-null',
} as const satisfies Record<string, ConstraintKind>;

function toConstraint(row: ConstraintRow): Constraint {
  const isForeign = row.referenced_schema !== null && row.referenced_name !== null;
  return {
    name: row.name,
    table: { schema: row.schema, name: row.table_name },
    kind: KINDS[row.kind],
    columns: row.columns,
    validated: row.validated,
    deferrable: row.deferrable,
    references: isForeign
      ? {
          table: { schema: row.referenced_schema ?? '', name: row.referenced_name ?? '' },
          columns: row.referenced_columns,
        }
      : null,
    onDelete: row.on_delete,
    definition: row.definition,
  };
}
