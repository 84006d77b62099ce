import type { Action } from '../../src/model/action.js';
import type { Finding } from '../../src/model/finding.js';
import type { Hypothesis } from '../../src/model/hypothesis.js';
import type { LoadSide } from '../../src/model/load.js';
import type { StatementSummary, WorkloadSummary } from '../../src/model/measurement.js';
import type { Decision, Iteration } from '../../src/model/run.js';
import type { StatementEffect, Verdict } from '../../src/model/verdict.js';
import type { RunReportInput } from '../../src/report/to-run-report.js';

/** A run over the web shop with one iteration of each kind: accepted, refuted, rejected, escalated, failed, rewritten. */
export function exampleRun(changes: Partial<RunReportInput> = {}): RunReportInput {
  const before = [
    summary('log-in', 600, 48.8, 'Seq Scan@customers'),
    summary('order-lines', 300, 27.2, 'Sort(Nested Loop(Seq Scan@order_items,Index Scan:products_pkey@products))'),
    summary('product-reviews', 900, 9.2, 'Limit(Sort(Seq Scan@reviews))'),
    summary('last-write-offs', 6, 10, 'Limit(Sort(Seq Scan@stock_movements))'),
    summary(
      'welcome-mail',
      1,
      1216,
      'Gather Merge(Index Scan:customers_pkey@customers(Materialize(Seq Scan@blocked_emails)))',
    ),
    summary('country-list', 500, 0.02, 'Sort(Seq Scan@countries)'),
    summary('record-page-view', 6000, 0.04, 'ModifyTable@page_views(Result)', 'insert'),
  ];
  const faster: Readonly<Record<string, number>> = { 'log-in': 0.02, 'order-lines': 0.03, 'welcome-mail': 10.7 };
  const after = before.map((row) => ({
    ...row,
    meanMs: faster[row.name] ?? row.meanMs * 1.01,
    buffers: faster[row.name] ? 6 : row.buffers,
    carriedOver: !faster[row.name],
  }));
  return {
    tool: { name: 'database-wizard', version: '0.1.0' },
    target: {
      role: 'production',
      label: 'db.example:5432/shop',
      database: 'shop',
      serverVersionNum: 180004,
      major: 18,
    },
    command: 'optimize db.example:5432/shop',
    startedAt: '2025-07-01T08:00:00.000Z',
    finishedAt: '2025-07-01T08:02:41.000Z',
    stop: { reason: 'mature', detail: 'no hypothesis is left that could gain more than 5 %' },
    iterations: [
      loginIndex(),
      orderLinesIndex(),
      writeOffsTrap(),
      welcomeMailRewrite(),
      duplicateDrop(),
      keyEscalation(),
      labFailure(),
      freshStatistics(),
    ],
    replayed: 0,
    together: {
      verdict: 'confirmed',
      reason: '3 statements touched, workload 48.2 s -> 9.13 s, results equal, none slower beyond tolerance',
      statements: [],
      resultsEqual: true,
    },
    before: workload(before),
    after: workload(after),
    load: {
      levels: [
        { clients: 1, before: loadSide(21.4, 48.9), after: loadSide(1204, 1.31) },
        { clients: 2, before: loadSide(40.2, 51.3), after: loadSide(2105, 1.48) },
      ],
      cores: 2,
      leftOut: [],
    },
    noise: { timeLogRatio: 0.031, bufferLogRatio: 0, pairs: 240 },
    planChanges: {
      since: '2026-01-02T03:04:05.000Z',
      compared: 7,
      changes: [
        {
          fingerprint: 'log-in',
          name: 'log-in',
          parameterClass: 'typical',
          planBefore: 'Index Scan:customers_email@customers',
          planNow: 'Seq Scan@customers',
          beforeMs: 0.03,
          nowMs: 48.8,
          beforeBuffers: 4,
          nowBuffers: 4000,
          time: 'slower',
          cause: { certainty: 'shown', says: 'index customers_email on public.customers is gone' },
          differences: [
            {
              kind: 'index-gone',
              on: 'customers_email',
              says: 'index customers_email on public.customers is gone',
            },
          ],
        },
      ],
    },
    planReview: {
      plans: { before: 8, after: 8 },
      findings: [
        {
          fingerprint: 'log-in',
          name: 'log-in',
          id: 'scan/rows-discarded',
          severity: 'warning',
          title: 'Seq Scan on public.customers read 40,000 rows to keep 1.',
          remedy: 'An index on public.customers (email).',
          share: 0.98,
          status: 'open',
          iterations: [1, 4],
          untried: 2,
        },
        {
          fingerprint: 'price-list-check',
          name: 'price-list-check',
          id: 'estimates/nested-loop-underestimated',
          severity: 'warning',
          title: 'The nested loop ran its inner side 60,000 times; 10 were expected.',
          remedy: 'ANALYZE.',
          share: 0.9,
          status: 'resolved',
          iterations: [8],
          untried: 0,
        },
      ],
      hints: [
        {
          fingerprint: 'price-list-check',
          name: 'price-list-check',
          settings: 'enable_nestloop = off',
          since: '2025-12-01T00:00:00.000Z',
          until: '2026-03-01',
          now: 'not-needed',
        },
      ],
    },
    scorecard: [
      {
        id: 'p95-critical',
        target: 'p95 of critical queries < 100 ms',
        status: 'met',
        value: '14.2 ms',
        measured: 14.2,
        source: 'measured in the lab, one client, warm cache; 5 critical statements',
      },
      {
        id: 'overall',
        target: '> 5x overall',
        status: 'met',
        value: '5.6x',
        measured: 5.6,
        source: 'measured in the lab, one client, warm cache',
      },
      {
        id: 'planning',
        target: 'planning < 5 ms',
        status: 'missed',
        value: '6.1 ms',
        measured: 6.1,
        source: "measured in the lab: the slowest statement's median",
      },
      {
        id: 'availability',
        target: '> 99.9 % availability',
        status: 'unknown',
        value: 'unknown',
        measured: null,
        source: 'needs monitoring over time',
      },
    ],
    coverage: {
      examined: [
        { what: 'tables', count: 22 },
        { what: 'indexes', count: 52 },
        { what: 'settings', count: null },
      ],
      skipped: [
        {
          what: 'pg_stat_statements',
          reason: 'the extension is not installed',
          remedy: 'CREATE EXTENSION pg_stat_statements',
        },
      ],
    },
    findingsBefore: [loginIndex(), orderLinesIndex(), writeOffsTrap(), keyEscalation()].map(
      (iteration) => iteration.hypothesis.finding,
    ),
    findingsAfter: [writeOffsTrap(), keyEscalation()].map((iteration) => iteration.hypothesis.finding),
    untried: [
      {
        hypothesis: writeOffsTrap('Create btree index on public.orders (status)').hypothesis,
        reason: 'not tried: the run stopped (mature)',
      },
    ],
    overhead: { statements: 31, totalMs: 212.4 },
    ...changes,
  };
}

/** An iteration with parts replaced; a plain accepted index by default. */
export function exampleIteration(number: number, parts: IterationParts = {}): Iteration {
  const finding: Finding = {
    advisor: 'index/missing-index',
    severity: 'warning',
    title: 'log-in reads all of public.customers to find one row',
    place: 'public.customers(lower(email))',
    evidence: [
      {
        what: 'rows read for each row found',
        value: 100_000,
        unit: 'rows',
        source: 'plan of log-in',
        provenance: 'estimated',
      },
      { what: 'mean time', value: 48.8, unit: 'ms', source: 'lab baseline', provenance: 'measured' },
    ],
    statements: ['fp-log-in'],
    actions: [],
    ...parts.finding,
  };
  const action: Action = {
    kind: 'create-index',
    title: 'Create btree index on public.customers (lower(email))',
    up: ['CREATE INDEX CONCURRENTLY "customers_lower_email_idx" ON "public"."customers" USING btree (lower(email))'],
    down: ['DROP INDEX CONCURRENTLY "public"."customers_lower_email_idx"'],
    lock: 'takes SHARE UPDATE EXCLUSIVE on public.customers, which blocks DDL and VACUUM but neither reads nor writes',
    transactional: false,
    tables: [{ schema: 'public', name: 'customers' }],
    index: null,
    rewrite: null,
    ...parts.action,
  };
  const hypothesis: Hypothesis = {
    id: `hypothesis-${number}`,
    advisor: finding.advisor,
    title: action.title,
    finding,
    action,
    prediction: {
      workloadRatio: 0.55,
      statementRatio: 0.0026,
      throughputRatio: 1.8,
      storageBytes: 5_500_000,
      basis: 'what-if planner cost',
      provenance: 'estimated',
      ...parts.prediction,
    },
    risk: {
      level: 'low',
      behaviour: 'plans of other statements on the table may change',
      data: 'none: an index changes no row',
      downtimeMs: 0,
      effortWeeks: 0,
    },
  };
  const verdict: Verdict = {
    kind: 'improved',
    effect: { metric: 'executionMs', before: 29_280, after: 12, ratio: 0.00041, ciLow: 0.00035, ciHigh: 0.0005 },
    effects: [{ metric: 'buffers', before: 1_033_800, after: 2400, ratio: 0.0023, ciLow: 0.0023, ciHigh: 0.0023 }],
    gain: 0.5,
    resultsEqual: true,
    revertVerified: true,
    reason: 'execution time of the touched statements fell',
    ...parts.verdict,
  };
  return {
    number,
    hypothesis,
    verdict,
    decision: {
      kind: 'accept',
      reason: 'clear of the noise floor; results equal; revert run',
      escalation: null,
      ...parts.decision,
    },
    statements: parts.statements ?? [
      statementEffect('log-in', 48.8, 0.02, 'Seq Scan@customers', 'Index Scan:customers_lower_email_idx@customers'),
    ],
    stateBefore: 'a1b2c3',
    startedAt: '2025-07-01T08:01:00.000Z',
    durationMs: 4100,
  };
}

interface IterationParts {
  readonly finding?: Partial<Finding>;
  readonly action?: Partial<Action>;
  readonly prediction?: Partial<Hypothesis['prediction']>;
  readonly verdict?: Partial<Verdict>;
  readonly decision?: Partial<Decision>;
  readonly statements?: readonly StatementEffect[];
}

function loginIndex(): Iteration {
  return exampleIteration(1);
}

function orderLinesIndex(): Iteration {
  return exampleIteration(2, {
    finding: {
      advisor: 'index/unindexed-foreign-key',
      title: 'public.order_items(order_id) references public.orders, and no index serves it',
      place: 'public.order_items(order_id)',
      statements: ['fp-order-lines'],
    },
    action: {
      title: 'Create btree index on public.order_items (order_id)',
      up: ['CREATE INDEX CONCURRENTLY "order_items_order_id_idx" ON "public"."order_items" USING btree ("order_id")'],
      down: ['DROP INDEX CONCURRENTLY "public"."order_items_order_id_idx"'],
    },
    prediction: { statementRatio: 0.002, workloadRatio: 0.8, storageBytes: 12_000_000 },
    verdict: {
      effect: { metric: 'executionMs', before: 8160, after: 9, ratio: 0.0011, ciLow: 0.0009, ciHigh: 0.0014 },
    },
    statements: [
      statementEffect(
        'order-lines',
        27.2,
        0.03,
        'Sort(Nested Loop(Seq Scan@order_items,Index Scan:products_pkey@products))',
        'Nested Loop(Index Scan:order_items_order_id_idx@order_items,Index Scan:products_pkey@products)',
      ),
      statementEffect(
        'add-order-line',
        0.076,
        0.081,
        'ModifyTable@order_items(Result)',
        'ModifyTable@order_items(Result)',
      ),
    ],
  });
}

function writeOffsTrap(title = 'Create btree index on public.stock_movements (moved_at)'): Iteration {
  return exampleIteration(3, {
    finding: {
      title: 'last-write-offs sorts public.stock_movements to return 10 rows',
      place: 'public.stock_movements(moved_at)',
      statements: ['fp-last-write-offs'],
    },
    action: {
      title,
      up: [
        'CREATE INDEX CONCURRENTLY "stock_movements_moved_at_idx" ON "public"."stock_movements" USING btree ("moved_at")',
      ],
    },
    prediction: { statementRatio: 0.0016, workloadRatio: 0.999 },
    verdict: {
      kind: 'regressed',
      effect: { metric: 'executionMs', before: 60, after: 402, ratio: 6.7, ciLow: 6.2, ciHigh: 7.3 },
      effects: [{ metric: 'buffers', before: 8004, after: 849_798, ratio: 106, ciLow: 106, ciHigh: 106 }],
      gain: 0,
      reason: 'slower beyond tolerance: last-write-offs 6.7 (10 ms -> 67 ms)',
    },
    decision: {
      kind: 'reject',
      reason:
        'slower beyond tolerance: last-write-offs ratio 6.7 (10 ms -> 67 ms): the matching rows lie at the far end of the index',
    },
    statements: [
      statementEffect(
        'last-write-offs',
        10,
        67,
        'Limit(Sort(Seq Scan@stock_movements))',
        'Limit(Index Scan:stock_movements_moved_at_idx@stock_movements)',
      ),
    ],
  });
}

function welcomeMailRewrite(): Iteration {
  return exampleIteration(4, {
    finding: {
      advisor: 'query/not-in-subquery',
      title: 'welcome-mail runs its NOT IN subquery anew for each row',
      place: 'fp-welcome-mail',
      statements: ['fp-welcome-mail'],
    },
    action: {
      kind: 'rewrite',
      title: 'Rewrite NOT IN of welcome-mail as NOT EXISTS',
      up: [],
      down: [],
      lock: 'takes no lock',
      rewrite: {
        fingerprint: 'fp-welcome-mail',
        rule: 'not-in-to-not-exists',
        from: 'SELECT id, email FROM customers\nWHERE email NOT IN (SELECT email FROM blocked_emails)',
        to: 'SELECT id, email FROM customers\nWHERE NOT EXISTS (SELECT 1 FROM blocked_emails WHERE blocked_emails.email = customers.email)',
        proof: [
          'customers.email is NOT NULL (pg_attribute.attnotnull)',
          'blocked_emails.email is NOT NULL (pg_attribute.attnotnull)',
        ],
      },
    },
    prediction: {
      workloadRatio: null,
      statementRatio: null,
      throughputRatio: null,
      storageBytes: null,
      provenance: 'unknown',
      basis: 'the planner can not foresee this change',
    },
    verdict: {
      effect: { metric: 'executionMs', before: 1216, after: 10.7, ratio: 0.0088, ciLow: 0.0081, ciHigh: 0.0097 },
    },
    statements: [
      statementEffect(
        'welcome-mail',
        1216,
        10.7,
        'Gather Merge(Index Scan:customers_pkey@customers(Materialize(Seq Scan@blocked_emails)))',
        'Sort(Nested Loop(Seq Scan@customers,Index Only Scan:blocked_emails_pkey@blocked_emails))',
      ),
    ],
  });
}

function duplicateDrop(): Iteration {
  return exampleIteration(5, {
    finding: {
      advisor: 'index/duplicate-index',
      title: 'public.orders_placed_at_idx1 repeats public.orders_placed_at_idx',
      place: 'public.orders_placed_at_idx1',
      statements: [],
    },
    action: {
      kind: 'drop-index',
      title: 'Drop index public.orders_placed_at_idx1',
      up: ['DROP INDEX CONCURRENTLY "public"."orders_placed_at_idx1"'],
      down: ['CREATE INDEX CONCURRENTLY "orders_placed_at_idx1" ON "public"."orders" USING btree ("placed_at")'],
    },
    prediction: { workloadRatio: 1, statementRatio: null, storageBytes: -5_400_000 },
    verdict: {
      effect: {
        metric: 'storageBytes',
        before: 427_000_000,
        after: 421_600_000,
        ratio: 0.987,
        ciLow: 0.987,
        ciHigh: 0.987,
      },
    },
    statements: [
      statementEffect('place-order', 0.07, 0.062, 'ModifyTable@orders(Result)', 'ModifyTable@orders(Result)'),
    ],
  });
}

function keyEscalation(): Iteration {
  return exampleIteration(6, {
    finding: {
      advisor: 'schema/key-exhaustion',
      severity: 'critical',
      title: 'public.page_views.id has used 88 % of integer',
      place: 'public.page_views(id)',
      statements: [],
    },
    action: {
      kind: 'alter-column-type',
      title: 'Widen public.page_views.id to bigint',
      up: ['ALTER TABLE "public"."page_views" ALTER COLUMN "id" TYPE bigint'],
      down: ['ALTER TABLE "public"."page_views" ALTER COLUMN "id" TYPE integer'],
      transactional: true,
      lock: 'takes ACCESS EXCLUSIVE on public.page_views, which blocks reads and writes while it is rewritten',
    },
    prediction: {
      workloadRatio: null,
      statementRatio: null,
      throughputRatio: null,
      provenance: 'unknown',
      basis: 'no effect on time is foreseen',
    },
    verdict: {
      kind: 'unverifiable',
      effect: null,
      effects: [],
      gain: 0,
      resultsEqual: null,
      revertVerified: false,
      reason: 'escalated before any trial',
    },
    decision: {
      kind: 'escalate',
      reason: 'a change of type rewrites the table under ACCESS EXCLUSIVE',
      escalation: {
        protocol: 'schema-change',
        decisionNeeded: 'when to rewrite public.page_views',
        decidedBy: 'the owner of the database',
        timeLimitHours: 24,
        evidence: ['sequence at 1,900,240,000 of 2,147,483,647'],
      },
    },
    statements: [],
  });
}

function labFailure(): Iteration {
  return exampleIteration(7, {
    action: { title: 'Create gin index on public.products (name)' },
    prediction: { statementRatio: 0.4, workloadRatio: 0.98 },
    verdict: {
      kind: 'unverifiable',
      effect: null,
      effects: [],
      gain: 0,
      resultsEqual: null,
      revertVerified: false,
      reason: 'the lab ended during the trial, twice',
    },
    decision: { kind: 'reject', reason: 'unverifiable: the lab ended during the trial, twice' },
    statements: [],
  });
}

function freshStatistics(): Iteration {
  return exampleIteration(8, {
    finding: {
      advisor: 'statistics/stale',
      title: 'public.supplier_prices grew by 60 % since its last ANALYZE',
      place: 'public.supplier_prices',
      statements: [],
    },
    action: {
      kind: 'analyze',
      title: 'Analyze public.supplier_prices',
      up: ['ANALYZE "public"."supplier_prices"'],
      down: [],
      transactional: true,
      lock: 'takes SHARE UPDATE EXCLUSIVE on public.supplier_prices',
    },
    prediction: {
      workloadRatio: null,
      statementRatio: null,
      throughputRatio: null,
      storageBytes: 0,
      provenance: 'unknown',
      basis: 'the planner can not foresee this change',
    },
    verdict: {
      effect: { metric: 'executionMs', before: 800, after: 3.4, ratio: 0.0043, ciLow: 0.0041, ciHigh: 0.0047 },
    },
    statements: [
      statementEffect(
        'price-list-check',
        800,
        3.4,
        'Aggregate(Nested Loop(Seq Scan@supplier_prices,Index Scan:supplier_articles_supplier_id_idx@supplier_articles))',
        'Aggregate(Hash Join(Seq Scan@supplier_prices,Hash(Seq Scan@supplier_articles)))',
      ),
    ],
  });
}

function statementEffect(
  name: string,
  beforeMs: number,
  afterMs: number,
  planBefore: string,
  planAfter: string,
): StatementEffect {
  return {
    fingerprint: `fp-${name}`,
    name,
    beforeMs,
    afterMs,
    timeRatio: afterMs / beforeMs,
    timeCiLow: (afterMs / beforeMs) * 0.92,
    timeCiHigh: (afterMs / beforeMs) * 1.09,
    beforeBuffers: 1723,
    afterBuffers: 4,
    beforeWalBytes: 0,
    afterWalBytes: 0,
    planBefore,
    planAfter,
    rounds: 24,
    beforeTimedOutMs: null,
    beforeSamplesMs: spread(beforeMs),
    afterSamplesMs: spread(afterMs),
  };
}

function summary(
  name: string,
  calls: number,
  meanMs: number,
  planShape: string,
  kind: StatementSummary['kind'] = 'select',
): StatementSummary {
  return {
    fingerprint: `fp-${name}`,
    name,
    kind,
    calls,
    meanMs,
    p95Ms: meanMs * 1.4,
    planningMs: 0.2,
    buffers: Math.round(meanMs * 35) + 3,
    walBytes: 0,
    planShape,
    carriedOver: false,
    timedOutMs: null,
  };
}

function workload(perStatement: readonly StatementSummary[]): WorkloadSummary {
  const total = (value: (row: StatementSummary) => number): number =>
    perStatement.reduce((sum, row) => sum + value(row) * row.calls, 0);
  const slowest = Math.max(...perStatement.map((row) => row.meanMs));
  return {
    totalMs: total((row) => row.meanMs),
    p50Ms: 0.04,
    p95Ms: slowest / 20,
    p99Ms: slowest / 8,
    buffers: total((row) => row.buffers),
    sharedRead: 0,
    walBytes: 2_400_000,
    perStatement,
    failed: [{ fingerprint: 'fp-broken', name: 'broken', reason: 'function nextval has side effects' }],
  };
}

function spread(middle: number): readonly number[] {
  return Array.from({ length: 24 }, (_, n) => middle * (1 + 0.18 * Math.sin(n * 2.4) + (n === 7 ? 0.5 : 0)));
}

function loadSide(perSecond: number, p95Ms: number): LoadSide {
  return { executions: Math.round(perSecond * 4), perSecond, p50Ms: p95Ms / 4, p95Ms, errors: 0, senderShare: 0.2 };
}
