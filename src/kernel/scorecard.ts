import { formatCount, formatMs, formatPercent } from '../base/units.js';
import type { Finding } from '../model/finding.js';
import type { Load } from '../model/load.js';
import type { StatementSummary, WorkloadSummary } from '../model/measurement.js';
import type { ScorecardRow } from '../model/run.js';
import type { Thresholds } from './thresholds.js';

/** What the scorecard is filled from. Null means it was not measured in this run. */
export interface ScorecardBasis {
  readonly before: WorkloadSummary;
  readonly after: WorkloadSummary;
  readonly load: Load | null;
  readonly findings: readonly Finding[];
  /** Time that one connection to the target took, milliseconds. */
  readonly connectMs: number | null;
  readonly replicaLagSeconds: number | null;
  readonly thresholds: Thresholds;
}

/** Every target of SPEC L10 with what is known of it: `unknown` where this run measured nothing. */
export function scorecard(basis: ScorecardBasis): readonly ScorecardRow[] {
  return [...performanceRows(basis), concurrencyRow(basis.load), ...unmeasuredRows(), ...qualityRows(basis)];
}

/** Statements that matter: share of the workload's time, or a long p95. */
export function criticalStatements(summary: WorkloadSummary, thresholds: Thresholds): readonly StatementSummary[] {
  return summary.perStatement.filter(
    (row) => row.meanMs * row.calls >= summary.totalMs * thresholds.criticalShare || row.p95Ms >= thresholds.criticalMs,
  );
}

/** Of a time that was cut off only the least is known: before, that makes the speed-up a lower bound; after, it could be any. */
function speedUpOf(
  before: WorkloadSummary,
  after: WorkloadSummary,
): { readonly beyond: (limit: number) => number | null; readonly note: string } {
  const isCutOff = (one: WorkloadSummary): boolean => one.perStatement.some(({ timedOutMs }) => timedOutMs !== null);
  if (isCutOff(after)) return { beyond: () => null, note: '; a statement does not finish in its timeout' };
  const factor = after.totalMs > 0 ? before.totalMs / after.totalMs : null;
  if (!isCutOff(before)) return { beyond: () => factor, note: '' };
  return {
    beyond: (limit) => (factor !== null && factor > limit ? factor : null),
    note: '; at least this, for a statement did not finish before',
  };
}

const LAB = 'measured in the lab, one client, warm cache';

function performanceRows({
  before,
  after,
  connectMs,
  replicaLagSeconds,
  thresholds,
}: ScorecardBasis): readonly ScorecardRow[] {
  const critical = criticalStatements(before, thresholds).map((row) => row.fingerprint);
  const p95 = largest(after.perStatement.filter((row) => critical.includes(row.fingerprint)).map((row) => row.p95Ms));
  const slowBefore = slowCalls(before);
  const slowFall = slowBefore > 0 ? 1 - slowCalls(after) / slowBefore : null;
  const speedUp = speedUpOf(before, after);
  const hit = after.buffers > 0 ? 1 - after.sharedRead / after.buffers : null;
  const ioFall = before.sharedRead > 0 ? 1 - after.sharedRead / before.sharedRead : null;
  const planning = largest(after.perStatement.map((row) => row.planningMs));
  return [
    row(
      'p95-critical',
      'p95 of critical queries < 100 ms',
      p95,
      formatMs,
      (v) => v < 100,
      `${LAB}; ${critical.length} critical statements`,
    ),
    row(
      'slow-queries',
      '> 90 % fewer queries over 1 s',
      slowFall,
      formatPercent,
      (v) => v > 0.9,
      slowBefore > 0 ? LAB : `${LAB}: none was over 1 s before`,
    ),
    row(
      'throughput',
      '> 2x throughput',
      speedUp.beyond(2),
      times,
      (v) => v > 2,
      `${LAB}: executions per second of the workload's mix${speedUp.note}`,
    ),
    row(
      'buffer-hit',
      'buffer hit > 85 %',
      hit,
      formatPercent,
      (v) => v > 0.85,
      `${LAB}: 1 - blocks read / blocks touched; the lab's cache is not production's`,
    ),
    row(
      'disk-io',
      '> 50 % less disk I/O',
      ioFall,
      formatPercent,
      (v) => v > 0.5,
      before.sharedRead > 0 ? `${LAB}: blocks read` : `${LAB}: nothing was read from disk before`,
    ),
    row(
      'connection',
      'connection < 100 ms',
      connectMs,
      formatMs,
      (v) => v < 100,
      "measured: the run's own first connection to the target",
    ),
    row('planning', 'planning < 5 ms', planning, formatMs, (v) => v < 5, `${LAB}: the slowest statement's median`),
    row(
      'overall',
      '> 5x overall',
      speedUp.beyond(5),
      times,
      (v) => v > 5,
      `${LAB}: total time of the workload, before / after${speedUp.note}`,
    ),
    row(
      'replica-lag',
      'replica lag < 1 s',
      replicaLagSeconds,
      (v) => `${v ?? 'unknown'} s`,
      (v) => v < 1,
      replicaLagSeconds === null ? 'no replica was seen' : 'measured: pg_stat_replication.replay_lag',
    ),
  ];
}

/** Throughput of the most clients against so many times one client's; more clients than cores can not do more than the cores. */
function concurrencyRow(load: Load | null): ScorecardRow {
  const [one, most] = [load?.levels[0], load?.levels.at(-1)];
  const target = 'linear concurrency up to target load';
  const format = (share: number | null): string =>
    `${formatPercent(share)} of linear at ${formatCount(most?.clients ?? null)} clients`;
  if (!load || !one || !most || one.after.perSecond <= 0)
    return row('linear-concurrency', target, null, format, () => false, 'no concurrent load was measured');
  const rates = `${formatCount(one.after.perSecond)}/s from 1 client, ${formatCount(most.after.perSecond)}/s from ${most.clients}`;
  const cores = load.cores === null ? '' : ` on ${load.cores} cores, which the sender shares`;
  const sender = Math.max(one.after.senderShare, most.after.senderShare);
  if (sender > SENDER_LIMIT) {
    const reason = `${rates}${cores}: the sender, at ${formatPercent(sender)} of a core, was the limit`;
    return row('linear-concurrency', target, null, format, () => false, reason);
  }
  const linear = Math.min(most.clients, load.cores ?? most.clients) * one.after.perSecond;
  const source = `measured in the lab: ${rates}${cores}`;
  return row('linear-concurrency', target, most.after.perSecond / linear, format, (v) => v >= LINEAR, source);
}

/** One thread sends for all clients: at four fifths of a core answers begin to wait for it. */
const SENDER_LIMIT = 0.8;

/** Four fifths of n times one client's throughput count as linear: the rest is what n clients share, at the least the sender's processor time. */
const LINEAR = 0.8;

/** Targets that need load, growth, cost or time in service: this run does not measure them, so they are unknown. */
function unmeasuredRows(): readonly ScorecardRow[] {
  const unknown = (id: string, target: string, source: string): ScorecardRow => ({
    id,
    target,
    status: 'unknown',
    value: 'unknown',
    measured: null,
    source,
  });
  return [
    unknown('cpu-peak', 'CPU < 70 % at peak', "no load at production's peak was run"),
    unknown('connections', '10x connections', 'no connection load was run'),
    unknown('linear-growth', 'linear to 100x data', 'only one size of the data was measured'),
    unknown('backup', 'TB-scale backup < 4 h', 'no backup was run'),
    unknown('infrastructure-cost', '> 50 % lower infrastructure cost', 'no prices were given'),
    unknown('availability', '> 99.9 % availability', 'needs monitoring over time'),
    unknown('detection', 'detection < 15 min', 'needs monitoring over time'),
  ];
}

/** The qualitative targets, as countable facts. */
function qualityRows({ after, findings, thresholds }: ScorecardBasis): readonly ScorecardRow[] {
  const critical = criticalStatements(after, thresholds);
  const troubled = new Set(findings.flatMap((finding) => finding.statements));
  const optimal = critical.filter((statement) => !troubled.has(statement.fingerprint)).length;
  const indexed = critical.filter((statement) => /Index|Bitmap/.test(statement.planShape)).length;
  const count = (prefix: RegExp): number => findings.filter((finding) => prefix.test(finding.advisor)).length;
  const open = (id: string, target: string, found: number): ScorecardRow =>
    row(id, target, found, formatCount, (v) => v === 0, 'measured: open findings of the advisors after the run');
  const of = (id: string, target: string, n: number): ScorecardRow => ({
    ...row(
      id,
      target,
      critical.length > 0 ? n / critical.length : null,
      formatPercent,
      (v) => v === 1,
      `measured: ${n} of ${critical.length} critical statements`,
    ),
  });
  return [
    of('plans', 'critical queries with no open finding', optimal),
    of('index-use', 'critical queries that use an index', indexed),
    open('data-types', 'no open finding on data types', count(/exhaustion|type-mismatch/)),
    open('constraints', 'no open finding on constraints', count(/constraint|foreign-key/)),
    open('indexes', 'no open finding on existing indexes', count(/duplicate|overlapping|unused|invalid/)),
    open('statistics', 'no open finding on statistics', count(/^statistics\//)),
  ];
}

function row(
  id: string,
  target: string,
  measured: number | null,
  format: (value: number | null) => string,
  met: (value: number) => boolean,
  source: string,
): ScorecardRow {
  const status = measured === null ? 'unknown' : met(measured) ? 'met' : 'missed';
  return { id, target, status, value: measured === null ? 'unknown' : format(measured), measured, source };
}

function slowCalls(summary: WorkloadSummary): number {
  return summary.perStatement
    .filter((statement) => statement.meanMs > 1000)
    .reduce((sum, statement) => sum + statement.calls, 0);
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function times(value: number | null): string {
  return value === null ? 'unknown' : `${value.toFixed(value >= 10 ? 0 : 1)}x`;
}
