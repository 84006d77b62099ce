import type { Action, IndexSpec } from '../../src/model/action.js';
import type { MeasuredIndexSet } from '../../src/indexes/measured/measured-index-set.js';
import type { IndexSelection } from '../../src/indexes/selection/selection-types.js';
import type { IndexReportInput } from '../../src/report/index/to-index-report.js';
import { aSnapshot, aStatement } from './snapshot.js';
import { anIndexSpec } from './snapshot.js';

export const MAIL = anIndexSpec('customers', 'customers_mail_idx', ['(lower("mail"))']);
export const DRIVER = anIndexSpec('trip', 'trip_driver_started_idx', ['"driver"', '"started"']);

/** A selection of two indexes: measurement confirms one and refutes the other. */
export function exampleIndexes(changes: Partial<IndexReportInput> = {}): IndexReportInput {
  const statements = [
    aStatement('SELECT 1', { fingerprint: 'f1', name: 'log-in', calls: 4000, meanMs: 30 }),
    aStatement('SELECT 2', { fingerprint: 'f2', name: 'trips by driver', calls: 800, meanMs: 5.63 }),
  ];
  return {
    tool: { name: 'database-wizard', version: '0.1.0' },
    command: 'index localhost:5432/fleet',
    startedAt: '2026-03-01T10:00:00.000Z',
    finishedAt: '2026-03-01T10:04:00.000Z',
    snapshot: aSnapshot({ statements }),
    workloadMs: 125_000,
    baseline: [
      { fingerprint: 'f1', calls: 4000, meanMs: 30, timedOutMs: null },
      { fingerprint: 'f2', calls: 800, meanMs: 5.63, timedOutMs: null },
    ],
    storageBudgetBytes: 8 * 1024 * 1024,
    writeWeight: 1,
    candidates: 31,
    mostPlannerCalls: 500,
    selection: SELECTION,
    alternatives: [],
    unvalued: [],
    measured: MEASURED,
    removals: null,
    interrupted: false,
    searchInterrupted: false,
    measuringInterrupted: false,
    review: [],
    actionOf,
    coverage: {
      examined: [{ what: 'tables', count: 12 }],
      skipped: [{ what: 'statement fn', reason: 'no values for its parameters', remedy: null }],
    },
    overhead: { statements: 130, totalMs: 400 },
    outputFolder: '/out',
    ...changes,
  };
}

const SELECTION: IndexSelection = {
  chosen: [
    {
      spec: MAIL,
      sizeBytes: 1_000_000,
      writeShare: 0.001,
      serves: [{ fingerprint: 'f1', before: 1261, after: 8.4 }],
      gainAlone: 0.52,
      gainInSet: 0.51,
      alone: [],
      variants: [],
      redundant: [],
    },
    {
      spec: DRIVER,
      sizeBytes: 3_600_000,
      writeShare: 0.002,
      serves: [{ fingerprint: 'f2', before: 2980, after: 232 }],
      gainAlone: 0.11,
      gainInSet: 0.1,
      alone: [],
      variants: [],
      redundant: ['public.trip_driver_idx'],
    },
  ],
  drop: [],
  statements: [
    { fingerprint: 'f1', before: 1261, after: 8.4 },
    { fingerprint: 'f2', before: 2980, after: 232 },
  ],
  compression: null,
  objective: 0.37,
  bound: 0.368,
  gap: 0.005,
  usedBytes: 4_600_000,
  curve: [
    {
      storageBytes: 2_000_000,
      usedBytes: 1_000_000,
      objective: 0.48,
      bound: 0.48,
      indexes: [MAIL],
      plannerCalls: 4,
      complete: true,
    },
    {
      storageBytes: 8_388_608,
      usedBytes: 4_600_000,
      objective: 0.37,
      bound: 0.368,
      indexes: [MAIL, DRIVER],
      plannerCalls: 2,
      complete: true,
    },
  ],
  plannerCalls: 57,
  complete: true,
  progress: [],
  refused: [],
  skipped: [],
  unsized: 0,
};

const MEASURED: MeasuredIndexSet = {
  objective: 'time',
  kept: [
    {
      spec: MAIL,
      sizeBytes: 1_048_576,
      buildMs: 88,
      buildWalBytes: null,
      writeCost: null,
      writes: { ms: 4.2, walBytes: 81_920, buffers: 120, hotUpdatesLost: 7, rowsAssumed: true, unknown: [] },
      worth: { ms: 110_000, buffers: 900_000 },
      assumed: 0,
      effects: [],
    },
  ],
  dropped: [
    {
      spec: DRIVER,
      why: 'slower',
      reason: 'trips by driver 5.63 ms -> 7.02 ms with it',
      assumed: 0,
      built: { spec: DRIVER, sizeBytes: 3_700_000, buildMs: 120, buildWalBytes: null, writeCost: null, writes: null },
      change: { ms: 1100, buffers: 4000 },
      effects: [],
    },
  ],
  perStatement: [
    {
      fingerprint: 'f1',
      name: 'log-in',
      kind: 'select',
      calls: 4000,
      beforeMs: 30,
      afterMs: 0.07,
      beforeBuffers: 800,
      afterBuffers: 4,
      beforeWalBytes: 0,
      afterWalBytes: 0,
      planBefore: 'Seq Scan@customers',
      planAfter: 'Index Scan:customers_mail_idx@customers',
      cutOff: 'before',
      rounds: 5,
    },
  ],
  unaffected: [],
  failed: [],
  before: { ms: 120_000, buffers: 3_200_000 },
  after: { ms: 280, buffers: 16_000 },
  sizeBytes: 1_048_576,
  budgetBytes: 8_388_608,
  proved: true,
  complete: true,
  assumedPlans: 0,
  blockMs: 0,
  plannerCalls: 12,
  executions: 60,
  durationMs: 9000,
  notes: [],
};

function actionOf(one: IndexSpec): Action {
  return {
    kind: 'create-index',
    title: `Create btree index on public.${one.table.name} (${one.keys.join(', ')})`,
    up: [`CREATE INDEX CONCURRENTLY "${one.name}" ON "public"."${one.table.name}" (${one.keys.join(', ')})`],
    down: [`DROP INDEX CONCURRENTLY IF EXISTS "public"."${one.name}"`],
    lock: `takes SHARE UPDATE EXCLUSIVE on public.${one.table.name}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: false,
    tables: [one.table],
    index: one,
    rewrite: null,
  };
}
