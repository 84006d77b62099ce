import type { Workload, WorkloadStatement } from '../model/workload.js';
import { Origins } from './origins.js';
import { Shapes } from './shapes.js';
import { stretchOf } from './stretch.js';
import { sortShapes } from './finish.js';
import type { Sorted } from './finish.js';

/** A session that ran something when `pg_stat_activity` was looked at. */
export interface ActiveSession {
  readonly pid: number;
  /** Start of the statement as the server prints it: with the process it names one execution. */
  readonly queryStart: string;
  readonly query: string;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  /** `Lock: transactionid`; null while it computes. */
  readonly waitsFor: string | null;
  /** Since the start of the statement. */
  readonly elapsedMs: number;
  /** Wall time of the look, ms since 1970. */
  readonly atMs: number;
}

/** What samples say of a workload. */
export interface SampledWorkload {
  readonly workload: Workload;
  readonly sorted: Sorted;
  readonly looks: number;
  readonly intervalMs: number;
  /** Looks at active sessions by what they waited for; `computing` for nothing. */
  readonly waits: readonly { readonly name: string; readonly looks: number }[];
}

/**
 * Gathers looks at `pg_stat_activity`. Each look at an active session stands for one interval of its statement's time; executions are told apart by process and start. What
 * ran between two looks is not seen, so calls are the fewest there can have been, and times are estimates.
 */
export class ActivityTally {
  private readonly shapes = new Shapes();
  private readonly origins = new Origins();
  private readonly seen = new Map<string, { session: ActiveSession; looks: number }>();
  private readonly waits = new Map<string, number>();
  private looks = 0;

  constructor(private readonly intervalMs: number) {}

  look(sessions: readonly ActiveSession[]): void {
    this.looks += 1;
    const now = new Set<string>();
    for (const session of sessions) {
      const key = `${session.pid} ${session.queryStart}`;
      now.add(key);
      const known = this.seen.get(key);
      this.seen.set(key, { session, looks: (known?.looks ?? 0) + 1 });
      const wait = session.waitsFor ?? 'computing';
      this.waits.set(wait, (this.waits.get(wait) ?? 0) + 1);
    }
    for (const [key, ended] of this.seen) if (!now.has(key)) this.finish(key, ended);
  }

  /** Needs `loadParser()`. */
  end(origin: string, since: string | null): SampledWorkload {
    for (const [key, ended] of this.seen) this.finish(key, ended);
    const sorted = sortShapes(this.shapes.all());
    const statements = sorted.statements.map((statement) => this.estimated(statement));
    return {
      workload: {
        source: 'activity',
        origin,
        statements: statements.toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0)),
        unusable: sorted.unusable,
        since,
      },
      sorted,
      looks: this.looks,
      intervalMs: this.intervalMs,
      waits: [...this.waits]
        .map(([name, looks]) => ({ name, looks }))
        .toSorted((a, b) => b.looks - a.looks || (a.name < b.name ? -1 : 1)),
    };
  }

  /** The last look at an execution saw most of it. */
  private finish(key: string, { session, looks }: { session: ActiveSession; looks: number }): void {
    this.seen.delete(key);
    const { user, database, application, query, elapsedMs, atMs, pid } = session;
    this.shapes.execution({
      line: 0,
      timeMs: atMs - elapsedMs,
      utc: true,
      origin: this.origins.same(user, database, application),
      session: String(pid),
      sql: stretchOf(query),
      extended: /\$\d/.test(query),
      parameters: null,
      ms: looks * this.intervalMs,
      plan: null,
    });
  }

  /** Quantiles of a few looks would say more than they know. */
  private estimated(statement: WorkloadStatement): WorkloadStatement {
    const { observed } = statement;
    return observed ? { ...statement, observed: { ...observed, latencyMs: null } } : statement;
  }
}
