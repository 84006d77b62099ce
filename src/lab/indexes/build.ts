import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import { formatMs } from '../../base/units.js';
import { createIndexSql, hasOwnStatistics } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';
import { troubleOf } from '../trial/sessions.js';
import type { Runner } from './runner.js';

/** What building an index took, measured. */
export interface IndexBuild {
  readonly spec: IndexSpec;
  readonly buildMs: number;
  /** Null where the server runs with `wal_level = minimal`: a build then writes its pages straight to disk. */
  readonly walBytes: number | null;
  /** Of a partitioned table's index that of all its parts. */
  readonly sizeBytes: number;
  /** What plans call it: its name, or the names of its parts. */
  readonly namesInPlans: readonly string[];
}

/**
 * Builds an index on the real table, commits it or, without `keep`, rolls it back once it is measured. Gives the reason when the server refuses it,
 * runs out of disk or takes longer than `timeoutMs`; throws for a lost server and an abort.
 */
export async function buildIndex(
  session: Session,
  spec: IndexSpec,
  { keep, timeoutMs }: { readonly keep: boolean; readonly timeoutMs: number },
): Promise<IndexBuild | { readonly reason: string }> {
  try {
    await session.run(`BEGIN; SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}`);
    const [before] = await session.query<WalRow>(WAL_SQL);
    const startedMs = performance.now();
    await session.run(createIndexSql(spec, { concurrently: false }));
    const buildMs = performance.now() - startedMs;
    const [after] = await session.query<WalRow>(WAL_SQL);
    const stored = await storedIndex(session, { schema: spec.table.schema, name: spec.name });
    await session.run(keep ? 'COMMIT' : 'ROLLBACK');
    return {
      spec,
      buildMs,
      walBytes: after?.level === 'minimal' ? null : Number(after?.position ?? 0) - Number(before?.position ?? 0),
      ...stored,
    };
  } catch (thrown) {
    await session.run('ROLLBACK').catch(() => undefined);
    const trouble = troubleOf(thrown);
    if (trouble === 'timeout') return { reason: `building it took longer than ${formatMs(timeoutMs)}` };
    if (trouble === 'disk-full') return { reason: 'the lab ran out of disk while it was built' };
    if (trouble === 'statement' && thrown instanceof WizardError && thrown.code !== 'internal')
      return { reason: `it could not be built: ${thrown.message}` };
    throw thrown;
  }
}

/** Fills the statistics of indexes on expressions, once a table: without them the planner guesses. */
export async function analyseExpressions(runner: Runner, specs: readonly IndexSpec[]): Promise<void> {
  const tables = specs.filter(hasOwnStatistics).map(({ table }) => quoteQualified(table.schema, table.name));
  for (const table of new Set(tables)) await runner.use((session) => session.run(`ANALYZE ${table}`));
}

/** What an index takes, and what plans call it; no names for one that is not there. */
export async function storedIndex(
  session: Session,
  { schema, name }: RelationName,
): Promise<Pick<IndexBuild, 'sizeBytes' | 'namesInPlans'>> {
  const parts = await session.query<{ name: string; bytes: string }>(PARTS_SQL, [quoteQualified(schema, name)]);
  return {
    sizeBytes: parts.reduce((sum, part) => sum + Number(part.bytes), 0),
    namesInPlans: parts.map((part) => part.name),
  };
}

interface WalRow extends Record<string, unknown> {
  level: string;
  position: string;
}

const WAL_SQL = `SELECT pg_catalog.current_setting('wal_level') AS level,
  pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text AS position`;

const PARTS_SQL = `SELECT c.relname::text AS name, pg_catalog.pg_relation_size(c.oid)::text AS bytes
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = pg_catalog.to_regclass($1)
    OR c.oid IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) AS t)
 ORDER BY c.oid`;
