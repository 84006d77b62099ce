import { groupBy } from '../../../base/group.js';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject, type SchemaPart } from '../script.js';

/** Enums, composite types, domains and ranges. */
export async function readTypes(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const groups = [
    await readEnums(context),
    await readComposites(context),
    await readDomains(context),
    await readRanges(context),
  ];
  return groups.flat();
}

type TypeRow = { key: string; array_key: string; nspname: string; typname: string };

/** Columns of `TypeRow` over aliases `t` and `n`. */
const TYPE_COLUMNS = `'pg_type:' || t.oid AS key, 'pg_type:' || t.typarray AS array_key, n.nspname::text, t.typname::text`;
const FROM_TYPES = `pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace`;

async function readEnums(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<TypeRow & { labels: string[] }>(`
    SELECT ${TYPE_COLUMNS},
      COALESCE((SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), '{}') AS labels
    FROM ${FROM_TYPES} WHERE t.typtype = 'e' AND ${USER_SCHEMA} ORDER BY n.nspname, t.typname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteQualified(row.nspname, row.typname);
      const labels = row.labels.map(quoteLiteral).join(', ');
      const base = {
        key: row.key,
        aliases: [row.array_key],
        kind: 'enum',
        identity,
        section: 'pre',
        facts: { type: 'enum', labels: row.labels },
      } as const;
      return simpleObject(base, `CREATE TYPE ${identity} AS ENUM (${labels})`);
    });
}

async function readComposites(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<TypeRow & { class_key: string; columns: string[] | null }>(`
    SELECT ${TYPE_COLUMNS}, 'pg_class:' || c.oid AS class_key,
      (SELECT pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attcollation <> 0 AND a.attcollation <> at.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END
          ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type at ON at.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM ${FROM_TYPES} JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    WHERE t.typtype = 'c' AND ${USER_SCHEMA} ORDER BY n.nspname, t.typname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteQualified(row.nspname, row.typname);
      const aliases = [row.array_key, row.class_key];
      const base = {
        key: row.key,
        aliases,
        kind: 'composite type',
        identity,
        section: 'pre',
        facts: { type: 'composite', attributes: row.columns ?? [] },
      } as const;
      return simpleObject(base, `CREATE TYPE ${identity} AS (${(row.columns ?? []).join(', ')})`);
    });
}

type DomainRow = TypeRow & { base: string; collation: string | null; not_null: boolean; default_sql: string | null };
type DomainConstraintRow = {
  key: string;
  type_key: string;
  conname: string;
  contype: string;
  convalidated: boolean;
  definition: string;
};

async function readDomains(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<DomainRow>(`
    SELECT ${TYPE_COLUMNS}, pg_catalog.format_type(t.typbasetype, t.typtypmod) AS base,
      CASE WHEN t.typcollation <> u.typcollation THEN t.typcollation::regcollation::text END AS collation,
      t.typnotnull AS not_null, COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS default_sql
    FROM ${FROM_TYPES} JOIN pg_catalog.pg_type u ON u.oid = t.typbasetype
    WHERE t.typtype = 'd' AND ${USER_SCHEMA} ORDER BY n.nspname, t.typname`);
  const constraints = await context.rows<DomainConstraintRow>(`
    SELECT 'pg_constraint:' || k.oid AS key, 'pg_type:' || k.contypid AS type_key, k.conname::text, k.contype::text, k.convalidated,
      pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 ORDER BY k.contypid, k.conname`);
  const byType = groupBy(constraints, (row) => row.type_key);
  const own = rows.filter(({ key }) => !context.isMember(key));
  return own.flatMap((row) => domainObjects(row, byType.get(row.key) ?? []));
}

function domainObjects(row: DomainRow, constraints: readonly DomainConstraintRow[]): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.typname);
  const asPart = (constraint: DomainConstraintRow): SchemaPart => ({
    key: constraint.key,
    kind: 'check',
    identity: `${identity} ${quoteIdent(constraint.conname)}`,
    sql: `ALTER DOMAIN ${identity} ADD CONSTRAINT ${quoteIdent(constraint.conname)} ${constraint.definition}`,
  });
  const checks = constraints.filter((constraint) => constraint.contype === 'c' && constraint.convalidated);
  const notNull = constraints.find((constraint) => constraint.contype === 'n');
  const notNullName =
    notNull !== undefined && notNull.conname !== `${row.typname}_not_null`
      ? `CONSTRAINT ${quoteIdent(notNull.conname)} `
      : '';
  const head = [`CREATE DOMAIN ${identity} AS ${row.base}`];
  if (row.collation !== null) head.push(`COLLATE ${row.collation}`);
  if (row.default_sql !== null) head.push(`DEFAULT ${row.default_sql}`);
  if (row.not_null) head.push(`${notNullName}NOT NULL`);
  const domain: SchemaObject = {
    key: row.key,
    aliases: notNull === undefined ? [row.array_key] : [row.array_key, notNull.key],
    kind: 'domain',
    identity,
    section: 'pre',
    parts: checks.map(asPart),
    labels: new Map(constraints.map(({ key, conname }) => [key, `check ${conname}`])),
    facts: {
      type: 'domain',
      base: `${row.base}${row.collation === null ? '' : ` COLLATE ${row.collation}`}`,
      notNull: row.not_null,
      default: row.default_sql,
      checks: constraints
        .filter(({ contype }) => contype === 'c')
        .map(({ conname, definition, convalidated }) => ({ name: conname, definition, validated: convalidated })),
    },
    sql: (later) => [
      [
        ...head,
        ...checks
          .filter((check) => !later.has(check.key))
          .map((check) => `CONSTRAINT ${quoteIdent(check.conname)} ${check.definition}`),
      ].join(' '),
    ],
  };
  const unchecked = constraints.filter((constraint) => constraint.contype === 'c' && !constraint.convalidated);
  const after = unchecked.map((constraint) => {
    const { key, kind, identity: name, sql } = asPart(constraint);
    return simpleObject({ key, kind, identity: name, section: 'post', needs: [row.key] }, sql);
  });
  return [domain, ...after];
}

type RangeRow = TypeRow & {
  multirange_key: string;
  multirange_array_key: string;
  multirange: string;
  subtype: string;
  opclass: string | null;
  collation: string | null;
  canonical: string | null;
  canonical_key: string;
  diff: string | null;
};

async function readRanges(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<RangeRow>(`
    SELECT ${TYPE_COLUMNS}, 'pg_type:' || m.oid AS multirange_key, 'pg_type:' || m.typarray AS multirange_array_key,
      pg_catalog.quote_ident(mn.nspname) || '.' || pg_catalog.quote_ident(m.typname) AS multirange,
      pg_catalog.format_type(r.rngsubtype, NULL) AS subtype,
      CASE WHEN NOT o.opcdefault THEN pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(o.opcname) END AS opclass,
      CASE WHEN r.rngcollation <> s.typcollation THEN r.rngcollation::regcollation::text END AS collation,
      NULLIF(r.rngcanonical, 0)::regproc::text AS canonical, 'pg_proc:' || r.rngcanonical::oid AS canonical_key,
      NULLIF(r.rngsubdiff, 0)::regproc::text AS diff
    FROM ${FROM_TYPES} JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
    JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
    JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace
    JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
    WHERE ${USER_SCHEMA} ORDER BY n.nspname, t.typname`);
  return rows.filter(({ key }) => !context.isMember(key)).flatMap(rangeObjects);
}

function rangeObjects(row: RangeRow): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.typname);
  const options = [`SUBTYPE = ${row.subtype}`, `MULTIRANGE_TYPE_NAME = ${row.multirange}`];
  if (row.opclass !== null) options.push(`SUBTYPE_OPCLASS = ${row.opclass}`);
  if (row.collation !== null) options.push(`COLLATION = ${row.collation}`);
  if (row.canonical !== null) options.push(`CANONICAL = ${row.canonical}`);
  if (row.diff !== null) options.push(`SUBTYPE_DIFF = ${row.diff}`);
  const aliases = [row.array_key, row.multirange_key, row.multirange_array_key];
  const needsShell = row.canonical !== null;
  const range = simpleObject(
    {
      key: row.key,
      aliases,
      kind: 'range type',
      identity,
      section: 'pre',
      needs: needsShell ? [`shell ${row.key}`] : [],
    },
    `CREATE TYPE ${identity} AS RANGE (${options.join(', ')})`,
  );
  if (!needsShell) return [range];
  return [
    simpleObject({ key: `shell ${row.key}`, kind: 'shell type', identity, section: 'pre' }, `CREATE TYPE ${identity}`),
    range,
  ];
}
