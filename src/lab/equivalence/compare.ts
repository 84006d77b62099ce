/** A result as the server printed it, row by row. */
export interface Result {
  /** Sort keys; all alike where there is no ORDER BY. */
  readonly keys: readonly string[];
  readonly rows: readonly string[];
  /** SQLSTATE; null when it ran. */
  readonly error: string | null;
}

/** Numbers and times beyond what their type holds (manual, appendix A). */
const OVERFLOWS = new Set(['22003', '22008']);

/**
 * How two results differ in words; null where both are right answers to the first statement. `all` are the rows without its LIMIT; null where it has none. With `fewerOverflows` the second may
 * answer where the first fails with an overflow.
 */
export function difference(
  before: Result,
  after: Result,
  how: { readonly ordered: boolean; readonly all: Result | null; readonly fewerOverflows: boolean },
): string | null {
  if (before.error !== null && after.error !== null) return null;
  if (before.error !== null && how.fewerOverflows && OVERFLOWS.has(before.error)) return null;
  if (before.error !== null)
    return `the original fails with ${before.error}, the rewritten one gives ${after.rows.length} rows`;
  if (after.error !== null)
    return `the rewritten one fails with ${after.error}, the original gives ${before.rows.length} rows`;
  if (before.rows.length !== after.rows.length) return `${before.rows.length} rows became ${after.rows.length}`;
  if (before.rows.every((row, i) => row === after.rows[i])) return null;
  if (how.ordered && before.keys.some((key, i) => key !== after.keys[i])) return 'the order differs by more than ties';
  if (how.all === null) return isWithin(after, before, how.ordered) ? null : 'the rows differ';
  return isWithin(after, how.all, how.ordered) ? null : 'rows are given which the original can not give';
}

/** Whether each row, as often as it comes, is one of the other's. */
function isWithin(some: Result, all: Result, ordered: boolean): boolean {
  const left = new Map<string, number>();
  const text = (result: Result, i: number): string => `${ordered ? result.keys[i] : ''}\n${result.rows[i]}`;
  all.rows.forEach((_, i) => left.set(text(all, i), (left.get(text(all, i)) ?? 0) + 1));
  return some.rows.every((_, i) => {
    const count = left.get(text(some, i)) ?? 0;
    left.set(text(some, i), count - 1);
    return count > 0;
  });
}
