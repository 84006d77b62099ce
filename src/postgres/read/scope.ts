/** SQL: the schema under the alias is the user's, not the system's, nor a temporary one. */
export function userSchema(alias: string): string {
  return `${alias}.nspname !~ '^pg_' AND ${alias}.nspname <> 'information_schema'`;
}

/** SQL: the object does not belong to an extension. `catalog` is the name of its system catalog, e.g. `pg_class`. */
export function notOfExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS owned
    WHERE owned.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND owned.objid = ${oid} AND owned.deptype = 'e')`;
}

/** SQL: a timestamptz as ISO 8601 in UTC, whatever the session's DateStyle and TimeZone. */
export function isoTime(expression: string): string {
  return `pg_catalog.to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
