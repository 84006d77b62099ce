import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { readPlan } from '../../src/plans/read/read-plan.js';
import type { PlanForm } from '../../src/plans/read/read-plan.js';
import type { PlanTree, PlanTreeNode } from '../../src/plans/tree.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const FORMS: readonly PlanForm[] = ['text', 'json', 'yaml', 'xml'];

const SETUP = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Customer Id" int NOT NULL, placed date, note text);
  INSERT INTO "order" SELECT i, i % 500, date '2024-01-01' + i % 700, repeat('x', i % 40) FROM generate_series(1, 20000) i;
  CREATE INDEX "Order ""odd"" idx" ON "order" ("Customer Id", placed);
  CREATE INDEX order_placed ON "order" (placed);
  CREATE TABLE customer (id int PRIMARY KEY, name text);
  INSERT INTO customer SELECT i, 'náme ' || i FROM generate_series(0, 499) i;
  CREATE TABLE child (id int PRIMARY KEY REFERENCES customer, v int);
  CREATE TABLE part (k int, v int) PARTITION BY RANGE (k);
  CREATE TABLE part_a PARTITION OF part FOR VALUES FROM (0) TO (100);
  CREATE TABLE part_b PARTITION OF part FOR VALUES FROM (100) TO (200);
  INSERT INTO part SELECT i % 200, i FROM generate_series(1, 2000) i;
  CREATE TABLE sets (a int, b int, c int);
  INSERT INTO sets SELECT i % 5, i % 7, i FROM generate_series(1, 1000) i;
  ANALYZE;
`;

/** Each with the settings it is planned under. */
const STATEMENTS: readonly (readonly [name: string, sql: string, settings?: readonly string[]])[] = [
  ['a filter', `SELECT * FROM "order" WHERE note LIKE 'xx%' AND id > 5`],
  ['an index on odd names', `SELECT * FROM "order" AS "O o" WHERE "Customer Id" = 7 ORDER BY placed DESC`],
  ['a bitmap', `SELECT * FROM "order" WHERE "Customer Id" = 7 OR placed = '2024-02-02'`, ['enable_seqscan = off']],
  [
    'a hash join and a sort on disk',
    `SELECT * FROM "order" o JOIN customer c ON c.id = o."Customer Id" ORDER BY o.note, o.id`,
    ['work_mem = "64kB"'],
  ],
  [
    'a left join with an aggregate',
    `SELECT c.name, count(o.id) FROM customer c LEFT JOIN "order" o ON o."Customer Id" = c.id GROUP BY c.name HAVING count(*) > 3`,
  ],
  [
    'a merge join',
    `SELECT * FROM "order" o JOIN customer c ON c.id = o."Customer Id"`,
    ['enable_hashjoin = off', 'enable_nestloop = off'],
  ],
  [
    'a nested loop',
    `SELECT * FROM customer c LEFT JOIN "order" o ON o."Customer Id" = c.id AND o.placed > '2025-06-01'`,
    ['enable_hashjoin = off', 'enable_mergejoin = off'],
  ],
  [
    'subplans and CTEs',
    `WITH x AS MATERIALIZED (SELECT * FROM "order" WHERE id < 100) SELECT x.id, (SELECT name FROM customer c WHERE c.id = x."Customer Id"), (SELECT max(id) FROM customer) FROM x WHERE x.id NOT IN (SELECT v FROM child)`,
  ],
  ['partitions', `SELECT k, sum(v) FROM part WHERE k > 20 GROUP BY k`],
  [
    'a window',
    `SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY "Customer Id" ORDER BY placed) AS n FROM "order") s WHERE n <= 2`,
  ],
  ['grouping sets', `SELECT a, b, count(*) FROM sets GROUP BY GROUPING SETS ((a, b), (a), ())`],
  ['grouping sets, hashed', `SELECT a, b, count(*) FROM sets GROUP BY CUBE (a, b)`, ['enable_sort = off']],
  ['set operations', `SELECT a FROM sets EXCEPT ALL SELECT b FROM sets`],
  ['recursion', `WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 50) SELECT sum(n) FROM t`],
  [
    'functions and values',
    `SELECT * FROM generate_series(1, 10) g JOIN (VALUES (1, 'a'), (2, 'b: c')) v(x, y) ON v.x = g LIMIT 5`,
  ],
  [
    'an incremental sort',
    `SELECT * FROM "order" ORDER BY "Customer Id", placed, note LIMIT 3000`,
    ['enable_seqscan = off'],
  ],
  [
    'a hashed aggregate on disk',
    `SELECT id, note, count(*) FROM "order" GROUP BY id, note`,
    ['work_mem = "64kB"', 'enable_sort = off'],
  ],
  [
    'workers',
    `SELECT "Customer Id", count(*), min(note) FROM "order" GROUP BY 1 ORDER BY 1`,
    ['parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0'],
  ],
  ['an insert with foreign keys', `INSERT INTO child SELECT i, i FROM generate_series(1, 50) i`],
  [
    'an upsert',
    `INSERT INTO customer VALUES (1, 'x'), (1000, 'y') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
  ],
  ['an update', `UPDATE "order" AS o SET note = 'y' FROM customer c WHERE c.id = o."Customer Id" AND c.id < 0`],
  ['a delete', `DELETE FROM part WHERE k < 50`],
  ['a sample', `SELECT * FROM "order" TABLESAMPLE system (10) REPEATABLE (1)`],
  [
    'a never executed branch',
    `SELECT * FROM customer c JOIN child h ON h.id = c.id WHERE h.v = -1`,
    ['enable_hashjoin = off', 'enable_mergejoin = off'],
  ],
  ['nothing', `SELECT 1 WHERE false`],
  ['just-in-time compilation', `SELECT sum(id) FROM "order"`, ['jit_above_cost = 0', 'jit_inline_above_cost = 0']],
];

const OPTIONS = [
  'COSTS',
  'VERBOSE, SETTINGS',
  'COSTS OFF, VERBOSE',
  'ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF',
  'ANALYZE, BUFFERS, WAL, VERBOSE, SETTINGS, TIMING OFF',
] as const;

describe.each(testMajors())('the four forms of a plan on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let session: Session | null = null;

  beforeAll(async () => {
    server = await startQuietServer(major);
    if (!server) return;
    session = await connect(server.connection);
    await session.run(SETUP);
  });

  afterAll(async () => {
    await session?.close();
    await server?.stop();
  });

  it.for(STATEMENTS)('%s', async ([, sql, settings = []], { skip }) => {
    if (!session) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const open = session;
    for (const options of OPTIONS) {
      const read: PlanTree[] = [];
      for (const form of FORMS) {
        await open.run('BEGIN');
        for (const setting of settings) await open.run(`SET LOCAL ${setting}`);
        const output = await open.queryText(`EXPLAIN (${options}, FORMAT ${form}) ${sql}`);
        await open.run('ROLLBACK');
        const text = output.rows.map(([line]) => line ?? '').join('\n');
        const plan = readPlan(text);
        expect(plan.form, text).toBe(form);
        read.push(plan.tree);
      }
      const [text, ...others] = read.map((tree) => comparable(tree, options.includes('VERBOSE')));
      for (const [position, other] of others.entries())
        expect(other, `${FORMS[position + 1]} against text, ${options}`).toEqual(text);
    }
  });

  it('keeps times, and reads psql, a log and a wrapped table alike', async ({ skip }) => {
    if (!session) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const output = await session.queryText('EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM customer WHERE id > 5');
    const lines = output.rows.map(([line]) => line ?? '');
    const plain = readPlan(lines.join('\n')).tree;
    expect(plain.executionMs).toBeGreaterThan(0);
    expect(plain.root.actual?.totalMs).toBeGreaterThan(0);
    const width = Math.max(...lines.map((line) => line.length));
    const psql = [
      ' '.repeat(width / 2) + 'QUERY PLAN',
      '-'.repeat(width),
      ...lines.map((line) => ` ${line}`),
      `(${lines.length} rows)`,
    ];
    const log = [
      '2026-01-01 10:00:00 UTC [77] LOG:  duration: 12.3 ms  plan:',
      '\tQuery Text: SELECT count(*)',
      '\tFROM customer WHERE id > 5',
      ...lines
        .slice(
          0,
          lines.findIndex((line) => line.startsWith('Planning')),
        )
        .map((line) => `\t${line}`),
      '2026-01-01 10:00:01 UTC [77] LOG:  checkpoint starting: time',
    ];
    const table = ['+---+', '| QUERY PLAN |', '+---+', ...lines.map((line) => `| ${line.padEnd(width)} |`), '+---+'];
    expect(readPlan(`Here is it:\n\n${psql.join('\r\n')}\nTime: 3.2 ms`).tree).toEqual(plain);
    expect(readPlan(table.join('\n')).tree).toEqual(plain);
    expect(readPlan(log.join('\n')).tree).toMatchObject({
      root: plain.root,
      query: 'SELECT count(*)\nFROM customer WHERE id > 5',
    });
  });
});

/** Without what two runs of one statement do not share, and without the one word that only the three others say unless VERBOSE. */
function comparable(tree: PlanTree, verbose: boolean): unknown {
  return {
    ...tree,
    planningMs: null,
    executionMs: null,
    planningBuffers: null,
    jit: tree.jit && { ...tree.jit, totalMs: null },
    triggers: tree.triggers.map((one) => ({ ...one, timeMs: null })),
    root: node(tree.root, verbose),
  };
}

/** Which process gets which rows is chance, and with it how many groups each hands on: `shared` up to where they are put together. */
function node(one: PlanTreeNode, verbose: boolean, shared = false): unknown {
  const {
    'Inner Unique': unique,
    'Peak Memory Usage': _memory,
    'Disk Usage': _disk,
    'Sort Space Used': _space,
    ...details
  } = one.details;
  const chance = shared || one.type.startsWith('Gather');
  const runs = one.buffers && Object.fromEntries(Object.entries(one.buffers).map(([key, count]) => [key, count > 0]));
  return {
    ...one,
    buffers: runs && { all: runs['sharedHit'] === true || runs['sharedRead'] === true || runs['tempRead'] === true },
    ioTimings: null,
    wal: one.wal && { any: true },
    workers: one.workers.length > 0 ? 'some' : 'none',
    actual: one.actual && { loops: one.actual.loops, rows: chance ? null : one.actual.rows },
    details: verbose ? { ...details, unique } : details,
    children: one.children.map((child) => node(child, verbose, chance)),
  };
}
