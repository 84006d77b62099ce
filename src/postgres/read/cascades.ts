import type { Cascade } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** What CASCADE takes along with each function, type, extension and sequence on which something rests (`pg_depend`, followed to its end), by kind and name. */
export async function readCascades(session: Session): Promise<Cascade[]> {
  const found = new Map<string, { -readonly [key in keyof Cascade]: Cascade[key] }>();
  for (const row of await session.query<CascadeRow>(CASCADES_SQL)) {
    const cascade = found.get(row.root) ?? {
      kind: row.kind,
      schema: row.own_schema,
      name: row.own_name,
      along: [],
    };
    found.set(row.root, cascade);
    const { schema, relation: name } = row;
    const relation = schema === null || name === null ? null : { schema, name };
    cascade.along = [...cascade.along, { what: row.what, relation, isWhole: row.is_whole === true }];
  }
  return [...found.values()];
}

/**
 * An object goes with what it depends on, and takes along what it is an inner part of: a view with its rule. Left out of what is said: members of the extension, inner parts (array types, indexes of constraints,
 * triggers of foreign keys), and what belongs to a table that goes as a whole.
 */
const CASCADES_SQL = `
  WITH RECURSIVE roots (classid, objid, kind, own_schema, own_name) AS (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, 'function', n.nspname, p.proname
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE ${userSchema('n')} AND ${notOfExtension('pg_proc', 'p.oid')}
    UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'type', n.nspname, t.typname
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)
      AND ${userSchema('n')} AND ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, oid, 'extension', NULL, extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 'sequence', n.nspname, c.relname
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS i WHERE i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.objid = c.oid AND i.deptype = 'i')
  ), reached (rootclass, rootid, classid, objid, objsubid) AS (
    SELECT classid, objid, classid, objid, 0 FROM roots
    UNION
    SELECT r.rootclass, r.rootid, x.classid, x.objid, x.objsubid
    FROM reached AS r, LATERAL (
      SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d
      WHERE d.refclassid = r.classid AND d.refobjid = r.objid AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid)
      UNION ALL
      SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend AS d
      WHERE d.classid = r.classid AND d.objid = r.objid AND d.objsubid = r.objsubid AND d.deptype = 'i') AS x
  ), known AS (
    SELECT r.*, o.kind, o.own_schema, o.own_name, c.relkind, c.relispartition,
      CASE r.classid
        WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN CASE WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN r.objid WHEN c.relkind IN ('i', 'I') THEN i.indrelid END
        WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN (SELECT adrelid FROM pg_catalog.pg_attrdef WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN (SELECT nullif(conrelid, 0) FROM pg_catalog.pg_constraint WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = r.objid)
        WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN (SELECT ev_class FROM pg_catalog.pg_rewrite WHERE oid = r.objid AND rulename <> '_RETURN')
      END AS relation
    FROM reached AS r JOIN roots AS o ON o.classid = r.rootclass AND o.objid = r.rootid
    LEFT JOIN pg_catalog.pg_class AS c ON r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = r.objid
    LEFT JOIN pg_catalog.pg_index AS i ON c.relkind IN ('i', 'I') AND i.indexrelid = c.oid
    WHERE (r.classid, r.objid) <> (r.rootclass, r.rootid)
  ), whole AS (
    SELECT rootclass, rootid, objid FROM known WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND objsubid = 0
  )
  SELECT k.rootclass::text || '.' || k.rootid AS root, k.kind, k.own_schema, k.own_name, n.nspname AS schema, c.relname AS relation,
    k.objsubid = 0 AND k.relkind IS NOT NULL AND k.objid = k.relation AS is_whole, pg_catalog.pg_describe_object(k.classid, k.objid, k.objsubid) AS what
  FROM known AS k LEFT JOIN pg_catalog.pg_class AS c ON c.oid = k.relation LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE (k.relation IS NOT NULL OR k.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      OR k.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE t.oid = k.objid AND t.typrelid = 0
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS m WHERE m.classid = k.classid AND m.objid = k.objid AND m.deptype = 'e')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS m WHERE m.classid = k.classid AND m.objid = k.objid AND m.objsubid = k.objsubid AND m.deptype = 'i'
      AND k.classid <> 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
    AND NOT EXISTS (SELECT FROM whole AS w WHERE w.rootclass = k.rootclass AND w.rootid = k.rootid AND w.objid = k.relation AND (w.objid <> k.objid OR k.objsubid > 0))
  ORDER BY k.kind, k.own_schema, k.own_name, k.rootid, n.nspname, c.relname, 8`;

type CascadeRow = {
  root: string;
  kind: Cascade['kind'];
  own_schema: string | null;
  own_name: string;
  schema: string | null;
  relation: string | null;
  is_whole: boolean | null;
  what: string;
};
