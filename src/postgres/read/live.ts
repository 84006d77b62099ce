import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import { countedStatement, isHidden, type CountedStatement } from '../../logs/counted.js';
import type { Counter, Mark } from '../../logs/counters.js';
import type { Session } from '../session.js';
import { readCounters } from './counters.js';
import { isoTime } from './scope.js';
import { STATEMENTS_EXTENSION_SQL } from './workload.js';

/** An entry of `pg_stat_statements`, without its text. */
export type LiveEntry = Mark & CountedStatement;

/** What a server counted up to one moment. Figures that can not be had are null. */
export interface LiveSample {
  /** By the server's clock, ISO 8601. */
  readonly at: string;
  /** Null where `unknown` says why. */
  readonly entries: readonly LiveEntry[] | null;
  readonly unknown: string | null;
  /** Entries whose text the role may not see. */
  readonly hidden: number;
  /** Entries that were thrown out for others since the last reset; null before version 1.9 of the extension. */
  readonly evicted: number | null;
  readonly transactions: DatabaseCounts;
}

/** The same with nothing but what a later sample is held against. */
export type MarkedSample = Omit<LiveSample, 'entries'> & { readonly entries: readonly Mark[] | null };

/** Leaves out what a later sample has as well: names and kinds. */
export function toMarks(sample: LiveSample): MarkedSample {
  const mark = ({ key, since, calls, rows, total_ms, stddev_ms }: Mark): Mark => ({
    key,
    since,
    calls,
    rows,
    total_ms,
    stddev_ms,
  });
  return { ...sample, entries: sample.entries && sample.entries.map(mark) };
}

/** What `pg_stat_database` counts of this database. */
export interface DatabaseCounts {
  readonly commits: number;
  readonly rollbacks: number;
  readonly deadlocks: number;
  /** Null when they never were reset. */
  readonly resetAt: string | null;
}

/** What goes on at one moment. */
export interface Pressure {
  /** Sessions of this database that wait for a lock. */
  readonly waiting: number;
  readonly longestWaitMs: number;
  readonly standbys: number;
  /** Of the slowest standby; null without one, or where the server does not say. */
  readonly lagMs: number | null;
}

/** Reads the counters of one target again and again: what a text is, is found out once. Needs `loadParser()`. */
export class LiveReader {
  readonly #known = new Map<string, CountedStatement | null>();

  /** Never throws for figures that can not be read: those are unknown. */
  async sample(session: Session): Promise<LiveSample> {
    const [counts] = await session.query<CountsRow>(COUNTS_SQL);
    const transactions = {
      commits: counts?.commits ?? 0,
      rollbacks: counts?.rollbacks ?? 0,
      deadlocks: counts?.deadlocks ?? 0,
      resetAt: counts?.reset_at ?? null,
    };
    const at = counts?.at ?? '';
    try {
      const counters = await readCounters(session);
      const hidden = counters.filter(isHidden).length;
      const evicted = await readEvicted(session);
      return { at, entries: counters.flatMap((one) => this.#entry(one)), unknown: null, hidden, evicted, transactions };
    } catch (thrown) {
      if (!(thrown instanceof WizardError) || thrown.code !== 'target/permission') throw thrown;
      return { at, entries: null, unknown: thrown.message, hidden: 0, evicted: null, transactions };
    }
  }

  #entry(counter: Counter): LiveEntry[] {
    const { key, since, calls, rows, total_ms, stddev_ms } = counter;
    const known = this.#known.get(key);
    const statement = known === undefined ? countedStatement(counter) : known;
    this.#known.set(key, statement);
    return statement ? [{ key, since, calls, rows, total_ms, stddev_ms, ...statement }] : [];
  }
}

/** Who waits for a lock, and how far standbys are behind, just now. */
export async function readLivePressure(session: Session): Promise<Pressure> {
  const [row] = await session.query<PressureRow>(PRESSURE_SQL);
  return {
    waiting: row?.waiting ?? 0,
    longestWaitMs: row?.longest_wait_ms ?? 0,
    standbys: row?.standbys ?? 0,
    lagMs: row?.lag_ms ?? null,
  };
}

async function readEvicted(session: Session): Promise<number | null> {
  const [extension] = await session.query<{ schema: string; version: string }>(STATEMENTS_EXTENSION_SQL);
  const [major = 0, minor = 0] = (extension?.version ?? '').split('.').map(Number);
  if (!extension || (major === 1 && minor < 9)) return null;
  const [row] = await session.query<{ evicted: number }>(
    `SELECT i.dealloc::float8 AS evicted FROM ${quoteQualified(extension.schema, 'pg_stat_statements_info')} AS i`,
  );
  return row?.evicted ?? null;
}

const COUNTS_SQL = `
  SELECT ${isoTime('pg_catalog.clock_timestamp()')} AS at, d.xact_commit::float8 AS commits, d.xact_rollback::float8 AS rollbacks,
    d.deadlocks::float8 AS deadlocks, ${isoTime('d.stats_reset')} AS reset_at
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database() ORDER BY d.datid`;

/** From `pg_locks`, which shows every role who waits; `wait_event` is shown to few. */
const PRESSURE_SQL = `
  SELECT pg_catalog.count(DISTINCT l.pid)::float8 AS waiting,
    extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(l.waitstart))::float8 * 1000 AS longest_wait_ms,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)::float8 AS standbys,
    (SELECT extract(epoch FROM pg_catalog.max(r.replay_lag)) FROM pg_catalog.pg_stat_replication AS r)::float8 * 1000 AS lag_ms
  FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
  WHERE NOT l.granted AND a.datname = pg_catalog.current_database()`;

type CountsRow = { at: string; commits: number; rollbacks: number; deadlocks: number; reset_at: string | null };
type PressureRow = { waiting: number; longest_wait_ms: number | null; standbys: number; lag_ms: number | null };
