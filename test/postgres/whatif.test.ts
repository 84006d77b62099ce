import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ANALYZE, CANDIDATES, LATER, QUERIES, SCHEMA, data } from '../../bench/whatif-data.mjs';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { StatisticsClone } from '../../src/lab/whatif/clone.js';
import { createIndexSql } from '../../src/model/action.js';
import type { IndexSpec } from '../../src/model/action.js';
import { planNodes, planShape } from '../../src/model/plan.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServer, startQuietServers, testMajors } from '../support/majors.js';
import { anIndexSpec } from '../support/snapshot.js';

const NO_CHANGE = { add: [], drop: [] } as const;

function workload(queries: Readonly<Record<string, string>>): { fingerprint: string; queries: string[] }[] {
  return Object.entries(queries).map(([fingerprint, sql]) => ({ fingerprint, queries: [sql] }));
}

const candidateQueries = Object.fromEntries(Object.entries(CANDIDATES).map(([name, [, sql]]) => [name, sql]));

/** Hides indexes from the planner of a real database while a statement is planned. */
async function explainWithout(
  session: Session,
  sql: string,
  hidden: readonly string[],
): Promise<{ cost: number; shape: string }> {
  await session.run('BEGIN');
  try {
    await session.query(
      `UPDATE pg_index SET indislive = false WHERE indexrelid IN (SELECT p.relid FROM unnest($1::text[]) AS n (name)
         CROSS JOIN LATERAL (SELECT to_regclass(n.name) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass(n.name))) AS p)`,
      [hidden],
    );
    await session.run(
      `UPDATE pg_class SET relhasindex = relhasindex WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
    );
    const plan = await explain(session, sql);
    return { cost: plan.root['Total Cost'], shape: planShape(plan.root) };
  } finally {
    await session.run('ROLLBACK');
  }
}

function ratio(cost: number | null, real: number): number {
  return cost === real ? 0 : (cost ?? Number.NaN) / real - 1;
}

describe.each(testMajors())('statistics clone on PostgreSQL %s', (major) => {
  const servers: LabServer[] = [];
  let source: Session;
  let clone: StatisticsClone;

  beforeAll(async () => {
    servers.push(...(await startQuietServers(major, 2)));
    const [real, lab] = servers;
    if (real === undefined || lab === undefined) return;
    source = await connect(real.connection);
    await source.run(SCHEMA);
    await source.run(data(1));
    for (const table of ANALYZE) await source.run(`VACUUM ANALYZE ${table}`);
    await source.run(LATER);
    await source.run(
      `CREATE FUNCTION lines_of(bigint) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM line WHERE purchase_id = $1'`,
    );
    await source.run(
      `ALTER DATABASE postgres SET random_page_cost TO 1.7; SET random_page_cost TO 1.7; SET work_mem TO '9MB'; SET enable_memoize TO off`,
    );
    clone = await createStatisticsClone({ server: lab, source, schema: await extractSchema(source), sampler: source });
  });

  beforeEach(({ skip }) => {
    if (servers.length < 2) skip(`PostgreSQL ${major} can not be had on this machine`);
  });

  afterAll(async () => {
    await clone?.close();
    await source?.close();
    for (const server of servers) await server.stop();
  });

  it('lacks nothing but what was never analysed, and says so', async () => {
    expect(clone.skipped.map(({ what, reason }) => [what, reason])).toEqual([
      ['planner statistics of public.never_analysed', expect.stringMatching(/^never analysed/)],
    ]);
    const rows = `SELECT reltuples FROM pg_catalog.pg_class WHERE relname = 'gauge'`;
    expect(await clone.session.query(rows)).toEqual(await source.query(rows));
  });

  it('plans as the source does', async () => {
    clone.setWorkload(workload(QUERIES));
    const [[first, text]] = Object.entries(QUERIES) as [[string, string]];
    const [known] = await clone.cost([first], NO_CHANGE);
    expect(await clone.costOf([text])).toBe(known?.cost);
    expect(await clone.costOf([text, 'SELECT gone FROM nowhere'])).toBeNull();
    const differences: string[] = [];
    for (const { fingerprint, cost, planShape: shape } of await clone.cost(Object.keys(QUERIES), NO_CHANGE)) {
      const real = (await explain(source, QUERIES[fingerprint] ?? '')).root;
      const off = ratio(cost, real['Total Cost']);
      if (!(Math.abs(off) <= 0.01))
        differences.push(`${fingerprint}: ${real['Total Cost']} really, ${cost} on the clone`);
      // A cost may hide a wrong number of rows below an aggregate.
      const [there, here] = [real, (await explain(clone.session, QUERIES[fingerprint] ?? '')).root].map((root) =>
        [...planNodes(root)].map((node) => node['Plan Rows']).join(', '),
      );
      if (there !== here) differences.push(`${fingerprint}: ${there} rows really, ${here} on the clone`);
      if (shape !== planShape(real))
        differences.push(`${fingerprint}: ${planShape(real)} really, ${shape} on the clone`);
    }
    expect(differences).toEqual([]);
    expect(Object.keys(QUERIES).length).toBeGreaterThanOrEqual(25);
  });

  it('asks each question once, and only about the tables that a statement reads', async () => {
    clone.setWorkload(workload(QUERIES));
    const [line] = CANDIDATES['btree_plain'] ?? [];
    const before = clone.explainCalls;
    await clone.cost(['in_list', 'point'], NO_CHANGE);
    expect(clone.explainCalls - before).toBe(2);
    await clone.cost(['in_list', 'point'], { add: [line as IndexSpec], drop: ['public.line_article'] });
    expect(clone.explainCalls - before).toBe(3);
    await clone.cost(['in_list', 'point'], { add: [line as IndexSpec], drop: ['public.line_article'] });
    expect(clone.explainCalls - before).toBe(3);
    // A candidate that the plan left aside may as well not be there, unless it tells the planner something unused.
    const idle = { ...(line as IndexSpec), keys: ['"price"', '"amount"'] };
    const telling = { ...idle, keys: ['"price"', '(amount + 1)'] };
    await clone.cost(['in_list'], { add: [line as IndexSpec, idle], drop: [] });
    expect((await clone.cost(['in_list'], { add: [line as IndexSpec], drop: [] }))[0]?.uses).toEqual([]);
    expect(clone.explainCalls - before).toBe(4);
    const drop = ['public.line_pkey'];
    await clone.cost(['in_list'], { add: [idle], drop });
    await clone.cost(['in_list'], { add: [], drop });
    expect(clone.explainCalls - before).toBe(5);
    const others = ['public.line_article'];
    await clone.cost(['in_list'], { add: [telling], drop: [...drop, ...others] });
    await clone.cost(['in_list'], { add: [], drop: [...drop, ...others] });
    expect(clone.explainCalls - before).toBe(7);
  });

  it('thinks indexes away and forgets it', async () => {
    clone.setWorkload(workload(QUERIES));
    const [kept] = await clone.cost(['nested_loop'], NO_CHANGE);
    const [gone] = await clone.cost(['nested_loop'], { add: [], drop: ['public.purchase_person'] });
    const real = await explainWithout(source, QUERIES['nested_loop'] ?? '', ['purchase_person']);
    expect(gone?.planShape).toBe(real.shape);
    expect(Math.abs(ratio(gone?.cost ?? null, real.cost))).toBeLessThanOrEqual(0.01);
    expect(gone?.planShape).not.toBe(kept?.planShape);
    clone.setWorkload(workload(QUERIES));
    expect(await clone.cost(['nested_loop'], NO_CHANGE)).toEqual([kept]);
  });

  it('knows the true ends of a candidate’s column', async () => {
    const sql = `SELECT * FROM purchase WHERE placed > '2026-07-05' ORDER BY total`;
    const unindexed = `SELECT * FROM line WHERE purchase_id + 0 > 1 AND price > 299.9`;
    clone.setWorkload(workload({ sql, unindexed }));
    const spec = { method: 'btree', unique: false, include: [], where: null, with: null };
    const candidates: IndexSpec[] = [
      { ...spec, name: 'try_ends', table: { schema: 'public', name: 'purchase' }, keys: ['"placed"', '"total"'] },
      { ...spec, name: 'try_price', table: { schema: 'public', name: 'line' }, keys: ['"price"', '"amount"'] },
    ];
    const answers = await clone.cost(['sql', 'unindexed'], { add: candidates, drop: [] });
    const without = await clone.cost(['sql'], NO_CHANGE);
    await source.run('BEGIN');
    for (const one of candidates) await source.run(createIndexSql(one, { concurrently: false }));
    const real = [(await explain(source, sql)).root, (await explain(source, unindexed)).root];
    await source.run('ROLLBACK');
    expect(without[0]?.cost).toBeGreaterThan(0);
    for (const [number, answer] of answers.entries()) {
      expect(Math.abs(ratio(answer.cost, real[number]?.['Total Cost'] ?? Number.NaN))).toBeLessThanOrEqual(0.01);
    }
  });

  it('prices a candidate like the index that is then built, given its true size', { timeout: 300_000 }, async () => {
    clone.setWorkload(workload(candidateQueries));
    const asked = new Map<string, { cost: number | null; pages: number; uses: readonly string[] }>();
    for (const [name, [spec]] of Object.entries(CANDIDATES)) {
      const [answer] = await clone.cost([name], { add: [spec], drop: [] });
      asked.set(name, { cost: answer?.cost ?? null, pages: (await clone.size(spec)).pages, uses: answer?.uses ?? [] });
    }
    for (const [spec] of Object.values(CANDIDATES)) await source.run(createIndexSql(spec, { concurrently: false }));
    const names = new Map(Object.entries(CANDIDATES).map(([name, [spec]]) => [name, spec.name]));
    const othersThan = (name: string): string[] =>
      [...names].filter(([other]) => other !== name).map(([, index]) => index);
    const built = new Map<string, number>();
    for (const [name, [, sql]] of Object.entries(CANDIDATES))
      built.set(name, (await explainWithout(source, sql, othersThan(name))).cost);
    // An expression's statistics come with ANALYZE after the build.
    for (const table of ['person', 'purchase']) await source.run(`ANALYZE ${table}`);
    for (const [spec] of Object.values(CANDIDATES))
      await clone.adopt({ add: { spec, pages: 1, rows: 1, level: null } });
    await clone.refresh();
    const wrong: string[] = [];
    const report: string[] = [];
    for (const [name, [spec, sql]] of Object.entries(CANDIDATES)) {
      const others = othersThan(name);
      const real = await explainWithout(source, sql, others);
      const [known] = await clone.cost([name], { add: [], drop: others.map((other) => `public.${other}`) });
      const off = ratio(known?.cost ?? null, real.cost);
      const pages = await truePages(source, spec.name);
      const estimate = asked.get(name);
      const modelOff = ratio(
        estimate?.cost ?? null,
        name.includes('expression') ? real.cost : (built.get(name) ?? Number.NaN),
      );
      report.push(
        `${name.padEnd(22)} pages ${String(pages).padStart(5)} model ${String(estimate?.pages).padStart(5)}  cost ${real.cost} given size ${percent(off)} model ${percent(modelOff)}`,
      );
      if (!(Math.abs(off) <= 0.01)) wrong.push(`${name}: ${real.cost} really, ${known?.cost} on the clone`);
      if (known?.planShape !== real.shape)
        wrong.push(`${name}: ${real.shape} really, ${known?.planShape} on the clone`);
      if (estimate?.uses[0] !== spec.name)
        wrong.push(`${name}: the candidate is not used, so the query proves nothing`);
    }
    console.log(`PostgreSQL ${major}\n${report.join('\n')}`);
    expect(wrong).toEqual([]);
    expect(names.size).toBeGreaterThanOrEqual(15);
  });

  it('follows schema changes without reading the long empty tables', async () => {
    await source.run('ALTER TABLE line ALTER COLUMN amount TYPE bigint');
    await source.run('VACUUM ANALYZE line');
    await clone.adopt({ sql: ['ALTER TABLE line ALTER COLUMN amount TYPE bigint', 'ANALYZE line'] });
    await clone.refresh();
    const queries = { wide: 'SELECT amount, count(*) FROM line WHERE amount < 3 GROUP BY amount' };
    clone.setWorkload(workload(queries));
    const [answer] = await clone.cost(['wide'], NO_CHANGE);
    const real = (await explain(source, queries.wide)).root;
    expect(answer?.planShape).toBe(planShape(real));
    expect(Math.abs(ratio(answer?.cost ?? null, real['Total Cost']))).toBeLessThanOrEqual(0.01);
  });
});

async function truePages(session: Session, index: string): Promise<number> {
  const [row] = await session.query<{ pages: number }>(
    `SELECT (coalesce(sum(pg_relation_size(r.relid)), 0) / 8192)::int AS pages
       FROM (SELECT to_regclass($1) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass($1))) AS r`,
    [index],
  );
  return row?.pages ?? 0;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}

describe('statistics clone in odd places', () => {
  let server: LabServer;
  let admin: Session;

  beforeAll(async () => {
    const started = await startQuietServer('newest');
    if (started === null) throw new Error('the bundled server is missing');
    server = started;
    admin = await connect(server.connection);
  });

  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });

  /** A database of the same server is source and clone's home at once. */
  async function withDatabase(name: string, work: (session: Session) => Promise<void>): Promise<void> {
    await createDatabase(admin, name);
    const session = await connect({ ...server.connection, database: name });
    try {
      await work(session);
    } finally {
      await session.close();
    }
  }

  it('takes an empty database', async () => {
    await withDatabase('nothing', async (source) => {
      const clone = await createStatisticsClone({ server, source, schema: await extractSchema(source) });
      clone.setWorkload([{ fingerprint: 'one', queries: ['SELECT 1'] }]);
      expect(await clone.cost(['one', 'unknown'], NO_CHANGE)).toEqual([
        { fingerprint: 'one', cost: 0.01, uses: [], usesExisting: [], planShape: 'Result', planned: 1 },
        { fingerprint: 'unknown', cost: null, uses: [], usesExisting: [], planShape: null, planned: 0 },
      ]);
      await clone.close();
    });
  });

  it('says which index PostgreSQL does not take, and goes on', async () => {
    await withDatabase('refusal', async (source) => {
      await source.run(
        'CREATE TABLE t (id int, made timestamptz); INSERT INTO t SELECT g, now() FROM generate_series(1, 5000) AS g; ANALYZE t',
      );
      const clone = await createStatisticsClone({ server, source, schema: await extractSchema(source) });
      const spec = anIndexSpec('t', 'x', ['(made::date)']);
      clone.setWorkload([
        { fingerprint: 'good', queries: ['SELECT * FROM t WHERE id = 1'] },
        { fingerprint: 'bad', queries: ['SELECT * FROM t WHERE id = 1', 'SELECT * FROM gone'] },
      ]);
      const [without] = await clone.cost(['good'], NO_CHANGE);
      expect(await clone.cost(['good'], { add: [spec], drop: [] })).toEqual([{ ...without, planned: 0 }]);
      expect(await clone.size(spec)).toEqual({
        pages: 0,
        sizeBytes: 0,
        rows: 0,
        refused: 'Index x can not be created: functions in index expression must be marked IMMUTABLE (SQLSTATE 42P17)',
      });
      expect((await clone.size({ ...spec, table: { schema: 'public', name: 'gone' } })).refused).toMatch('no table');
      const [good, bad] = await clone.cost(['good', 'bad'], {
        add: [{ ...spec, keys: ['"id"'] }],
        drop: ['public.no_such_index'],
      });
      expect(good).toMatchObject({ uses: ['x'], planShape: 'Index Scan:x@t' });
      expect(bad).toMatchObject({ cost: null });
      await clone.close();
    });
  });

  it('keeps what it knows of statements that an adopted index is nothing to', async () => {
    await withDatabase('kept', async (owner) => {
      await owner.run(
        'CREATE TABLE "order" (id int, v int); INSERT INTO "order" SELECT g, g % 5000 FROM generate_series(1, 20000) AS g; CREATE TABLE other AS TABLE "order"',
      );
      await owner.run('VACUUM ANALYZE');
      const clone = await createStatisticsClone({ server, source: owner, schema: await extractSchema(owner) });
      const spec = anIndexSpec('order', 'order_v_idx', ['"v"']);
      clone.setWorkload(
        workload({
          there: 'SELECT * FROM "order" WHERE v = 7',
          elsewhere: 'SELECT * FROM other WHERE v = 7',
          both: 'SELECT * FROM "order" JOIN other USING (id) WHERE other.v = 7',
        }),
      );
      const all = ['there', 'elsewhere', 'both'];
      const before = await clone.cost(all, NO_CHANGE);
      const asked = clone.explainCalls;
      await clone.adopt({ add: { spec, pages: 60, rows: 20_000, level: 1 } });
      const after = await clone.cost(all, NO_CHANGE);
      expect(clone.explainCalls - asked, 'the readers of the table alone').toBe(2);
      expect(after[0]?.cost).toBeLessThan((before[0]?.cost ?? 0) / 2);
      expect(after[0]?.usesExisting).toEqual(['public.order_v_idx']);
      expect(after[1]).toEqual({ ...before[1], planned: 0 });
      await clone.close();
    });
  });

  it('works for a role that may only read, and says what a lesser role could not see', async () => {
    await withDatabase('roles', async (owner) => {
      await owner.run(`CREATE TABLE seen (id int PRIMARY KEY, v int); INSERT INTO seen SELECT g, g % 50 FROM generate_series(1, 20000) AS g;
        CREATE TABLE unseen AS TABLE seen`);
      await owner.run('VACUUM ANALYZE');
      await owner.run(
        `CREATE ROLE reader LOGIN PASSWORD 'x' IN ROLE pg_read_all_data; CREATE ROLE lesser LOGIN PASSWORD 'x'; GRANT SELECT ON seen TO lesser`,
      );
      const query = 'SELECT v, count(*) FROM seen WHERE id BETWEEN 100 AND 900 GROUP BY v';
      const real = (await explain(owner, query)).root;
      const skipped: Record<string, readonly string[]> = {};
      for (const user of ['reader', 'lesser']) {
        const source = await connect({ ...owner.settings, user, password: 'x' }, { readOnly: true });
        const clone = await createStatisticsClone({ server, source, schema: await extractSchema(source) });
        clone.setWorkload([{ fingerprint: 'q', queries: [query] }]);
        const [answer] = await clone.cost(['q'], NO_CHANGE);
        expect(Math.abs(ratio(answer?.cost ?? null, real['Total Cost']))).toBeLessThanOrEqual(0.01);
        skipped[user] = clone.skipped.map((skip) => skip.what);
        await clone.close();
        await source.close();
      }
      expect(skipped['reader']).toEqual(['heights of the existing indexes']);
      expect(skipped['lesser']).toEqual([
        'planner statistics of 1 tables, such as public.unseen',
        'heights of the existing indexes',
      ]);
      await admin.run('DROP OWNED BY lesser').catch(() => undefined);
    });
  });

  it('clones 2,000 tables', { timeout: 300_000 }, async () => {
    await withDatabase('wide', async (source) => {
      for (let start = 0; start < 2000; start += 100) {
        const tables = Array.from(
          { length: 100 },
          (_, index) => `CREATE TABLE t${start + index} (id int PRIMARY KEY, a int, b text);
          INSERT INTO t${start + index} SELECT g, g % 7, 'b' || g FROM generate_series(1, 50) AS g; CREATE INDEX ON t${start + index} (a)`,
        );
        await source.run(tables.join(';'));
      }
      await source.run('ANALYZE');
      const schema = await extractSchema(source);
      const startedMs = performance.now();
      const clone = await createStatisticsClone({ server, source, schema });
      console.log(`2,000 tables, 4,000 indexes: clone in ${Math.round(performance.now() - startedMs)} ms`);
      clone.setWorkload([{ fingerprint: 'q', queries: ['SELECT * FROM t1999 JOIN t5 USING (id) WHERE t5.a = 3'] }]);
      const [answer] = await clone.cost(['q'], NO_CHANGE);
      expect(answer?.cost).toBe(
        (await explain(source, 'SELECT * FROM t1999 JOIN t5 USING (id) WHERE t5.a = 3')).root['Total Cost'],
      );
      await clone.close();
    });
  });
});
