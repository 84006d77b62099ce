import type { MeasuredIndexSet, MeasuredTotals } from '../../indexes/measured/measured-index-set.js';
import type { StatementSummary } from '../../model/measurement.js';
import type { Snapshot } from '../../model/snapshot.js';
import { finite } from '../schema-parts.js';
import type { IndexReport } from './index-report.js';

/** What was measured of the kept set, and how much of the workload nothing of it bears on. */
export function toMeasuredSet(input: MeasuredInput, measured: MeasuredIndexSet): Measured {
  return {
    before: totals(measured.before),
    after: totals(measured.after),
    sizeBytes: finite(measured.sizeBytes),
    proved: measured.proved,
    complete: measured.complete,
    interrupted: input.measuringInterrupted,
    executions: measured.executions,
    unaffected: named(input, (name) => measured.unaffected.includes(name)),
    refusedOnly: named(input, refusedOnly(input, measured)),
    statements: measured.perStatement.map((row) => ({
      fingerprint: row.fingerprint,
      name: row.name,
      calls: row.calls,
      beforeMs: finite(row.beforeMs),
      afterMs: finite(row.afterMs),
      beforeBuffers: finite(row.beforeBuffers),
      afterBuffers: finite(row.afterBuffers),
      cutOff: row.cutOff,
    })),
  };
}

type Measured = NonNullable<IndexReport['measured']>;

/** The workload, and its statements as first measured. */
interface MeasuredInput {
  readonly measuringInterrupted: boolean;
  readonly snapshot: Snapshot;
  readonly baseline: readonly Pick<StatementSummary, 'fingerprint' | 'calls' | 'meanMs' | 'timedOutMs'>[];
}

/** Statements that something bore on which was built, and nothing of what is kept. */
function refusedOnly(
  { baseline }: MeasuredInput,
  { perStatement, unaffected, failed }: MeasuredIndexSet,
): (name: string, fingerprint: string) => boolean {
  const ran = new Set(baseline.map(({ fingerprint }) => fingerprint));
  const others = new Set([...perStatement.map(({ name }) => name), ...unaffected, ...failed.map(({ name }) => name)]);
  return (name, fingerprint) => ran.has(fingerprint) && !others.has(name);
}

/** So many, and the heaviest of them by the baseline. */
function named(
  { snapshot, baseline }: MeasuredInput,
  isOne: (name: string, fingerprint: string) => boolean,
): Measured['unaffected'] {
  const rows = new Map(baseline.map((row) => [row.fingerprint, row]));
  const statements = snapshot.workload.statements
    .filter(({ name, fingerprint }) => isOne(name, fingerprint))
    .map(({ fingerprint, name, calls }) => {
      const row = rows.get(fingerprint);
      const totalMs = row ? finite(row.calls * row.meanMs) : null;
      return { fingerprint, name, calls, totalMs, cutOff: row?.timedOutMs != null };
    });
  const heaviest = statements.toSorted((a, b) => (b.totalMs ?? -1) - (a.totalMs ?? -1)).slice(0, MOST_NAMED);
  return { statements: statements.length, heaviest };
}

const MOST_NAMED = 5;

/** Calls times figures. */
export function totals({ ms, buffers }: MeasuredTotals): { ms: number | null; buffers: number | null } {
  return { ms: finite(ms), buffers: finite(buffers) };
}
