import { beforeAll, describe, expect, it, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { countersBetween } from './counters.js';
import type { Counter } from './counters.js';
import { detectFormat } from './detect.js';
import { Intake } from './intake.js';

beforeAll(() => loadParser());

function read(texts: readonly string[], difference = false) {
  const intake = new Intake({ difference });
  for (const text of texts) {
    const format = detectFormat(text, null);
    if (format.kind !== 'counters-csv' && format.kind !== 'counters-json') throw new Error(`taken for ${format.kind}`);
    const reader = intake.open('f', format);
    for (let at = 0; at < text.length; at += 5) reader.push(text.slice(at, at + 5));
    reader.end();
  }
  return intake.end();
}

const HEAD = 'userid,dbid,queryid,query,calls,total_exec_time,rows,shared_blks_hit,shared_blks_read,wal_bytes\n';

describe('an export of pg_stat_statements', () => {
  test.each([
    ['CSV', `${HEAD}10,5,77,"SELECT ""a"", $1\nFROM t",4,8.5,4,100,2,0\n`],
    [
      'CSV of older versions',
      'query;calls;total_time;rows;shared_blks_hit;shared_blks_read;wal_bytes\n"SELECT ""a"", $1\nFROM t";4;8.5;4;100;2;0\n',
    ],
    [
      'JSON',
      JSON.stringify(
        [
          {
            query: 'SELECT "a", $1\nFROM t',
            calls: 4,
            total_exec_time: 8.5,
            rows: '4',
            shared_blks_hit: 100,
            shared_blks_read: 2,
            wal_bytes: '0',
          },
        ],
        null,
        1,
      ),
    ],
  ])('in %s', (_name, text) => {
    const { workload } = read([text]);
    expect(workload.source).toBe('pg_stat_statements');
    expect(workload.statements).toEqual([
      expect.objectContaining({
        sql: 'SELECT "a", $1\nFROM t',
        calls: 4,
        totalMs: 8.5,
        meanMs: 2.125,
        rows: 4,
        sharedHit: 100,
        walBytes: 0,
        tempBlocks: null,
      }),
    ]);
    expect(workload.statements[0]?.observed).toBeUndefined();
  });

  it('may lack figures, which are unknown then', () => {
    const { workload } = read(['rolname,query,calls,mean_time\napp,SELECT 1 FROM t,4,2\n']);
    expect(workload.statements[0]).toMatchObject({ totalMs: 8, rows: null, sharedHit: null, walBytes: null });
  });

  it('names the rows it can not read', () => {
    const { files } = read([`${HEAD}10,5,77,SELECT 1 FROM t,4,8,4,1,2,0\n10,5,78,SELECT 2 FROM u,many,8,4,1,2,0\n`]);
    expect(files[0]?.unread).toEqual([{ reason: 'no number of calls', count: 1, lines: [3] }]);
  });
});

describe('two looks', () => {
  const counter = (key: string, calls: number, totalMs: number, since: string | null = null): Counter => ({
    key,
    since,
    query: `SELECT 1 FROM ${key}`,
    entries: 1,
    calls,
    rows: calls,
    total_ms: totalMs,
    stddev_ms: 0,
    shared_hit: calls * 10,
    shared_read: 0,
    temp_blocks: 0,
    wal_bytes: null,
    top_level: true,
  });

  it('give what came between; a reset, an eviction and a return are seen', () => {
    const difference = countersBetween(
      [
        counter('plain', 10, 100),
        counter('idle', 5, 5),
        counter('reset', 50, 500),
        counter('back', 3, 3, 'monday'),
        counter('gone', 1, 1),
      ],
      [
        counter('plain', 15, 160),
        counter('idle', 5, 5),
        counter('reset', 2, 20),
        counter('back', 9, 9, 'tuesday'),
        counter('fresh', 7, 70),
      ],
    );
    expect(
      difference.counters.map(({ key, calls, total_ms, shared_hit }) => [key, calls, total_ms, shared_hit]),
    ).toEqual([
      ['plain', 5, 60, 50],
      ['reset', 2, 20, 20],
      ['back', 9, 9, 90],
      ['fresh', 7, 70, 70],
    ]);
    expect(difference).toMatchObject({ restarted: 2, added: 1, gone: 1 });
  });

  it('give the spread of what came between', () => {
    // 2, 4 and 6 before; 10 and 30 between.
    const before = { ...counter('t', 3, 12), stddev_ms: Math.sqrt(8 / 3) };
    const after = { ...counter('t', 5, 52), stddev_ms: Math.sqrt((4 + 16 + 36 + 100 + 900) / 5 - 10.4 ** 2) };
    const [between] = countersBetween([before], [after]).counters;
    expect(between).toMatchObject({ calls: 2, total_ms: 40 });
    expect(between?.stddev_ms).toBeCloseTo(10, 9);
  });

  it('come from two files when asked for; else both count', () => {
    const before = `${HEAD}10,5,77,SELECT 1 FROM t,4,8,4,1,2,0\n`;
    const after = `${HEAD}10,5,77,SELECT 1 FROM t,10,20,4,1,2,0\n`;
    expect(read([before, after], true).workload.statements[0]).toMatchObject({ calls: 6, totalMs: 12 });
    expect(read([before, after]).workload.statements[0]).toMatchObject({ calls: 14, totalMs: 28 });
  });
});

test('counters and a log of the same statements are one workload: figures of the one, values and quantiles of the other', () => {
  const intake = new Intake();
  const log = `2026-11-25 03:00:01.000 UTC [1] LOG:  duration: 3.000 ms  statement: SELECT a FROM t WHERE b = 5\n`;
  for (const text of [`${HEAD}10,5,77,SELECT a FROM t WHERE b = $1,400,800,4,1,2,0\n`, log]) {
    const format = detectFormat(text, null);
    if (format.kind === 'sql' || format.kind === 'pgbench') throw new Error('not SQL');
    const reader = intake.open('f', format);
    reader.push(text);
    reader.end();
  }
  const { workload, skipped } = intake.end();
  expect(workload.statements).toEqual([
    expect.objectContaining({
      calls: 400,
      totalMs: 800,
      parameterSets: [{ class: 'given', values: ['5'] }],
      observed: expect.objectContaining({ latencyMs: expect.objectContaining({ p95: 3 }) }),
    }),
  ]);
  expect(skipped.map((row) => row.what)).toContain('weights of one scale');
});
