import { groupBy } from '../../../base/group.js';
import { quoteIdent } from '../../../base/quote.js';
import { FIRST_USER_OID, USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Operators, operator families and operator classes. */
export async function readOperators(context: ExtractContext): Promise<readonly SchemaObject[]> {
  return [...(await readPlainOperators(context)), ...(await readFamiliesAndClasses(context))];
}

interface OperatorRow extends Record<string, unknown> {
  readonly key: string;
  readonly identity: string;
  readonly name: string;
  readonly function: string;
  readonly left: string | null;
  readonly right: string | null;
  readonly commutator: string | null;
  readonly negator: string | null;
  readonly restrict: string | null;
  readonly join: string | null;
  readonly hashes: boolean;
  readonly merges: boolean;
}

/** `schema.symbol` of the operator whose OID is given. */
const operatorNameSql = (oid: string): string =>
  `(SELECT pg_catalog.quote_ident(xn.nspname) || '.' || x.oprname FROM pg_catalog.pg_operator x
    JOIN pg_catalog.pg_namespace xn ON xn.oid = x.oprnamespace WHERE x.oid = ${oid})`;

async function readPlainOperators(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<OperatorRow>(`
    SELECT 'pg_operator:' || o.oid AS key, o.oid::regoperator::text AS identity, pg_catalog.quote_ident(n.nspname) || '.' || o.oprname AS name,
      o.oprcode::regproc::text AS function, CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END AS "left",
      CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END AS "right",
      ${operatorNameSql('o.oprcom')} AS commutator, ${operatorNameSql('o.oprnegate')} AS negator,
      NULLIF(o.oprrest::oid, 0)::regproc::text AS restrict, NULLIF(o.oprjoin::oid, 0)::regproc::text AS "join",
      o.oprcanhash AS hashes, o.oprcanmerge AS merges
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oprcode <> 0 AND (${USER_SCHEMA}) ORDER BY o.oid`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const options = [`FUNCTION = ${row.function}`];
      if (row.left !== null) options.push(`LEFTARG = ${row.left}`);
      if (row.right !== null) options.push(`RIGHTARG = ${row.right}`);
      if (row.commutator !== null) options.push(`COMMUTATOR = OPERATOR(${row.commutator})`);
      if (row.negator !== null) options.push(`NEGATOR = OPERATOR(${row.negator})`);
      if (row.restrict !== null) options.push(`RESTRICT = ${row.restrict}`);
      if (row.join !== null) options.push(`JOIN = ${row.join}`);
      if (row.hashes) options.push('HASHES');
      if (row.merges) options.push('MERGES');
      const base = { key: row.key, kind: 'operator', identity: row.identity, section: 'pre' } as const;
      return simpleObject(base, `CREATE OPERATOR ${row.name} (${options.join(', ')})`);
    });
}

/** An operator or function of a family, bound to a class or loose. */
interface MemberRow extends Record<string, unknown> {
  readonly key: string;
  /** `pg_opclass:oid` or `pg_opfamily:oid`. */
  readonly owner_key: string;
  readonly text: string;
}

async function readMembers(context: ExtractContext): Promise<Map<string, MemberRow[]>> {
  const rows = await context.rows<MemberRow>(`
    SELECT 'pg_amop:' || a.oid AS key, c.relname || ':' || d.refobjid AS owner_key, 1 AS sort, a.amopstrategy::int4 AS number,
      'OPERATOR ' || a.amopstrategy || ' ' || ${operatorNameSql('a.amopopr')} || ' (' || pg_catalog.format_type(a.amoplefttype, NULL)
        || ', ' || pg_catalog.format_type(a.amoprighttype, NULL) || ')'
        || COALESCE(' FOR ORDER BY ' || (SELECT pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.opfname)
          FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace WHERE f.oid = a.amopsortfamily), '') AS text
    FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amop'::regclass AND d.objid = a.oid
    JOIN pg_catalog.pg_class c ON c.oid = d.refclassid
    WHERE a.oid >= ${FIRST_USER_OID} AND c.oid IN ('pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass)
    UNION ALL
    SELECT 'pg_amproc:' || a.oid, c.relname || ':' || d.refobjid, 2, a.amprocnum::int4,
      'FUNCTION ' || a.amprocnum || ' (' || pg_catalog.format_type(a.amproclefttype, NULL) || ', '
        || pg_catalog.format_type(a.amprocrighttype, NULL) || ') ' || a.amproc::regprocedure::text
    FROM pg_catalog.pg_amproc a JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amproc'::regclass AND d.objid = a.oid
    JOIN pg_catalog.pg_class c ON c.oid = d.refclassid
    WHERE a.oid >= ${FIRST_USER_OID} AND c.oid IN ('pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass)
    ORDER BY owner_key, sort, number, text`);
  return groupBy(rows, (row) => row.owner_key);
}

async function readFamiliesAndClasses(context: ExtractContext): Promise<SchemaObject[]> {
  const members = await readMembers(context);
  const families = await context.rows<{ key: string; name: string; method: string }>(`
    SELECT 'pg_opfamily:' || f.oid AS key, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(f.opfname) AS name,
      a.amname::text AS method
    FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
    JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod WHERE ${USER_SCHEMA} ORDER BY n.nspname, f.opfname, a.amname`);
  const objects = families
    .filter(({ key }) => !context.isMember(key))
    .flatMap(({ key, name, method }) =>
      familyObjects(key, `${name} USING ${quoteIdent(method)}`, members.get(key) ?? []),
    );
  return [...objects, ...(await readClasses(context, members))];
}

function familyObjects(key: string, identity: string, members: readonly MemberRow[]): SchemaObject[] {
  const family = simpleObject(
    { key, kind: 'operator family', identity, section: 'pre' },
    `CREATE OPERATOR FAMILY ${identity}`,
  );
  // A member needs functions that may need the family's classes: each is a statement of its own.
  const loose = members.map((member) =>
    simpleObject(
      {
        key: member.key,
        kind: 'operator family member',
        identity: `${identity} ${member.text}`,
        section: 'pre',
        needs: [key],
      },
      `ALTER OPERATOR FAMILY ${identity} ADD ${member.text}`,
    ),
  );
  return [family, ...loose];
}

interface ClassRow extends Record<string, unknown> {
  readonly key: string;
  readonly name: string;
  readonly method: string;
  readonly is_default: boolean;
  readonly type: string;
  readonly storage: string | null;
  readonly family: string;
  readonly family_key: string;
}

async function readClasses(
  context: ExtractContext,
  members: ReadonlyMap<string, readonly MemberRow[]>,
): Promise<SchemaObject[]> {
  const rows = await context.rows<ClassRow>(`
    SELECT 'pg_opclass:' || c.oid AS key, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.opcname) AS name,
      a.amname::text AS method, c.opcdefault AS is_default, pg_catalog.format_type(c.opcintype, NULL) AS type,
      CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END AS storage,
      pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.opfname) AS family, 'pg_opfamily:' || f.oid AS family_key
    FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
    JOIN pg_catalog.pg_am a ON a.oid = c.opcmethod JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
    JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace WHERE ${USER_SCHEMA} ORDER BY n.nspname, c.opcname, a.amname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const own = members.get(row.key) ?? [];
      const method = quoteIdent(row.method);
      const items = own.map(({ text }) => text);
      if (row.storage !== null || items.length === 0) items.push(`STORAGE ${row.storage ?? row.type}`);
      const base: Omit<SchemaObject, 'sql'> = {
        key: row.key,
        aliases: own.map(({ key }) => key),
        kind: 'operator class',
        identity: `${row.name} USING ${method}`,
        section: 'pre',
        needs: [row.family_key],
      };
      const head = `CREATE OPERATOR CLASS ${row.name}${row.is_default ? ' DEFAULT' : ''} FOR TYPE ${row.type} USING ${method} FAMILY ${row.family}`;
      return simpleObject(base, `${head} AS ${items.join(', ')}`);
    });
}
