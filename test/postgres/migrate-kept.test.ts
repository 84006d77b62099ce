import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { planScript } from '../../src/migrations/plan.js';
import type { PlanStep } from '../../src/migrations/plan-step.js';
import { readScript } from '../../src/migrations/script.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { toFileReport } from '../../src/report/migrate/to-migrate-report.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { asIfLarge, forScript, withMigrationBench } from '../support/migration-bench.js';
import type { MigrationBench } from '../support/migration-bench.js';

const SETUP = `
  CREATE TABLE "Lager" ("Nr" int GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3 CACHE 2 CYCLE MAXVALUE 9000) PRIMARY KEY, "Menge" int DEFAULT 4 CHECK ("Menge" > 0), ort text);
  INSERT INTO "Lager" ("Menge", ort) SELECT n, 'o' || n % 7 FROM generate_series(1, 300) AS n;
  CREATE INDEX "nach Menge" ON "Lager" ("Menge"); COMMENT ON INDEX "nach Menge" IS 'it''s'; COMMENT ON CONSTRAINT "Lager_Menge_check" ON "Lager" IS 'c'; COMMENT ON CONSTRAINT "Lager_pkey" ON "Lager" IS 'k';
  CREATE STATISTICS both_of ON "Menge", ort FROM "Lager"; CREATE STATISTICS odd ON ("Menge" % 10), ort FROM "Lager"; ALTER STATISTICS both_of SET STATISTICS 55; COMMENT ON STATISTICS both_of IS 's';
  ALTER TABLE "Lager" ALTER "Menge" SET (n_distinct = -0.5); COMMENT ON SEQUENCE "Lager_Nr_seq" IS 'q'; GRANT USAGE ON SEQUENCE "Lager_Nr_seq" TO pg_monitor;
  CREATE TABLE of_year (id int, year int NOT NULL, n int DEFAULT 1) PARTITION BY LIST (year);
  CREATE TABLE of_1 PARTITION OF of_year FOR VALUES IN (1); CREATE TABLE of_2 PARTITION OF of_year FOR VALUES IN (2) PARTITION BY RANGE (id);
  CREATE TABLE "of 2a" PARTITION OF of_2 FOR VALUES FROM (0) TO (1000); ALTER TABLE of_1 ALTER n SET DEFAULT 11, ALTER n SET STATISTICS 7;
  INSERT INTO of_year SELECT n, 1 + n % 2 FROM generate_series(1, 400) AS n;`;

describe('a planned migration', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  const within = (more: string, work: (bench: MigrationBench) => Promise<void>): Promise<void> =>
    withMigrationBench(server as LabServer, SETUP + more, work);
  const plan = ({ catalog }: MigrationBench, sql: string): readonly PlanStep[] =>
    planScript(readScript(sql, 'a.sql'), { major: 18, catalog: asIfLarge(catalog), oneTransaction: false }).steps;
  const run = async ({ session }: MigrationBench, statements: readonly string[] | null): Promise<void> => {
    for (const sql of statements ?? ['no way back']) await session.run(sql);
  };

  const apply = (bench: MigrationBench, { up, transactional }: PlanStep): Promise<void> =>
    run(bench, transactional ? ['BEGIN', ...up, 'COMMIT'] : up);

  const KEPT = `
    SELECT (SELECT array_agg(obj_description(i.indexrelid, 'pg_class') ORDER BY i.indexrelid::regclass::text) FROM pg_index AS i WHERE indrelid = '"Lager"'::regclass) AS indexes,
      (SELECT array_agg(conname || ' ' || obj_description(oid, 'pg_constraint') ORDER BY conname) FROM pg_constraint WHERE conrelid = '"Lager"'::regclass) AS constraints,
      (SELECT array_agg(stxname || stxkind::text || stxstattarget || obj_description(oid, 'pg_statistic_ext') ORDER BY stxname) FROM pg_statistic_ext) AS statistics,
      (SELECT array_agg(stxname ORDER BY stxname) FROM pg_statistic_ext) AS names,
      (SELECT array_agg(attname || attoptions::text) FROM pg_attribute WHERE attrelid = '"Lager"'::regclass AND attoptions IS NOT NULL) AS options,
      (SELECT relacl::text || obj_description(oid, 'pg_class') FROM pg_class WHERE relname = 'Lager_Nr_seq') AS sequence,
      (SELECT concat_ws(' ', seqstart, seqincrement, seqcache, seqcycle, seqmax) FROM pg_sequence WHERE seqrelid = '"Lager_Nr_seq"'::regclass) AS identity,
      (SELECT last_value FROM "Lager_Nr_seq") AS last`;

  it('changes types, keeps what else the columns have, and goes back over the switch', async () => {
    const sql = 'ALTER TABLE "Lager" ALTER "Menge" TYPE bigint; ALTER TABLE "Lager" ALTER "Nr" TYPE bigint';
    await within('', async (bench) => {
      const before = await bench.session.query(KEPT);
      const steps = plan(bench, sql);
      for (const step of steps) await apply(bench, step);
      const shown = { script: readScript(sql, 'a.sql'), checked: [], plan: { steps, differs: [], later: [] } };
      const report = toFileReport({ name: 'a.sql', written: null, deployable: null, trial: null, ...shown });
      const first = steps.findIndex(({ isSwitch }) => isSwitch);
      expect(report.plan?.steps.flatMap(({ takesBackFrom }) => takesBackFrom ?? [])).toEqual([1, first + 2]);
      expect(await bench.session.query(KEPT)).toEqual(before);
      for (const { down } of steps.toReversed()) await run(bench, down);
      const moved = structureDifferences(bench.catalog, await bench.now());
      expect(moved).toEqual([
        'statistics public.both_of: columns Menge, ort -> ort, Menge',
        'column public.Lager.Nr: position 1 -> 5',
        'column public.Lager.Menge: position 2 -> 4',
      ]);
      for (const step of plan({ ...bench, catalog: await bench.now() }, sql)) await apply(bench, step);
    });
  });

  it('has no way back over a switch that loses values', async () => {
    await within('', async (bench) => {
      const backs = (sql: string): boolean[] =>
        plan(bench, sql)
          .slice(-1)
          .map(({ down }) => down !== null);
      expect(backs('ALTER TABLE "Lager" ALTER "Menge" TYPE numeric')).toEqual([true]);
      expect(backs('ALTER TABLE "Lager" ALTER "Menge" TYPE text USING "Menge"::text')).toEqual([true]);
      expect(backs('ALTER TABLE "Lager" ALTER "Menge" TYPE smallint')).toEqual([false]);
      expect(backs('ALTER TABLE "Lager" ALTER "Menge" TYPE bigint USING "Menge" / 2')).toEqual([false]);
    });
  });

  it('gives each table below its own default and statistics target back', async () => {
    const look = `SELECT a.attrelid::regclass::text AS t, pg_get_expr(d.adbin, d.adrelid) AS e, a.attstattarget AS s FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attname = 'n' AND a.attrelid::regclass::text LIKE '%of%' ORDER BY 1`;
    await within('', async (bench) => {
      const before = await bench.session.query(look);
      const steps = plan(
        bench,
        'ALTER TABLE of_year ALTER n SET DEFAULT 5; ALTER TABLE of_year ALTER n DROP DEFAULT; ALTER TABLE of_year ALTER n SET STATISTICS 90',
      );
      for (const { up } of steps) await run(bench, up);
      expect(await bench.session.query(look)).not.toEqual(before);
      for (const { down } of steps.toReversed()) await run(bench, down);
      expect(await bench.session.query(look)).toEqual(before);
      const [, second] = steps;
      expect(second?.down?.[0]).toBe('ALTER TABLE ONLY "of_year" ALTER COLUMN "n" SET DEFAULT 5');
    });
    const { steps } = planScript(readScript('ALTER TABLE t ALTER n SET DEFAULT 5', 'a.sql'), {
      major: 18,
      catalog: null,
      oneTransaction: false,
    });
    expect(steps[0]?.noWayBack).toBe('the default before is not known: look with --to');
  });

  it.each([
    ['ALTER TABLE of_year ADD PRIMARY KEY (year, id)'],
    ['ALTER TABLE of_year ADD CONSTRAINT "U" UNIQUE (id, year) INCLUDE (n) DEFERRABLE'],
  ])('%s builds no index under its lock, ends as the file does and is taken back', async (sql) => {
    // One partition has the key already: it is taken over as it is.
    const own = sql.includes('PRIMARY') ? 'ALTER TABLE of_1 ADD PRIMARY KEY (year, id);' : '';
    await within(own, async (bench) => {
      await bench.session.run(sql);
      const written = await bench.now();
      await within(own, async (other) => {
        const steps = plan(other, sql);
        for (const { up } of steps) await run(other, up);
        expect(structureDifferences(written, await other.now())).toEqual([]);
        expect(steps.flatMap(({ remaining }) => remaining)).toEqual([]);
        const builds = steps.flatMap(({ up }) => up).filter((one) => one.startsWith('CREATE'));
        expect(builds.map((one) => one.split(' ').slice(0, 4).join(' '))).toEqual(
          Array.from({ length: own === '' ? 2 : 1 }, () => 'CREATE UNIQUE INDEX CONCURRENTLY'),
        );
        for (const { down } of steps.toReversed()) await run(other, down);
        expect(structureDifferences(other.catalog, await other.now())).toEqual([]);
      });
    });
  });

  it('takes views away in the transaction that needs it, and no sooner', async () => {
    const view = 'CREATE VIEW mengen AS SELECT "Menge" FROM "Lager"';
    await within(`${view};`, async (bench) => {
      const steps = plan(
        bench,
        `DROP VIEW mengen; ALTER TABLE "Lager" ALTER "Menge" TYPE bigint; ${view}; GRANT SELECT ON mengen TO PUBLIC; CREATE INDEX ON "Lager" (ort)`,
      );
      const at = steps.findIndex(({ up }) => up[0] === 'DROP VIEW mengen');
      for (const { up } of steps.slice(0, at)) {
        await run(bench, up);
        expect(await bench.session.query('SELECT count(*)::int AS n FROM mengen')).toEqual([{ n: 300 }]);
      }
      expect(steps[at]?.up.slice(-2)).toEqual([view, 'GRANT SELECT ON mengen TO PUBLIC']);
      await run(bench, ['BEGIN', ...(steps[at]?.up ?? []), 'COMMIT']);
      expect(await bench.session.query('SELECT pg_typeof("Menge")::text AS t FROM mengen LIMIT 1')).toEqual([
        { t: 'bigint' },
      ]);
      expect(steps.slice(at + 1).map(({ up }) => up.length)).toEqual([1]);
      const alone = plan(bench, `DROP VIEW mengen; ${view.replace('"Menge"', 'ort')}; DROP VIEW mengen`);
      expect(alone.map(({ up }) => up.length)).toEqual([2, 1]);
      const between = plan(bench, `DROP VIEW mengen; CREATE INDEX ON "Lager" (ort); ${view}`);
      expect(between.map(({ up }) => up.map((one) => one.slice(0, 12)))).toEqual([
        ['CREATE INDEX'],
        ['DROP VIEW me', 'CREATE VIEW '],
      ]);
    });
  });

  it('brings views back between several changes that need them away', async () => {
    const views = [
      'CREATE VIEW "V 1" WITH (security_barrier=true) AS SELECT "Nr", "Menge", ort FROM "Lager" WHERE ort <> \'x\'',
      'CREATE VIEW v2 AS SELECT "Nr", ort FROM "V 1"',
    ];
    const more = `COMMENT ON VIEW "V 1" IS 'it''s'; COMMENT ON COLUMN "V 1".ort IS 'o'; GRANT SELECT ON v2 TO pg_monitor WITH GRANT OPTION; GRANT UPDATE (ort) ON "V 1" TO PUBLIC; ALTER VIEW "V 1" ALTER COLUMN ort SET DEFAULT 'd'; CREATE RULE r AS ON DELETE TO v2 DO INSTEAD NOTHING`;
    const look = `
      SELECT c.relname, c.relacl::text, c.reloptions, pg_get_viewdef(c.oid) AS def, obj_description(c.oid, 'pg_class') AS said, (SELECT array_agg(concat(attname, attacl, col_description(attrelid, attnum), pg_get_expr(d.adbin, d.adrelid)) ORDER BY attname) FROM pg_attribute LEFT JOIN pg_attrdef AS d ON adrelid = attrelid AND adnum = attnum WHERE attrelid = c.oid AND attnum > 0) AS columns,
        (SELECT array_agg(pg_get_ruledef(oid) ORDER BY rulename) FROM pg_rewrite WHERE ev_class = c.oid) AS rules FROM pg_class AS c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace ORDER BY 1`;
    await within([...views, more].join(';'), async (bench) => {
      const before = await bench.session.query(look);
      const sql = `DROP VIEW v2; DROP VIEW "V 1"; ALTER TABLE "Lager" ALTER "Nr" TYPE bigint, ALTER "Menge" TYPE bigint; ALTER TABLE "Lager" ALTER ort TYPE varchar(50); ${views.join(';')}; ${more}`;
      const steps = plan(bench, sql);
      const last = steps.findLastIndex(({ up }) => up.some((one) => one.startsWith('DROP VIEW')));
      for (const step of steps.slice(0, last)) {
        await apply(bench, step);
        expect(await bench.session.query(look)).toEqual(before);
      }
      for (const step of steps.slice(last)) await apply(bench, step);
      expect(
        await bench.session.query(
          "SELECT string_agg(attname || format_type(atttypid, atttypmod), ',' ORDER BY attnum) AS a FROM pg_attribute WHERE attrelid = '\"V 1\"'::regclass",
        ),
      ).toEqual([{ a: 'Nrbigint,Mengebigint,ortcharacter varying(50)' }]);
      expect(steps.filter(({ up }) => up.some((one) => one.startsWith('DROP VIEW')))).toHaveLength(3);
      const again = 'CREATE VIEW "V 1" AS SELECT 1; CREATE VIEW v2 AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1';
      const filled = plan(
        bench,
        `DROP VIEW v2, "V 1"; DROP MATERIALIZED VIEW m; ALTER TABLE "Lager" ALTER "Nr" TYPE bigint, ALTER "Menge" TYPE bigint; ${again}`,
      );
      expect(filled.flatMap(({ notes }) => notes.filter((note) => note.startsWith('From here on')))).toHaveLength(1);
    });
  });

  it('gives what an index and a constraint had beside their definitions back', async () => {
    const made = `
      CREATE TABLE "T t" ("a b" int NOT NULL, CONSTRAINT "u ""q""" UNIQUE ("a b"), CONSTRAINT c CHECK ("a b" > 0)); CREATE INDEX "I" ON "T t" (("a b" + 1));
      COMMENT ON INDEX "I" IS E'back\\slash ''q'' %s'; ALTER INDEX "I" ALTER COLUMN 1 SET STATISTICS 400; ALTER TABLE "T t" CLUSTER ON "I"; ALTER TABLE "T t" REPLICA IDENTITY USING INDEX "u ""q""";
      COMMENT ON CONSTRAINT "u ""q""" ON "T t" IS 'k'; COMMENT ON INDEX "u ""q""" IS 'ki'; COMMENT ON CONSTRAINT c ON "T t" IS 'c'`;
    const look = `
      SELECT c.relname, obj_description(c.oid, 'pg_class') AS said, a.attstattarget, i.indisclustered, i.indisreplident, (SELECT array_agg(conname || obj_description(oid, 'pg_constraint') ORDER BY conname) FROM pg_constraint WHERE conrelid = i.indrelid)
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE i.indrelid = '"T t"'::regclass ORDER BY 1`;
    await within(made, async (bench) => {
      const sql = 'DROP INDEX "I"; ALTER TABLE "T t" DROP CONSTRAINT "u ""q""", DROP CONSTRAINT c';
      const before = await bench.session.query(look);
      const steps = plan({ ...bench, catalog: await forScript(bench, sql) }, sql);
      for (const { up } of steps) await run(bench, up);
      expect(await bench.session.query(look)).toEqual([]);
      for (const { down } of steps.toReversed()) await run(bench, down);
      expect(await bench.session.query(look)).toEqual(before);
    });
  });

  it('says that rows, rights and comments of what was there are not brought back', async () => {
    const made =
      "CREATE TABLE heard (id int); CREATE FUNCTION ear() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER ear AFTER UPDATE ON heard EXECUTE FUNCTION ear()";
    await within(made, async (bench) => {
      const why = (sql: string): readonly (string | null)[] => plan(bench, sql).map(({ noWayBack }) => noWayBack);
      const rows = 'rows that were changed are not brought back';
      expect(why('UPDATE heard SET id = 1; ALTER TABLE heard ADD COLUMN z int; UPDATE heard SET z = 1')).toEqual([
        rows,
        null,
        rows,
      ]);
      expect(
        why('CREATE TABLE f (id int); WITH x AS (DELETE FROM heard RETURNING id) INSERT INTO f SELECT id FROM x'),
      ).toEqual([null, rows]);
      expect(why('GRANT SELECT ON heard TO PUBLIC')).toEqual(['which rights there were before is not known']);
      expect(why("COMMENT ON COLUMN heard.id IS 'i'")).toEqual(['which comment there was before is not known']);
    });
  });

  it('fills without a word to triggers and rules of the table, or not at all', async () => {
    const made = `
      CREATE TABLE seen (id int, at text DEFAULT 'then'); INSERT INTO seen SELECT generate_series(1, 20); CREATE ROLE plain; GRANT ALL ON SCHEMA public TO plain; ALTER TABLE seen OWNER TO plain;
      CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := 'now'; RETURN NEW; END $$; CREATE TRIGGER stamp BEFORE UPDATE ON seen FOR EACH ROW EXECUTE FUNCTION stamp()`;
    const look = 'SELECT count(*)::int AS n, count(token)::int AS filled, min(at) AS at FROM seen';
    await within(made, async (bench) => {
      const steps = plan(bench, 'ALTER TABLE seen ADD COLUMN token uuid DEFAULT gen_random_uuid()');
      const at = steps.findIndex(({ transactional }) => !transactional);
      for (const { up } of steps.slice(0, at)) await run(bench, up);
      const fill = steps[at]?.up ?? [];
      await bench.session.run('SET ROLE plain');
      await expect(run(bench, fill)).rejects.toThrow('each row that is filled would run trigger stamp');
      expect(await bench.session.query(look)).toEqual([{ n: 20, filled: 0, at: 'then' }]);
      await bench.session.run('RESET ROLE');
      await run(bench, fill);
      expect(await bench.session.query(look)).toEqual([{ n: 20, filled: 20, at: 'then' }]);
      expect(await bench.session.query('SHOW session_replication_role')).toEqual([
        { session_replication_role: 'origin' },
      ]);
      await bench.session.run('UPDATE seen SET token = NULL; SET database_wizard.fire_triggers = on; SET ROLE plain');
      await run(bench, fill);
      expect(await bench.session.query(look)).toEqual([{ n: 20, filled: 20, at: 'now' }]);
      await bench.session.run(
        'RESET ROLE; RESET database_wizard.fire_triggers; ALTER TABLE seen ENABLE ALWAYS TRIGGER stamp; UPDATE seen SET token = NULL',
      );
      await expect(run(bench, fill)).rejects.toThrow('trigger stamp');
      await bench.session.run('DROP OWNED BY plain CASCADE; DROP ROLE plain');
    });
  });

  it.each([
    ['a int, b bigint', 'RANGE (a, b)', 'FROM (1, 5) TO (100, 7)', 'SELECT 100, 6'],
    ['a int, b bigint', 'RANGE (a, b)', 'FROM (1, MINVALUE) TO (100, MAXVALUE)', 'SELECT 100, 600'],
    [
      'a text, b timestamptz',
      'RANGE (a, b)',
      "FROM ('x', '2024-01-01') TO ('x', '2025-01-01')",
      "SELECT 'x', '2024-05-05'",
    ],
    ['a bigint, b int', 'RANGE (a, b)', 'FROM (MINVALUE, MINVALUE) TO (7, MINVALUE)', 'SELECT 6, 1'],
    ['a text, b int', 'LIST (a)', "IN ('it''s', NULL)", 'SELECT NULL, 1'],
    ['a text, b int', 'LIST (a)', 'IN (NULL)', 'SELECT NULL, 1'],
  ])('proves bounds of %s by %s %s before ATTACH reads a row', async (columns, by, bounds, row) => {
    const made = `CREATE TABLE above (${columns}) PARTITION BY ${by}; CREATE TABLE below (${columns}); INSERT INTO below ${row} FROM generate_series(1, 50)`;
    await within(made, async (bench) => {
      const steps = plan(bench, `ALTER TABLE above ATTACH PARTITION below FOR VALUES ${bounds}`);
      expect(steps).toHaveLength(4);
      for (const { up } of steps.slice(0, 2)) await run(bench, up);
      expect((await bench.observe(steps[2]?.up ?? [], true)).read).toEqual([]);
      await run(bench, steps[3]?.up ?? null);
    });
  });

  it('proves no bounds where it does not know the whole key', async () => {
    const made =
      'CREATE TABLE above (a int, b text) PARTITION BY RANGE (a, lower(b)); CREATE TABLE below (a int, b text)';
    await within(made, async (bench) => {
      const sql = "ALTER TABLE above ATTACH PARTITION below FOR VALUES FROM (1, 'a') TO (5, 'b')";
      expect(plan(bench, sql).map(({ up }) => up)).toEqual([[sql]]);
    });
  });
});
