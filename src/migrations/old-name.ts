import { bareLiteral, quoteIdent } from '../base/quote.js';
import { tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/** A view that keeps an old name going. */
export interface OldName {
  readonly view: Relation;
  readonly table: Relation;
  /** A column that has another name now; null where only the table has. */
  readonly column: { readonly old: string; readonly now: string } | null;
}

/**
 * Statements that make the view and give it the table's rights, to be run in the transaction of the rename. It can be read and written as the table was. From 15 on it
 * reads with the rights of who uses it, so that policies hold; before, it refuses a table with row security.
 */
export function viewByOldName({ view, table, column }: OldName, { major }: MigrationContext): readonly string[] {
  const invoker = major >= 15 ? ' WITH (security_invoker = true)' : '';
  const also = column ? `, ${quoteIdent(column.now)} AS ${quoteIdent(column.old)}` : '';
  return [
    `CREATE VIEW ${written(view)}${invoker} AS SELECT *${also} FROM ${written(table)}`,
    rights({ view, table, column }, major),
  ];
}

/** The relation with its schema where the catalog knows it, so that a view by its name comes to stand where it stood. */
export function placed(relation: Relation, context: MigrationContext): Relation {
  return { ...relation, schema: relation.schema ?? tableOf(context, relation)?.schema ?? null };
}

/** Whom a row `g` of `aclexplode` gives a right, as GRANT takes it. */
export const GRANTEE =
  "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END";

function rights({ view, table, column }: OldName, major: number): string {
  const [on, from] = [`${writtenLiteral(view)}::pg_catalog.regclass`, `${writtenLiteral(table)}::pg_catalog.regclass`];
  const same = column
    ? `(v.attname = a.attname OR (a.attname = ${bareLiteral(column.now)} AND v.attname = ${bareLiteral(column.old)}))`
    : 'v.attname = a.attname';
  const refusal =
    major >= 15
      ? ''
      : `
  IF (SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = ${from}) THEN
    RAISE EXCEPTION 'row security does not hold through a view before PostgreSQL 15';
  END IF;`;
  return `DO $rights$
DECLARE
  wizard_grant text;
BEGIN${refusal}
  FOR wizard_grant IN
    SELECT pg_catalog.format('GRANT %s ON %s TO %s', g.privilege_type, ${on}, ${GRANTEE})
    FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) AS g
    WHERE c.oid = ${from} AND g.grantee <> (SELECT relowner FROM pg_catalog.pg_class WHERE oid = ${on})
    UNION ALL
    SELECT pg_catalog.format('GRANT %s (%I) ON %s TO %s', g.privilege_type, v.attname, ${on}, ${GRANTEE})
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_attribute AS v ON v.attrelid = ${on} AND ${same}, pg_catalog.aclexplode(a.attacl) AS g
    WHERE a.attrelid = ${from} AND a.attnum > 0
  LOOP
    EXECUTE wizard_grant;
  END LOOP;
END $rights$`;
}
