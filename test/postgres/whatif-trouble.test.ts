import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createForesight } from '../../src/app/foresight.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { startLabServer } from '../../src/lab/server.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { StatisticsClone } from '../../src/lab/whatif/clone.js';
import { createIndexSql } from '../../src/model/action.js';
import type { IndexSpec } from '../../src/model/action.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const NO_CHANGE = { add: [], drop: [] } as const;

function candidate(table: string, keys: readonly string[], more: Partial<IndexSpec> = {}): IndexSpec {
  const plain = { method: 'btree', unique: false, include: [], where: null, with: null, name: 'try_it' };
  return { ...plain, table: { schema: 'public', name: table }, keys, ...more };
}

/** What a really built index has, which is gone afterwards. */
async function builtPages(session: Session, spec: IndexSpec): Promise<number> {
  await session.run('BEGIN');
  try {
    await session.run(createIndexSql(spec, { concurrently: false }));
    const [row] = await session.query<{ pages: number }>(
      `SELECT (sum(pg_relation_size(r.relid)) / 8192)::int4 AS pages
         FROM (SELECT to_regclass($1) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass($1))) AS r`,
      [spec.name],
    );
    return row?.pages ?? 0;
  } finally {
    await session.run('ROLLBACK');
  }
}

const ODD_TABLES = `
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION swedish (provider = icu, locale = 'sv');
CREATE DOMAIN short_code AS varchar(12) CHECK (VALUE <> '');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE odd (id int PRIMARY KEY, gone int, code short_code, title text COLLATE swedish, word text COLLATE folded, both_of pair,
  spot point, made timestamptz, twice int GENERATED ALWAYS AS (id * 2) STORED, long text, lost text, number text);
ALTER TABLE odd DROP COLUMN gone;
INSERT INTO odd (id, code, title, word, both_of, spot, made, long, lost, number) SELECT g, 'c' || g % 700, 'titel ' || g % 9000, CASE WHEN g % 2 = 0 THEN 'Word ' ELSE 'word ' END || g % 5000, (g % 90, 'x')::pair, point(g, g),
  '2024-01-01'::timestamptz + g * interval '1 minute', (SELECT string_agg(md5(g::text || n), '') FROM generate_series(1, CASE WHEN g % 100 = 0 THEN 300 ELSE 1 END) AS n),
  NULL, CASE WHEN g % 1000 = 7 THEN 'seven' ELSE g::text END FROM generate_series(1, 40000) AS g;
ALTER TABLE odd DROP COLUMN lost;
VACUUM ANALYZE odd;`;

describe.each(testMajors())('what-if engine in trouble on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let admin: Session;

  beforeAll(async () => {
    server = await startQuietServer(major);
    if (server !== null) admin = await connect(server.connection);
  });

  beforeEach(({ skip }) => {
    if (server === null) skip(`PostgreSQL ${major} can not be had on this machine`);
  });

  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });

  async function withClone(
    name: string,
    sql: string,
    work: (clone: StatisticsClone, source: Session) => Promise<void>,
  ): Promise<void> {
    if (server === null) return;
    await createDatabase(admin, name);
    const source = await connect({ ...server.connection, database: name });
    try {
      for (const part of sql.split(/;\n/)) await source.run(part);
      const clone = await createStatisticsClone({
        server,
        source,
        schema: await extractSchema(source),
        sampler: source,
      });
      try {
        await work(clone, source);
      } finally {
        await clone.close();
      }
    } finally {
      await source.close();
      await admin.run(`DROP DATABASE ${name}`);
    }
  }

  it('gives the reason for each candidate that can not be, and goes on with the others', async () => {
    await withClone('refusals', ODD_TABLES, async (clone) => {
      clone.setWorkload([{ fingerprint: 'q', queries: [`SELECT * FROM odd WHERE twice = 77`] }]);
      const reasons: readonly (readonly [IndexSpec, RegExp])[] = [
        [candidate('odd', ['(made::date)']), /must be marked IMMUTABLE/],
        [candidate('odd', ['"spot"']), /no default operator class/],
        [candidate('odd', ['"gone"']), /does not exist/],
        [candidate('odd', ['"id" +']), /syntax error/],
        [candidate('odd', ['"id"'], { method: 'nothing' }), /access method "nothing" does not exist/],
        [candidate('odd', ['"id"'], { where: 'random() < 0.5' }), /must be marked IMMUTABLE/],
        [candidate('odd', ['"word" text_pattern_ops']), /nondeterministic|pattern/],
        [candidate('absent', ['"id"']), /no table/],
        [candidate('odd', ['"code"'], { unique: true }), /rows break its uniqueness \(SQLSTATE 23505\)/],
        [candidate('odd', ['"long"']), /some rows are too long for it \(SQLSTATE 54000\)/],
        [candidate('odd', ['(number::int)']), /an expression of it fails on some of the rows \(SQLSTATE 22P02\)/],
      ];
      const refused = reasons.map(([spec]) => spec);
      const good = candidate('odd', ['"twice"'], { name: 'good' });
      const [answer] = await clone.cost(['q'], { add: [...refused, good], drop: [] });
      expect(answer?.uses).toEqual(['good']);
      for (const [spec, reason] of reasons) {
        const size = await clone.size(spec);
        if (!/nondeterministic/.test(reason.source) || size.refused !== undefined)
          expect(size, spec.keys.join()).toMatchObject({
            pages: 0,
            sizeBytes: 0,
            refused: expect.stringMatching(reason),
          });
        expect(size.refused ?? '').not.toContain('seven');
      }
      const [none] = await clone.cost(['q'], { add: [], drop: [] });
      expect(await clone.cost(['q'], { add: refused.slice(0, 6), drop: [] })).toEqual([none]);
      // What was refused for its rows has left nothing behind.
      const [left] = await clone.session.query<{ count: number }>(
        `SELECT count(*)::int4 FROM pg_index WHERE indrelid = 'odd'::regclass AND NOT indislive`,
      );
      expect(left?.count).toBeLessThanOrEqual(2);
    });
  });

  it('sizes odd columns like the indexes that are then built', async () => {
    await withClone('columns', ODD_TABLES, async (clone, source) => {
      const specs = [
        candidate('odd', ['"code"', '"twice"']),
        candidate('odd', ['"code"']),
        candidate('odd', ['"title"']),
        candidate('odd', ['"word"']),
        candidate('odd', ['"both_of"']),
        candidate('odd', ['"twice"'], { unique: true }),
        candidate('odd', ['(upper(title))', '"code"']),
        candidate('odd', ['"title"'], { include: ['"long"'], where: 'id % 100 <> 0' }),
      ];
      for (const spec of specs) {
        const { pages, refused } = await clone.size(spec);
        expect(refused, spec.keys.join()).toBeUndefined();
        expect(Math.abs(pages / (await builtPages(source, spec)) - 1), spec.keys.join()).toBeLessThanOrEqual(0.1);
      }
    });
  });

  it('counts the rows of tables that were never analysed, and lives with statistics that contradict the data', async () => {
    const sql = `CREATE TABLE fresh (id int, kind int, note text);
INSERT INTO fresh SELECT g, g % 50, repeat('x', 300) FROM generate_series(1, 60000) AS g;
CREATE TABLE stale (id int, kind int);
INSERT INTO stale SELECT g, 1 FROM generate_series(1, 2000) AS g;
VACUUM ANALYZE stale;
INSERT INTO stale SELECT g, g FROM generate_series(1, 60000) AS g;`;
    await withClone('contrary', sql, async (clone, source) => {
      expect(clone.skipped.filter((row) => row.reason.startsWith('never analysed'))).toEqual([
        expect.objectContaining({
          what: 'planner statistics of public.fresh',
          remedy: expect.stringContaining('ANALYZE'),
        }),
      ]);
      for (const spec of [
        candidate('fresh', ['"id"']),
        candidate('fresh', ['"kind"']),
        candidate('stale', ['"id"']),
        candidate('stale', ['"kind"']),
      ]) {
        const size = await clone.size(spec);
        expect(
          Math.abs(size.pages / (await builtPages(source, spec)) - 1),
          spec.table.name + spec.keys.join(),
        ).toBeLessThanOrEqual(0.1);
      }
    });
  });

  it('plans statements on system catalogs and foreign tables as they are, and none on what the clone has not', async () => {
    const sql = `CREATE EXTENSION postgres_fdw;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER away;
CREATE FOREIGN TABLE remote (id int, v text) SERVER away;
CREATE TABLE here AS SELECT g AS id FROM generate_series(1, 5000) AS g;
VACUUM ANALYZE here;
CREATE TEMP TABLE passing AS TABLE here`;
    await withClone('places', sql, async (clone, source) => {
      const queries = {
        catalog: 'SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace',
        foreign: 'SELECT * FROM here JOIN remote USING (id)',
        temporary: 'SELECT * FROM passing',
      };
      clone.setWorkload(Object.entries(queries).map(([fingerprint, query]) => ({ fingerprint, queries: [query] })));
      const costs = await clone.cost(Object.keys(queries), { add: [candidate('here', ['"id"'])], drop: [] });
      expect(costs.map(({ cost }) => cost !== null)).toEqual([true, true, false]);
      expect(costs[1]?.cost).toBeLessThanOrEqual((await explain(source, queries.foreign)).root['Total Cost']);
      const inside = ['SELECT * FROM passing', 'SELECT * FROM here WHERE id = 1'];
      clone.setWorkload([{ fingerprint: 'call', queries: ['SELECT 1'], inside }]);
      const [call] = await clone.cost(['call'], { add: [candidate('here', ['"id"'])], drop: [] });
      const outside = await clone.costOf(['SELECT 1']);
      expect(call?.cost).toBeGreaterThan(outside ?? 0);
      expect((await clone.size(candidate('remote', ['"id"']))).refused).toMatch(/no table .* of its own/);
      expect((await clone.size(candidate('passing', ['"id"']))).refused).toMatch(/no table/);
    });
  });

  it('tries an index on a partitioned table of 1,000 leaves', { timeout: 300_000 }, async () => {
    const leaves = Array.from(
      { length: 1000 },
      (_, n) => `CREATE TABLE p${n} PARTITION OF parts FOR VALUES FROM (${n * 100}) TO (${(n + 1) * 100})`,
    );
    const sql = `CREATE TABLE parts (id int, kind int) PARTITION BY RANGE (id);
${leaves.join(';\n')};
INSERT INTO parts SELECT g, g % 7 FROM generate_series(0, 99999) AS g;
VACUUM ANALYZE parts`;
    await withClone('tree', sql, async (clone, source) => {
      const spec = candidate('parts', ['"kind"', '"id"']);
      clone.setWorkload([{ fingerprint: 'q', queries: ['SELECT * FROM parts WHERE kind = 3 AND id = 4242'] }]);
      const startedMs = performance.now();
      const [answer] = await clone.cost(['q'], { add: [spec], drop: [] });
      console.log(`PostgreSQL ${major}: candidate on 1,000 leaves in ${Math.round(performance.now() - startedMs)} ms`);
      expect(answer?.cost).toBeGreaterThan(0);
      expect((await clone.size(spec)).pages).toBe(await builtPages(source, spec));
    });
  });

  it('answers after hundreds of candidates as at first', { timeout: 300_000 }, async () => {
    const columns = Array.from({ length: 12 }, (_, n) => `c${n}`);
    const sql = `CREATE TABLE wide (id int, ${columns.map((name) => `${name} int`).join(', ')});
INSERT INTO wide SELECT g, ${columns.map((_, n) => `g % ${n * 37 + 3}`).join(', ')} FROM generate_series(1, 3000) AS g;
VACUUM ANALYZE wide;
CREATE TABLE other AS TABLE wide;
VACUUM ANALYZE other`;
    await withClone('many', sql, async (clone) => {
      const specs = columns.flatMap((a) =>
        columns.flatMap((b) =>
          columns.flatMap((c) => (new Set([a, b, c]).size === 3 ? [candidate('wide', [a, b, c])] : [])),
        ),
      );
      const asked = [candidate('wide', ['c1']), candidate('wide', ['c2', 'c3'])];
      const ask = async (): Promise<unknown> => {
        clone.setWorkload([{ fingerprint: 'q', queries: ['SELECT * FROM wide WHERE c1 = 5 AND c2 = 7'] }]);
        return clone.cost(['q'], { add: asked, drop: [] });
      };
      const [first, before] = [await ask(), clone.explainCalls];
      for (let start = 0; start < 400; start += 100)
        await clone.cost([], { add: specs.slice(start, start + 100), drop: [] });
      expect(await ask()).toEqual(first);
      // A new question is as many EXPLAINs as at first, and hidden candidates cost its planning nothing.
      expect(clone.explainCalls - before).toBe(2);
      const [live] = await clone.session.query<{ count: number }>(
        `SELECT count(*)::int4 FROM pg_index WHERE indrelid = 'wide'::regclass AND indislive`,
      );
      expect(live?.count).toBe(0);
    });
  });
});

describe('what-if engine whose server fails', () => {
  it('says that the server ended, and the run goes on without it', async () => {
    const [real, lab] = [await startLabServer({ major: 'newest' }), await startLabServer({ major: 'newest' })];
    const source = await connect(real.connection);
    try {
      await source.run('CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000)');
      const clone = await createStatisticsClone({ server: lab, source, schema: await extractSchema(source) });
      clone.setWorkload([{ fingerprint: 'q', queries: ['SELECT * FROM t WHERE id = 5', 'SELECT pg_sleep(0)'] }]);
      const notes: string[] = [];
      const foresight = createForesight(clone, new AbortController().signal, (text) => notes.push(text));
      expect((await foresight.whatIf?.cost(['q'], NO_CHANGE))?.[0]?.cost).toBeGreaterThan(0);
      const asked = clone.cost([], {
        add: Array.from({ length: 50 }, (_, n) => candidate('t', [`(id + ${n})`])),
        drop: [],
      });
      lab.kill();
      await expect(asked).rejects.toMatchObject({ code: 'lab/died' });
      expect(
        (await foresight.whatIf?.cost(['q'], { add: [candidate('t', ['"id"'])], drop: [] }))?.[0]?.cost,
      ).toBeNull();
      expect(foresight.whatIf).toBeNull();
      expect(notes).toEqual([
        expect.stringMatching(/^the what-if engine failed and is given up: The lab server ended/),
      ]);
      await clone.close();
    } finally {
      await source.close();
      await real.stop();
      await lab.stop();
    }
  });

  it('says that the disk is full', async ({ skip }) => {
    const rootDir = mkdtempSync(join(tmpdir(), 'full-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=250m', 'tmpfs', rootDir]);
    if (mounted.status !== 0) {
      rmSync(rootDir, { recursive: true });
      skip('no file system can be mounted here');
    }
    const real = await startLabServer({ major: 'newest' });
    const source = await connect(real.connection);
    let lab: LabServer | null = null;
    try {
      await source.run(
        'CREATE TABLE t (id int, v int); INSERT INTO t SELECT g, g FROM generate_series(1, 5000) AS g; ANALYZE t',
      );
      lab = await startLabServer({ major: 'newest', rootDir });
      const clone = await createStatisticsClone({ server: lab, source, schema: await extractSchema(source) });
      const { bavail, bsize } = statfsSync(rootDir);
      writeFileSync(join(rootDir, 'filler'), Buffer.alloc(bavail * bsize - bsize));
      const specs = Array.from({ length: 200 }, (_, n) => candidate('t', [`(id + ${n})`, '"v"']));
      await expect(clone.cost([], { add: specs, drop: [] })).rejects.toMatchObject({
        code: expect.stringMatching(/^lab\/(disk-full|died)$/),
      });
      await clone.close();
    } finally {
      await source.close();
      await real.stop();
      await lab?.stop();
      spawnSync('umount', [rootDir]);
      rmSync(rootDir, { recursive: true, force: true });
    }
  });
});
