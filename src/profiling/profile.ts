import { groupBy } from '../base/group.js';
import type { SessionEvent } from '../logs/execution.js';
import type { ApplicationFinding } from '../model/application-finding.js';
import type { Coverage, Skipped } from '../model/coverage.js';
import { Entries } from './batch.js';
import type { Batch } from './batch.js';
import type { Need, Pattern, PatternFinding, Watcher } from './define.js';
import { shapeFacts } from './facts.js';
import type { ShapeFacts } from './facts.js';
import { askedOf, hasValues, stepOf } from './step.js';
import type { Asked, Step } from './step.js';
import { NO_TOTALS } from './totals.js';
import type { ShapeTotals, ToldShape } from './totals.js';
import { Units } from './units.js';

/** How programs used the database, and what could not be seen of it. */
export interface Profile {
  /** Worst first. */
  readonly findings: readonly ApplicationFinding[];
  readonly coverage: Coverage;
}

/** Looks at the executions of logs for patterns of use, as they come. Needs `loadParser()`. */
export class Profiler {
  private readonly watchers: readonly (readonly [Pattern, Watcher])[];
  private readonly units: Units;
  private readonly events: readonly Watcher[];
  /** By the shape's number. */
  private readonly known: Known[] = [];
  private readonly all: ShapeFacts[] = [];
  private readonly seen: Record<Need, number> = {
    executions: 0,
    sessions: 0,
    times: 0,
    connections: 0,
    prepared: 0,
    values: 0,
  };

  constructor(patterns: readonly Pattern[]) {
    this.watchers = patterns.map((pattern) => [pattern, pattern.watch()] as const);
    const [units, transactions, singles] = [this.having('unit'), this.having('transaction'), this.having('single')];
    this.units = new Units({
      unit(unit) {
        for (let i = 0; i < units.length; i += 1) units[i]?.unit?.(unit);
      },
      transaction(transaction) {
        for (const watcher of transactions) watcher.transaction?.(transaction);
      },
      single(step) {
        for (let i = 0; i < singles.length; i += 1) singles[i]?.single?.(step);
      },
    });
    this.events = this.having('event');
  }

  /** In the order in which they were written; nothing of the batch is kept. */
  take(batch: Batch): void {
    for (const shape of batch.shapes) this.learn(shape);
    const entries = new Entries(batch);
    while (entries.next()) {
      if (entries.shape >= 0) this.executed(entries);
      else this.event(entries.event());
    }
  }

  /** After the last execution; `totals` by the numbers of the shapes. */
  end(totals: readonly ShapeTotals[]): Profile {
    this.units.end();
    for (const facts of this.all) facts.totals = totals[facts.shape.number] ?? NO_TOTALS;
    const lacking = ([pattern]: readonly [Pattern, Watcher]): Need | null =>
      ['executions' as const, ...pattern.needs].find((need) => this.seen[need] === 0) ?? null;
    const groups = groupBy(this.watchers, lacking);
    const looked = groups.get(null) ?? [];
    const findings = looked.flatMap(([pattern, watcher]) => watcher.findings().map((one) => named(pattern, one)));
    const skipped = [...groups].flatMap(([need, rows]) =>
      need === null ? [] : [{ what: `patterns of use: ${rows.map(([{ id }]) => id).join(', ')}`, ...LACKS[need] }],
    );
    const examined = looked.map(([{ id }]) => ({ what: `pattern of use ${id}`, count: this.seen.executions }));
    const rank = (one: ApplicationFinding): number => ['critical', 'warning', 'info'].indexOf(one.severity);
    return {
      findings: findings.toSorted(
        (a, b) => rank(a) - rank(b) || (b.timeMs ?? 0) - (a.timeMs ?? 0) || b.count - a.count,
      ),
      coverage: { examined, skipped },
    };
  }

  private having(name: 'unit' | 'transaction' | 'single' | 'event'): readonly Watcher[] {
    return this.watchers.flatMap(([, watcher]) => (watcher[name] ? [watcher] : []));
  }

  private executed(entry: Entries): void {
    const { asked, followers } = this.known[entry.shape] as Known;
    const session = this.units.session(entry.session);
    const step = stepOf(entry, asked, session);
    const { seen } = this;
    seen.executions += 1;
    if (step.session !== null) seen.sessions += 1;
    if (step.endMs !== null) seen.times += 1;
    if (seen.values === 0 && hasValues(entry, asked)) seen.values = 1;
    this.units.step(session, step, asked.kind, entry.request);
    for (let i = 0; i < followers.length; i += 1) (followers[i] as Follower)(step);
  }

  private event(event: SessionEvent): void {
    if (event.kind === 'connected' || event.kind === 'disconnected') this.seen.connections += 1;
    if (event.kind === 'prepared') this.seen.prepared += 1;
    this.units.event(event);
    for (const watcher of this.events) watcher.event?.(event);
  }

  private learn(shape: ToldShape): void {
    const facts = shapeFacts(shape, this.all.length);
    this.all.push(facts);
    const followers = this.watchers.flatMap(([, watcher]) => watcher.follow?.(facts) ?? []);
    this.known[shape.number] = { asked: askedOf(facts), followers };
  }
}

type Follower = (step: Step) => void;

interface Known {
  readonly asked: Asked;
  readonly followers: readonly Follower[];
}

const LACKS: Readonly<Record<Need, Omit<Skipped, 'what'>>> = {
  executions: {
    reason: 'only a log of executions shows how programs use a database',
    remedy: "Give a server's log, with log_min_duration_statement = 0 for a while.",
  },
  sessions: {
    reason: 'the log does not say which session a statement is of',
    remedy: 'Have %c or %p in log_line_prefix, or log as csvlog or jsonlog.',
  },
  times: {
    reason: 'the log does not hold when statements ended and how long they took',
    remedy: 'Set log_min_duration_statement = 0 for a while, with %m in log_line_prefix.',
  },
  connections: {
    reason: 'the log does not hold connections',
    remedy: 'Set log_connections and log_disconnections.',
  },
  prepared: {
    reason: 'the log holds no statement that was parsed apart from its execution',
    remedy: 'Set log_min_duration_statement = 0 for a while.',
  },
  values: { reason: 'the log does not hold the values of parameters', remedy: 'Set log_parameter_max_length = -1.' },
};

function named(pattern: Pattern, { shapes, ...finding }: PatternFinding): ApplicationFinding {
  const sources = new Set(shapes.flatMap(({ totals }) => totals.sources));
  return { severity: pattern.severity, ...finding, pattern: pattern.id, sources: [...sources].toSorted().slice(0, 5) };
}
