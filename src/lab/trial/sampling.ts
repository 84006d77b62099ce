import type { Sample } from '../../model/measurement.js';
import type { Plan, PlanNode } from '../../model/plan.js';
import type { Session } from '../../postgres/session.js';
import type { TrialCase } from './cases.js';
import { planOf, rootOf } from './planned.js';
import type { ExplainOutput } from './planned.js';
import { digestBuilder } from './results.js';
import type { ResultDigest } from './results.js';
import { troubleOf } from './sessions.js';

/** One measured execution and the plan it ran with. */
export interface Execution {
  readonly sample: Sample;
  readonly plan: Plan;
}

/**
 * Runs a case once under EXPLAIN ANALYZE, inside a transaction that is rolled back, and reads what it cost. For writes
 * deferred constraints are checked at once, so that their cost is seen; blocks and WAL of triggers, which the plan's root
 * does not hold, are read from the transaction's own counters. Throws on any error of the statement, timeout included.
 */
export async function executeOnce(session: Session, oneCase: TrialCase, timeoutMs: number): Promise<Execution> {
  return rolledBack(session, oneCase, timeoutMs, () => measured(session, oneCase));
}

/** An execution that was cut off: its figures are lower bounds. */
export interface CutOff {
  readonly cutOff: Sample;
}

/** As `executeOnce`, but a timeout is an outcome: what the statement had cost when it was cut off, parallel workers' blocks left out. */
export async function executeOrCutOff(
  session: Session,
  oneCase: TrialCase,
  timeoutMs: number,
): Promise<Execution | CutOff> {
  return rolledBack(session, oneCase, timeoutMs, async () => {
    const before = await readCounters(session);
    const done = await orCutOff(session, () => measured(session, oneCase));
    return done ?? { cutOff: cutOffSample(difference(before, await readCounters(session)), timeoutMs) };
  });
}

/** Null when the timeout ended it. The transaction goes on: outside of it its counters would be on their way to the statistics already. */
export async function orCutOff<T>(session: Session, work: () => Promise<T>): Promise<T | null> {
  await session.run('SAVEPOINT database_wizard_execution');
  try {
    return await work();
  } catch (thrown) {
    if (troubleOf(thrown) !== 'timeout') throw thrown;
    await session.run('ROLLBACK TO SAVEPOINT database_wizard_execution');
    return null;
  }
}

/** Runs a case once as it is, inside a transaction that is rolled back, and digests its result; the warm-up too. */
export async function digestOnce(
  session: Session,
  oneCase: TrialCase,
  timeoutMs: number,
  parallel: boolean,
): Promise<ResultDigest> {
  return rolledBack(session, oneCase, timeoutMs, async () => {
    if (oneCase.kind !== 'select') return digestWrite(session, oneCase);
    // A cursor bounds memory, and shuts parallel workers out: their plans mostly aggregate, so that the result is small.
    return oneCase.shape.cursor && !parallel ? digestCursor(session, oneCase) : digestAll(session, oneCase, null);
  });
}

/** TIMING OFF: a clock reading per row and node would distort what is measured (manual, "Using EXPLAIN", caveats). */
const MEASURE = 'ANALYZE, BUFFERS, WAL, TIMING OFF, SUMMARY, FORMAT JSON';

/** Rows fetched at once. */
export const BATCH_ROWS = 2000;

/** Runs something under a case's timeout in a transaction that is rolled back. */
export async function rolledBack<T>(
  session: Session,
  oneCase: TrialCase,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const immediate = oneCase.kind === 'select' ? '' : '; SET CONSTRAINTS ALL IMMEDIATE';
  await session.run(
    `BEGIN; ${oneCase.settings}SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}${immediate}`,
  );
  let result: T;
  try {
    result = await work();
  } catch (thrown) {
    await session.run('ROLLBACK').catch(() => undefined);
    throw thrown;
  }
  await session.run('ROLLBACK');
  return result;
}

async function measured(session: Session, oneCase: TrialCase): Promise<Execution> {
  const write = oneCase.kind !== 'select';
  const before = write ? await readCounters(session) : null;
  const output = rootOf(await session.query(`EXPLAIN (${MEASURE}) ${oneCase.sql}`));
  const after = write ? await readCounters(session) : null;
  return { sample: sampleOf(output, before && after ? difference(before, after) : null), plan: planOf(output) };
}

interface Counters {
  readonly walBytes: number;
  readonly fetched: number;
  readonly hit: number;
}

/** `pg_stat_get_xact_*` count the blocks of this transaction, triggers and cascades included; relations of the user's only. */
async function readCounters(session: Session): Promise<Counters> {
  const [row] = await session.query<{ wal: string; fetched: string; hit: string }>(
    `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0') AS wal,
            coalesce(sum(pg_catalog.pg_stat_get_xact_blocks_fetched(oid)), 0) AS fetched,
            coalesce(sum(pg_catalog.pg_stat_get_xact_blocks_hit(oid)), 0) AS hit
     FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind IN ('r', 'i', 't', 'm', 'S')`,
  );
  return { walBytes: Number(row?.wal ?? 0), fetched: Number(row?.fetched ?? 0), hit: Number(row?.hit ?? 0) };
}

function difference(before: Counters, after: Counters): Counters {
  return {
    walBytes: after.walBytes - before.walBytes,
    fetched: after.fetched - before.fetched,
    hit: after.hit - before.hit,
  };
}

function cutOffSample(spent: Counters, timeoutMs: number): Sample {
  return {
    executionMs: timeoutMs,
    planningMs: 0,
    sharedHit: Math.max(0, spent.hit),
    sharedRead: Math.max(0, spent.fetched - spent.hit),
    tempRead: 0,
    tempWritten: 0,
    walBytes: 0,
    rows: 0,
  };
}

/** The plan's root is exact but knows no triggers; where triggers fired, the counters know more. */
function sampleOf(output: ExplainOutput, counters: Counters | null): Sample {
  const root = output.Plan;
  const hit = root['Shared Hit Blocks'] ?? 0;
  const read = root['Shared Read Blocks'] ?? 0;
  const fired = counters !== null && (output.Triggers ?? []).length > 0 ? counters : null;
  const more = fired !== null && fired.fetched > hit + read;
  return {
    executionMs: output['Execution Time'] ?? 0,
    planningMs: output['Planning Time'] ?? 0,
    sharedHit: more ? fired.hit : hit,
    sharedRead: more ? fired.fetched - fired.hit : read,
    tempRead: root['Temp Read Blocks'] ?? 0,
    tempWritten: root['Temp Written Blocks'] ?? 0,
    walBytes: Math.max(root['WAL Bytes'] ?? 0, fired?.walBytes ?? 0),
    rows: rowsOf(root),
  };
}

/** ModifyTable itself returns nothing without RETURNING; its input is what it writes. */
function rowsOf(root: PlanNode): number {
  const node = root['Node Type'] === 'ModifyTable' ? (root.Plans?.[0] ?? root) : root;
  return (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1);
}

async function digestCursor(session: Session, oneCase: TrialCase): Promise<ResultDigest> {
  // A cursor is planned for its first tenth unless told otherwise.
  await session.run('SET LOCAL cursor_tuple_fraction = 1');
  await session.run(`DECLARE database_wizard_result NO SCROLL CURSOR FOR ${oneCase.sql}`);
  const fetch = `FETCH FORWARD ${BATCH_ROWS} FROM database_wizard_result`;
  let batch = await session.queryText(fetch);
  const digest = digestBuilder(batch.columns, oneCase.shape);
  for (;;) {
    for (const row of batch.rows) digest.add(row);
    if (batch.rows.length < BATCH_ROWS) return digest.finish(null);
    batch = await session.queryText(fetch);
  }
}

async function digestAll(session: Session, oneCase: TrialCase, effects: string | null): Promise<ResultDigest> {
  const { columns, rows } = await session.queryText(oneCase.sql);
  const digest = digestBuilder(columns, oneCase.shape);
  for (const row of rows) digest.add(row);
  return digest.finish(effects);
}

async function digestWrite(session: Session, oneCase: TrialCase): Promise<ResultDigest> {
  const before = await readEffects(session);
  const digest = await digestAll(session, oneCase, null);
  const after = await readEffects(session);
  const changed = [...after].flatMap(([table, counts]) => {
    const earlier = before.get(table) ?? [0, 0, 0];
    const [inserted, updated, deleted] = counts.map((count, i) => count - (earlier[i] ?? 0)) as [
      number,
      number,
      number,
    ];
    return inserted + updated + deleted === 0 ? [] : [`${table} +${inserted} ~${updated} -${deleted}`];
  });
  return { ...digest, effects: changed.join(', ') || 'none' };
}

/** Rows inserted, updated and deleted by this transaction so far, by table. */
async function readEffects(session: Session): Promise<ReadonlyMap<string, readonly [number, number, number]>> {
  const rows = await session.query<{ name: string; inserted: string; updated: string; deleted: string }>(
    `SELECT schemaname || '.' || relname AS name, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
     FROM pg_catalog.pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1`,
  );
  return new Map(rows.map((row) => [row.name, [Number(row.inserted), Number(row.updated), Number(row.deleted)]]));
}
