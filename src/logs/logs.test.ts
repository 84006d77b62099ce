import { beforeAll, describe, expect, it, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { detectFormat } from './detect.js';
import { Intake } from './intake.js';
import type { IntakeResult } from './intake.js';
import { pgbenchStatements } from './pgbench.js';

beforeAll(() => loadParser());

/** Reads a text as a file would be, in pieces of a few characters, so that every boundary is crossed. */
function read(text: string, prefix: string | null = null, piece = 7): IntakeResult {
  const intake = new Intake();
  const format = detectFormat(text, prefix);
  if (format.kind === 'sql') throw new Error('taken for SQL');
  if (format.kind === 'pgbench') intake.addStatements('f', format.said, pgbenchStatements(text));
  else {
    const reader = intake.open('f', format);
    for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece));
    reader.end();
  }
  return intake.end();
}

const at = (second: number, who = 'app@shop', pid = 101): string =>
  `2026-11-25 03:00:0${second}.000 UTC [${pid}] ${who} `;

describe('a log in stderr form', () => {
  const text = [
    `2026-11-25 03:00:00.123 UTC [100] LOG:  database system is ready to accept connections`,
    `${at(1)}LOG:  duration: 12.500 ms  statement: SELECT * FROM orders WHERE id = 5 AND state = 'open' /*controller='orders',action='show'*/`,
    `${at(2)}LOG:  duration: 1.500 ms  statement: SELECT * FROM orders WHERE id = -17 AND state = 'it''s'`,
    `${at(2)}LOG:  duration: 0.500 ms  parse <unnamed>: select 1`,
    `${at(3)}LOG:  duration: 3.000 ms  execute S_1: SELECT name`,
    `\tFROM "Kunde ""ä"""`,
    `\tWHERE id = $1`,
    `${at(3)}DETAIL:  parameters: $1 = 'it''s, $2 = x'`,
    `${at(5)}ERROR:  relation "nope" does not exist at character 15`,
    `${at(5)}STATEMENT:  SELECT * FROM nope WHERE password = 'secret'`,
    '',
  ].join('\n');

  it('is recognised and read, in whatever pieces it comes', () => {
    const result = read(text);
    expect(result.files[0]?.said).toBe("server log (stderr), log_line_prefix '%m [%p] %q%u@%d ' detected");
    expect(result.files[0]?.unread).toEqual([]);
    expect(result.workload.statements).toEqual(read(text, null, 100_000).workload.statements);
    const [orders, customer] = result.workload.statements;
    expect(orders).toMatchObject({
      sql: 'SELECT * FROM orders WHERE id = $1 AND state = $2',
      calls: 2,
      totalMs: 14,
      meanMs: 7,
      rows: null,
      parameterSets: [
        { class: 'given', values: ['5', "'open'"] },
        { class: 'given', values: ['-17', "'it''s'"] },
      ],
      observed: {
        timed: 2,
        latencyMs: { min: 1.5, p50: 1.5, p95: 12.5, p99: 12.5, max: 12.5, relativeError: 0 },
        users: [{ name: 'app', executions: 2 }],
        databases: [{ name: 'shop', executions: 2 }],
        sources: [{ name: 'orders#show', executions: 1 }],
        firstSeen: '2026-11-25T03:00:01.000Z',
      },
    });
    expect(customer).toMatchObject({
      sql: 'SELECT name\nFROM "Kunde ""ä"""\nWHERE id = $1',
      parameterSets: [{ class: 'given', values: ["'it''s, $2 = x'"] }],
    });
    expect(result.workload.since).toBe('2026-11-25T03:00:00.123Z');
  });

  it('shows what only failed as unusable, without its constants', () => {
    const { unusable } = read(text).workload;
    expect(unusable).toEqual([
      expect.objectContaining({
        sql: 'SELECT * FROM nope WHERE password = ?',
        reason: expect.stringContaining('1 that ended'),
      }),
    ]);
    expect(JSON.stringify(unusable)).not.toContain('secret');
  });

  it('puts the duration of log_duration to the statement of the same session', () => {
    const { workload, skipped } = read(
      [
        `${at(1, 'a@b', 1)}LOG:  statement: SELECT 1 FROM t`,
        `${at(1, 'a@b', 2)}LOG:  statement: SELECT 2 FROM u, v`,
        `${at(2, 'a@b', 1)}LOG:  duration: 5.000 ms`,
        `${at(2, 'a@b', 3)}LOG:  duration: 9.000 ms`,
        '',
      ].join('\n'),
    );
    expect(workload.statements.map(({ sql, calls, totalMs }) => ({ sql, calls, totalMs }))).toEqual([
      { sql: 'SELECT $1 FROM t', calls: 1, totalMs: 5 },
      { sql: 'SELECT $1 FROM u, v', calls: 1, totalMs: null },
    ]);
    expect(skipped.map((row) => row.what)).toContain('1 durations without a statement in f');
  });

  it('counts what it can not read, with line numbers and without the text', () => {
    const { files, skipped } = read(`\tlost 'secret'\n${at(1)}LOG:  duration: 5.000 ms  statement: SELECT 1 FROM t\n`);
    expect(files[0]?.unread).toEqual([{ reason: 'a continuation without its message', count: 1, lines: [1] }]);
    expect(JSON.stringify(skipped)).not.toContain('secret');
  });

  test.each([
    ['%t:%r:%u@%d:[%p]:', '2026-11-25 03:00:00 UTC:10.0.0.1(5432):app@shop:[77]:', { user: 'app', db: 'shop' }],
    [
      '%m [%p]: [%l-1] db=%d,user=%u ',
      '2026-11-25 03:00:00.001 UTC [77]: [3-1] db=shop,user=app ',
      { user: 'app', db: 'shop' },
    ],
    ['%t-%c-', '2026-11-25 03:00:00 UTC-67450000.4d-', { user: null, db: null }],
    ['< %m >', '< 2026-11-25 03:00:00.001 CET >', { user: null, db: null }],
    ['%n %-8u|%10d|%e ', '1764000000.123 app     |      shop|00000 ', { user: 'app', db: 'shop' }],
    ['', '', { user: null, db: null }],
  ])('takes log_line_prefix %j apart when it is given', (prefix, line, { user, db }) => {
    const { workload, files } = read(`${line}LOG:  duration: 5.000 ms  statement: SELECT 1 FROM t\n`, prefix);
    expect(files[0]?.unread).toEqual([]);
    expect(workload.statements[0]).toMatchObject({ totalMs: 5 });
    expect(workload.statements[0]?.observed?.users.map((one) => one.name)).toEqual(user === null ? [] : [user]);
    expect(workload.statements[0]?.observed?.databases.map((one) => one.name)).toEqual(db === null ? [] : [db]);
  });

  it('finds parts by their form where the prefix is none of the common ones', () => {
    const line = (user: string) =>
      `@@ 2026-11-25 03:00:00.001 UTC ## [77] app=web shop;user=${user},db=shop; LOG:  duration: 5.000 ms  statement: SELECT 1 FROM t\n`;
    const { workload, files } = read(line('ada') + line('bob') + line('bob'));
    expect(files[0]?.said).toContain('unknown');
    expect(workload.statements[0]?.observed).toMatchObject({
      users: [
        { name: 'bob', executions: 2 },
        { name: 'ada', executions: 1 },
      ],
      databases: [{ name: 'shop', executions: 3 }],
    });
  });

  it('refuses a prefix with an escape that does not exist', () => {
    expect(() => detectFormat('x', '%m %y ')).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

describe('auto_explain', () => {
  const plan = (query: string, ms: string): string =>
    [
      `${at(6)}LOG:  duration: ${ms} ms  plan:`,
      `\tQuery Text: ${query}`,
      '\tAggregate  (cost=180.00..180.01 rows=1 width=8) (actual time=50.0..50.0 rows=1 loops=1)',
      '\t  Buffers: shared hit=10 read=45, temp read=3 written=4',
      '\t  WAL: records=2 bytes=120',
      '\t  ->  Seq Scan on orders  (cost=0.00..155.00 rows=10000 width=0) (actual time=0.1..30 rows=10000 loops=1)',
      '\t        Buffers: shared hit=9 read=45',
      '',
    ].join('\n');
  const sql = 'SELECT count(*) FROM orders WHERE total > 10';

  it('gives rows, buffers and WAL of the root; the duration of the same execution counts once', () => {
    const { workload } = read(`${plan(sql, '50.100')}${at(6)}LOG:  duration: 50.400 ms  statement: ${sql}\n`);
    expect(workload.statements).toEqual([
      expect.objectContaining({
        calls: 1,
        totalMs: 50.4,
        rows: 1,
        sharedHit: 10,
        sharedRead: 45,
        tempBlocks: 7,
        walBytes: 120,
      }),
    ]);
  });

  it('stands behind the duration in the extended protocol', () => {
    const executed = `${at(6)}LOG:  duration: 50.400 ms  execute a: ${sql}\n`;
    const { workload } = read(`${executed}${plan(sql, '50.100')}${executed}${plan(sql, '50.100')}`);
    expect(workload.statements).toEqual([expect.objectContaining({ calls: 2, totalMs: 100.8, sharedHit: 20 })]);
  });

  it('counts alone where no duration is logged, and leaves sums unknown where only some executions have a plan', () => {
    const { workload } = read(
      `${plan(sql, '50.100')}${plan(sql, '49.900')}${at(6, 'app@shop', 9)}LOG:  duration: 1.000 ms  statement: ${sql}\n`,
    );
    expect(workload.statements[0]).toMatchObject({ calls: 3, totalMs: 101, sharedHit: null });
    expect(workload.statements[0]?.observed?.planned).toMatchObject({ executions: 2, sharedHit: 10 });
  });

  it('leaves out plans of statements inside functions, and plans in a form that is not read', () => {
    const nested = `${plan(sql, '1.000')}${at(6)}CONTEXT:  SQL statement "SELECT 1"\n`;
    const yaml = `${at(6)}LOG:  duration: 1.0 ms  plan:\n\tQuery Text: "SELECT 1"\n\tPlan:\n\t  Node Type: "Result"\n`;
    const { workload, skipped } = read(`${nested}${yaml}${at(6)}LOG:  duration: 1.0 ms  statement: SELECT f()\n`);
    expect(workload.statements.map((one) => one.sql)).toEqual(['SELECT f()']);
    expect(skipped.map((row) => row.what)).toEqual([
      '1 plans of statements inside functions in f',
      '1 plans of auto_explain in f',
    ]);
  });

  it('reads the JSON form, and the parameters that PostgreSQL 16 adds', () => {
    const body = {
      'Query Text': 'SELECT * FROM t WHERE a = $1',
      'Query Parameters': "$1 = 'x'",
      Plan: {
        'Node Type': 'Seq Scan',
        'Actual Rows': 2.5,
        'Actual Loops': 2,
        'Shared Hit Blocks': 4,
        'Shared Read Blocks': 0,
      },
    };
    const json = JSON.stringify(body, null, 2).replaceAll('\n', '\n\t');
    const { workload } = read(`${at(6)}LOG:  duration: 2.0 ms  plan:\n\t${json}\n`);
    expect(workload.statements[0]).toMatchObject({
      rows: 5,
      sharedHit: 4,
      walBytes: null,
      parameterSets: [{ class: 'given', values: ["'x'"] }],
    });
  });
});

describe('exports of managed services', () => {
  const message = 'duration: 7.000 ms  statement: SELECT * FROM t WHERE a = 1';

  test.each([
    [
      'Cloud SQL',
      JSON.stringify(
        [
          {
            textPayload: `2026-11-25 03:00:00.001 UTC [77]: [3-1] db=shop,user=app LOG:  ${message}`,
            timestamp: '2026-11-25T03:00:00Z',
          },
        ],
        null,
        2,
      ),
    ],
    [
      'CloudWatch',
      JSON.stringify({
        events: [{ timestamp: 1, message: `2026-11-25 03:00:00 UTC:10.0.0.1(54):app@shop:[77]:LOG:  ${message}` }],
      }),
    ],
    [
      'Azure',
      `${JSON.stringify({
        time: '2026-11-25T03:00:00Z',
        category: 'PostgreSQLLogs',
        properties: {
          errorLevel: 'LOG',
          processId: 77,
          user: 'app',
          database: 'shop',
          message: `2026-11-25 03:00:00 UTC-6745.4d-LOG:  ${message}`,
        },
      })}\n`,
    ],
    [
      'Supabase',
      JSON.stringify([
        {
          event_message: message,
          timestamp: 1_764_000_000_000_000,
          metadata: [
            { parsed: [{ user_name: 'app', database_name: 'shop', error_severity: 'LOG', session_id: '6.4' }] },
          ],
        },
      ]),
    ],
    [
      'Supabase CSV',
      `id,timestamp,event_message,metadata\n1,1764000000000000,"${message}","[{""parsed"":[{""user_name"":""app"",""database_name"":""shop"",""error_severity"":""LOG""}]}]"\n`,
    ],
  ])('%s', (_name, text) => {
    const { workload, files } = read(text);
    expect(files[0]).toMatchObject({ records: 1, unread: [] });
    expect(workload.statements).toEqual([
      expect.objectContaining({
        totalMs: 7,
        observed: expect.objectContaining({
          users: [{ name: 'app', executions: 1 }],
          databases: [{ name: 'shop', executions: 1 }],
        }),
      }),
    ]);
  });
});

describe('logs of programs', () => {
  test.each([
    [
      'Rails (Active Record)',
      `D, [2026-11-25T03:00:00] DEBUG -- :   User Load (0.5ms)  SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2  [["id", 1], ["LIMIT", 1]]\n  ↳ app/models/user.rb:12:in 'find'\nStarted GET "/"\n`,
      {
        sql: 'SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2',
        totalMs: 0.5,
        values: ['1', '1'],
        source: 'app/models/user.rb:12',
      },
    ],
    [
      'Django',
      `(0.002) SELECT "a"."id" FROM "a" WHERE ("a"."id" = %s AND "a"."n" = %s); args=(1, "it's"); alias=default\n`,
      { sql: 'SELECT "a"."id" FROM "a" WHERE ("a"."id" = $1 AND "a"."n" = $2)', totalMs: 2, values: ['1', "'it''s'"] },
    ],
    [
      'SQLAlchemy',
      `2026-11-25 03:00:00,1 INFO sqlalchemy.engine.Engine SELECT a.id \nFROM a \nWHERE a.id = %(id_1)s\n2026-11-25 03:00:00,1 INFO sqlalchemy.engine.Engine [generated in 0.00012s] {'id_1': 5}\n2026-11-25 03:00:00,1 INFO sqlalchemy.engine.Engine COMMIT\n`,
      { sql: 'SELECT a.id \nFROM a \nWHERE a.id = $1', totalMs: null, values: ['5'] },
    ],
    [
      'Hibernate',
      `Hibernate: select u.id from users u where u.id=? and u.name=?\n10:00 TRACE org.hibernate.orm.jdbc.bind - binding parameter (1:BIGINT) <- [42]\n10:00 TRACE org.hibernate.orm.jdbc.bind - binding parameter (2:VARCHAR) <- [x]\n`,
      { sql: 'select u.id from users u where u.id=$1 and u.name=$2', totalMs: null, values: ["'42'", "'x'"] },
    ],
    [
      'Sequelize',
      `Executing (default): SELECT "id" FROM "a" WHERE "id" = 5;\n`,
      { sql: 'SELECT "id" FROM "a" WHERE "id" = $1', totalMs: null, values: ['5'] },
    ],
    [
      'TypeORM',
      `query: SELECT "id" FROM "a" WHERE "id" = $1 -- PARAMETERS: ["x"]\n`,
      { sql: 'SELECT "id" FROM "a" WHERE "id" = $1', totalMs: null, values: ["'x'"] },
    ],
    [
      'Prisma',
      `prisma:query SELECT "public"."a"."id" FROM "public"."a" WHERE 1=1\n`,
      { sql: 'SELECT "public"."a"."id" FROM "public"."a" WHERE $1=$2', totalMs: null, values: ['1', '1'] },
    ],
    [
      'GORM',
      `[1.500ms] [rows:1] SELECT * FROM "a" WHERE "id" = 5\n`,
      { sql: 'SELECT * FROM "a" WHERE "id" = $1', totalMs: 1.5, values: ['5'] },
    ],
  ])(
    '%s',
    (
      name,
      text,
      { sql, totalMs, values, source }: { sql: string; totalMs: number | null; values: string[]; source?: string },
    ) => {
      const { workload, files } = read(text);
      expect(files[0]?.said).toBe(`log of ${name}`);
      expect(workload.statements).toEqual([
        expect.objectContaining({ sql, totalMs, parameterSets: [{ class: 'given', values }] }),
      ]);
      if (source !== undefined)
        expect(workload.statements[0]?.observed?.sources).toEqual([{ name: source, executions: 1 }]);
    },
  );
});

test('a pgbench script has its variables as parameters', () => {
  const { workload, files } = read(
    `\\set aid random(1, 100000 * :scale)\n\\set lim 5\nBEGIN;\nUPDATE a SET b = b + 1 WHERE aid = :aid;\nSELECT x::text, ':aid' FROM a LIMIT :lim;\n\\sleep 1 ms\nEND;\n`,
  );
  expect(files[0]?.said).toBe('pgbench script');
  expect(workload.statements.map(({ sql, parameterSets }) => ({ sql, sets: parameterSets.length }))).toEqual([
    { sql: 'UPDATE a SET b = b + 1 WHERE aid = $1', sets: 0 },
    { sql: "SELECT x::text, ':aid' FROM a LIMIT $1", sets: 1 },
  ]);
});

describe('shapes', () => {
  const log = (...statements: string[]): string =>
    statements.map((sql) => `${at(1)}LOG:  duration: 1.000 ms  statement: ${sql}\n`).join('');

  it('are one for texts that differ in constants, lists, white space and case; tables stay apart', () => {
    const { workload } = read(
      log(
        'SELECT * FROM sale_2024 WHERE id IN (1, 2)',
        'select *  from sale_2024 where id in (3)',
        'SELECT * FROM sale_2025 WHERE id IN (4)',
        'UPDATE sale_2024 SET id = 1',
        'UPDATE sale_2025 SET id = 1',
      ),
    );
    expect(workload.statements.map((one) => one.calls).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 2]);
  });

  it('keep a constant that never changes in the text, and numbers that name a column', () => {
    const statements = Array.from({ length: 25 }, (_, i) => `SELECT a FROM t WHERE s = 'open' AND b = ${i} ORDER BY 1`);
    const { workload } = read(log(...statements));
    expect(workload.statements[0]?.sql).toBe("SELECT a FROM t WHERE s = 'open' AND b = $1 ORDER BY 1");
    expect(workload.statements[0]?.parameterSets.length).toBeGreaterThan(2);
  });

  it('keep hints, and drop other comments', () => {
    expect(read(log('/*+ SeqScan(t) */ SELECT 1 FROM t -- by me')).workload.statements[0]?.sql).toBe(
      '/*+ SeqScan(t) */ SELECT $1 FROM t',
    );
  });

  it('leave out transaction control, system catalogs and what the planner does not plan', () => {
    const { workload, skipped } = read(
      log('BEGIN', 'SELECT 1 FROM pg_class', "ALTER ROLE a PASSWORD 'secret'", 'SELEC 1', 'SELECT a FROM t'),
    );
    expect(workload.statements.map((one) => one.sql)).toEqual(['SELECT a FROM t']);
    expect(workload.unusable.map((one) => one.sql)).toEqual(['ALTER ROLE a PASSWORD ?', 'SELEC ?']);
    expect(JSON.stringify([workload, skipped])).not.toContain('secret');
    expect(skipped.map((row) => row.what)).toEqual([
      '1 executions of BEGIN, COMMIT and the like',
      '1 executions on system catalogs only',
    ]);
  });

  it('do not take a cut value of log_parameter_max_length for the value', () => {
    const { workload } = read(
      `${at(1)}LOG:  duration: 1.0 ms  execute a: SELECT a FROM t WHERE b = $1\n${at(1)}DETAIL:  parameters: $1 = 'abc...'\n`,
    );
    expect(workload.statements[0]?.parameterSets).toEqual([]);
  });
});

test.each([
  ['nothing', ''],
  ['SQL', "-- calls: 3\nSELECT 1 FROM t WHERE note = 'LOG: x';\n"],
  ['prose', 'It was a dark and stormy night.\n'],
])('%s is taken for SQL', (_name, text) => expect(detectFormat(text, null).kind).toBe('sql'));
