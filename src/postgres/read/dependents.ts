import type { Dependent } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** What is defined on columns of the user's tables and views (`pg_depend`), by the relation and its own name. */
export async function readDependents(session: Session): Promise<Dependent[]> {
  const rows = await session.query<DependentRow>(DEPENDENTS_SQL);
  return rows.map((row) => ({
    kind: row.kind,
    schema: row.own_schema,
    name: row.own_name,
    on: { schema: row.schema, name: row.name },
    columns: row.columns,
  }));
}

const DEPENDENTS_SQL = `
  WITH dependents AS (
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass AS classid, r.oid AS objid,
      CASE WHEN r.rulename <> '_RETURN' THEN 'rule' WHEN v.relkind = 'm' THEN 'materialized view' ELSE 'view' END AS kind,
      CASE WHEN r.rulename = '_RETURN' THEN n.nspname END AS own_schema, CASE WHEN r.rulename = '_RETURN' THEN v.relname ELSE r.rulename END AS own_name, r.ev_class AS itself
    FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, oid, 'policy', NULL, polname, 0 FROM pg_catalog.pg_policy
    UNION ALL
    SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, oid, 'trigger', NULL, tgname, 0 FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'function', n.nspname, p.proname, 0
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, 'generated column', NULL, a.attname, 0
    FROM pg_catalog.pg_attrdef AS d JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated <> ''
    UNION ALL
    SELECT 'pg_catalog.pg_publication_rel'::pg_catalog.regclass, r.oid, 'publication', NULL, p.pubname, 0
    FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
  )
  SELECT o.kind, o.own_schema, o.own_name, n.nspname AS schema, c.relname AS name,
    coalesce(pg_catalog.array_agg(DISTINCT a.attname::text) FILTER (WHERE a.attname IS NOT NULL AND (o.kind <> 'generated column' OR a.attname <> o.own_name)), '{}') AS columns
  FROM dependents AS o
  JOIN pg_catalog.pg_depend AS d ON d.classid = o.classid AND d.objid = o.objid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'm', 'v', 'f') AND (c.oid <> o.itself OR o.kind = 'rule')
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  GROUP BY o.kind, o.own_schema, o.own_name, n.nspname, c.relname
  ORDER BY n.nspname, c.relname, o.kind, o.own_schema, o.own_name`;

type DependentRow = {
  kind: Dependent['kind'];
  own_schema: string | null;
  own_name: string;
  schema: string;
  name: string;
  columns: string[];
};
