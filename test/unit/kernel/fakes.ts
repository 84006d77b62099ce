/** In-memory stand-ins for the kernel's ports: a lab whose database is a table of "statement -> milliseconds". */
import type { Action } from '../../../src/model/action.js';
import type { Finding } from '../../../src/model/finding.js';
import type { Load } from '../../../src/model/load.js';
import type { WorkloadSummary } from '../../../src/model/measurement.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import type { StatementEffect } from '../../../src/model/verdict.js';
import type { Workload } from '../../../src/model/workload.js';
import { DEFAULT_ESCALATION_LIMITS } from '../../../src/kernel/escalate.js';
import { DEFAULT_THRESHOLDS } from '../../../src/kernel/thresholds.js';
import type { LoopOptions, LoopPorts } from '../../../src/kernel/run.js';
import type {
  Confirmation,
  Lab,
  LedgerEntry,
  Progress,
  TrialFailure,
  TrialMeasurement,
} from '../../../src/kernel/ports.js';
import { DEFAULT_STOP_RULES } from '../../../src/kernel/stop.js';

/** Statement fingerprints with their time in the beginning. */
export const TIMES: Readonly<Record<string, number>> = { a: 1000, b: 500, c: 100, d: 10 };

export const workload: Workload = {
  source: 'file',
  origin: 'test',
  since: null,
  unusable: [],
  statements: Object.keys(TIMES).map((fingerprint) => ({
    fingerprint,
    name: fingerprint,
    sql: `SELECT '${fingerprint}'`,
    kind: 'select',
    calls: 1,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
  })),
};

export function createIndex(name: string, over: Partial<Action> = {}): Action {
  const table = { schema: 'public', name: 't' };
  return {
    kind: 'create-index',
    title: `Create index ${name}`,
    up: [`CREATE INDEX CONCURRENTLY ${name} ON public.t (${name})`],
    down: [`DROP INDEX CONCURRENTLY public.${name}`],
    lock: 'takes SHARE UPDATE EXCLUSIVE on public.t',
    transactional: false,
    tables: [table],
    rewrite: null,
    index: { table, method: 'btree', unique: false, keys: [`"${name}"`], include: [], where: null, with: null, name },
    ...over,
  };
}

export function finding(statements: readonly string[], action: Action, over: Partial<Finding> = {}): Finding {
  return {
    advisor: 'index/missing-index',
    severity: 'warning',
    title: `no index for ${statements.join()}`,
    place: `public.t(${action.title})`,
    evidence: [{ what: 'calls', value: 1, unit: 'calls', source: 'test', provenance: 'measured' }],
    statements,
    actions: [action],
    ...over,
  };
}

/** What a change does to each statement: after / before. */
export type Effects = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface World {
  readonly ports: LoopPorts;
  readonly options: LoopOptions;
  readonly entries: LedgerEntry[];
  readonly tried: string[];
  readonly accepted: string[];
  readonly progress: Progress[];
  /** Changes every trial's outcome. */
  trial: (action: Action, measured: TrialMeasurement) => TrialMeasurement | TrialFailure;
  /** Changes what all accepted changes do together. */
  confirm: (measured: Confirmation) => Confirmation | TrialFailure;
  load: Load | TrialFailure | null;
  role: string;
  nowMs: number;
}

/** A world in which the advisors find what is given and the lab answers by `effects` (by the action's title; 1 where not given). */
export function makeWorld(findings: readonly Finding[], effects: Effects, entries: LedgerEntry[] = []): World {
  const times: Record<string, number> = { ...TIMES };
  const world: World = {
    entries,
    tried: [],
    accepted: [],
    progress: [],
    load: null,
    role: 'lab',
    nowMs: 0,
    trial: (_action, measured) => measured,
    confirm: (measured) => measured,
    ports: undefined as never,
    options: undefined as never,
  };
  const lab: Lab = {
    get role() {
      return world.role as 'lab';
    },
    baseline: () =>
      Promise.resolve({ summary: summaryOf(times), noise: { timeLogRatio: 0.02, bufferLogRatio: 0, pairs: 20 } }),
    trial(action) {
      world.tried.push(action.title);
      world.nowMs += 1000;
      return Promise.resolve(world.trial(action, measurement(times, effects[action.title] ?? {})));
    },
    accept(action) {
      world.accepted.push(action.title);
      for (const [fingerprint, ratio] of Object.entries(effects[action.title] ?? {}))
        times[fingerprint] = (times[fingerprint] ?? 0) * ratio;
      return Promise.resolve();
    },
    withdraw(action) {
      world.accepted.splice(world.accepted.indexOf(action.title), 1);
      for (const [fingerprint, ratio] of Object.entries(effects[action.title] ?? {}))
        times[fingerprint] = (times[fingerprint] ?? 0) / ratio;
      return Promise.resolve(null);
    },
    confirm: () => Promise.resolve(world.accepted.length === 0 ? null : world.confirm(confirmation(TIMES, times))),
    load: () => Promise.resolve(world.load),
    stateHash: () => Promise.resolve('base'),
  };
  const ports: LoopPorts = {
    lab,
    whatIf: null,
    examiner: {
      examine: () => Promise.resolve({ catalog: { tables: [], indexes: [] }, rebuilds: [] } as unknown as Snapshot),
    },
    advisors: {
      examine: () =>
        Promise.resolve(findings.filter((found) => !world.accepted.includes(found.actions[0]?.title ?? ''))),
    },
    ledger: {
      entries: () => [...entries],
      append: (entry) => Promise.resolve(void entries.push(structuredClone(entry))),
    },
    clock: { nowMs: () => world.nowMs, iso: () => new Date(world.nowMs).toISOString() },
    watch: (progress) => void world.progress.push(progress),
    signal: new AbortController().signal,
    measured: () => Promise.resolve(),
    adopted: () => Promise.resolve(),
  };
  const options: LoopOptions = {
    run: 'r1',
    targetLabel: 'test',
    budgetMs: 1e9,
    budgetFrom: 'start',
    storageBudgetBytes: null,
    clients: 2,
    thresholds: DEFAULT_THRESHOLDS,
    stopRules: DEFAULT_STOP_RULES,
    escalation: DEFAULT_ESCALATION_LIMITS,
    connectMs: null,
    replicaLagSeconds: null,
  };
  return Object.assign(world, { ports, options });
}

export function summaryOf(times: Readonly<Record<string, number>>): WorkloadSummary {
  const perStatement = Object.entries(times).map(([fingerprint, meanMs]) => ({
    fingerprint,
    name: fingerprint,
    kind: 'select' as const,
    calls: 1,
    meanMs,
    p95Ms: meanMs,
    planningMs: 1,
    buffers: meanMs,
    walBytes: 0,
    planShape: 'Seq Scan@t',
    carriedOver: false,
    timedOutMs: null,
  }));
  const totalMs = perStatement.reduce((sum, row) => sum + row.meanMs, 0);
  return {
    totalMs,
    p50Ms: totalMs / 2,
    p95Ms: totalMs,
    p99Ms: totalMs,
    buffers: totalMs,
    sharedRead: 0,
    walBytes: 0,
    perStatement,
    failed: [],
  };
}

export function measurement(
  times: Readonly<Record<string, number>>,
  ratios: Readonly<Record<string, number>>,
): TrialMeasurement {
  const after: Record<string, number> = { ...times };
  const statements: StatementEffect[] = Object.entries(ratios).map(([fingerprint, ratio]) => {
    const beforeMs = times[fingerprint] ?? 0;
    after[fingerprint] = beforeMs * ratio;
    return {
      fingerprint,
      name: fingerprint,
      beforeMs,
      afterMs: beforeMs * ratio,
      timeRatio: ratio,
      timeCiLow: ratio * 0.99,
      timeCiHigh: ratio * 1.01,
      beforeBuffers: beforeMs,
      afterBuffers: beforeMs * ratio,
      beforeWalBytes: 0,
      afterWalBytes: 0,
      planBefore: 'Seq Scan@t',
      planAfter: 'Index Scan@t',
      rounds: 10,
      beforeTimedOutMs: null,
      beforeSamplesMs: Array.from({ length: 10 }, () => beforeMs),
      afterSamplesMs: Array.from({ length: 10 }, () => beforeMs * ratio),
    };
  });
  return {
    statements,
    failed: [],
    resultsEqual: true,
    resultDifferences: [],
    resultsUncompared: [],
    indexCheck: null,
    revertVerified: true,
    revertNote: null,
    constraintsIntact: true,
    storageBytesBefore: 1000,
    storageBytesAfter: 1100,
    applyMs: 5,
    workloadAfter: summaryOf(after),
    noise: { timeLogRatio: 0.02, bufferLogRatio: 0, pairs: 20 },
  };
}

function confirmation(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): Confirmation {
  const ratios = Object.entries(after).map(([name, ms]) => [name, ms / (before[name] ?? ms)] as const);
  const { statements } = measurement(before, Object.fromEntries(ratios.filter(([, ratio]) => ratio !== 1)));
  return {
    before: summaryOf(before),
    after: summaryOf(after),
    statements,
    resultsEqual: true,
    resultDifferences: [],
    resultsUncompared: [],
  };
}
