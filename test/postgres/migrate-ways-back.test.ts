import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { checkScript } from '../../src/migrations/check.js';
import { planScript } from '../../src/migrations/plan.js';
import type { MigrationPlan } from '../../src/migrations/plan.js';
import { readScript } from '../../src/migrations/script.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { asIfLarge, forScript, withMigrationBench } from '../support/migration-bench.js';
import type { MigrationBench } from '../support/migration-bench.js';

const SETUP = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Größe" int NOT NULL CHECK ("Größe" > 0), code varchar(20), n int);
  INSERT INTO "order" SELECT n, n, 'c' || n, n FROM generate_series(1, 500) AS n;
  CREATE INDEX order_n_idx ON "order" (code);
  CREATE TABLE item (id int PRIMARY KEY, order_id int REFERENCES "order"); CREATE UNIQUE INDEX item_both ON item (id, order_id);
  CREATE SCHEMA "Odd one"; CREATE SEQUENCE "Odd one".seq; CREATE SEQUENCE other; CREATE TYPE "Odd one".mood AS ENUM ('sad'); CREATE EXTENSION pg_trgm;
  CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION tr();
  CREATE TABLE part (id int NOT NULL, n int REFERENCES "order") PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (9); CREATE INDEX part_n ON part (n);`;

describe('the plan of a migration', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  const plan = ({ catalog }: MigrationBench, sql: string, large: boolean): MigrationPlan => {
    const options = { major: 18, catalog: large ? asIfLarge(catalog) : catalog, oneTransaction: false };
    return planScript(readScript(sql, 'a.sql'), options);
  };
  const run = async ({ session }: MigrationBench, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await session.run(sql);
  };

  it.each([
    ['ALTER TABLE "order" ADD CHECK ("Größe" < 9999), ADD CHECK (n > 0); ALTER TABLE "order" ADD CHECK (n < 9999)'],
    ['ALTER TABLE "order" ADD UNIQUE (n) INCLUDE (code); ALTER TABLE "order" ADD UNIQUE (n)'],
    ['CREATE INDEX ON "order" (n); CREATE INDEX ON "order" (n) INCLUDE (code); CREATE INDEX ON "order" ((n::text))'],
    ['ALTER TABLE item ADD FOREIGN KEY (order_id) REFERENCES "order"; CREATE INDEX ON item (order_id)'],
    ['ALTER TABLE "order" ALTER "Größe" SET NOT NULL, ALTER n DROP NOT NULL, ALTER code TYPE varchar(40)'],
    [
      'ALTER SEQUENCE "Odd one".seq RENAME TO seq2; ALTER TRIGGER tr ON item RENAME TO "T"; ALTER TABLE other RENAME TO o',
    ],
    [
      'ALTER TYPE "Odd one".mood SET SCHEMA public; ALTER FUNCTION tr() RENAME TO tr2; ALTER SCHEMA "Odd one" RENAME TO "O"',
    ],
    [
      'CREATE OR REPLACE FUNCTION f(a int, OUT b text[]) LANGUAGE sql AS $$ SELECT NULL::text[] $$; CREATE PROCEDURE p() LANGUAGE sql AS $$ $$',
    ],
    [
      'CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE SCHEMA IF NOT EXISTS "Odd one"; CREATE SCHEMA IF NOT EXISTS fresh; CREATE TABLE IF NOT EXISTS item (id int)',
    ],
    [
      'CREATE OR REPLACE VIEW v AS SELECT 1 AS a; CREATE INDEX IF NOT EXISTS part_n ON part (n); CREATE INDEX IF NOT EXISTS part_n2 ON part (n, id)',
    ],
    ['ALTER TABLE item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY USING INDEX item_both'],
    ['ALTER TABLE part DROP CONSTRAINT part_n_fkey; DROP INDEX part_n'],
    ['ALTER TABLE "order" DROP CONSTRAINT "order_Größe_check"; ALTER TABLE "order" ADD CHECK ("Größe" < 999)'],
    ['ALTER TABLE item DROP CONSTRAINT item_pkey; ALTER TABLE item ADD PRIMARY KEY (id, order_id)'],
    [
      'DROP INDEX order_n_idx; CREATE INDEX order_n_idx ON "order" (n); CREATE UNIQUE INDEX one ON item (id, order_id); ALTER TABLE item DROP CONSTRAINT item_pkey, ADD CONSTRAINT one PRIMARY KEY USING INDEX one',
    ],
    ['ALTER TABLE part ALTER id ADD GENERATED ALWAYS AS IDENTITY'],
    [
      `ALTER TABLE "order" ADD COLUMN z text; UPDATE "order" SET z = code; ALTER TABLE "order" ALTER z SET NOT NULL; COMMENT ON COLUMN "order".z IS 'z'`,
    ],
    [
      `CREATE TABLE fresh (id int CONSTRAINT c CHECK (id > 0)) PARTITION BY RANGE (id); CREATE TABLE fresh_1 PARTITION OF fresh DEFAULT; CREATE INDEX ON fresh (id); INSERT INTO fresh VALUES (1); UPDATE fresh SET id = 2; GRANT SELECT ON fresh TO PUBLIC; COMMENT ON CONSTRAINT c ON fresh IS 'c'; DROP INDEX IF EXISTS nope; ALTER TABLE item DROP CONSTRAINT IF EXISTS nope`,
    ],
  ])('%s ends as the file does, and is taken back to what was before', async (sql) => {
    for (const large of [true, false])
      await withMigrationBench(server as LabServer, SETUP, async (bench) => {
        const { steps } = plan(bench, sql, large);
        await bench.session.run(sql);
        const written = await bench.now();
        await withMigrationBench(server as LabServer, SETUP, async (other) => {
          for (const { up } of steps) await run(other, up);
          expect(structureDifferences(written, await other.now())).toEqual([]);
          for (const { down } of steps.toReversed()) await run(other, down ?? ['no way back']);
          expect(structureDifferences(other.catalog, await other.now())).toEqual([]);
        });
      });
  });

  it('drops a column in a later release, unless another one takes its name', async () => {
    await withMigrationBench(server as LabServer, SETUP, async (bench) => {
      await bench.session.run('CREATE VIEW codes AS SELECT code FROM "order"');
      const catalog = await bench.now();
      const both = plan({ ...bench, catalog }, 'ALTER TABLE "order" DROP "Größe", DROP COLUMN code', true);
      expect(both.steps.map(({ up }) => up)).toEqual([['ALTER TABLE "order" ALTER COLUMN "Größe" DROP NOT NULL']]);
      expect(both.later.map(({ when, sql }) => [when, ...sql])).toEqual([
        ['no program reads or writes "order"."Größe" any longer', 'ALTER TABLE "order" DROP COLUMN "Größe"'],
        [
          'no program reads or writes "order".code any longer and view public.codes can do without it',
          'ALTER TABLE "order" DROP COLUMN code',
        ].map((text) => text.replace('COLUMN code', 'COLUMN "code"')),
      ]);
      const again = plan(bench, 'ALTER TABLE "order" DROP n; ALTER TABLE "order" ADD n bigint', true);
      expect(again.later).toEqual([]);
    });
  });

  it('knows what is defined on columns', async () => {
    const made = `
      CREATE VIEW "Names" AS SELECT code FROM "order"; CREATE VIEW of_names AS SELECT n.* FROM "Names" AS n; CREATE MATERIALIZED VIEW sums AS SELECT sum(n) AS s FROM "order";
      CREATE POLICY p ON item USING (order_id > 0); CREATE RULE quiet AS ON DELETE TO item WHERE OLD.id = 0 DO INSTEAD NOTHING;
      CREATE TRIGGER of_id BEFORE UPDATE OF order_id ON item FOR EACH ROW EXECUTE FUNCTION tr();
      ALTER TABLE item ADD twice int GENERATED ALWAYS AS (id * 2) STORED; CREATE PUBLICATION part_of FOR TABLE item (id);
      CREATE FUNCTION most() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(order_id) FROM item; END;`;
    await withMigrationBench(server as LabServer, SETUP + made, async ({ catalog }) => {
      const words = catalog.dependents.map(
        ({ kind, schema, name, on, columns }) => `${kind} ${schema ?? '-'} ${name} on ${on.name}: ${columns.join()}`,
      );
      expect(words).toEqual([
        'view public of_names on Names: code',
        'function public most on item: order_id',
        'generated column - twice on item: id',
        'policy - p on item: order_id',
        'publication - part_of on item: id',
        'rule - quiet on item: id',
        'trigger - of_id on item: order_id',
        'trigger - tr on item: ',
        'materialized view public sums on order: n',
        'view public Names on order: code',
      ]);
    });
  });

  it('says what keeps the type of a column, until the file has dropped it', async () => {
    const made = `
      CREATE VIEW "Names" AS SELECT n FROM "order"; CREATE MATERIALIZED VIEW of_names AS SELECT n.* FROM "Names" AS n;
      CREATE POLICY p ON "order" USING (n > 0); CREATE TRIGGER of_n BEFORE UPDATE OF n ON "order" FOR EACH ROW EXECUTE FUNCTION tr();
      ALTER TABLE "order" ADD twice int GENERATED ALWAYS AS (n * 2) STORED; CREATE PUBLICATION part_of FOR TABLE "order" (id, n);
      CREATE FUNCTION most() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(n) FROM "order"; END;`;
    const drops = [
      ['function public.most', 'DROP FUNCTION most()'],
      ['generated column twice', 'ALTER TABLE "order" DROP COLUMN twice'],
      ['policy p', 'DROP POLICY p ON public."order"'],
      ['publication part_of', 'DROP PUBLICATION part_of'],
      ['trigger of_n', 'DROP TRIGGER of_n ON "order"'],
      ['view public."Names"', 'DROP VIEW "Names" CASCADE'],
    ] as const;
    const change = 'ALTER TABLE "order" ALTER n TYPE bigint';
    await withMigrationBench(server as LabServer, SETUP + made, async (bench) => {
      expect(plan(bench, change, true).steps.flatMap(({ up }) => up)).toEqual([change]);
      for (let i = 0; i <= drops.length; i += 1) {
        const before = drops.slice(0, i).map(([, sql]) => sql);
        const options = { major: 18, catalog: bench.catalog, oneTransaction: false };
        const said = checkScript(readScript([...before, change].join('; '), 'a.sql'), options)
          .flatMap(({ findings }) => findings)
          .filter(({ rule }) => rule.id.endsWith('type-used'));
        const users = drops.slice(i).map(([user]) => user);
        expect(said.map(({ match }) => match.says)).toEqual(
          i === drops.length ? [] : [`the type of "order".n can not change while it is used by ${users.join(', ')}`],
        );
        await bench.session.run('BEGIN');
        await run(bench, before);
        const answer = await bench.session.run(change).then(
          () => null,
          (error: unknown) => (error as { sqlstate?: string }).sqlstate,
        );
        expect(answer, `after ${before.join('; ')}`).toBe(i === drops.length ? null : '0A000');
        await bench.session.run('ROLLBACK');
      }
    });
  });

  it('does not say that what CASCADE takes along comes back', async () => {
    await withMigrationBench(server as LabServer, SETUP, async (bench) => {
      const { steps } = plan(bench, 'ALTER TABLE "order" DROP CONSTRAINT order_pkey CASCADE', false);
      expect(steps.map(({ noWayBack }) => noWayBack)).toEqual(['what CASCADE takes along is not brought back']);
    });
  });

  it('does not detach beside a DEFAULT partition, which the server refuses', async () => {
    const parts = `CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9);`;
    const steps = async (more: string): Promise<string> =>
      withMigrationBench(server as LabServer, parts + more, async (bench) =>
        plan(bench, 'ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1', true)
          .steps.flatMap(({ up }) => up)
          .join(),
      );
    expect(await steps('')).toContain('CONCURRENTLY');
    expect(await steps('CREATE TABLE rest PARTITION OF p DEFAULT;')).not.toContain('CONCURRENTLY');
  });

  it('attaches a table with indexes that were built before, and says what a CHECK may prove', async () => {
    const made = `
      CREATE TABLE "Part" (a int NOT NULL, b text, PRIMARY KEY (a)) PARTITION BY RANGE (a); CREATE INDEX ON "Part" (lower(b)); CREATE INDEX "by B" ON "Part" (b DESC) INCLUDE (a);
      CREATE TABLE "New" (a int NOT NULL, b text, CHECK (a > 0 AND a < 5)); CREATE INDEX ON "New" (lower(b)); INSERT INTO "New" SELECT n FROM generate_series(1, 4) AS n;`;
    const attach = 'ALTER TABLE "Part" ATTACH PARTITION "New" FOR VALUES FROM (1) TO (9)';
    const count = `SELECT count(*)::int AS n, string_agg(c.relfilenode::text, ' ' ORDER BY c.relname) AS files FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = '"New"'::regclass`;
    await withMigrationBench(server as LabServer, made, async (bench) => {
      const { steps } = plan(bench, attach, true);
      const at = steps.findIndex(({ up }) => up.join().includes('ATTACH'));
      const options = { major: 18, catalog: asIfLarge(bench.catalog), oneTransaction: false };
      const said = checkScript(readScript(attach, 'a.sql'), options).flatMap(({ findings }) => findings);
      expect(said.map(({ match }) => match.says)).toContain(
        'under its lock ATTACH reads all of "New", unless CHECK "New_a_check" proves the bounds, which is not known; it builds what "New" lacks of "Part_pkey", "by B"',
      );
      for (const { up } of steps.slice(0, at)) await run(bench, up);
      const built = await bench.session.query(count);
      expect(built).toMatchObject([{ n: 3 }]);
      for (const { up } of steps.slice(at)) await run(bench, up);
      expect(await bench.session.query(count)).toEqual(built);
      for (const { down } of steps.toReversed()) await run(bench, down ?? ['no way back']);
      expect(structureDifferences(bench.catalog, await bench.now())).toEqual([]);
      expect(await bench.session.query(count)).toMatchObject([{ n: 1 }]);
    });
  });

  it('carries over what a column has beside its type', async () => {
    const more = `COMMENT ON COLUMN "order".n IS 'it''s'; GRANT SELECT (n), UPDATE (n) ON "order" TO PUBLIC; ALTER TABLE "order" ALTER n SET STATISTICS 500`;
    const look = `SELECT attacl::text, col_description(attrelid, attnum), attstattarget FROM pg_attribute WHERE attrelid = '"order"'::regclass AND attname = 'n'`;
    await withMigrationBench(server as LabServer, `${SETUP} ${more}`, async (bench) => {
      const before = await bench.session.query(look);
      for (const { up, transactional } of plan(bench, 'ALTER TABLE "order" ALTER n TYPE bigint', true).steps)
        await run(bench, transactional ? ['BEGIN', ...up, 'COMMIT'] : up);
      expect(await bench.session.query(look)).toEqual(before);
    });
  });

  it.each([
    ['CREATE VIEW v AS SELECT n FROM "order"', /view v uses the column/],
    ['ALTER TABLE "order" ADD twice int GENERATED ALWAYS AS (n * 2) STORED', /twice.* uses the column/],
    [
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER zzz BEFORE UPDATE ON "order" FOR EACH ROW EXECUTE FUNCTION f()`,
      /trigger zzz runs after/,
    ],
  ])('of a type change ends before a row is written where %s was made since', async (more, message) => {
    await withMigrationBench(server as LabServer, `${SETUP} ${more};`, async (bench) => {
      const before = { ...bench, catalog: { ...bench.catalog, dependents: [] } };
      const [first, second] = plan(before, 'ALTER TABLE "order" ALTER n TYPE bigint', true).steps;
      await run(bench, first?.up ?? []);
      await bench.session.run('BEGIN');
      await expect(run(bench, second?.up ?? [])).rejects.toThrow(message);
      await bench.session.run('ROLLBACK');
      await run(bench, first?.down ?? []);
      expect(structureDifferences(bench.catalog, await bench.now())).toEqual([]);
    });
  });

  it('says what CASCADE takes along with functions, types, extensions and sequences', async () => {
    const made = `
      CREATE TYPE "Laune" AS ENUM ('gut'); CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE EXTENSION pg_trgm; CREATE SEQUENCE zähler;
      CREATE TABLE "T" (l "Laune", v int DEFAULT nextval('zähler'), s text); CREATE VIEW of_t AS SELECT l FROM "T"; CREATE TRIGGER auf BEFORE INSERT ON "T" FOR EACH ROW EXECUTE FUNCTION tr();
      CREATE INDEX grams ON "T" USING gin (s gin_trgm_ops); CREATE SCHEMA "Neben"; CREATE TABLE "Neben".p (id int PRIMARY KEY, toasted text); CREATE FUNCTION "Neben".f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE COLLATION "Neben".c FROM "C";
      CREATE TABLE child (p int REFERENCES "Neben".p, n int DEFAULT "Neben".f()); CREATE VIEW of_p AS SELECT id FROM "Neben".p; CREATE FUNCTION over(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION over(text) RETURNS int LANGUAGE sql AS 'SELECT 1';`;
    await withMigrationBench(server as LabServer, made, async (bench) => {
      const said = async (sql: string): Promise<readonly (string | null)[]> => {
        const catalog = await forScript(bench, sql);
        const options = { major: 18, catalog, oneTransaction: false };
        const [checked] = checkScript(readScript(sql, 'a.sql'), options);
        const found = checked?.findings.find(({ rule }) => rule.id === 'table/drop-cascade');
        const locked = checked?.effect.locks.map(({ relation }) => relation.name).toSorted() ?? [];
        return [
          found?.match.says.split('; now ')[1] ?? null,
          [...new Set(locked)].join(),
          checked?.effect.unsure ?? null,
        ];
      };
      expect(await said('DROP TYPE "Laune" CASCADE')).toEqual(['column l of table "T", view of_t', 'T,of_t', null]);
      expect(await said('DROP FUNCTION tr() CASCADE')).toEqual(['trigger auf on table "T"', 'T', null]);
      expect(await said('DROP EXTENSION pg_trgm CASCADE')).toEqual(['index grams', 'T', null]);
      expect(await said('DROP SEQUENCE zähler CASCADE')).toEqual([
        'default value for column v of table "T"',
        'T,zähler',
        null,
      ]);
      expect(await said('DROP SCHEMA "Neben" CASCADE')).toEqual([
        'constraint child_p_fkey on table child, default value for column n of table child, view of_p, collation "Neben".c, function "Neben".f(), table "Neben".p',
        'child,of_p,p',
        null,
      ]);
      expect(await said('DROP FUNCTION over(int) CASCADE')).toEqual([
        null,
        '',
        expect.stringContaining('depends on what'),
      ]);
    });
  });
});
