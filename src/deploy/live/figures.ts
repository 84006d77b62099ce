import { marksBetween, timesOf } from '../../logs/counters.js';
import type { StatementKind } from '../../model/workload.js';
import type { LiveEntry, LiveSample, MarkedSample, Pressure } from '../../postgres/read/live.js';
import { deviationOf, pooled, type Moments } from '../../stats/moments.js';

/** What one statement did in a window, its roles together. */
export interface StatementFigures {
  readonly fingerprint: string;
  readonly name: string;
  readonly kind: StatementKind;
  readonly calls: number;
  readonly meanMs: number;
  /** Population standard deviation of single executions. */
  readonly deviationMs: number;
}

/** What a server did in a window of time. Measured; null is unknown. */
export interface WindowFigures {
  /** By the server's clock, for people: nothing is computed of them. */
  readonly from: string;
  readonly to: string;
  /** Null where `unknown` says why. */
  readonly statements: readonly StatementFigures[] | null;
  readonly unknown: string | null;
  /** Entries of `pg_stat_statements` that were reset or evicted meanwhile, so that not all of their calls are in the figures. */
  readonly incomplete: number;
  /** Entries whose text the role may not see. */
  readonly hidden: number;
  /** Of others; null where the counters were reset meanwhile. */
  readonly transactions: TransactionFigures | null;
  readonly looks: LookFigures;
  /** Mean milliseconds of each statement by its fingerprint, in equal parts of the window; empty where it was not divided. */
  readonly parts: readonly PartMeans[];
}

export type PartMeans = Readonly<Record<string, number>>;

export interface TransactionFigures {
  readonly ended: number;
  readonly rolledBack: number;
  readonly deadlocks: number;
}

/** What was seen at moments within the window. */
export interface LookFigures {
  readonly count: number;
  /** Looks at which at least one session waited for a lock. */
  readonly waiting: number;
  readonly longestWaitMs: number;
  readonly standbys: number;
  /** At the last look: of the slowest standby; null without one. */
  readonly lagMs: number | null;
}

/** Nothing was looked at. */
export const NO_LOOKS: LookFigures = { count: 0, waiting: 0, longestWaitMs: 0, standbys: 0, lagMs: null };

/** What a watch saw beside its two samples. */
export interface Seen {
  /** Transactions of the wizard's own between the samples, all of which it rolls back. */
  readonly own: number;
  readonly looks: LookFigures;
  readonly parts: readonly PartMeans[];
}

/** Two samples and nothing else. */
export const NOTHING_SEEN: Seen = { own: 0, looks: NO_LOOKS, parts: [] };

/** What came between two samples. */
export function figuresBetween(before: MarkedSample, after: LiveSample, { own, looks, parts }: Seen): WindowFigures {
  const unknown = before.unknown ?? after.unknown;
  const found = before.entries && after.entries && marksBetween(before.entries, after.entries);
  const evicted = before.evicted !== null && after.evicted !== null ? Math.max(0, after.evicted - before.evicted) : 0;
  return {
    from: before.at,
    to: after.at,
    statements: found && byStatement(found.counters),
    unknown,
    incomplete: found ? Math.max(found.restarted + found.gone, evicted) : 0,
    hidden: after.hidden,
    transactions: transactionsBetween(before, after, own),
    looks,
    parts,
  };
}

/** All that was counted up to a sample, since the last reset. */
export function figuresUpTo(sample: LiveSample): WindowFigures {
  const { commits, rollbacks, deadlocks, resetAt } = sample.transactions;
  return {
    from: resetAt ?? '',
    to: sample.at,
    statements: sample.entries && byStatement(sample.entries),
    unknown: sample.unknown,
    incomplete: 0,
    hidden: sample.hidden,
    transactions: { ended: commits + rollbacks, rolledBack: rollbacks, deadlocks },
    looks: NO_LOOKS,
    parts: [],
  };
}

/** Means between two samples; empty where statements are not known. */
export function partMeans(before: MarkedSample, after: LiveSample): PartMeans {
  if (!before.entries || !after.entries) return {};
  const { counters } = marksBetween(before.entries, after.entries);
  return Object.fromEntries(byStatement(counters).map(({ fingerprint, meanMs }) => [fingerprint, meanMs]));
}

/** The looks of a window together, in order. */
export function lookFigures(looks: readonly Pressure[]): LookFigures {
  return {
    count: looks.length,
    waiting: looks.filter(({ waiting }) => waiting > 0).length,
    longestWaitMs: Math.max(0, ...looks.map(({ longestWaitMs }) => longestWaitMs)),
    standbys: looks.at(-1)?.standbys ?? 0,
    lagMs: looks.at(-1)?.lagMs ?? null,
  };
}

/** Execution times of a statement in a window. */
export function momentsOfStatement({ calls, meanMs, deviationMs }: StatementFigures): Moments {
  return { count: calls, mean: meanMs, sumSquares: calls * deviationMs * deviationMs };
}

/** Milliseconds that a statement took in all. */
export function totalMs({ calls, meanMs }: StatementFigures): number {
  return calls * meanMs;
}

function byStatement(entries: readonly LiveEntry[]): readonly StatementFigures[] {
  const found = new Map<string, { readonly entry: LiveEntry; readonly times: Moments }>();
  for (const entry of entries) {
    const times = timesOf(entry);
    if (!times) continue;
    const known = found.get(entry.fingerprint);
    found.set(entry.fingerprint, known ? { ...known, times: pooled(known.times, times) } : { entry, times });
  }
  return [...found.values()].map(({ entry: { fingerprint, name, kind }, times }) => ({
    fingerprint,
    name,
    kind,
    calls: times.count,
    meanMs: times.mean,
    deviationMs: deviationOf(times),
  }));
}

function transactionsBetween(before: MarkedSample, after: LiveSample, own: number): TransactionFigures | null {
  const [old, now] = [before.transactions, after.transactions];
  const commits = now.commits - old.commits;
  const rollbacks = now.rollbacks - old.rollbacks;
  const deadlocks = now.deadlocks - old.deadlocks;
  if (old.resetAt !== now.resetAt || commits < 0 || rollbacks < 0 || deadlocks < 0) return null;
  const rolledBack = Math.max(0, rollbacks - own);
  return { ended: commits + rolledBack, rolledBack, deadlocks };
}
