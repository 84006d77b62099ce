import type { Finding } from '../../src/model/finding.js';
import type { ExamineReportInput } from '../../src/report/to-examine-report.js';
import { aPlan, aSnapshot, aStatement, aTable, anIndex } from './snapshot.js';

/** An examination of a small shop whose workload was measured by its source. */
export function exampleExamination(changes: Partial<ExamineReportInput> = {}): ExamineReportInput {
  const snapshot = aSnapshot({
    tables: [
      aTable('orders', { rowsEstimated: 241_000, sizeBytes: 22_800_000 }),
      aTable('countries', { rowsEstimated: null, sizeBytes: 8192 }),
      aTable('totals', { kind: 'v', rowsEstimated: null, sizeBytes: 0 }),
    ],
    indexes: [anIndex('orders_pkey', 'orders', ['id'], { sizeBytes: 5_400_000 })],
    statements: [
      aStatement('SELECT 1', {
        name: 'country-list',
        fingerprint: 'fp-country-list',
        calls: 500,
        meanMs: 0.02,
        totalMs: 10,
      }),
      aStatement('SELECT 2', {
        name: 'customer-orders',
        fingerprint: 'fp-customer-orders',
        calls: 300,
        meanMs: 4,
        totalMs: 1200,
        sharedHit: 100,
        sharedRead: 20,
      }),
    ],
    plans: new Map([['fp-customer-orders', aPlan({ 'Total Cost': 3384 })]]),
  });
  return {
    tool: { name: 'database-wizard', version: '0.1.0' },
    startedAt: '2025-07-01T08:00:00.000Z',
    finishedAt: '2025-07-01T08:00:01.200Z',
    snapshot,
    findings: [
      finding('info', 'index/unused-index', []),
      finding('critical', 'schema/key-exhaustion', []),
      finding('warning', 'settings/work-mem', ['fp-customer-orders']),
    ],
    coverage: {
      examined: [
        { what: 'tables', count: 3 },
        { what: 'settings', count: null },
      ],
      skipped: [
        {
          what: 'rows of public.secret',
          reason: 'the role may not read it',
          remedy: 'GRANT SELECT ON public.secret TO wizard',
        },
      ],
    },
    overhead: { statements: 9, totalMs: 41.5 },
    ...changes,
  };
}

function finding(severity: Finding['severity'], advisor: string, statements: readonly string[]): Finding {
  return {
    advisor,
    severity,
    title: `what ${advisor} says`,
    place: 'public.orders',
    evidence: [{ what: 'size', value: 5_400_000, unit: 'bytes', source: 'pg_class', provenance: 'measured' }],
    statements,
    actions: [],
  };
}
