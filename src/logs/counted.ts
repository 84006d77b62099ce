import { normalizeSync } from '../sql/pg-query.js';
import type { Skipped } from '../model/coverage.js';
import type { UnusableStatement, Workload, WorkloadStatement } from '../model/workload.js';
import { fingerprintOf } from '../sql/fingerprint.js';
import { isTransactionControl, isUtility, readsOnlySystemCatalogs, statementKind } from '../sql/kind.js';
import { nameOf } from '../sql/name.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';

/** A statement as `pg_stat_statements` counts it. Its names are those of the view where they mean the same; null where an export does not hold a figure. */
export type CountedRow = {
  query: string | null;
  /** How many rows of the view this is: all hidden texts are one. */
  entries: number;
  calls: number;
  rows: number | null;
  total_ms: number | null;
  shared_hit: number | null;
  shared_read: number | null;
  temp_blocks: number | null;
  wal_bytes: number | null;
  top_level: boolean;
};

const HIDDEN_TEXT = '<insufficient privilege>';

/** Sorts what the extension counted into statements, what can not be used, and what was left out. Needs `loadParser()`. */
export function countedWorkload(
  rows: readonly CountedRow[],
  since: string | null,
): { workload: Workload; skipped: Skipped[] } {
  const statements = new Map<string, WorkloadStatement>();
  const unusable = new Map<string, UnusableStatement>();
  const left = { hidden: 0, lost: 0, nested: 0, catalog: 0 };
  for (const row of rows) {
    if (row.query === HIDDEN_TEXT) left.hidden += row.entries;
    else if (row.query === null) left.lost += row.entries;
    else if (!row.top_level) left.nested += row.entries;
    else {
      const sorted = sort(row.query);
      if (sorted.as === 'catalog') left.catalog += row.entries;
      if (sorted.as === 'unusable') unusable.set(sorted.statement.sql, sorted.statement);
      if (sorted.as === 'usable') add(statements, sorted.parsed, row);
    }
  }
  const heaviest = [...statements.values()].toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0));
  return {
    workload: {
      source: 'pg_stat_statements',
      origin: 'pg_stat_statements',
      statements: heaviest,
      unusable: [...unusable.values()],
      since,
    },
    skipped: skipped(left),
  };
}

/** A statement that counts, by its text. */
export interface CountedStatement {
  readonly fingerprint: string;
  readonly name: string;
  readonly kind: WorkloadStatement['kind'];
}

/** What a text in `pg_stat_statements` is; null for what `countedWorkload` leaves out, and for what it can not use. Needs `loadParser()`. */
export function countedStatement({
  query,
  top_level,
}: Pick<CountedRow, 'query' | 'top_level'>): CountedStatement | null {
  if (query === null || query === HIDDEN_TEXT || !top_level) return null;
  const sorted = sort(query);
  if (sorted.as !== 'usable') return null;
  const { parsed } = sorted;
  return { fingerprint: fingerprintOf(parsed), name: nameOf(parsed.sql), kind: statementKind(parsed) };
}

/** Whether the role may not see the text. */
export function isHidden({ query }: Pick<CountedRow, 'query'>): boolean {
  return query === HIDDEN_TEXT;
}

type Sorted =
  | { readonly as: 'usable'; readonly parsed: ParsedStatement }
  | { readonly as: 'unusable'; readonly statement: UnusableStatement }
  | { readonly as: 'catalog' }
  | { readonly as: 'transaction' };

function sort(sql: string): Sorted {
  const parsed = tryParseStatement(sql);
  if (parsed === null) {
    return {
      as: 'unusable',
      statement: { name: nameOf(sql), sql, reason: 'The parser of PostgreSQL 18 can not read it.' },
    };
  }
  if (isTransactionControl(parsed)) return { as: 'transaction' };
  if (isUtility(parsed)) {
    const safe = withoutConstants(sql);
    return {
      as: 'unusable',
      statement: { name: nameOf(safe), sql: safe, reason: 'Not a query: the planner does not plan it.' },
    };
  }
  return readsOnlySystemCatalogs(parsed) ? { as: 'catalog' } : { as: 'usable', parsed };
}

/** Utility statements are counted with their constants, passwords among them; one that can not be stripped is cut to its first two words. */
function withoutConstants(sql: string): string {
  try {
    return normalizeSync(sql);
  } catch {
    return sql.trim().split(/\s+/).slice(0, 2).join(' ');
  }
}

function add(statements: Map<string, WorkloadStatement>, parsed: ParsedStatement, row: CountedRow): void {
  const key = fingerprintOf(parsed);
  const before = statements.get(key);
  const calls = row.calls + (before?.calls ?? 0);
  const totalMs = sum(row.total_ms, before?.totalMs);
  statements.set(key, {
    fingerprint: key,
    name: before?.name ?? nameOf(parsed.sql),
    sql: before?.sql ?? parsed.sql,
    kind: statementKind(parsed),
    calls,
    meanMs: totalMs === null ? null : totalMs / calls,
    totalMs,
    rows: sum(row.rows, before?.rows),
    sharedHit: sum(row.shared_hit, before?.sharedHit),
    sharedRead: sum(row.shared_read, before?.sharedRead),
    tempBlocks: sum(row.temp_blocks, before?.tempBlocks),
    walBytes: sum(row.wal_bytes, before?.walBytes),
    parameterSets: [],
  });
}

function sum(value: number | null, before: number | null | undefined): number | null {
  return value === null ? null : value + (before ?? 0);
}

function skipped(left: { hidden: number; lost: number; nested: number; catalog: number }): Skipped[] {
  const rows: [number, string, string, string | null][] = [
    [
      left.hidden,
      'of other roles',
      'Their text is not shown to this role.',
      'GRANT pg_monitor (or pg_read_all_stats) to the role.',
    ],
    [
      left.lost,
      'without a text',
      'pg_stat_statements lost its file of texts.',
      'SELECT pg_stat_statements_reset(), and let the workload run again.',
    ],
    [left.nested, 'run inside functions', 'Their time is part of the statement that calls the function.', null],
    [left.catalog, 'on system catalogs only', 'They come from monitoring and tools.', null],
  ];
  return rows
    .filter(([count]) => count > 0)
    .map(([count, which, reason, remedy]) => ({
      what: `${count} statement${count === 1 ? '' : 's'} ${which}`,
      reason,
      remedy,
    }));
}
