import { formatCount, formatMs } from '../base/units.js';
import { relationKey } from '../model/catalog.js';
import type { Coverage } from '../model/coverage.js';
import type { Finding, Severity } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import type { ExamineReport } from './examine-report.js';
import { finite, toCoverage, toFinding, toTarget } from './schema-parts.js';

export interface ExamineReportInput {
  readonly tool: { readonly name: string; readonly version: string };
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
  /** Of the snapshot and of the advisors. */
  readonly coverage: Coverage;
  readonly overhead: { readonly statements: number; readonly totalMs: number };
}

/** What an examination found as one JSON document; findings with the gravest first. */
export function toExamineReport(input: ExamineReportInput): ExamineReport {
  const { snapshot } = input;
  const findings = input.findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return {
    tool: { ...input.tool },
    target: toTarget(snapshot.target),
    startedAt: input.startedAt,
    finishedAt: input.finishedAt,
    inventory: inventory(snapshot),
    baseline: baseline(snapshot),
    bottlenecks: bottlenecks(snapshot, findings),
    findings: findings.map(toFinding),
    coverage: toCoverage(input.coverage),
    overhead: { ...input.overhead },
  };
}

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/** The longest lists that a document carries; the rest is counted in the coverage. */
const LARGEST_TABLES = 10;
const MOST_BOTTLENECKS = 15;

function inventory({ catalog }: Snapshot): ExamineReport['inventory'] {
  const indexBytes = new Map<string, number>();
  for (const index of catalog.indexes)
    indexBytes.set(relationKey(index.table), (indexBytes.get(relationKey(index.table)) ?? 0) + index.sizeBytes);
  const tables = catalog.tables.filter((table) => table.kind === 'r' || table.kind === 'p');
  const counted = tables.filter((table) => table.kind === 'r' && table.rowsEstimated !== null);
  return {
    schemas: catalog.schemas.length,
    tables: tables.length,
    views: catalog.tables.filter((table) => table.kind === 'v' || table.kind === 'm').length,
    indexes: catalog.indexes.length,
    constraints: catalog.constraints.length,
    functions: catalog.functions.length,
    extensions: catalog.extensions.map((extension) => `${extension.name} ${extension.version}`),
    other: { ...catalog.otherCounts },
    rows: counted.length === 0 ? null : sum(counted.map((table) => table.rowsEstimated ?? 0)),
    tableBytes: sum(catalog.tables.map((table) => table.sizeBytes)),
    indexBytes: sum(catalog.indexes.map((index) => index.sizeBytes)),
    largest: tables
      .map((table) => ({
        table: `${table.schema}.${table.name}`,
        rows: finite(table.rowsEstimated),
        tableBytes: table.sizeBytes,
        indexBytes: indexBytes.get(relationKey(table)) ?? 0,
      }))
      .toSorted((a, b) => b.tableBytes + b.indexBytes - a.tableBytes - a.indexBytes)
      .slice(0, LARGEST_TABLES),
  };
}

function baseline({ workload }: Snapshot): ExamineReport['baseline'] {
  const totals = workload.statements.map(totalMs);
  const measured = totals.some((total) => total !== null);
  const workloadMs = sum(totals.map((total) => total ?? 0));
  return {
    source: workload.source,
    origin: workload.origin,
    since: workload.since,
    totalMs: measured ? workloadMs : null,
    calls: sum(workload.statements.map((statement) => statement.calls)),
    provenance: measured ? 'measured' : 'unknown',
    statements: workload.statements
      .map((statement) => {
        const total = totalMs(statement);
        return {
          fingerprint: statement.fingerprint,
          name: statement.name,
          kind: statement.kind,
          calls: statement.calls,
          meanMs: finite(statement.meanMs),
          totalMs: total,
          share: total !== null && workloadMs > 0 ? total / workloadMs : null,
          blocks:
            statement.sharedHit === null || statement.sharedRead === null
              ? null
              : statement.sharedHit + statement.sharedRead,
        };
      })
      .toSorted((a, b) => (b.totalMs ?? -1) - (a.totalMs ?? -1)),
    unusable: workload.unusable.map(({ name, reason }) => ({ name, reason })),
  };
}

type Bottleneck = Omit<ExamineReport['bottlenecks'][number], 'rank'>;

/** Statements by measured time, or by estimated cost where no source measured; those that hold 1 % at least. Then settings. */
function bottlenecks(snapshot: Snapshot, findings: readonly Finding[]): ExamineReport['bottlenecks'] {
  const { statements } = snapshot.workload;
  const measured = statements.some((statement) => totalMs(statement) !== null);
  const weigh = (statement: WorkloadStatement): number =>
    (measured ? totalMs(statement) : plannedCost(snapshot, statement)) ?? 0;
  const whole = sum(statements.map(weigh));
  const heavy: readonly Bottleneck[] = statements
    .map((statement) => ({ statement, share: whole > 0 ? weigh(statement) / whole : 0 }))
    .filter(({ share }) => share >= 0.01)
    .toSorted((a, b) => b.share - a.share)
    .map(({ statement, share }) => ({
      kind: 'statement',
      name: statement.name,
      fingerprint: statement.fingerprint,
      share,
      ms: measured ? totalMs(statement) : null,
      provenance: measured ? 'measured' : 'estimated',
      why: statementWhy(snapshot, statement, findings),
    }));
  const settings: readonly Bottleneck[] = findings
    .filter(
      (finding) =>
        finding.actions.some((action) => action.kind === 'setting') || finding.advisor.startsWith('settings/'),
    )
    .map((finding) => ({
      kind: 'setting',
      name: finding.place,
      fingerprint: null,
      share: null,
      ms: null,
      provenance: 'unknown',
      why: finding.title,
    }));
  return [...heavy.slice(0, MOST_BOTTLENECKS), ...settings].map((row, position) => ({ rank: position + 1, ...row }));
}

function statementWhy(snapshot: Snapshot, statement: WorkloadStatement, findings: readonly Finding[]): string {
  const cost = plannedCost(snapshot, statement);
  const work =
    statement.meanMs !== null
      ? `${formatCount(statement.calls)} calls of ${formatMs(statement.meanMs)}`
      : cost !== null
        ? `${formatCount(statement.calls)} calls, planner cost ${formatCount(cost / Math.max(1, statement.calls))} each (estimated)`
        : `${formatCount(statement.calls)} calls, time unknown`;
  const titles = findings
    .filter((finding) => finding.statements.includes(statement.fingerprint))
    .map((finding) => finding.title);
  return [work, ...titles].join('; ');
}

/** Cost of one call times calls; null where no plan was read. */
function plannedCost(snapshot: Snapshot, statement: WorkloadStatement): number | null {
  const plan = snapshot.plans.get(statement.fingerprint);
  return plan ? plan.root['Total Cost'] * statement.calls : null;
}

function totalMs(statement: WorkloadStatement): number | null {
  return finite(statement.totalMs ?? (statement.meanMs === null ? null : statement.meanMs * statement.calls));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
