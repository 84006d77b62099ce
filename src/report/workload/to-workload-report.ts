import type { ApplicationFinding } from '../../model/application-finding.js';
import type { Coverage } from '../../model/coverage.js';
import type { Workload, WorkloadStatement } from '../../model/workload.js';
import type { FileIntake } from '../../logs/intake.js';
import { withoutConstants } from '../../logs/lex.js';
import type { ProgramPlace } from '../../programs/places.js';
import type { WorkloadReport } from './workload-report.js';

/** What a workload report is made of. */
export interface WorkloadFacts {
  readonly tool: WorkloadReport['tool'];
  readonly workload: Workload;
  readonly files: readonly FileIntake[];
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly waits: WorkloadReport['waits'];
  readonly application: readonly ApplicationFinding[];
  readonly coverage: Coverage;
  /** By fingerprint, where in a program statements come from; absent where that was not asked. */
  readonly places?: ReadonlyMap<string, readonly ProgramPlace[]>;
  /** Whether constants and parameter values may be shown. */
  readonly literals: boolean;
}

/** A workload as a report. */
export function toWorkloadReport(facts: WorkloadFacts): WorkloadReport {
  const { workload } = facts;
  const timed = workload.statements.filter((statement) => statement.totalMs !== null);
  const totalMs = timed.length > 0 ? sum(timed.map((statement) => statement.totalMs ?? 0)) : null;
  return {
    tool: facts.tool,
    source: workload.source,
    origin: workload.origin,
    provenance: totalMs === null ? 'unknown' : workload.source === 'activity' ? 'estimated' : 'measured',
    firstSeen: facts.firstSeen,
    lastSeen: facts.lastSeen,
    calls: sum(workload.statements.map((statement) => statement.calls)),
    totalMs,
    files: facts.files.map(({ name, said, records, unread }) => ({
      name,
      takenFor: said,
      records,
      unread: unread.map(({ reason, count, lines }) => ({ reason, count, lines: [...lines] })),
    })),
    statements: workload.statements.map((statement, i) => ({
      ...row(statement, i + 1, totalMs, facts.literals),
      foundIn: (facts.places?.get(statement.fingerprint) ?? []).map((place) => ({ ...place })),
    })),
    unusable: workload.unusable.map((one) => ({
      name: facts.literals ? one.name : shownName(one),
      reason: one.reason,
    })),
    waits: facts.waits,
    application: facts.application.map((finding) => ({
      ...finding,
      evidence: [...finding.evidence],
      statements: [...finding.statements],
      sources: [...finding.sources],
    })),
    coverage: { examined: [...facts.coverage.examined], skipped: [...facts.coverage.skipped] },
  };
}

function row(
  statement: WorkloadStatement,
  rank: number,
  workloadMs: number | null,
  literals: boolean,
): Omit<WorkloadReport['statements'][number], 'foundIn'> {
  const { observed, totalMs } = statement;
  const latency = observed?.latencyMs ?? null;
  return {
    rank,
    fingerprint: statement.fingerprint,
    name: literals ? statement.name : shownName(statement),
    kind: statement.kind,
    sql: literals ? statement.sql : withoutConstants(statement.sql),
    calls: statement.calls,
    totalMs,
    share: totalMs !== null && workloadMs !== null && workloadMs > 0 ? totalMs / workloadMs : null,
    meanMs: statement.meanMs,
    latencyMs: latency ? { ...latency, executions: observed?.timed ?? 0 } : null,
    rows: statement.rows,
    sharedHit: statement.sharedHit,
    sharedRead: statement.sharedRead,
    tempBlocks: statement.tempBlocks,
    temporaryBytes: observed?.temporaryBytes ?? null,
    walBytes: statement.walBytes,
    planned: observed?.planned ?? null,
    errors: observed?.errors ?? null,
    parameterSets: statement.parameterSets.length,
    parameters: literals ? statement.parameterSets.map((set) => [...set.values]) : [],
    users: [...(observed?.users ?? [])],
    databases: [...(observed?.databases ?? [])],
    applications: [...(observed?.applications ?? [])],
    sources: [...(observed?.sources ?? [])],
  };
}

/** A name that a person gave stays; one that is the beginning of the text is shown without constants. */
function shownName({ name, sql }: { readonly name: string; readonly sql: string }): string {
  const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
  const cut = plain(name).replace(/…$/, '');
  return plain(sql).startsWith(cut) || cut.includes("'") ? withoutConstants(name) : name;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
