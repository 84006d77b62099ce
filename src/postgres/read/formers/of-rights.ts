import { GRANTEE } from '../../../migrations/old-name.js';
import type { FormerReader } from '../formers.js';

const REGCLASS = 'pg_catalog.to_regclass(w.name)';
/** Its arguments may have been left out. */
export const REGPROCEDURE =
  "CASE WHEN w.name LIKE '%)' THEN pg_catalog.to_regprocedure(w.name)::pg_catalog.oid ELSE pg_catalog.to_regproc(w.name)::pg_catalog.oid END";
const REGTYPE = 'pg_catalog.to_regtype(w.name)';
const REGNAMESPACE = 'pg_catalog.to_regnamespace(w.name)';

/** Whatever was granted on an object that is made anew; nothing where nobody ever granted or revoked anything. `word` and `name` as GRANT has them. */
export function rightsOf(word: string, name: string, acl: string, owner: string): string {
  return `
    SELECT 10, pg_catalog.format('REVOKE ALL ON ${word} %s FROM PUBLIC, %I', ${name}, pg_catalog.pg_get_userbyid(${owner})) WHERE ${acl} IS NOT NULL
    UNION ALL SELECT 11, pg_catalog.format('GRANT %s ON ${word} %s TO %s', g.privilege_type, ${name}, ${GRANTEE}) FROM pg_catalog.aclexplode(${acl}) AS g`;
}

/** Roles that `w.sub` names; 0 for PUBLIC. */
const ROLES = `(
  SELECT CASE WHEN e.role = '' THEN 0::pg_catalog.oid ELSE r.oid END AS oid, CASE WHEN e.role = '' THEN 'PUBLIC' ELSE pg_catalog.quote_ident(e.role) END AS name
  FROM pg_catalog.json_array_elements_text(w.sub::json) AS e (role) LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = e.role) AS o`;

/** What the roles of a GRANT or REVOKE had: all of theirs is revoked, and granted again. `usual` is the letter of `acldefault`. */
function rightsBefore(
  word: string,
  name: string,
  of: { from: string; acl: string; usual: string; owner: string },
): string {
  return `
    SELECT 1, pg_catalog.format('REVOKE ALL ON %s %s FROM %s', ${word}, ${name}, o.name) FROM ${of.from}, ${ROLES}
    UNION ALL SELECT 2, pg_catalog.format('GRANT %s ON %s %s TO %s', g.privilege_type, ${word}, ${name}, ${GRANTEE}) FROM ${of.from}, ${ROLES}, pg_catalog.aclexplode(coalesce(${of.acl}, pg_catalog.acldefault(${of.usual}, ${of.owner}))) AS g WHERE g.grantee = o.oid`;
}

const SEQUENCE_OR_TABLE = "CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END";

/** The owner, and what was granted: rights of who is the owner for a time become an owner's. */
function ownerOf(
  alter: string,
  name: string,
  of: { catalog: string; owner: string; acl: string; word: string },
): string {
  const from = `FROM pg_catalog.${of.catalog} AS c`;
  return `
    SELECT 1, pg_catalog.format('ALTER ${alter} %s OWNER TO %I', ${name}, pg_catalog.pg_get_userbyid(c.${of.owner})) ${from} WHERE c.oid = w.oid
    UNION ALL SELECT 2, pg_catalog.format('GRANT %s ON %s %s TO %s', g.privilege_type, ${of.word}, ${name}, ${GRANTEE}) ${from}, pg_catalog.aclexplode(c.${of.acl}) AS g WHERE c.oid = w.oid`;
}

/** The text alone. */
function commentIn(catalog: string): string {
  return `SELECT 1, pg_catalog.obj_description(w.oid, '${catalog}')`;
}

function partOf(catalog: string, relation: string, name: string): FormerReader {
  return {
    oid: `SELECT o.oid FROM pg_catalog.${catalog} AS o WHERE o.${relation} = ${REGCLASS} AND o.${name} = w.sub`,
    statements: commentIn(catalog),
  };
}

/** Owners, rights, comments. */
export const OF_RIGHTS = {
  // Takes every kind of relation.
  'owner of relation': {
    oid: REGCLASS,
    // A sequence of a column has the owner of its table, and goes with it.
    statements: `SELECT * FROM (${ownerOf('TABLE', 'w.oid::pg_catalog.regclass', { catalog: 'pg_class', owner: 'relowner', acl: 'relacl', word: SEQUENCE_OR_TABLE })}
      UNION ALL SELECT 3, pg_catalog.format('GRANT %s (%I) ON TABLE %s TO %s', g.privilege_type, a.attname, w.oid::pg_catalog.regclass, ${GRANTEE}) FROM pg_catalog.pg_attribute AS a, pg_catalog.aclexplode(a.attacl) AS g WHERE a.attrelid = w.oid) AS s (place, statement)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = w.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
        AND EXISTS (SELECT FROM pg_catalog.pg_class AS q WHERE q.oid = w.oid AND q.relkind = 'S'))`,
  },
  'owner of function': {
    oid: REGPROCEDURE,
    statements: ownerOf('ROUTINE', 'w.oid::pg_catalog.regprocedure', {
      catalog: 'pg_proc',
      owner: 'proowner',
      acl: 'proacl',
      word: "'ROUTINE'",
    }),
  },
  'owner of schema': {
    oid: REGNAMESPACE,
    statements: ownerOf('SCHEMA', 'w.oid::pg_catalog.regnamespace', {
      catalog: 'pg_namespace',
      owner: 'nspowner',
      acl: 'nspacl',
      word: "'SCHEMA'",
    }),
  },
  'owner of type': {
    oid: REGTYPE,
    statements: ownerOf('TYPE', 'w.oid::pg_catalog.regtype', {
      catalog: 'pg_type',
      owner: 'typowner',
      acl: 'typacl',
      word: "'TYPE'",
    }),
  },
  'rights on relation': {
    oid: REGCLASS,
    statements: `${rightsBefore(SEQUENCE_OR_TABLE, 'w.oid::pg_catalog.regclass', {
      from: '(SELECT * FROM pg_catalog.pg_class WHERE oid = w.oid) AS c',
      acl: 'c.relacl',
      usual: `CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`,
      owner: 'c.relowner',
    })}
      UNION ALL SELECT 3, pg_catalog.format('GRANT %s (%I) ON TABLE %s TO %s', g.privilege_type, a.attname, w.oid::pg_catalog.regclass, ${GRANTEE}) FROM pg_catalog.pg_attribute AS a, ${ROLES}, pg_catalog.aclexplode(a.attacl) AS g WHERE a.attrelid = w.oid AND g.grantee = o.oid`,
  },
  'rights on function': {
    oid: REGPROCEDURE,
    statements: rightsBefore("'ROUTINE'", 'w.oid::pg_catalog.regprocedure', {
      from: '(SELECT * FROM pg_catalog.pg_proc WHERE oid = w.oid) AS c',
      acl: 'c.proacl',
      usual: `'f'`,
      owner: 'c.proowner',
    }),
  },
  'rights on schema': {
    oid: REGNAMESPACE,
    statements: rightsBefore("'SCHEMA'", 'w.oid::pg_catalog.regnamespace', {
      from: '(SELECT * FROM pg_catalog.pg_namespace WHERE oid = w.oid) AS c',
      acl: 'c.nspacl',
      usual: `'n'`,
      owner: 'c.nspowner',
    }),
  },
  'rights on type': {
    oid: REGTYPE,
    statements: rightsBefore("'TYPE'", 'w.oid::pg_catalog.regtype', {
      from: '(SELECT * FROM pg_catalog.pg_type WHERE oid = w.oid) AS c',
      acl: 'c.typacl',
      usual: `'T'`,
      owner: 'c.typowner',
    }),
  },
  'comment on relation': { oid: REGCLASS, statements: commentIn('pg_class') },
  'comment on column': {
    oid: `SELECT a.attrelid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = ${REGCLASS} AND a.attname = w.sub`,
    statements:
      'SELECT 1, pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = w.oid AND a.attname = w.sub',
  },
  'comment on function': { oid: REGPROCEDURE, statements: commentIn('pg_proc') },
  'comment on type': { oid: REGTYPE, statements: commentIn('pg_type') },
  'comment on schema': { oid: REGNAMESPACE, statements: commentIn('pg_namespace') },
  'comment on extension': {
    oid: 'SELECT e.oid FROM pg_catalog.pg_extension AS e WHERE e.extname = w.name',
    statements: commentIn('pg_extension'),
  },
  'comment on constraint': partOf('pg_constraint', 'conrelid', 'conname'),
  'comment on trigger': partOf('pg_trigger', 'tgrelid', 'tgname'),
  'comment on policy': partOf('pg_policy', 'polrelid', 'polname'),
  'comment on rule': partOf('pg_rewrite', 'ev_class', 'rulename'),
} satisfies Readonly<Record<string, FormerReader>>;
