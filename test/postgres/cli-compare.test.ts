import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { ComparisonReport } from '../../src/report/comparison/comparison-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import { runScript } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Boek ""é""" (id int PRIMARY KEY, "order" int REFERENCES author);`;
const NOT_IN = 'SELECT id FROM author WHERE id NOT IN (SELECT "order" FROM "Boek ""é""")';
const NOT_EXISTS =
  'SELECT a.id AS x FROM author a WHERE NOT EXISTS (SELECT 1 FROM "Boek ""é""" b WHERE b."order" = a.id)';

describe('the command compare', () => {
  const place = makeWorkplace();
  let server: LabServer;

  beforeAll(async () => {
    server = await startLabServer({ major: 'newest' });
    const session = await connect(server.connection);
    await runScript(
      session,
      `${SCHEMA} INSERT INTO author VALUES (7, 'x');
      CREATE TABLE "Sale ""é""" (id int PRIMARY KEY, "order" int NOT NULL);
      INSERT INTO "Sale ""é""" SELECT g, g % 5000 FROM generate_series(1, 50000) g;
      CREATE INDEX ON "Sale ""é""" ("order");
      ANALYZE "Sale ""é"""`,
    );
    await session.close();
    // As pg_dump writes it, with rows that are left aside and a grant that can not be made.
    writeFileSync(
      place.path('tables.sql'),
      `\\restrict abc\nSELECT pg_catalog.set_config('search_path', '', false);\n${SCHEMA.replaceAll('author', 'public.author').replace('TABLE "', 'TABLE public."')}\nINSERT INTO public.author VALUES (1, 'x');\nGRANT SELECT ON public.author TO nobody;`,
    );
    writeFileSync(place.path('old.sql'), `${NOT_IN};\n`);
  });

  afterAll(async () => {
    await server.stop();
    place.remove();
  });

  it('shows a difference as a script that can be run, on the tables of a file', async () => {
    const run = await place.run([
      'compare',
      '--schema',
      place.path('tables.sql'),
      place.path('old.sql'),
      NOT_EXISTS,
      '--json',
    ]);
    expect(run.code, run.stderr).toBe(1);
    const report = JSON.parse(run.stdout) as ComparisonReport;
    expect(report).toMatchObject({ verdict: 'different', reason: '0 rows became 1' });
    expect(report.speed).toMatchObject({ faster: 'unknown', reason: 'only a schema was given, and no rows' });
    expect(report.remarks.join('\n')).toMatch(/other names, which was left aside: id and x/);
    expect(report.skipped.map(({ what }) => what)).toContain('GRANT SELECT ON public.author TO nobody');
    const session = await connect(server.connection);
    await session.run(report.counterexample ?? 'none');
    expect(await session.query('SELECT id FROM author')).toEqual([{ id: 7 }]);
    await session.close();
    expect(place.labProcesses()).toEqual([]);
  });

  it('says that what it did not find is no proof, what a rule proves, and what can not be compared', async () => {
    const url = urlOf(server.connection);
    const same = await place.run(['compare', url, NOT_IN, `${NOT_IN} AND true`, '--databases', '30']);
    expect(same.code, same.stderr).toBe(0);
    expect(same.stdout).toMatch(/Not shown different. That is not a proof[^]*30 small databases on PostgreSQL 18/);
    expect(same.stdout).toMatch(/faster is unknown: nothing was run on rows; --measure/);
    const text = await place.run(['compare', url, NOT_IN, NOT_IN.replace('SELECT id', 'select  ID')]);
    expect(text.stdout).toMatch(/^The same: it is proved.\nthey are the same statement/m);
    const random = await place.run(['compare', url, 'SELECT random() FROM author', 'SELECT 0.5 FROM author']);
    expect(random.stdout).toMatch(/Unknown: nothing could be compared.\nrandom\(\) may give something else each time/);
    expect(random.code).toBe(0);
  });

  it('measures on a copy which is faster, and says why where it can not', async () => {
    const url = urlOf(server.connection);
    const measure = (...args: readonly string[]): ReturnType<typeof place.run> =>
      place.run(['compare', url, ...args, '--measure', '--databases', '5']);
    const [scan, seek] = ['"order" + 0 = 5', '"order" = 5'].map((one) => `SELECT id FROM "Sale ""é""" WHERE ${one}`);
    const json = await measure(scan ?? '', seek ?? '', '--json');
    expect(json.code, json.stderr).toBe(0);
    const { speed } = JSON.parse(json.stdout) as ComparisonReport;
    expect(speed).toMatchObject({ faster: 'second', reason: null });
    expect(speed.first?.blocks).toBeGreaterThan(200);
    expect(speed.second?.blocks).toBeLessThan(20);
    expect(speed.pairs).toBeGreaterThanOrEqual(5);
    expect(speed.timeRatio?.high).toBeLessThan(1);

    const change = `UPDATE "Sale ""é""" SET "order" = 0 WHERE`;
    const writes = await measure(`${change} id = $1`, `${change} id + 0 = $1`);
    expect(writes.stdout).toMatch(
      /The first is faster, measured on a copy:\n {2}first .* blocks\n {2}second .* blocks\nThe second takes x[\d.]+ of[^]*- Measured with \d+ sets of values/,
    );
    const session = await connect(server.connection);
    expect(await session.query('SELECT FROM "Sale ""é""" WHERE "order" = 0')).toHaveLength(10);
    await session.close();

    const empty = await measure('SELECT id FROM "Boek ""é"""', 'SELECT id + 0 FROM "Boek ""é"""');
    expect(empty.stdout).toMatch(/Which is faster is unknown: the tables that they read hold no rows\./);
    const many = 'SELECT count(*) FROM "Sale ""é""" a, "Sale ""é""" b, "Sale ""é""" c';
    const slow = await measure(many, many, '--time', '2s');
    expect(slow.stdout).toMatch(/unknown: neither finished in 333 ms/);
    expect(place.labProcesses()).toEqual([]);
  });

  it.each([
    [['SELECT 1'], /Two statements are compared, and 1 were given/],
    [['SELECT 1', 'SELECT 2'], /without the tables that they read/],
    [['--schema', 'tables.sql', 'SELECT 1', 'SELEC 2'], /error (sql\/parse|input\/invalid)/],
    [['--schema', 'nowhere.sql', 'SELECT 1', 'SELECT 2'], /nowhere.sql can not be read/],
    [['postgres://h/d', '--schema', 'tables.sql', 'SELECT 1', 'SELECT 2'], /come from one of them/],
  ])('refuses %j with exit code 2', async (args, said) => {
    const run = await place.run(['compare', ...args.map((arg) => (arg === 'tables.sql' ? place.path(arg) : arg))]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(said)]);
  });

  it('says which statement the server refuses', async () => {
    const args = [
      'compare',
      '--schema',
      place.path('tables.sql'),
      'SELECT id FROM public.author',
      'SELECT id FROM gone',
    ];
    const run = await place.run(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/The server refuses the second statement: relation "gone" does not exist/);
  });
});
