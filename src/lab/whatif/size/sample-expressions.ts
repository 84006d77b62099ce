import type { RawColumnStatistics } from '../../../postgres/clone/columns.js';
import { NO_RANGE_COLUMNS, STATISTICS_COLUMNS } from '../../../postgres/clone/columns.js';
import type { Session } from '../../../postgres/session.js';
import { SAMPLE } from './sample-builds.js';

/** Statistics of one expression among the keys, named after the index's attribute; its distinct count is the sample's. */
export interface SampledExpression {
  readonly statistics: RawColumnStatistics;
  readonly distinct: number;
  readonly once: number;
  readonly notNull: number;
}

/** An expression and the rows that it is wanted in. */
export interface ExpressionWanted {
  readonly sql: string;
  readonly predicate: string | null;
}

/** Has the server analyse an expression over the sample. Null for a type of which it makes no statistics. */
export async function analyseExpression(
  sampler: Session,
  { sql, predicate }: ExpressionWanted,
): Promise<RawColumnStatistics | null> {
  const where = predicate === null ? '' : ` WHERE ${predicate}`;
  await sampler.run(
    `CREATE TEMP TABLE wizard_expression ON COMMIT DROP AS SELECT (${sql}) AS value FROM ${SAMPLE}${where}; ANALYZE pg_temp.wizard_expression`,
  );
  const [statistics] = await sampler.query<RawColumnStatistics>(
    `SELECT ''::text AS schemaname, ''::text AS relname, ''::text AS attname, ${STATISTICS_COLUMNS}, ${NO_RANGE_COLUMNS}
  FROM pg_catalog.pg_stats
 WHERE schemaname = (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.pg_my_temp_schema()) AND tablename = 'wizard_expression'`,
  );
  await sampler.run('DROP TABLE pg_temp.wizard_expression');
  return statistics ?? null;
}
