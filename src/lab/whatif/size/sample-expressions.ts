import type { RawColumnStatistics } from '../../../postgres/clone/columns.js';
import { NO_RANGE_COLUMNS, STATISTICS_COLUMNS } from '../../../postgres/clone/columns.js';
import type { Session } from '../../../postgres/session.js';
import type { IndexLayout } from '../index-layout.js';
import { KEYS } from './sample-keys.js';

/** Statistics of one expression among the keys, named after the index's attribute; its distinct count is the sample's. */
export interface SampledExpression {
  readonly statistics: RawColumnStatistics;
  readonly distinct: number;
  readonly once: number;
  readonly notNull: number;
}

/** Has the server analyse the expressions of `KEYS`. */
export async function sampleExpressions(sampler: Session, layout: IndexLayout): Promise<SampledExpression[]> {
  const wanted = layout.columns.flatMap((column, index) =>
    column.column === null ? [{ column, name: `k${index + 1}` }] : [],
  );
  if (wanted.length === 0) return [];
  await sampler.run(`ANALYZE ${KEYS}`);
  const sampled: SampledExpression[] = [];
  for (const { column, name } of wanted) {
    const [statistics] = await sampler.query<RawColumnStatistics>(
      `SELECT $2::text AS schemaname, $3::text AS relname, $4::text AS attname, ${STATISTICS_COLUMNS}, ${NO_RANGE_COLUMNS}
  FROM pg_catalog.pg_stats
 WHERE schemaname = (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.pg_my_temp_schema()) AND tablename = 'wizard_keys' AND attname = $1`,
      [name, layout.schema, layout.name, column.attribute],
    );
    const count = await countValues(sampler, name);
    if (statistics !== undefined) sampled.push({ statistics, ...count });
  }
  return sampled;
}

/** Zeros for a type without equality. */
async function countValues(
  sampler: Session,
  name: string,
): Promise<{ distinct: number; once: number; notNull: number }> {
  const none = { distinct: 0, once: 0, notNull: 0 };
  await sampler.run('SAVEPOINT counting');
  try {
    const [count] = await sampler.query<{ distinct: number; once: number; notNull: number }>(
      `SELECT count(*)::int4 AS distinct, (count(*) FILTER (WHERE g.rows = 1))::int4 AS once, coalesce(sum(g.rows), 0)::int4 AS "notNull"
  FROM (SELECT count(*)::int4 AS rows FROM ${KEYS} WHERE ${name} IS NOT NULL GROUP BY ${name}) AS g`,
    );
    return count ?? none;
  } catch {
    await sampler.run('ROLLBACK TO SAVEPOINT counting');
    return none;
  }
}
