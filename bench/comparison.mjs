// What the what-if benches share: specs in short, a real database asked as if indexes were not there, and errors in words.

/** A btree unless `more` says otherwise; keys are SQL. */
export const indexSpec = (table, keys, more = {}) => ({
  table: { schema: 'public', name: table },
  method: 'btree',
  unique: false,
  keys,
  include: [],
  where: null,
  with: null,
  ...more,
});

export const workload = (entries) => entries.map(([fingerprint, sql]) => ({ fingerprint, queries: [sql] }));

/** How far an estimate is from the truth, as a fraction of it. */
export const off = (estimate, real) => (estimate === real ? 0 : estimate / real - 1);

export const percent = (fraction) => `${(fraction * 100).toFixed(2)} %`;

const quantile = (sorted, at) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))];

export const spread = (errors) => {
  if (errors.length === 0) return 'none';
  const sorted = errors.map(Math.abs).toSorted((a, b) => a - b);
  return `median ${percent(quantile(sorted, 0.5))}, 90th percentile ${percent(quantile(sorted, 0.9))}, worst ${percent(sorted.at(-1))}`;
};

/** Blocks of an index, those of its partitions included. */
export async function pagesOf(session, index) {
  const [row] = await session.query(
    `SELECT (coalesce(sum(pg_relation_size(r.relid)), 0) / 8192)::int AS pages
       FROM (SELECT to_regclass($1) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass($1))) AS r`,
    [index],
  );
  return row.pages;
}
