import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { NO_RANGE_COLUMNS, STATISTICS_COLUMNS } from './columns.js';
import type { RawColumnStatistics } from './columns.js';

/** The data of one extended statistics object, from the views that every reader of the table may see. */
export interface ExtendedStatisticsData {
  readonly statistics: RelationName;
  readonly inherited: boolean;
  /** Attribute numbers on the source, in the object's order: the serialised forms name columns by them. */
  readonly attributes: readonly number[];
  /** `pg_ndistinct` as hex of its bytes; null when not collected. */
  readonly ndistinctHex: string | null;
  /** `pg_dependencies` as hex of its bytes; null when not collected. */
  readonly dependenciesHex: string | null;
  readonly commonValues: CommonValues | null;
  /** Statistics of each expression, keyed by its text. */
  readonly expressions: readonly { readonly expression: string; readonly statistics: RawColumnStatistics }[];
}

/** A multi-column list of common values: one entry an item, one value a dimension. */
export interface CommonValues {
  /** The values as text; null for NULL. */
  readonly values: readonly (readonly (string | null)[])[];
  readonly frequencies: readonly number[];
  /** What the frequency would be if the columns were independent. */
  readonly baseFrequencies: readonly number[];
}

interface ExtendedRow extends Record<string, unknown> {
  schema: string;
  name: string;
  inherited: boolean;
  attributes: number[];
  ndistinct: string | null;
  dependencies: string | null;
  values: (string | null)[][] | null;
  frequencies: number[] | null;
  base_frequencies: number[] | null;
}

interface ExpressionRow extends RawColumnStatistics {
  readonly expression: string;
}

/** Data of all extended statistics that the role may read. */
export async function readExtendedStatistics(session: Session, major: number): Promise<ExtendedStatisticsData[]> {
  // Since 15 an object has one row for the table alone and one for the table with its children.
  const inherited = major >= 15 ? 'v.inherited' : 'false';
  const rows = await session.query<ExtendedRow>(`
SELECT v.statistics_schemaname::text AS schema, v.statistics_name::text AS name, ${inherited} AS inherited,
       pg_catalog.to_jsonb(s.stxkeys::int2[]) AS attributes,
       pg_catalog.encode(v.n_distinct::bytea, 'hex') AS ndistinct,
       pg_catalog.encode(v.dependencies::bytea, 'hex') AS dependencies,
       pg_catalog.to_jsonb(v.most_common_vals) AS values,
       pg_catalog.to_jsonb(v.most_common_freqs) AS frequencies,
       pg_catalog.to_jsonb(v.most_common_base_freqs) AS base_frequencies
  FROM pg_catalog.pg_stats_ext AS v
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = v.statistics_schemaname
  JOIN pg_catalog.pg_statistic_ext AS s ON s.stxnamespace = n.oid AND s.stxname = v.statistics_name
 WHERE v.statistics_schemaname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY 1, 2, 3`);
  const expressions = await readExpressions(session, major);
  return rows.map((row) => ({
    statistics: { schema: row.schema, name: row.name },
    inherited: row.inherited,
    attributes: row.attributes,
    ndistinctHex: row.ndistinct,
    dependenciesHex: row.dependencies,
    commonValues:
      row.values && row.frequencies && row.base_frequencies
        ? { values: row.values, frequencies: row.frequencies, baseFrequencies: row.base_frequencies }
        : null,
    expressions: expressions
      .filter((one) => one.schemaname === row.schema && one.relname === row.name && one.inherited === row.inherited)
      .map((one) => ({ expression: one.expression, statistics: one })),
  }));
}

/** Named after the statistics object, not after its table. */
async function readExpressions(session: Session, major: number): Promise<ExpressionRow[]> {
  const columns = major >= 15 ? STATISTICS_COLUMNS : STATISTICS_COLUMNS.replace('inherited', 'false AS inherited');
  return session.query<ExpressionRow>(`
SELECT statistics_schemaname::text AS schemaname, statistics_name::text AS relname, ''::text AS attname, expr AS expression, ${columns},
       ${NO_RANGE_COLUMNS}
  FROM pg_catalog.pg_stats_ext_exprs
 WHERE null_frac IS NOT NULL AND statistics_schemaname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY 1, 2, 4`);
}
