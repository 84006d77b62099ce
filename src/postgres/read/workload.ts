import { normalizeSync } from 'libpg-query';
import { quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { UnusableStatement, Workload, WorkloadStatement } from '../../model/workload.js';
import { fingerprint } from '../../sql/fingerprint.js';
import { isTransactionControl, isUtility, statementKind } from '../../sql/kind.js';
import { loadParser, tryParseStatement, type ParsedStatement } from '../../sql/parse.js';
import { textOf, walk } from '../../sql/tree.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { TAG } from '../wire.js';
import { isoTime } from './scope.js';

/** Reads the statements of this database from `pg_stat_statements`, heaviest first, equal shapes as one. Never fails for its absence: then the source is `none` and `skipped` says how to get it. */
export async function readWorkloadFromStatements(
  session: Session,
): Promise<{ workload: Workload; skipped: Skipped[] }> {
  await loadParser();
  const [extension] = await session.query<{ schema: string; version: string }>(EXTENSION_SQL);
  if (!extension) return none('pg_stat_statements is not installed in this database.', CREATE);
  let rows: StatementRow[];
  try {
    rows = await session.query<StatementRow>(statementsSql(extension.schema), [`%${TAG}%`]);
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    if (sqlstate === '55000') return none('pg_stat_statements is installed but not loaded by the server.', PRELOAD);
    if (sqlstate === '42501') return none('This role may not read pg_stat_statements.', GRANT);
    throw error;
  }
  return toWorkload(rows, await readSince(session, extension));
}

const CREATE =
  'Add pg_stat_statements to shared_preload_libraries, restart, and run CREATE EXTENSION pg_stat_statements; or give a workload file.';
const PRELOAD = 'Add pg_stat_statements to shared_preload_libraries and restart; or give a workload file.';
const GRANT = 'GRANT pg_monitor to the role.';

const EXTENSION_SQL = `
  SELECT n.nspname AS schema, e.extversion AS version
  FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_stat_statements' ORDER BY e.oid`;

/**
 * Columns differ by version (`total_time` became `total_exec_time` in 1.8, `toplevel` came in 1.9), so they are read through jsonb.
 * One statement of several roles is several rows.
 */
const statementsSql = (schema: string): string => `
  SELECT s.query, pg_catalog.count(*)::int4 AS entries, pg_catalog.sum(s.calls)::float8 AS calls, pg_catalog.sum(s.rows)::float8 AS rows,
    pg_catalog.sum(coalesce(s.j ->> 'total_exec_time', s.j ->> 'total_time')::float8) AS total_ms,
    pg_catalog.sum(s.shared_blks_hit)::float8 AS shared_hit, pg_catalog.sum(s.shared_blks_read)::float8 AS shared_read,
    pg_catalog.sum(s.temp_blks_read + s.temp_blks_written)::float8 AS temp_blocks,
    pg_catalog.sum((s.j ->> 'wal_bytes')::float8) AS wal_bytes,
    coalesce((s.j ->> 'toplevel')::bool, true) AS top_level
  FROM (SELECT p.*, pg_catalog.to_jsonb(p) - 'query' AS j FROM ${quoteQualified(schema, 'pg_stat_statements')} AS p
    JOIN pg_catalog.pg_database AS d ON d.oid = p.dbid AND d.datname = pg_catalog.current_database()) AS s
  WHERE s.calls > 0 AND coalesce(s.query NOT LIKE $1, true)
  GROUP BY s.query, top_level
  ORDER BY total_ms DESC, s.query`;

type StatementRow = {
  query: string | null;
  /** How many rows of the view this is: all hidden texts are one. */
  entries: number;
  calls: number;
  rows: number;
  total_ms: number | null;
  shared_hit: number;
  shared_read: number;
  temp_blocks: number;
  wal_bytes: number | null;
  top_level: boolean;
};

/** `pg_stat_statements_info` came with 1.9. */
async function readSince(session: Session, extension: { schema: string; version: string }): Promise<string | null> {
  const [major = 0, minor = 0] = extension.version.split('.').map(Number);
  if (major === 1 && minor < 9) return null;
  const view = quoteQualified(extension.schema, 'pg_stat_statements_info');
  const [row] = await session.query<{ since: string | null }>(
    `SELECT ${isoTime('i.stats_reset')} AS since FROM ${view} AS i`,
  );
  return row?.since ?? null;
}

const HIDDEN_TEXT = '<insufficient privilege>';

/** Sorts what the extension counted into statements, what can not be used, and what was left out. */
export function toWorkload(
  rows: readonly StatementRow[],
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

function readsOnlySystemCatalogs(parsed: ParsedStatement): boolean {
  if (statementKind(parsed) !== 'select') return false;
  const relations = [...walk(parsed.tree)].filter((node) => node.type === 'RangeVar').map((node) => node.body);
  const common = new Set(
    [...walk(parsed.tree)].map((node) => (node.type === 'CommonTableExpr' ? textOf(node.body, 'ctename') : null)),
  );
  const stored = relations.filter((body) => body['schemaname'] !== undefined || !common.has(textOf(body, 'relname')));
  return (
    stored.length > 0 &&
    stored.every(
      (body) => SYSTEM_SCHEMAS.has(textOf(body, 'schemaname') ?? '') || isSystemName(textOf(body, 'relname')),
    )
  );
}

const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema']);

function isSystemName(name: string | null): boolean {
  return name?.startsWith('pg_') === true;
}

function add(statements: Map<string, WorkloadStatement>, parsed: ParsedStatement, row: StatementRow): void {
  const key = fingerprint(parsed.sql);
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

const NAME_LENGTH = 60;

/** The beginning of the text on one line, comments left out, cut between words. */
export function nameOf(sql: string): string {
  const line = sql
    .replace(/\/\*.*?\*\//gs, ' ')
    .replace(/--[^\n]*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= NAME_LENGTH) return line;
  const cut = line.slice(0, NAME_LENGTH - 1);
  const space = cut.lastIndexOf(' ');
  return `${space > NAME_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
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

function none(reason: string, remedy: string): { workload: Workload; skipped: Skipped[] } {
  return {
    workload: { source: 'none', origin: 'pg_stat_statements', statements: [], unusable: [], since: null },
    skipped: [{ what: 'workload from pg_stat_statements', reason, remedy }],
  };
}
