import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { planScript } from '../../src/migrations/plan.js';
import { readScript } from '../../src/migrations/script.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { asIfLarge, claimed, effectsOf, forScript, withMigrationBench } from '../support/migration-bench.js';
import type { MigrationBench } from '../support/migration-bench.js';

const SETUP = `
  CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, born date DEFAULT '1900-01-01');
  INSERT INTO author SELECT n, 'name' FROM generate_series(1, 300) AS n;
  CREATE TYPE kind AS ENUM ('a', 'b');
  CREATE TABLE shelf (id int PRIMARY KEY); INSERT INTO shelf VALUES (1);
  CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, pages int NOT NULL CHECK (pages > 0), kind kind DEFAULT 'a', shelf_id int REFERENCES shelf, title text);
  INSERT INTO book SELECT n, n, n, 'b', 1, 'title' FROM generate_series(1, 300) AS n;
  CREATE INDEX book_author ON book (author_id); CREATE INDEX book_pages ON book (pages);
  ALTER TABLE book ADD CONSTRAINT book_titled CHECK (title IS NOT NULL);
  CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER noop BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION noop();
  CREATE TABLE sale (id int NOT NULL, day int NOT NULL) PARTITION BY RANGE (day);
  CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (0) TO (1000); INSERT INTO sale SELECT n, n FROM generate_series(1, 300) AS n;
  CREATE TABLE sale_2 (id int NOT NULL, day int NOT NULL); INSERT INTO sale_2 SELECT n, 1000 + n FROM generate_series(1, 300) AS n;
  CREATE TABLE crate (id int NOT NULL); CREATE TABLE heir (id int NOT NULL); CREATE TABLE child () INHERITS (crate);
  CREATE DOMAIN plain AS int;`;

/** Statements whose meaning depends on what the file did before them. */
describe.each(testMajors())('what a file did before, on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
  });

  afterAll(async () => server?.stop());

  const run = async ({ session }: MigrationBench, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await session.run(sql);
  };

  it.each([
    ['CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (5000) TO (6000); CREATE INDEX ON sale (day)'],
    ['ALTER TABLE sale ATTACH PARTITION sale_2 FOR VALUES FROM (1000) TO (2000); CREATE INDEX sale_day ON sale (day)'],
    ['CREATE INDEX book_both ON book (pages, title); ALTER TABLE book ALTER pages TYPE bigint'],
    ['ALTER TABLE book ADD CONSTRAINT few CHECK (pages < 9999); ALTER TABLE book ALTER pages TYPE bigint'],
    ['DROP INDEX book_pages; ALTER TABLE book ALTER pages TYPE bigint'],
    ['ALTER TABLE book ALTER pages DROP NOT NULL; ALTER TABLE book ALTER pages TYPE bigint'],
    ['ALTER TABLE book ALTER pages SET DEFAULT 5; ALTER TABLE book ALTER pages TYPE bigint'],
    ['ALTER TABLE book DROP COLUMN kind; DROP TYPE kind'],
    ['ALTER TABLE book DROP COLUMN shelf_id; DROP TABLE shelf'],
  ])('%s ends as the file does', async (sql) => {
    if (server === null) return;
    await withMigrationBench(server, SETUP, async (bench) => {
      const catalog = asIfLarge(await forScript(bench, sql));
      const { steps } = planScript(readScript(sql, 'a.sql'), {
        major: majorOf(server),
        catalog,
        oneTransaction: false,
      });
      await bench.session.run(sql);
      const written = await bench.now();
      await withMigrationBench(server as LabServer, SETUP, async (other) => {
        for (const { up, transactional } of steps) await run(other, transactional ? ['BEGIN', ...up, 'COMMIT'] : up);
        expect(structureDifferences(written, await other.now()).filter((one) => !MOVED.test(one))).toEqual([]);
      });
    });
  });

  it.each([
    ['ALTER TABLE book RENAME COLUMN pages TO leaves; ALTER TABLE book ALTER leaves SET DEFAULT 3'],
    ['ALTER TABLE author RENAME COLUMN born TO birth; ALTER TABLE author ALTER birth SET DEFAULT now()'],
    ['ALTER TABLE author RENAME TO writer; ALTER TABLE writer ALTER name DROP NOT NULL'],
    ['DROP TABLE IF EXISTS nowhere; ALTER TABLE IF EXISTS nowhere ADD COLUMN x int'],
    ['DROP INDEX book_author; CREATE INDEX IF NOT EXISTS book_author ON book (author_id)'],
    ['ALTER TABLE book ADD CONSTRAINT own CHECK (pages > 0); ALTER TABLE book DROP CONSTRAINT own'],
    ['ALTER TABLE book DROP COLUMN IF EXISTS nope; CREATE SEQUENCE IF NOT EXISTS fresh'],
    [
      "CREATE TRIGGER t BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION noop(); COMMENT ON TRIGGER t ON book IS 't'; ALTER TRIGGER t ON book RENAME TO u; COMMENT ON TRIGGER u ON book IS 'u'",
    ],
    [
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON FUNCTION f(int) IS 'f'; REVOKE ALL ON FUNCTION f(int) FROM PUBLIC",
    ],
    [
      "CREATE TYPE mood AS ENUM ('x'); ALTER TYPE mood ADD VALUE 'y'; CREATE PUBLICATION p; ALTER PUBLICATION p ADD TABLE book; CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO PUBLIC",
    ],
    [
      "CREATE SEQUENCE IF NOT EXISTS numbers; ALTER TABLE author ADD COLUMN n bigint DEFAULT nextval('numbers'); ALTER SEQUENCE numbers OWNED BY author.n",
    ],
    ['ALTER TABLE author OWNER TO pg_monitor; ALTER TABLE author OWNER TO CURRENT_USER'],
  ])('%s is taken back to what was before', async (sql) => {
    if (server === null) return;
    await withMigrationBench(server, SETUP, async (bench) => {
      const catalog = await forScript(bench, sql);
      const { steps } = planScript(readScript(sql, 'a.sql'), {
        major: majorOf(server),
        catalog,
        oneTransaction: false,
      });
      for (const { up } of steps) await run(bench, up);
      for (const { down, noWayBack } of steps.toReversed()) await run(bench, down ?? [noWayBack ?? '']);
      expect(structureDifferences(bench.catalog, await bench.now())).toEqual([]);
    });
  });

  it.each([
    ['ALTER TABLE book RENAME COLUMN pages TO leaves; ALTER TABLE book DROP CONSTRAINT book_pages_check', 1],
    ['ALTER TRIGGER noop ON book RENAME TO other; ALTER TABLE book DISABLE TRIGGER other', 1],
    ['DROP TRIGGER noop ON book; ALTER TABLE book DISABLE TRIGGER USER', 1],
  ])('%s says that statement %d has no way back, for its names are others', async (sql, place) => {
    if (server === null) return;
    await withMigrationBench(server, SETUP, async (bench) => {
      const catalog = await forScript(bench, sql);
      const { steps } = planScript(readScript(sql, 'a.sql'), {
        major: majorOf(server),
        catalog,
        oneTransaction: false,
      });
      expect(steps[place]?.down).toBeNull();
      expect(steps[place]?.noWayBack).toMatch(/names/);
    });
  });

  it.each([
    ['ALTER TABLE book RENAME COLUMN title TO name', 'ALTER TABLE book ALTER name SET NOT NULL'],
    ['ALTER TABLE book RENAME TO tome', 'ALTER TABLE tome ALTER title SET NOT NULL'],
    ['ALTER TABLE author ALTER name DROP NOT NULL', 'ALTER TABLE author ALTER name SET NOT NULL'],
    ['ALTER TABLE author RENAME COLUMN name TO called', 'ALTER TABLE author ALTER called SET NOT NULL'],
    ['CREATE DOMAIN few AS int CHECK (VALUE > 0)', 'ALTER TABLE book ADD COLUMN x few DEFAULT 1'],
    ['ALTER DOMAIN plain ADD CHECK (VALUE > 0)', 'ALTER TABLE book ADD COLUMN x plain DEFAULT 1'],
    ['DROP TABLE sale_1', 'CREATE INDEX ON sale (day)'],
    ['ALTER TABLE sale DETACH PARTITION sale_1', 'CREATE INDEX ON sale (day)'],
    ['ALTER TABLE sale ATTACH PARTITION sale_2 FOR VALUES FROM (1000) TO (2000)', 'CREATE INDEX ON sale (day)'],
    ['ALTER TABLE author RENAME TO writer; CREATE TABLE author (id int PRIMARY KEY)', 'ALTER TABLE author ADD x int'],
    ['ALTER TABLE heir INHERIT crate', 'ALTER TABLE crate ADD COLUMN x int'],
    ['ALTER TABLE child NO INHERIT crate', 'ALTER TABLE crate ADD COLUMN x int'],
    ['DROP TABLE book', 'ALTER TABLE IF EXISTS book ADD COLUMN x int'],
    ['DROP TABLE book', 'DROP INDEX IF EXISTS book_pages'],
    ['SELECT 1', 'PREPARE p AS UPDATE author SET name = name'],
    ['SELECT 1', 'EXPLAIN DELETE FROM book'],
  ])('after %s: %s locks, reads and writes anew what is claimed', async (before, sql) => {
    if (server === null) return;
    await withMigrationBench(server, SETUP, async (bench) => {
      const catalog = asIfLarge(await forScript(bench, `${before}; ${sql}`));
      const options = { major: majorOf(server), catalog, oneTransaction: false };
      const effects = effectsOf(`${before}; ${sql}`, options).at(-1)?.effects ?? [];
      await bench.session.run(before);
      const claim = await claimed(bench.session, effects);
      const seen = await bench.observe([sql], true);
      expect({ ...seen, sequences: {}, read: seen.read?.toSorted() }).toEqual({
        ...claim,
        sequences: {},
        read: claim.read.toSorted(),
      });
      expect(effects.every(({ unsure }) => unsure === null)).toBe(true);
    });
  });
});

function majorOf(server: LabServer | null): number {
  return server?.major ?? 0;
}

/** A column that was made anew stands last. */
const MOVED = /^column \S+: position \d+ -> \d+$/;
