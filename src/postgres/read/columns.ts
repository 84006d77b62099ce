import type { Column, SequenceState } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** Columns in their order, by the oid of their table. */
export type ColumnsByTable = ReadonlyMap<number, readonly Column[]>;

/** Every column of every relation in the user's schemas, with the state of the sequence that fills it, unless that is `locked`. */
export async function readColumns(session: Session, locked: readonly string[]): Promise<ColumnsRead> {
  const { sequences, hiddenSequences } = await readSequences(session, locked);
  const byTable = new Map<number, Column[]>();
  for (const row of await session.query<ColumnRow>(COLUMNS_SQL, [locked])) {
    const table = Number(row.table_oid);
    const columns = byTable.get(table) ?? [];
    if (columns.length === 0) byTable.set(table, columns);
    columns.push(toColumn(row, sequences.get(`${table}.${row.position}`) ?? null));
  }
  return { columns: byTable, hiddenSequences };
}

export interface ColumnsRead {
  readonly columns: ColumnsByTable;
  /** How many sequences behind columns the role may not read. */
  readonly hiddenSequences: number;
}

/** Of libc the locales C and POSIX; of what is built in (17+) all. */
const sortsBytes = (provider: string, locale: string): string =>
  `(${provider} = 'b' OR (${provider} = 'c' AND ${locale} IN ('C', 'POSIX')))`;

/** Domains may rest on domains: the chain is followed to the type below. The collation `default` (provider `d`) is the database's own. */
const COLUMNS_SQL = `
  WITH RECURSIVE base (oid, type) AS (
    SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type AS t WHERE t.typtype = 'd'
    UNION ALL
    SELECT b.oid, t.typbasetype FROM base AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.type AND t.typtype = 'd'
  ), own_locale (provider, locale) AS (
    SELECT coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c'), d.datcollate
    FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
  )
  SELECT c.oid::int8 AS table_oid, a.attname AS name, a.attnum AS position, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    t.typname AS base_type, t.typcategory::text AS category,
    coalesce(CASE l.collprovider WHEN 'd' THEN ${sortsBytes('w.provider', 'w.locale')} ELSE ${sortsBytes('l.collprovider', 'l.collcollate')} END, false) AS sorts_bytes,
    a.attnotnull OR own.typnotnull AS not_null,
    (a.atthasdef AND a.attgenerated = '') OR own.typdefault IS NOT NULL AS has_default,
    a.attidentity <> '' AS identity, a.attgenerated <> '' AS generated, NULLIF(a.attstattarget, -1)::int4 AS statistics_target,
    (SELECT o.option_value::float8 FROM pg_catalog.pg_options_to_table(a.attoptions) AS o WHERE o.option_name = 'n_distinct') AS distinct_setting,
    CASE WHEN a.attgenerated = 's' AND c.oid <> ALL ($1::pg_catalog.oid[]) THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS stored_as,
    CASE WHEN a.attgenerated = '' AND c.oid <> ALL ($1::pg_catalog.oid[]) THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS default_as
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type AS own ON own.oid = a.atttypid
  LEFT JOIN base AS b ON b.oid = own.oid AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_type AS deeper WHERE deeper.oid = b.type AND deeper.typtype = 'd')
  JOIN pg_catalog.pg_type AS t ON t.oid = coalesce(b.type, own.oid)
  CROSS JOIN own_locale AS w
  LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
    AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  ORDER BY c.oid, a.attnum`;

type ColumnRow = {
  table_oid: string;
  name: string;
  position: number;
  type: string;
  base_type: string;
  category: string;
  sorts_bytes: boolean;
  not_null: boolean;
  has_default: boolean;
  identity: boolean;
  generated: boolean;
  statistics_target: number | null;
  distinct_setting: number | null;
  stored_as: string | null;
  default_as: string | null;
};

function toColumn(row: ColumnRow, sequence: SequenceState | null): Column {
  return {
    name: row.name,
    position: row.position,
    type: row.type,
    baseType: row.base_type,
    typeCategory: row.category,
    sortsBytes: row.sorts_bytes,
    notNull: row.not_null,
    hasDefault: row.has_default,
    identity: row.identity,
    generated: row.generated,
    statisticsTarget: row.statistics_target,
    distinctSetting: row.distinct_setting,
    storedAs: row.stored_as,
    defaultAs: row.default_as,
    sequence,
  };
}

/** A serial's sequence hangs on its column by an `a` dependency, an identity's by an `i`. */
const SEQUENCES_SQL = `
  SELECT d.refobjid::int8 AS table_oid, d.refobjsubid AS position, n.nspname AS schema, c.relname AS name,
    pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE') AS readable,
    CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE') AND c.oid <> ALL ($1::pg_catalog.oid[]) THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value,
    s.seqmax AS max_value, s.seqincrement AS increment
  FROM pg_catalog.pg_sequence AS s
  JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
  WHERE ${userSchema('n')}
  ORDER BY n.nspname, c.relname`;

type SequenceRow = {
  table_oid: string;
  position: number;
  schema: string;
  name: string;
  readable: boolean;
  last_value: string | null;
  max_value: string;
  increment: string;
};

async function readSequences(
  session: Session,
  locked: readonly string[],
): Promise<{ sequences: Map<string, SequenceState>; hiddenSequences: number }> {
  const rows = await session.query<SequenceRow>(SEQUENCES_SQL, [locked]);
  const sequences = new Map(
    rows.map((row) => [
      `${row.table_oid}.${row.position}`,
      {
        name: { schema: row.schema, name: row.name },
        lastValue: row.last_value === null ? null : BigInt(row.last_value),
        maxValue: BigInt(row.max_value),
        increment: BigInt(row.increment),
      },
    ]),
  );
  return { sequences, hiddenSequences: rows.filter((row) => !row.readable).length };
}
