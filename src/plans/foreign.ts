/** Plans of others, by what only they write. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/"query_block"\s*:/, 'MySQL or MariaDB'],
  [/\|\s*id\s*\|\s*select_type\s*\|/i, 'MySQL or MariaDB'],
  [
    /->\s*(?:Table scan|Index lookup|Single-row index lookup|Nested loop inner join|Covering index (?:scan|lookup)|Inner hash join) /,
    'MySQL',
  ],
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
