import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

interface PolicyRow extends Record<string, unknown> {
  readonly key: string;
  readonly polname: string;
  readonly table: string;
  readonly table_key: string;
  readonly command: string;
  readonly permissive: boolean;
  /** null stands for PUBLIC. */
  readonly roles: readonly string[] | null;
  readonly using: string | null;
  readonly check: string | null;
}

const COMMANDS: Readonly<Record<string, string>> = { r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE' };

/** Row-level security policies, and the roles that they name (without login or rights, made where missing). */
export async function readPolicies(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<PolicyRow>(`
    SELECT 'pg_policy:' || p.oid AS key, p.polname::text, p.polrelid::regclass::text AS "table", 'pg_class:' || p.polrelid AS table_key,
      p.polcmd::text AS command, p.polpermissive AS permissive,
      CASE WHEN p.polroles <> '{0}' THEN (SELECT pg_catalog.array_agg(r.rolname::text ORDER BY r.rolname)
        FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles)) END AS roles,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS "using", pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS "check"
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE ${USER_SCHEMA} ORDER BY n.nspname, c.relname, p.polname`);
  const own = rows.filter((row) => !context.isMember(row.table_key));
  const roles = [...new Set(own.flatMap((row) => row.roles ?? []))].filter((role) => !role.startsWith('pg_'));
  return [...roles.map(roleObject), ...own.map(policyObject)];
}

function roleObject(role: string): SchemaObject {
  const identity = quoteIdent(role);
  const name = quoteLiteral(role);
  const create =
    `DO $wizard$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${name}) ` +
    `THEN CREATE ROLE ${identity} NOLOGIN; END IF; END $wizard$`;
  return simpleObject({ key: `role ${role}`, kind: 'role', identity, section: 'pre' }, create);
}

function policyObject(row: PolicyRow): SchemaObject {
  const name = quoteIdent(row.polname);
  const words = [`CREATE POLICY ${name} ON ${row.table}`];
  if (!row.permissive) words.push('AS RESTRICTIVE');
  const command = COMMANDS[row.command];
  if (command !== undefined) words.push(`FOR ${command}`);
  if (row.roles !== null) words.push(`TO ${row.roles.map(quoteIdent).join(', ')}`);
  if (row.using !== null) words.push(`USING (${row.using})`);
  if (row.check !== null) words.push(`WITH CHECK (${row.check})`);
  const base: Omit<SchemaObject, 'sql'> = {
    key: row.key,
    kind: 'policy',
    identity: `${row.table} ${name}`,
    section: 'post',
    needs: [row.table_key, ...(row.roles ?? []).map((role) => `role ${role}`)],
  };
  return simpleObject(base, words.join(' '));
}
