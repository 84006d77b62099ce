import type { GeneratedRow } from './generate.js';
import { insertSql } from './generate.js';

/** A database on which the two statements differ, as a script that a person can run: it leaves nothing behind. */
export function counterexampleSql(found: {
  readonly rows: readonly GeneratedRow[];
  readonly tables: readonly string[];
  /** Constraints that play no role, or do not hold at every moment. */
  readonly dropped: readonly string[];
  /** Null where no row holds a time. */
  readonly timeZone: string | null;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
}): string {
  return [
    `-- ${found.difference}`,
    'BEGIN;',
    ...(found.timeZone === null ? [] : [`SET LOCAL timezone = '${found.timeZone}';`]),
    ...(found.tables.length > 0 ? [`TRUNCATE ${found.tables.join(', ')} CASCADE;`] : []),
    ...(found.dropped.length > 0 ? ['-- constraints that do not always hold, or whose other table plays no role'] : []),
    ...found.dropped.map((sql) => `${sql};`),
    ...found.rows.map((row) => `${insertSql(row)};`),
    '-- original',
    `${found.before.replace(/;\s*$/, '')};`,
    '-- rewritten',
    `${found.after.replace(/;\s*$/, '')};`,
    'ROLLBACK;',
  ].join('\n');
}

/** Leaves rows out, one at a time, as long as the rest still shows the difference. */
export async function shrink(
  rows: readonly GeneratedRow[],
  differs: (rows: readonly GeneratedRow[]) => Promise<string | null>,
): Promise<readonly GeneratedRow[]> {
  let kept = rows;
  for (let i = kept.length - 1; i >= 0; i -= 1) {
    const fewer = kept.filter((_, j) => j !== i);
    if ((await differs(fewer)) !== null) kept = fewer;
  }
  return kept;
}
