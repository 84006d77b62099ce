import type { FormerReader } from '../formers.js';
import { REGPROCEDURE, rightsOf } from './of-rights.js';

const REGTYPE = 'pg_catalog.to_regtype(w.name)';

/** Comment, rights and owner of a thing that is made anew. `word` as COMMENT, GRANT and ALTER have it. */
function allOf(word: string, name: string, row: { catalog: string; acl: string; owner: string }): string {
  return `
    SELECT 9, pg_catalog.format('COMMENT ON ${word} %s IS %L', ${name}, d.description) FROM pg_catalog.obj_description(w.oid, '${row.catalog}') AS d (description) WHERE d.description IS NOT NULL
    UNION ALL SELECT r.place, r.statement FROM pg_catalog.${row.catalog} AS o, LATERAL (${rightsOf(word, name, `o.${row.acl}`, `o.${row.owner}`)}) AS r (place, statement) WHERE o.oid = w.oid
    UNION ALL SELECT 20, pg_catalog.format('ALTER ${word} %s OWNER TO %I', ${name}, pg_catalog.pg_get_userbyid(o.${row.owner})) FROM pg_catalog.${row.catalog} AS o WHERE o.oid = w.oid AND pg_catalog.pg_get_userbyid(o.${row.owner}) <> current_user`;
}

const TYPE = 'w.oid::pg_catalog.regtype';
const ROUTINE = 'w.oid::pg_catalog.regprocedure';
const DEFINITION = 'SELECT 1, pg_catalog.pg_get_functiondef(w.oid)';
/** An aggregate has no text. */
const WITH_TEXT = `SELECT p.oid FROM pg_catalog.pg_proc AS p WHERE p.oid = ${REGPROCEDURE} AND p.prokind <> 'a'`;

const DOMAIN_CONSTRAINT = "pg_catalog.format('CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))";
const SETTING =
  'SELECT s.setdatabase, s.setrole, o FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS o';

/** Functions, types, schemas, extensions, settings. */
export const OF_THINGS = {
  function: { oid: WITH_TEXT, statements: DEFINITION },
  'dropped function': {
    oid: WITH_TEXT,
    statements: `${DEFINITION} UNION ALL ${allOf('ROUTINE', ROUTINE, { catalog: 'pg_proc', acl: 'proacl', owner: 'proowner' })}`,
  },
  'dropped type': {
    // One that stands on nothing but other types.
    oid: `SELECT t.oid FROM pg_catalog.pg_type AS t WHERE t.oid = ${REGTYPE} AND t.typtype IN ('e', 'd', 'c')`,
    statements: `
      SELECT 1, CASE t.typtype
        WHEN 'e' THEN pg_catalog.format('CREATE TYPE %s AS ENUM (%s)', ${TYPE}, (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid))
        WHEN 'c' THEN pg_catalog.format('CREATE TYPE %s AS (%s)', ${TYPE}, (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) || coalesce(' COLLATE ' || (SELECT pg_catalog.format('%I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid WHERE c.oid = a.attcollation AND c.oid <> y.typcollation), ''), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
        ELSE pg_catalog.concat(pg_catalog.format('CREATE DOMAIN %s AS %s', ${TYPE}, pg_catalog.format_type(t.typbasetype, t.typtypmod)),
          (SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace JOIN pg_catalog.pg_type AS y ON y.oid = t.typbasetype WHERE c.oid = t.typcollation AND c.oid <> y.typcollation),
          ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END, (SELECT pg_catalog.string_agg(' ' || ${DOMAIN_CONSTRAINT}, '' ORDER BY k.conname) FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c')) END
      FROM pg_catalog.pg_type AS t WHERE t.oid = w.oid
      UNION ALL SELECT 9, pg_catalog.format('COMMENT ON CONSTRAINT %I ON DOMAIN %s IS %L', k.conname, ${TYPE}, d.description) FROM pg_catalog.pg_constraint AS k, pg_catalog.obj_description(k.oid, 'pg_constraint') AS d (description) WHERE k.contypid = w.oid AND d.description IS NOT NULL
      UNION ALL ${allOf('TYPE', TYPE, { catalog: 'pg_type', acl: 'typacl', owner: 'typowner' })}`,
  },
  'dropped schema': {
    oid: 'pg_catalog.to_regnamespace(w.name)',
    statements: `
      SELECT 1, pg_catalog.format('CREATE SCHEMA %s', w.oid::pg_catalog.regnamespace)
      UNION ALL ${allOf('SCHEMA', 'w.oid::pg_catalog.regnamespace', { catalog: 'pg_namespace', acl: 'nspacl', owner: 'nspowner' })}`,
  },
  'dropped extension': {
    oid: 'SELECT e.oid FROM pg_catalog.pg_extension AS e WHERE e.extname = w.name',
    statements: `SELECT 1, pg_catalog.format('CREATE EXTENSION %I WITH SCHEMA %s VERSION %L', e.extname, e.extnamespace::pg_catalog.regnamespace, e.extversion) FROM pg_catalog.pg_extension AS e WHERE e.oid = w.oid`,
  },
  'dropped statistics': {
    oid: namedStatistics(),
    statements: `
      SELECT 1, pg_catalog.pg_get_statisticsobjdef(w.oid)
      UNION ALL ${statisticsTarget('coalesce(s.stxstattarget, -1) >= 0')}
      UNION ALL SELECT 9, pg_catalog.format('COMMENT ON STATISTICS %I.%I IS %L', n.nspname, s.stxname, d.description) FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace, pg_catalog.obj_description(w.oid, 'pg_statistic_ext') AS d (description) WHERE s.oid = w.oid AND d.description IS NOT NULL
      UNION ALL SELECT 20, pg_catalog.format('ALTER STATISTICS %I.%I OWNER TO %I', n.nspname, s.stxname, pg_catalog.pg_get_userbyid(s.stxowner)) FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace WHERE s.oid = w.oid AND pg_catalog.pg_get_userbyid(s.stxowner) <> current_user`,
  },
  'statistics target': { oid: namedStatistics(), statements: statisticsTarget('true') },
  domain: {
    oid: REGTYPE,
    statements: `
      SELECT 1, pg_catalog.format('ALTER DOMAIN %s %s', ${TYPE}, CASE WHEN w.sub = 'default' THEN coalesce('SET DEFAULT ' || t.typdefault, 'DROP DEFAULT') WHEN t.typnotnull THEN 'SET NOT NULL' ELSE 'DROP NOT NULL' END) FROM pg_catalog.pg_type AS t WHERE t.oid = w.oid`,
  },
  'domain constraint': {
    oid: `SELECT k.oid FROM pg_catalog.pg_constraint AS k WHERE k.contypid = ${REGTYPE} AND k.conname = w.sub`,
    statements: `
      SELECT 1, pg_catalog.format('ALTER DOMAIN %s ADD ', k.contypid::pg_catalog.regtype) || ${DOMAIN_CONSTRAINT} FROM pg_catalog.pg_constraint AS k WHERE k.oid = w.oid
      UNION ALL SELECT 2, pg_catalog.format('COMMENT ON CONSTRAINT %I ON DOMAIN %s IS %L', k.conname, k.contypid::pg_catalog.regtype, d.description) FROM pg_catalog.pg_constraint AS k, pg_catalog.obj_description(k.oid, 'pg_constraint') AS d (description) WHERE k.oid = w.oid AND d.description IS NOT NULL`,
  },
  setting: {
    // Of a database, of a role, or of a role in a database; always there, set or not.
    oid: 'SELECT 1',
    statements: `
      SELECT 1, pg_catalog.format('ALTER %s %s', t.what, coalesce((
        SELECT 'SET ' || w.name || ' TO ' || CASE WHEN w.name IN ('search_path', 'session_preload_libraries', 'local_preload_libraries', 'temp_tablespaces', 'datestyle') THEN v.value ELSE pg_catalog.quote_literal(v.value) END
        FROM (${SETTING}) AS s (db, role, o), LATERAL (SELECT pg_catalog.substr(s.o, pg_catalog.strpos(s.o, '=') + 1)) AS v (value)
        WHERE pg_catalog.lower(pg_catalog.split_part(s.o, '=', 1)) = pg_catalog.lower(w.name)
          AND s.db = coalesce((SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = w.sub::json ->> 0), 0) AND s.role = coalesce((SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = w.sub::json ->> 1), 0)
      ), 'RESET ' || w.name))
      FROM (SELECT CASE WHEN w.sub::json ->> 1 IS NULL THEN 'DATABASE ' || pg_catalog.quote_ident(w.sub::json ->> 0) ELSE 'ROLE ' || pg_catalog.quote_ident(w.sub::json ->> 1) || coalesce(' IN DATABASE ' || pg_catalog.quote_ident(w.sub::json ->> 0), '') END) AS t (what)
      WHERE w.sub::json ->> 0 IS NOT NULL OR w.sub::json ->> 1 IS NOT NULL`,
  },
} satisfies Readonly<Record<string, FormerReader>>;

/** By name, in the schema that is written or along the search path. */
function namedStatistics(): string {
  return `SELECT s.oid FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
    WHERE (pg_catalog.array_length(pg_catalog.parse_ident(w.name), 1) = 2 AND n.nspname = (pg_catalog.parse_ident(w.name))[1] AND s.stxname = (pg_catalog.parse_ident(w.name))[2])
      OR (pg_catalog.array_length(pg_catalog.parse_ident(w.name), 1) = 1 AND s.stxname = (pg_catalog.parse_ident(w.name))[1] AND pg_catalog.pg_statistics_obj_is_visible(s.oid)) LIMIT 1`;
}

function statisticsTarget(where: string): string {
  return `SELECT 2, pg_catalog.format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, coalesce(s.stxstattarget, -1)) FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace WHERE s.oid = w.oid AND ${where}`;
}
