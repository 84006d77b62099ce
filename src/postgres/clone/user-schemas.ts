/** SQL condition on `pg_namespace AS n` which leaves the server's own schemas out. */
export const IS_USER_SCHEMA = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'`;
