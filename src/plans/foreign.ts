/** Plans of others, by what only they write. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/"query_block"\s*:/, 'MySQL or MariaDB'],
  [/\|\s*id\s*\|\s*select_type\s*\|/i, 'MySQL or MariaDB'],
  [
    /->\s*(?:Table scan|Index lookup|Single-row index lookup|Nested loop inner join|Covering index (?:scan|lookup)|Inner hash join) /,
    'MySQL',
  ],
  [
    /->\s*(?:Filter|Sort|Limit|Aggregate|Group aggregate|Stream results|Index (?:range )?scan on \w+)\b(?:: |.*\(cost=\d+(?:\.\d+)?(?:e\+?\d+)? rows=)/,
    'MySQL',
  ],
  [
    /\b(?:Gather|Redistribute|Broadcast) Motion \d+:\d+|^\s*Extra Text: \(seg\d+\)|^\s*Optimizer: (?:Pivotal|Postgres|GPORCA|Legacy)/m,
    'Greenplum or Cloudberry',
  ],
  [/^\s*"?\s*(?:->\s+)?(?:Dynamic )?Table Scan on \w+ .*\(cost=/m, 'Greenplum or Cloudberry'],
  [
    /\b(?:XN|LD) (?:Seq Scan|Hash|Merge|Limit|Network|Sort|Nested Loop|Aggregate|Subquery Scan|Unique|Window)\b|\bDS_(?:DIST|BCAST)_[A-Z]+/,
    'Amazon Redshift',
  ],
  [/^\s*== (?:Physical|Optimized Logical) Plan ==/m, 'Spark'],
  [/^\s*Fragment \d+ \[\w+\]/m, 'Trino or Presto'],
  [/\b(?:TableReader|IndexLookUp|IndexReader|HashJoin|TableFullScan)_\d+\b/, 'TiDB'],
  [/\bReadFromMergeTree\b/, 'ClickHouse'],
  [/<ShowPlanXML\b/, 'SQL Server'],
  [/Plan hash value:\s*\d+/, 'Oracle'],
  [/^\s*(?:QUERY PLAN\s*\n)?\s*[|`]--\s*(?:SCAN|SEARCH)\b/m, 'SQLite'],
  [/"winningPlan"\s*:/, 'MongoDB'],
  [/^\s*distribution:\s*(?:local|full)\s*$/m, 'CockroachDB'],
];

/** Whose plan a text is, when it is not PostgreSQL's; null where nothing says so. */
export function foreignPlan(text: string): string | null {
  return OTHERS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
