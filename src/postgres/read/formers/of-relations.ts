import { VIEW_NAME, VIEW_STATEMENTS } from '../../../migrations/views-restored.js';
import { rightsOf } from './of-rights.js';
import type { FormerReader } from '../formers.js';

const REGCLASS = 'pg_catalog.to_regclass(w.name)';
const NAME = 'w.oid::pg_catalog.regclass';
const OF_CLASS = 'FROM pg_catalog.pg_class AS c WHERE c.oid = w.oid';

/** How ALTER names the kind of a relation `c`. */
const KIND =
  "CASE WHEN c.relkind IN ('i', 'I') THEN 'INDEX' WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END";

/** Something with a name within a relation. */
function within(catalog: string, relation: string, name: string): string {
  return `SELECT o.oid FROM pg_catalog.${catalog} AS o WHERE o.${relation} = ${REGCLASS} AND o.${name} = w.sub`;
}

function comment(on: string, args: string, catalog: string): string {
  return `SELECT 9, pg_catalog.format('COMMENT ON ${on} IS %L', ${args}, d.description) FROM pg_catalog.obj_description(w.oid, '${catalog}') AS d (description) WHERE d.description IS NOT NULL`;
}

/** Options `given`, all in their order where `names` holds one of them; those of `names` that are not set are reset. */
function options(alter: string, names: string, given: string): string {
  return `
    SELECT 1, ${alter} || ' RESET (' || pg_catalog.string_agg(n, ', ') || ')'
    FROM (${names}) AS wanted (n) WHERE n NOT IN (SELECT pg_catalog.split_part(o, '=', 1) FROM (${given}) AS g (o)) HAVING count(*) > 0
    UNION ALL
    SELECT 2, ${alter} || ' SET (' || pg_catalog.string_agg(pg_catalog.split_part(o, '=', 1) || ' = ' || pg_catalog.quote_literal(pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1)), ', ') || ')'
    FROM (${given}) AS g (o) HAVING pg_catalog.bool_or(pg_catalog.split_part(o, '=', 1) IN (${names}))`;
}

const VIEWS = `
  WITH RECURSIVE on_it (oid, depth) AS (
    SELECT w.oid, 0
    UNION
    SELECT r.ev_class, i.depth + 1 FROM on_it AS i
    JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.oid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.deptype = 'n'
    JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid AND r.ev_class <> i.oid
  ), depths AS (SELECT oid, max(depth) AS depth FROM on_it GROUP BY oid),
  v AS (
    SELECT c.*, ${VIEW_NAME} AS full_name, e.depth FROM depths AS e JOIN pg_catalog.pg_class AS c ON c.oid = e.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v'`;

const ALL_OF_VIEWS = `(
    SELECT 2 + v.depth, s.place, s.statement FROM (${VIEW_STATEMENTS}
      UNION ALL
      SELECT oid, 4, pg_catalog.format('ALTER VIEW %s OWNER TO %I', full_name, pg_catalog.pg_get_userbyid(relowner)) FROM v WHERE pg_catalog.pg_get_userbyid(relowner) <> current_user
    ) AS s (oid, place, statement) JOIN v ON v.oid = s.oid
  )`;

const MATERIALIZED = `
  SELECT 10 + s.place, s.statement FROM pg_catalog.pg_class AS c, LATERAL (
    SELECT 1, pg_catalog.format('CREATE MATERIALIZED VIEW %s%s AS %s%s', ${NAME}, ' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';'), CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END)
    UNION ALL SELECT 2, pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid
    UNION ALL ${comment('MATERIALIZED VIEW %s', NAME, 'pg_class')}
    UNION ALL SELECT 9, pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', ${NAME}, a.attname, pg_catalog.col_description(a.attrelid, a.attnum)) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND pg_catalog.col_description(a.attrelid, a.attnum) IS NOT NULL
    UNION ALL ${rightsOf('TABLE', NAME, 'c.relacl', 'c.relowner')}
    UNION ALL SELECT 20, pg_catalog.format('ALTER MATERIALIZED VIEW %s OWNER TO %I', ${NAME}, pg_catalog.pg_get_userbyid(c.relowner)) WHERE pg_catalog.pg_get_userbyid(c.relowner) <> current_user
  ) AS s (place, statement) WHERE c.oid = w.oid AND c.relkind = 'm'`;

const TRIGGER_STATE =
  "CASE t.tgenabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END";

const SEQUENCE = `
  SELECT 1, pg_catalog.format('ALTER SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s', ${NAME}, pg_catalog.format_type(q.seqtypid, NULL), q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
  FROM pg_catalog.pg_sequence AS q WHERE q.seqrelid = w.oid
  UNION ALL
  SELECT 2, pg_catalog.format('ALTER SEQUENCE %s OWNED BY %s', ${NAME}, coalesce((
    SELECT pg_catalog.format('%s.%I', d.refobjid::pg_catalog.regclass, a.attname) FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = w.oid AND d.refclassid = d.classid AND d.deptype = 'a'), 'NONE'))
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = w.oid AND d.deptype = 'i')`;

/** Of relations, and of what stands within one. */
export const OF_RELATIONS = {
  view: {
    oid: `SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.oid = ${REGCLASS} AND c.relkind = 'v'`,
    statements: `
      SELECT (pg_catalog.row_number() OVER (ORDER BY a.depth, a.place))::int4, a.statement FROM (${VIEWS})
        SELECT 0, 0, pg_catalog.format('CREATE OR REPLACE VIEW %s%s AS %s', full_name, ' WITH (' || pg_catalog.array_to_string(reloptions, ', ') || ')', pg_catalog.rtrim(pg_catalog.pg_get_viewdef(oid), ';')) FROM v WHERE v.oid = w.oid
        UNION ALL SELECT 1, 0, 'DROP VIEW ' || pg_catalog.string_agg(full_name, ', ' ORDER BY depth DESC) FROM v
        UNION ALL ${ALL_OF_VIEWS}
      ) AS a (depth, place, statement)`,
  },
  'dropped view': {
    oid: `SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.oid = ${REGCLASS} AND c.relkind IN ('v', 'm')`,
    statements: `
      SELECT (pg_catalog.row_number() OVER (ORDER BY a.depth, a.place))::int4, a.statement FROM (${VIEWS} AND (e.depth = 0 OR w.sub = 'cascade'))
        ${ALL_OF_VIEWS}) AS a (depth, place, statement)
      UNION ALL ${MATERIALIZED}`,
  },
  trigger: {
    oid: within('pg_trigger', 'tgrelid', 'tgname'),
    statements: `
      SELECT 1, pg_catalog.format('DROP TRIGGER IF EXISTS %I ON %s', t.tgname, t.tgrelid::pg_catalog.regclass) FROM pg_catalog.pg_trigger AS t WHERE t.oid = w.oid
      UNION ALL SELECT 2, pg_catalog.pg_get_triggerdef(w.oid)
      UNION ALL SELECT 3, pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::pg_catalog.regclass, ${TRIGGER_STATE}, t.tgname) FROM pg_catalog.pg_trigger AS t WHERE t.oid = w.oid AND t.tgenabled <> 'O'
      UNION ALL ${comment('TRIGGER %I ON %s', '(SELECT tgname FROM pg_catalog.pg_trigger WHERE oid = w.oid), (SELECT tgrelid::pg_catalog.regclass FROM pg_catalog.pg_trigger WHERE oid = w.oid)', 'pg_trigger')}`,
  },
  'trigger states': {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', ${NAME}, ${TRIGGER_STATE}, t.tgname) FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = w.oid AND (NOT t.tgisinternal OR w.sub = 'all')`,
  },
  rule: {
    oid: within('pg_rewrite', 'ev_class', 'rulename'),
    statements: `
      SELECT 1, pg_catalog.regexp_replace(pg_catalog.rtrim(pg_catalog.pg_get_ruledef(w.oid), ';'), '^CREATE RULE', 'CREATE OR REPLACE RULE')
      UNION ALL SELECT 3, pg_catalog.format('ALTER TABLE %s %s RULE %I', r.ev_class::pg_catalog.regclass, CASE r.ev_enabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename) FROM pg_catalog.pg_rewrite AS r WHERE r.oid = w.oid
      UNION ALL ${comment('RULE %I ON %s', '(SELECT rulename FROM pg_catalog.pg_rewrite WHERE oid = w.oid), (SELECT ev_class::pg_catalog.regclass FROM pg_catalog.pg_rewrite WHERE oid = w.oid)', 'pg_rewrite')}`,
  },
  policy: {
    oid: within('pg_policy', 'polrelid', 'polname'),
    statements: `
      SELECT 1, pg_catalog.format('DROP POLICY IF EXISTS %I ON %s', p.polname, p.polrelid::pg_catalog.regclass) FROM pg_catalog.pg_policy AS p WHERE p.oid = w.oid
      UNION ALL
      SELECT 2, pg_catalog.concat(pg_catalog.format('CREATE POLICY %I ON %s', p.polname, p.polrelid::pg_catalog.regclass), CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END,
        CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' END,
        ' TO ' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles)),
        ' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')')
      FROM pg_catalog.pg_policy AS p WHERE p.oid = w.oid
      UNION ALL ${comment('POLICY %I ON %s', '(SELECT polname FROM pg_catalog.pg_policy WHERE oid = w.oid), (SELECT polrelid::pg_catalog.regclass FROM pg_catalog.pg_policy WHERE oid = w.oid)', 'pg_policy')}`,
  },
  'row security': {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s %s ROW LEVEL SECURITY', ${NAME}, CASE WHEN c.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END) ${OF_CLASS}
      UNION ALL SELECT 2, pg_catalog.format('ALTER TABLE %s %s ROW LEVEL SECURITY', ${NAME}, CASE WHEN c.relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END) ${OF_CLASS}`,
  },
  options: {
    oid: REGCLASS,
    statements: `SELECT s.place, s.statement FROM pg_catalog.pg_class AS c, LATERAL (${options(
      `pg_catalog.format('ALTER %s %s', ${KIND}, ${NAME})`,
      'SELECT n FROM pg_catalog.json_array_elements_text(w.sub::json) AS n',
      `SELECT pg_catalog.unnest(c.reloptions) UNION ALL SELECT 'toast.' || pg_catalog.unnest(t.reloptions) FROM pg_catalog.pg_class AS t WHERE t.oid = c.reltoastrelid`,
    )}) AS s (place, statement) WHERE c.oid = w.oid`,
  },
  'column options': {
    oid: REGCLASS,
    statements: `SELECT s.place, s.statement FROM pg_catalog.pg_attribute AS a, LATERAL (${options(
      `pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I', ${NAME}, a.attname)`,
      'SELECT n FROM pg_catalog.json_array_elements_text(w.sub::json) WITH ORDINALITY AS e (n, at) WHERE at > 1',
      'SELECT pg_catalog.unnest(a.attoptions)',
    )}) AS s (place, statement) WHERE a.attrelid = w.oid AND a.attname = w.sub::json ->> 0`,
  },
  'column storage': {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', ${NAME}, a.attname, CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = w.oid AND a.attname = w.sub
      UNION ALL SELECT 2, pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION %s', ${NAME}, a.attname, CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'DEFAULT' END) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = w.oid AND a.attname = w.sub AND a.attstorage <> 'p'`,
  },
  'index statistics': {
    oid: REGCLASS,
    statements: `SELECT 1, pg_catalog.format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', ${NAME}, a.attnum, coalesce(a.attstattarget, -1)) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = w.oid AND a.attnum::text = w.sub`,
  },
  'replica identity': {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', ${NAME}, CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL' WHEN 'd' THEN 'DEFAULT'
        ELSE (SELECT pg_catalog.format('USING INDEX %I', x.relname) FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END) ${OF_CLASS}`,
  },
  cluster: {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s %s', ${NAME}, coalesce((SELECT pg_catalog.format('CLUSTER ON %I', x.relname) FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = w.oid AND i.indisclustered), 'SET WITHOUT CLUSTER'))`,
  },
  tablespace: {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER %s %s SET TABLESPACE %I', ${KIND}, ${NAME}, (SELECT s.spcname FROM pg_catalog.pg_tablespace AS s WHERE s.oid = CASE c.reltablespace WHEN 0 THEN (SELECT b.dattablespace FROM pg_catalog.pg_database AS b WHERE b.datname = pg_catalog.current_database()) ELSE c.reltablespace END)) ${OF_CLASS}`,
  },
  'access method': {
    oid: REGCLASS,
    statements: `SELECT 1, pg_catalog.format('ALTER %s %s SET ACCESS METHOD %I', ${KIND}, ${NAME}, m.amname) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_am AS m ON m.oid = c.relam WHERE c.oid = w.oid`,
  },
  bound: {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s %s', i.inhparent::pg_catalog.regclass, ${NAME}, pg_catalog.pg_get_expr(c.relpartbound, c.oid)) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid WHERE c.oid = w.oid`,
  },
  sequence: { oid: REGCLASS, statements: SEQUENCE },
  identity: {
    oid: REGCLASS,
    statements: `
      SELECT 1, pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED %s SET INCREMENT BY %s SET MINVALUE %s SET MAXVALUE %s SET START WITH %s SET CACHE %s SET %s', ${NAME}, a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
        q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
      FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = pg_catalog.pg_get_serial_sequence(${NAME}::text, a.attname)::pg_catalog.regclass WHERE a.attrelid = w.oid AND a.attname = w.sub AND a.attidentity <> ''`,
  },
} satisfies Readonly<Record<string, FormerReader>>;
