import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { StatisticsClone } from '../../src/lab/whatif/clone.js';
import { createIndexSql } from '../../src/model/action.js';
import type { IndexSpec } from '../../src/model/action.js';
import { connect } from '../../src/postgres/connect.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServers, testMajors } from '../support/majors.js';
import { anIndexSpec } from '../support/snapshot.js';

/** More than what GIN indexes are built over for their sizes. */
const ROWS = 240_000;

/** Types without a hash function among them, values that come thrice, some that only two keys together tell apart, and a name that wants quotes. */
const SCHEMA = `
CREATE TABLE "Visit's" AS SELECT n AS id, n / 3 AS person, (n * 7) % 1201 AS hour, n % 997 AS "City", (n % 50)::bit(8) AS flags,
    ('2020-01-01'::date + n / 400) AS day, CASE WHEN n % 10 = 0 THEN repeat(md5((n / 20)::text), 1 + n % 3) END AS note,
    ARRAY['t' || n % 37, 'u' || n / 40, 'r' || (n * 7919) % 30011] AS tags, repeat(md5(n::text), 2) AS words, '{"k": 1}'::json AS document, CASE WHEN n = 77 THEN 0 ELSE 1 + n % 9 END AS divisor
  FROM generate_series(1, ${ROWS}) AS n`;

describe.each(testMajors())('what is read of a table for the sizes of indexes, on PostgreSQL %s', (major) => {
  const servers: LabServer[] = [];
  let source: Session;
  let clone: StatisticsClone;
  let lent = 0;

  beforeAll(async () => {
    servers.push(...(await startQuietServers(major, 2)));
    const [real, lab] = servers;
    if (real === undefined || lab === undefined) return;
    source = await connect(real.connection);
    await source.run(SCHEMA);
    await source.run('VACUUM ANALYZE');
    clone = await createStatisticsClone({
      server: lab,
      source,
      schema: await extractSchema(source),
      sampler: (work) => {
        lent += 1;
        return work(source);
      },
    });
  });

  beforeEach(({ skip }) => {
    if (servers.length < 2) skip(`PostgreSQL ${major} can not be had on this machine`);
  });

  afterAll(async () => {
    await clone?.close();
    await source?.close();
    for (const server of servers) await server.stop();
  });

  function on(keys: readonly string[], more: Partial<IndexSpec> = {}): IndexSpec {
    const name = `i_${keys.join('_').replaceAll(/\W/g, '')}_${more.where ? 'partial' : 'whole'}_${more.method ?? 'btree'}`;
    return anIndexSpec("Visit's", name, keys, more);
  }

  /** Foreseen pages over real ones. */
  async function offBy(spec: IndexSpec): Promise<number> {
    const { pages } = await clone.size(spec);
    await source.run(createIndexSql(spec, { concurrently: false }));
    const [built] = await source.query<{ pages: number }>(
      `SELECT (pg_relation_size(quote_ident($1)::regclass) / 8192)::int AS pages`,
      [spec.name],
    );
    await source.run(`DROP INDEX "${spec.name}"`);
    return pages / (built?.pages ?? Number.NaN);
  }

  async function timesLent(specs: readonly IndexSpec[]): Promise<number> {
    const before = lent;
    await clone.sizes(specs);
    return lent - before;
  }

  it('is enough for others on the same columns', async () => {
    const first = on(['person', 'hour']);
    expect(await timesLent([first, on(['hour', '"City"']), on(['"City"'])])).toBeGreaterThan(0);
    expect(await timesLent([on(['hour', 'person']), on(['"City"', 'hour', 'person'])])).toBe(0);
    expect(await timesLent([on(['day'])])).toBeGreaterThan(0);
  });

  it.each([
    [['person']],
    [['hour', 'person']],
    [['"City"', 'hour']],
    [['day', 'hour', 'flags']],
    [['flags', 'person']],
    [['note']],
    [['(lower(note))', 'day']],
  ])('foresees the size of an index on %s', async (keys) => {
    const off = await offBy(on(keys));
    expect(off).toBeGreaterThan(0.9);
    expect(off).toBeLessThan(1.1);
  });

  it.each([
    [['person'], { where: 'hour < 300' }],
    [['hour'], { method: 'hash' }],
    [['note'], { method: 'hash' }],
    [['day'], { include: ['note'] }],
    [['tags'], { method: 'gin' }],
    [['tags'], { method: 'gin', where: 'hour < 300' }],
    [["(to_tsvector('simple', words || ' ' || hour || ' ' || \"City\"))"], { method: 'gin' }],
  ])('foresees the size of one on %s with %s', async (keys, more) => {
    const off = await offBy(on(keys, more));
    expect(off).toBeGreaterThan(0.9);
    expect(off).toBeLessThan(1.1);
  });

  it('refuses what some of the rows do not allow, and only that', async () => {
    const sizes = await clone.sizes([
      on(['(1 / (hour * 0))'], { name: 'divides' }),
      on(['person', 'day']),
      on(['day'], { where: '1 / (hour * 0) > 0', name: 'divides_partially' }),
      on(['person'], { unique: true, name: 'no_unique' }),
    ]);
    expect(sizes.map(({ refused }) => refused?.replace(/;.*/, ''))).toEqual([
      'Index divides can not be created: an expression of it fails on some of the rows (SQLSTATE 22012)',
      undefined,
      'Index divides_partially can not be created: an expression of it fails on some of the rows (SQLSTATE 22012)',
      'Index no_unique can not be created: rows break its uniqueness (SQLSTATE 23505)',
    ]);
    expect(sizes[1]?.pages).toBeGreaterThan(100);
  });

  it('is read anew when the rows are others', async () => {
    await source.run(`DELETE FROM "Visit's" WHERE id % 2 = 0`);
    await source.run(`VACUUM (FULL, ANALYZE) "Visit's"`);
    const off = await offBy(on(['person', 'day', '"City"', 'divisor']));
    expect(off).toBeGreaterThan(1.8);
    expect(off).toBeLessThan(2.2);
  });

  it('leaves nothing behind', async () => {
    expect(await source.query(`SELECT relname FROM pg_catalog.pg_class WHERE relname LIKE 'wizard%'`)).toEqual([]);
  });
});
