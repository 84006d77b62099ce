import type {
  DropReason,
  KeptIndex,
  MeasuredIndex,
  MeasuredIndexSet,
} from '../../indexes/measured/measured-index-set.js';
import type { MeasuredRemovals } from '../../indexes/measured/measured-removals.js';
import { changeWords, notSeen } from '../../indexes/measured/measured-verdicts.js';
import type { IndexSelection, SelectedIndex } from '../../indexes/selection/selection-types.js';
import type { UnvaluedIndex } from '../../indexes/selection/unvalued.js';
import { createIndexSql } from '../../model/action.js';
import type { Action, IndexSpec } from '../../model/action.js';

import type { Coverage } from '../../model/coverage.js';
import type { Finding } from '../../model/finding.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { IndexReport, ProposedIndex } from './index-report.js';
import type { StatementSummary } from '../../model/measurement.js';
import { toMeasuredSet, totals } from './to-measured-set.js';
import { toExisting, toMissing } from './to-existing.js';
import { toRemovals } from './to-removals.js';
import { finite, toAction, toCoverage, toTarget } from '../schema-parts.js';

/** All that an index selection leaves behind. */
export interface IndexReportInput {
  readonly tool: { readonly name: string; readonly version: string };
  readonly command: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly snapshot: Snapshot;
  /** As first measured, milliseconds; null where it was not. */
  readonly workloadMs: number | null;
  /** Its statements, as first measured. */
  readonly baseline: readonly Pick<StatementSummary, 'fingerprint' | 'calls' | 'meanMs' | 'timedOutMs'>[];
  readonly storageBudgetBytes: number | null;
  readonly writeWeight: number;
  readonly candidates: number;
  /** Null for no limit. */
  readonly mostPlannerCalls: number | null;
  readonly selection: IndexSelection;
  /** What was measured beside it without an estimate. */
  readonly unvalued: readonly UnvaluedIndex[];
  /** The same of the choices for the budget itself and others near it. */
  readonly alternatives: readonly UnvaluedIndex[];
  /** Null where nothing was proposed. */
  readonly measured: MeasuredIndexSet | null;
  /** What became of dropping indexes that are there; null where none looked redundant, or nothing was tried. */
  readonly removals: MeasuredRemovals | null;
  /** A signal stopped the run. */
  readonly interrupted: boolean;
  /** It did so before the search had come to its end. */
  readonly searchInterrupted: boolean;
  /** It did so before measuring the set had come to its end. */
  readonly measuringInterrupted: boolean;
  /** What advisors say of indexes beside the search. */
  readonly review: readonly Finding[];
  readonly actionOf: (spec: IndexSpec) => Action;
  readonly coverage: Coverage;
  readonly overhead: { readonly statements: number; readonly totalMs: number };
  readonly outputFolder: string | null;
}

/** The selection as one JSON document. Figures that are not finite become null, which reads `unknown`. */
export function toIndexReport(input: IndexReportInput): IndexReport {
  const { snapshot, selection, measured } = input;
  const { statements } = snapshot.workload;
  const planned = selection.statements.length > 0;
  return {
    tool: { ...input.tool },
    target: toTarget(snapshot.target),
    command: input.command,
    startedAt: input.startedAt,
    finishedAt: input.finishedAt,
    storageBudgetBytes: input.storageBudgetBytes,
    writeWeight: input.writeWeight,
    workload: {
      origin: snapshot.workload.origin,
      statements: statements.length,
      calls: statements.reduce((sum, one) => sum + one.calls, 0),
      totalMs: finite(input.workloadMs),
    },
    search: {
      candidates: input.candidates,
      plannerCalls: selection.plannerCalls,
      mostPlannerCalls: input.mostPlannerCalls,
      ...timeRatio(input),
      objective: planned ? finite(selection.objective) : null,
      bound: planned ? finite(selection.bound) : null,
      gap: planned ? finite(selection.gap) : null,
      usedBytes: finite(selection.usedBytes),
      compression: selection.compression && {
        ...selection.compression,
        boundShare: finite(selection.compression.boundShare),
      },
      complete: selection.complete,
      interrupted: input.searchInterrupted,
      refused: selection.refused.map(({ spec, reason }) => ({
        definition: createIndexSql(spec, { concurrently: false }),
        reason,
      })),
    },
    indexes: [
      ...selection.chosen.map((chosen) => searched(input, chosen)),
      ...input.alternatives.map((one) => unvalued(input, one, 'budget')),
      ...input.unvalued.map((one) => unvalued(input, one, 'foreign-key')),
    ],
    existing: toExisting(input),
    removals: toRemovals(input.removals),
    missing: toMissing(input),
    // A curve without any index on it says nothing.
    curve: (planned && selection.curve.some(({ indexes }) => indexes.length > 0) ? selection.curve : []).map(
      (point) => ({
        storageBytes: finite(point.storageBytes),
        usedBytes: finite(point.usedBytes),
        objective: finite(point.objective),
        indexes: point.indexes.length,
      }),
    ),
    measured: measured && toMeasuredSet(input, measured),
    interrupted: input.interrupted,
    coverage: toCoverage(input.coverage),
    overhead: { ...input.overhead },
    outputFolder: input.outputFolder,
  };
}

/** What the planner's cost ratios make of the measured times, over the statements that were measured and planned. */
function timeRatio({ snapshot, selection }: IndexReportInput): Pick<IndexReport['search'], 'timeRatio' | 'timeOf'> {
  const ratios = new Map(selection.statements.map((one) => [one.fingerprint, one.after / one.before]));
  let before = 0;
  let after = 0;
  let timeOf = 0;
  for (const { fingerprint, calls, meanMs } of snapshot.workload.statements) {
    const ratio = ratios.get(fingerprint);
    if (meanMs === null || ratio === undefined) continue;
    before += calls * meanMs;
    after += calls * meanMs * ratio;
    timeOf += 1;
  }
  return { timeRatio: before > 0 ? finite(after / before) : null, timeOf };
}

function searched(input: IndexReportInput, chosen: SelectedIndex): ProposedIndex {
  const estimated = {
    sizeBytes: finite(chosen.sizeBytes),
    gainAlone: finite(chosen.gainAlone),
    gainInSet: finite(chosen.gainInSet),
    writeShare: finite(chosen.writeShare),
    serves: chosen.serves.map(({ fingerprint, before, after }) => ({
      fingerprint,
      name: nameOf(input, fingerprint),
      costBefore: finite(before),
      costAfter: finite(after),
    })),
  };
  return proposed(input, chosen.spec, { basis: 'plans', estimated, redundant: chosen.redundant });
}

/** Its gain and costs are unknown until it is measured. */
function unvalued(input: IndexReportInput, one: UnvaluedIndex, basis: ProposedIndex['basis']): ProposedIndex {
  const estimated = {
    sizeBytes: finite(one.sizeBytes),
    gainAlone: null,
    gainInSet: null,
    writeShare: null,
    serves: one.for.map((fingerprint) => ({
      fingerprint,
      name: nameOf(input, fingerprint),
      costBefore: null,
      costAfter: null,
    })),
  };
  return proposed(input, one.spec, { basis, estimated, redundant: [] });
}

function proposed(
  input: IndexReportInput,
  spec: IndexSpec,
  foreseen: Pick<ProposedIndex, 'basis' | 'estimated'> & { readonly redundant: readonly string[] },
): ProposedIndex {
  const kept = input.measured?.kept.find((one) => one.spec.name === spec.name) ?? null;
  const dropped = input.measured?.dropped.find((one) => one.spec.name === spec.name) ?? null;
  const action = input.actionOf(spec);
  return {
    title: action.title,
    action: toAction(action),
    basis: foreseen.basis,
    decision: kept ? 'create' : decisionOf(dropped?.why ?? null),
    reason: kept ? keptReason(kept) : (dropped?.reason ?? unmeasuredReason(input)),
    assumed: (kept ?? dropped)?.assumed ?? 0,
    estimated: foreseen.estimated,
    measured: measuredIndex(input, kept ?? dropped?.built ?? null, kept),
    redundant: kept ? [...foreseen.redundant] : [],
  };
}

/** Of one that no measuring tells of: what it had seen when a signal stopped it is lost. */
function unmeasuredReason({ interrupted, searchInterrupted }: IndexReportInput): string {
  return interrupted && !searchInterrupted
    ? 'a signal stopped the run before its measuring came to an end'
    : 'not built: nothing was measured';
}

function decisionOf(why: DropReason | null): ProposedIndex['decision'] {
  if (why === null || why === 'not-built' || why === 'not-measured') return 'unmeasured';
  return why === 'budget' ? 'over-budget' : 'refuted';
}

function nameOf({ snapshot }: IndexReportInput, fingerprint: string): string {
  return snapshot.workload.statements.find((one) => one.fingerprint === fingerprint)?.name ?? fingerprint;
}

function keptReason({ worth, assumed }: KeptIndex): string {
  return `without it the statements ${changeWords(worth)}${notSeen(assumed)}`;
}

function measuredIndex(
  input: IndexReportInput,
  built: MeasuredIndex | null,
  kept: KeptIndex | null,
): ProposedIndex['measured'] {
  return (
    built && {
      sizeBytes: finite(built.sizeBytes),
      buildMs: finite(built.buildMs),
      buildWalBytes: finite(built.buildWalBytes),
      worth: kept && totals(kept.worth),
      serves: kept === null ? [] : served(input, kept),
      writes: built.writes && {
        ms: finite(built.writes.ms),
        walBytes: finite(built.writes.walBytes),
        buffers: finite(built.writes.buffers),
        hotUpdatesLost: finite(built.writes.hotUpdatesLost),
        rowsAssumed: built.writes.rowsAssumed,
        unknown: [...built.writes.unknown],
      },
    }
  );
}

/** What statements gain by it, calls times milliseconds, the most first. */
function served(
  { snapshot }: IndexReportInput,
  { effects }: KeptIndex,
): NonNullable<ProposedIndex['measured']>['serves'] {
  const calls = new Map(snapshot.workload.statements.map((one) => [one.name, one.calls]));
  return effects
    .map((effect) => ({
      name: effect.statement,
      calls: calls.get(effect.statement) ?? 1,
      withoutMs: finite(effect.without.ms),
      withMs: finite(effect.with.ms),
      withoutBuffers: finite(effect.without.buffers),
      withBuffers: finite(effect.with.buffers),
    }))
    .filter((row) => gainMs(row) > LEAST_GAIN * row.calls * (row.withoutMs ?? 0))
    .toSorted((a, b) => gainMs(b) - gainMs(a))
    .slice(0, MOST_SERVED);
}

function gainMs(row: {
  readonly calls: number;
  readonly withoutMs: number | null;
  readonly withMs: number | null;
}): number {
  return row.calls * ((row.withoutMs ?? 0) - (row.withMs ?? 0));
}

const MOST_SERVED = 5;
/** Runs of one plan spread as much. */
const LEAST_GAIN = 0.05;
