/** A function that a statement can reach on the target, by its name or behind something else that it names. */
export interface Reached {
  readonly kind: ReachedKind;
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly isVolatile: boolean;
  /** It came with the server. */
  readonly isBuiltIn: boolean;
  readonly language: string;
  /** Its text; for C and `internal` the name of the compiled function. */
  readonly source: string;
  /** The extension that owns it. */
  readonly extension: string | null;
  /** The expressions of arguments that may be left out, comma-separated. */
  readonly defaults: string | null;
}

/**
 * `function` and `attribute` are called by name; `expression` is a function in a default, a check, an index or a rule of a table, which no read runs but which the planner evaluates where it is
 * not volatile; all others run behind an operator, a cast, an aggregate or a type.
 */
export type ReachedKind = 'function' | 'attribute' | 'aggregate' | 'operator' | 'cast' | 'type' | 'expression';

/** The first oid that a server gives to objects made after initdb (`FirstNormalObjectId`, access/transam.h). */
const FIRST_USER_OID = 16_384;

/** Objects of the target that a statement names, by oid; those that came with the server are left out where they are harmless. */
export interface Named {
  readonly functions: string[];
  readonly attributes: string[];
  readonly operators: string[];
  /** The functions of casts that the text can not show: implicit ones, and those of types that it names. */
  readonly casts: string[];
  /** With the partitions and children of those that are named. */
  readonly relations: string[];
  /** Types that values of the statement can have, with all that they are made of. */
  readonly types: string[];
  /** Those of them that the statement can make a value of. */
  readonly given: string[];
}

/**
 * An operator or a cast of a type that no value of the statement can have (`foreign_type`) is out of reach, unless nothing but the operator has its name: then a text becomes a value of that type.
 * Parameters: names of functions, attributes, operators, types and relations; then whether rows of the relations are made out of values.
 */
export const NAMED_SQL = `
  WITH RECURSIVE relation AS (
    SELECT c.oid, c.reltype FROM pg_catalog.pg_class AS c WHERE c.relname = ANY ($5::pg_catalog.name[]) AND c.oid >= ${FIRST_USER_OID}
    UNION
    SELECT c.oid, c.reltype FROM relation AS r JOIN pg_catalog.pg_inherits AS i ON i.inhparent = r.oid JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
  ),
  called AS (
    SELECT p.oid, p.proname = ANY ($1::pg_catalog.name[]) AS by_name, p.prorettype, pg_catalog.array_cat(p.proargtypes::pg_catalog.oid[], p.proallargtypes) AS argtypes
    FROM pg_catalog.pg_proc AS p
    WHERE p.proname = ANY (pg_catalog.array_cat($1::pg_catalog.name[], $2::pg_catalog.name[]))
      AND (p.proname = ANY ($1::pg_catalog.name[]) OR p.provariadic <> 0 OR p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1)
      AND (p.oid >= ${FIRST_USER_OID} OR p.provolatile = 'v')
      AND p.prokind <> 'p' AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
  ),
  seen AS (
    SELECT s.oid, s.given FROM (
      SELECT t.oid, true AS given FROM pg_catalog.pg_type AS t WHERE t.typname = ANY ($4::pg_catalog.name[])
      UNION ALL SELECT r.reltype, $6::pg_catalog.bool FROM relation AS r
      UNION ALL SELECT a.type, true FROM called AS f CROSS JOIN LATERAL pg_catalog.unnest(f.argtypes) AS a (type)
      UNION ALL SELECT f.prorettype, false FROM called AS f
    ) AS s WHERE s.oid >= ${FIRST_USER_OID}
    UNION
    SELECT x.oid, s.given FROM seen AS s JOIN pg_catalog.pg_type AS t ON t.oid = s.oid
    CROSS JOIN LATERAL (
      SELECT t.typbasetype AS oid UNION ALL SELECT t.typelem
      UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range AS g WHERE g.rngtypid = t.oid
      UNION ALL SELECT g.rngtypid FROM pg_catalog.pg_range AS g WHERE g.rngmultitypid = t.oid
    ) AS x WHERE x.oid >= ${FIRST_USER_OID}
  ),
  foreign_type AS (
    SELECT t.oid FROM pg_catalog.pg_type AS t WHERE t.oid >= ${FIRST_USER_OID} AND t.typtype <> 'd' AND t.oid NOT IN (SELECT s.oid FROM seen AS s)
  )
  SELECT ARRAY(SELECT f.oid::pg_catalog.text FROM called AS f WHERE f.by_name) AS functions,
    ARRAY(SELECT f.oid::pg_catalog.text FROM called AS f WHERE NOT f.by_name) AS attributes,
    ARRAY(SELECT o.oid::pg_catalog.text FROM pg_catalog.pg_operator AS o
      WHERE o.oprname = ANY ($3::pg_catalog.name[]) AND o.oid >= ${FIRST_USER_OID}
        AND (NOT EXISTS (SELECT FROM foreign_type AS t WHERE t.oid IN (o.oprleft, o.oprright))
          OR NOT EXISTS (SELECT FROM pg_catalog.pg_operator AS b WHERE b.oprname = o.oprname AND b.oid < ${FIRST_USER_OID}))) AS operators,
    ARRAY(SELECT c.castfunc::pg_catalog.text FROM pg_catalog.pg_cast AS c
      LEFT JOIN pg_catalog.pg_type AS a ON a.oid = c.castsource LEFT JOIN pg_catalog.pg_type AS b ON b.oid = c.casttarget
      WHERE c.oid >= ${FIRST_USER_OID} AND c.castfunc <> 0 AND NOT EXISTS (SELECT FROM foreign_type AS t WHERE t.oid IN (c.castsource, c.casttarget))
        AND (c.castcontext = 'i' OR a.typname = ANY ($4::pg_catalog.name[]) OR b.typname = ANY ($4::pg_catalog.name[]))) AS casts,
    ARRAY(SELECT r.oid::pg_catalog.text FROM relation AS r) AS relations,
    ARRAY(SELECT DISTINCT s.oid::pg_catalog.text FROM seen AS s) AS types,
    ARRAY(SELECT s.oid::pg_catalog.text FROM seen AS s WHERE s.given) AS given`;

/** What a type brings along: operators that sorting, grouping, CASE, BETWEEN and USING imply, comparison functions, casts, and its input, output and range functions. */
const BEHIND_TYPES = `
    UNION SELECT 'operator', o.oprcode FROM pg_catalog.pg_operator AS o
      WHERE (o.oprleft = ANY ($6::pg_catalog.oid[]) OR o.oprright = ANY ($6::pg_catalog.oid[])) AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=')
    UNION SELECT 'type', m.amproc FROM pg_catalog.pg_amproc AS m
      WHERE m.amproclefttype = ANY ($6::pg_catalog.oid[]) OR m.amprocrighttype = ANY ($6::pg_catalog.oid[])
    UNION SELECT 'cast', c.castfunc FROM pg_catalog.pg_cast AS c
      WHERE c.castsource = ANY ($7::pg_catalog.oid[]) OR c.casttarget = ANY ($7::pg_catalog.oid[])
        OR (c.castsource = ANY ($6::pg_catalog.oid[]) OR c.casttarget = ANY ($6::pg_catalog.oid[]))
          AND (c.castcontext = 'i' OR c.casttarget IN ('pg_catalog.json'::pg_catalog.regtype, 'pg_catalog.jsonb'::pg_catalog.regtype))
    UNION SELECT 'type', x.oid FROM pg_catalog.pg_type AS t
      CROSS JOIN LATERAL (VALUES (t.typinput), (t.typoutput), (t.typreceive), (t.typsend), (t.typmodin)) AS x (oid)
      WHERE t.oid = ANY ($6::pg_catalog.oid[])
    UNION SELECT 'type', x.oid FROM pg_catalog.pg_range AS g CROSS JOIN LATERAL (VALUES (g.rngcanonical), (g.rngsubdiff)) AS x (oid)
      WHERE g.rngtypid = ANY ($6::pg_catalog.oid[]) OR g.rngmultitypid = ANY ($6::pg_catalog.oid[])`;

/** Functions in the indexes, constraints, defaults and rules of tables. */
const BEHIND_RELATIONS = `
    UNION SELECT 'expression', CASE WHEN d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid ELSE o.oprcode END
      FROM (
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, i.indexrelid AS objid FROM pg_catalog.pg_index AS i WHERE i.indrelid = ANY ($5::pg_catalog.oid[])
        UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = ANY ($5::pg_catalog.oid[])
        UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, b.oid FROM pg_catalog.pg_attrdef AS b WHERE b.adrelid = ANY ($5::pg_catalog.oid[])
        UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = ANY ($5::pg_catalog.oid[]) AND w.ev_type <> '1'
      ) AS x
      JOIN pg_catalog.pg_depend AS d ON d.classid = x.classid AND d.objid = x.objid
      LEFT JOIN pg_catalog.pg_operator AS o ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
      WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)`;

/** Every function behind what is named that is somebody's own, or one of the server's that is volatile. Parameters: the fields of `Named`, in their order. */
export const REACHED_SQL = `
  WITH reached AS (
    SELECT 'function' AS kind, x.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS x (oid)
    UNION SELECT 'attribute', x.oid FROM pg_catalog.unnest($2::pg_catalog.oid[]) AS x (oid)
    UNION SELECT 'aggregate', x.oid FROM pg_catalog.pg_aggregate AS a
      CROSS JOIN LATERAL (VALUES (a.aggtransfn), (a.aggfinalfn), (a.aggcombinefn), (a.aggmtransfn), (a.aggminvtransfn), (a.aggmfinalfn)) AS x (oid)
      WHERE a.aggfnoid = ANY ($1::pg_catalog.oid[]) OR a.aggfnoid = ANY ($2::pg_catalog.oid[])
    UNION SELECT 'operator', o.oprcode FROM pg_catalog.pg_operator AS o WHERE o.oid = ANY ($3::pg_catalog.oid[])
    UNION SELECT 'cast', x.oid FROM pg_catalog.unnest($4::pg_catalog.oid[]) AS x (oid)${BEHIND_RELATIONS}${BEHIND_TYPES}
  )
  SELECT x.kind, p.oid::pg_catalog.text AS oid, n.nspname AS schema, p.proname AS name, p.provolatile = 'v' AS "isVolatile", p.oid < ${FIRST_USER_OID} AS "isBuiltIn",
    l.lanname AS language, COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) AS source, e.extname AS extension,
    CASE WHEN p.oid >= ${FIRST_USER_OID} THEN pg_catalog.pg_get_expr(p.proargdefaults, 0) END AS defaults
  FROM reached AS x
  JOIN pg_catalog.pg_proc AS p ON p.oid = x.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
  WHERE p.prokind <> 'a' AND (p.oid >= ${FIRST_USER_OID} OR p.provolatile = 'v')
  ORDER BY 1, 3, 4, 2`;

/** A definition that runs when what holds it is used. */
export interface Definition {
  readonly schema: string;
  readonly name: string;
  /** `r`, `v`, `f`, ... as in `pg_class.relkind`; `d` is a domain. */
  readonly kind: string;
  /** SELECTs: a view's text, conditions of row policies and of domains. */
  readonly texts: string[];
}

/** Views by their text, tables with row level security by their policies' conditions, foreign tables; domains by their conditions. Parameters: oids of relations, and of types. */
export const DEFINITIONS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind::pg_catalog.text AS kind,
    CASE WHEN c.relkind = 'v' THEN ARRAY[pg_catalog.pg_get_viewdef(c.oid)]
      ELSE ARRAY(SELECT 'SELECT ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid)
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL AND c.relrowsecurity ORDER BY p.polname)
    END AS texts
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND (c.relkind IN ('v', 'f') OR c.relrowsecurity)
  UNION ALL
  SELECT n.nspname, t.typname, 'd', ARRAY(SELECT 'SELECT ' || pg_catalog.pg_get_expr(k.conbin, 0)
      FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname)
  FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  WHERE t.oid = ANY ($2::pg_catalog.oid[]) AND t.typtype = 'd'
  ORDER BY 1, 2, 3`;
