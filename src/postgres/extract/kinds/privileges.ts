import { groupBy } from '../../../base/group.js';
import type { Grant } from '../../../model/schema.js';
import { FIRST_USER_OID, USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

interface PrivilegeRow extends Record<string, unknown> {
  readonly key: string;
  readonly target: string;
  /** Granted, or what such an object has where nobody granted anything. */
  readonly side: 'granted' | 'usual' | 'none';
  readonly grantee: string | null;
  readonly privilege: string | null;
  readonly grantable: boolean | null;
  readonly column_name: string | null;
}

/** What was granted and revoked on objects and columns; owners' own rights are left out, as owners are. */
export async function readPrivileges(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<PrivilegeRow>(`
    WITH held AS (
      SELECT 'pg_class:' || c.oid AS key, CASE WHEN c.relkind = 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass AS target,
        NULL::text AS column_name, c.relowner AS owner, c.relacl AS acl,
        pg_catalog.acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS usual
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${USER_SCHEMA}
      UNION ALL
      SELECT 'pg_class:' || c.oid, 'TABLE ' || c.oid::regclass, a.attname::text, c.relowner, a.attacl, NULL::aclitem[]
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND ${USER_SCHEMA}
      UNION ALL
      SELECT 'pg_proc:' || p.oid, 'ROUTINE ' || p.oid::regprocedure, NULL, p.proowner, p.proacl, pg_catalog.acldefault('f', p.proowner)
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proacl IS NOT NULL AND ${USER_SCHEMA}
      UNION ALL
      SELECT 'pg_namespace:' || n.oid, 'SCHEMA ' || pg_catalog.quote_ident(n.nspname), NULL, n.nspowner, n.nspacl, pg_catalog.acldefault('n', n.nspowner)
      FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL AND ${USER_SCHEMA}
      UNION ALL
      SELECT 'pg_type:' || t.oid, CASE WHEN t.typtype = 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || t.oid::regtype, NULL, t.typowner, t.typacl,
        pg_catalog.acldefault('T', t.typowner)
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL AND ${USER_SCHEMA}
      UNION ALL
      SELECT 'pg_foreign_server:' || s.oid, 'FOREIGN SERVER ' || pg_catalog.quote_ident(s.srvname), NULL, s.srvowner, s.srvacl,
        pg_catalog.acldefault('S', s.srvowner)
      FROM pg_catalog.pg_foreign_server s WHERE s.srvacl IS NOT NULL AND s.oid >= ${FIRST_USER_OID})
    SELECT h.key, h.target, h.column_name, g.side, g.grantee, g.privilege, g.grantable
    FROM held h CROSS JOIN LATERAL (
      SELECT s.side, r.rolname::text AS grantee, e.privilege_type::text AS privilege, e.is_grantable AS grantable
      FROM (VALUES ('granted', h.acl), ('usual', h.usual)) s (side, acl)
      CROSS JOIN LATERAL pg_catalog.aclexplode(s.acl) e LEFT JOIN pg_catalog.pg_roles r ON r.oid = e.grantee
      WHERE e.grantee <> h.owner
      UNION ALL SELECT 'none', NULL, NULL, NULL) g
    ORDER BY h.key, h.column_name NULLS FIRST, g.side, g.grantee NULLS FIRST, g.privilege, g.grantable`);
  const own = rows.filter(({ key }) => !context.isMember(key));
  return [...groupBy(own, ({ key }) => key)].flatMap(([key, group]) => {
    const target = group[0]?.target ?? '';
    const [grants, usual] = [grantsOf(group, 'granted'), grantsOf(group, 'usual')];
    if (JSON.stringify(grants) === JSON.stringify(usual)) return [];
    const facts = { type: 'privileges', target, grants, usual } as const;
    return [
      simpleObject({
        key: `privileges ${key}`,
        kind: 'privileges',
        identity: target,
        section: 'post',
        needs: [key],
        facts,
      }),
    ];
  });
}

function grantsOf(rows: readonly PrivilegeRow[], side: PrivilegeRow['side']): readonly Grant[] {
  return rows.flatMap((row) =>
    row.side === side && row.privilege !== null
      ? [
          {
            grantee: row.grantee,
            privilege: row.privilege,
            grantable: row.grantable === true,
            column: row.column_name,
          },
        ]
      : [],
  );
}
