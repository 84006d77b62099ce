import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { typeChange, typePartsOfText } from '../../src/migrations/effects/types.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { asIfLarge, claimed, effectsOf, withMigrationBench } from '../support/migration-bench.js';

/** Tables of the kinds that DDL treats in its own way, with rows. */
const SETUP = `
  CREATE TABLE parent (id int NOT NULL, day int, note text) PARTITION BY RANGE (day);
  CREATE TABLE part_1 PARTITION OF parent FOR VALUES FROM (0) TO (1000);
  CREATE TABLE part_2 PARTITION OF parent FOR VALUES FROM (1000) TO (3000) PARTITION BY RANGE (day);
  CREATE TABLE part_2a PARTITION OF part_2 FOR VALUES FROM (1000) TO (3000);
  INSERT INTO parent SELECT n, n, 'note' FROM generate_series(1, 2000) AS n;
  CREATE INDEX parent_day ON parent (day);
  CREATE TABLE author (id int PRIMARY KEY, name text); INSERT INTO author SELECT n, 'name' FROM generate_series(1, 500) AS n;
  CREATE TABLE "order" (id int PRIMARY KEY, "Über ""x""" int, author_id int REFERENCES author, title varchar(20));
  INSERT INTO "order" SELECT n, n, 1 + n % 500, 'title' FROM generate_series(1, 2000) AS n;
  CREATE INDEX order_title ON "order" (title);
  CREATE VIEW titles AS SELECT id, title FROM "order";
  CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION wild() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
  CREATE FUNCTION tame() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
  CREATE TRIGGER noop BEFORE UPDATE ON author FOR EACH ROW EXECUTE FUNCTION noop();
  CREATE TRIGGER noop BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION noop();
  CREATE POLICY mild ON author USING (true);`;

/** Each is run in a transaction that is rolled back. */
const STATEMENTS = [
  'ALTER TABLE parent ADD COLUMN x int',
  'ALTER TABLE parent ADD COLUMN x uuid DEFAULT gen_random_uuid()',
  'ALTER TABLE parent DROP COLUMN note',
  'ALTER TABLE parent ALTER COLUMN id TYPE bigint',
  'ALTER TABLE parent ALTER COLUMN note SET NOT NULL',
  'ALTER TABLE parent ALTER COLUMN id DROP NOT NULL',
  "ALTER TABLE parent ALTER COLUMN note SET DEFAULT 'x'",
  'ALTER TABLE parent ADD CHECK (id > 0)',
  'ALTER TABLE parent ADD CONSTRAINT positive CHECK (id > 0) NOT VALID',
  'ALTER TABLE parent ADD UNIQUE (day, id)',
  'ALTER TABLE parent ADD PRIMARY KEY (day, id)',
  'ALTER TABLE parent ADD FOREIGN KEY (id) REFERENCES "order"',
  'ALTER TABLE parent RENAME COLUMN note TO remark',
  'ALTER TABLE parent RENAME TO parents',
  'ALTER TABLE parent OWNER TO pg_monitor',
  'ALTER TABLE parent ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE parent DETACH PARTITION part_1',
  'ALTER TABLE parent ALTER COLUMN note SET STATISTICS 10',
  'ALTER TABLE parent ALTER COLUMN note SET STORAGE EXTERNAL',
  'ALTER TABLE parent DISABLE TRIGGER ALL',
  'ALTER TABLE parent REPLICA IDENTITY FULL',
  'CREATE INDEX ON parent (id)',
  'CREATE INDEX ON ONLY parent (id)',
  'CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION noop()',
  'CREATE TABLE part_3 PARTITION OF parent FOR VALUES FROM (3000) TO (4000)',
  'DROP INDEX parent_day',
  'DROP TABLE part_1',
  'DROP TABLE parent',
  'TRUNCATE parent',
  'TRUNCATE part_2',
  'LOCK TABLE parent IN SHARE MODE',
  'ALTER TABLE part_1 ALTER COLUMN note SET NOT NULL',
  'ALTER TABLE "order" ADD COLUMN "New é" int DEFAULT 1',
  'ALTER TABLE "order" ADD COLUMN x timestamptz DEFAULT now()',
  'ALTER TABLE "order" ADD COLUMN x timestamptz DEFAULT clock_timestamp()',
  'ALTER TABLE "order" ADD COLUMN x int DEFAULT wild()',
  'ALTER TABLE "order" ADD COLUMN x int DEFAULT tame()',
  'ALTER TABLE "order" ADD COLUMN x int REFERENCES author',
  'ALTER TABLE "order" ADD COLUMN x int DEFAULT 1 REFERENCES author',
  'ALTER TABLE "order" ADD COLUMN x int DEFAULT 1 CHECK (x > 0)',
  'ALTER TABLE "order" ADD COLUMN x int UNIQUE',
  'ALTER TABLE "order" ADD COLUMN x int NOT NULL DEFAULT 1, DROP COLUMN author_id',
  'ALTER TABLE "order" DROP CONSTRAINT order_author_id_fkey',
  'ALTER TABLE "order" DROP CONSTRAINT order_pkey',
  'ALTER TABLE "order" ALTER COLUMN "Über ""x""" SET NOT NULL',
  'ALTER TABLE "order" ADD CONSTRAINT c CHECK ("Über ""x""" > 0)',
  'ALTER TABLE "order" ADD CONSTRAINT f FOREIGN KEY ("Über ""x""") REFERENCES "order" (id)',
  'ALTER TABLE "order" ADD CONSTRAINT f FOREIGN KEY (author_id) REFERENCES author (id) NOT VALID',
  'ALTER TABLE "order" ADD CONSTRAINT n UNIQUE (title, id)',
  'ALTER TABLE "order" SET (fillfactor = 70)',
  'ALTER TABLE "order" SET (autovacuum_enabled = false)',
  'ALTER TABLE "order" RESET (fillfactor)',
  'ALTER TABLE "order" CLUSTER ON order_pkey',
  'ALTER TABLE "order" RENAME CONSTRAINT order_author_id_fkey TO f',
  'ALTER TABLE "order" ADD GENERATED',
  'ALTER TABLE "order" ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY',
  'ALTER INDEX order_title RENAME TO title_order',
  'ALTER INDEX order_title SET (fillfactor = 70)',
  'ALTER TABLE author ALTER COLUMN name TYPE varchar(20)',
  'ALTER TABLE author ADD COLUMN x int',
  'ALTER TABLE author ADD CHECK (id > 0)',
  'ALTER TABLE ONLY author ALTER COLUMN name SET DEFAULT 1',
  'ALTER TABLE author DISABLE TRIGGER noop',
  'ALTER TABLE author ENABLE ALWAYS TRIGGER noop',
  'ALTER TABLE author SET SCHEMA pg_temp_no',
  'ALTER VIEW titles ALTER COLUMN id SET DEFAULT 1',
  'ALTER VIEW titles RENAME TO names',
  'ALTER VIEW titles SET (security_barrier = true)',
  'CREATE OR REPLACE VIEW titles AS SELECT id, title FROM "order" WHERE id > 1',
  'CREATE VIEW fresh AS SELECT id FROM "order"',
  'DROP VIEW titles',
  'DROP TRIGGER noop ON author',
  'DROP POLICY mild ON author',
  'ALTER POLICY mild ON author USING (false)',
  'ALTER TRIGGER noop ON author RENAME TO nothing',
  'CREATE RULE quiet AS ON DELETE TO author DO INSTEAD NOTHING',
  'CREATE STATISTICS together ON id, author_id FROM "order"',
  'CREATE TABLE made (id int REFERENCES author, other int REFERENCES "order")',
  'CREATE TABLE made (LIKE author)',
  'CREATE TABLE made () INHERITS (author)',
  'CREATE TABLE made AS SELECT * FROM author',
  'DROP INDEX order_title',
  'REINDEX TABLE "order"',
  'REINDEX INDEX order_title',
  'CREATE UNIQUE INDEX ON "order" (title, id)',
  "COMMENT ON TABLE author IS 'people'",
  'GRANT SELECT ON author TO pg_monitor',
  'ANALYZE author',
  'INSERT INTO author SELECT 1000',
  "UPDATE author SET name = 'x' WHERE id = 1",
  "UPDATE author SET name = 'x'",
  'DELETE FROM "order" WHERE id = 1',
  'DELETE FROM "order"',
  'LOCK TABLE author IN ACCESS EXCLUSIVE MODE',
  'LOCK TABLE author IN SHARE UPDATE EXCLUSIVE MODE',
  'TRUNCATE "order"',
];

const TYPES = [
  'int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'varchar(10)', 'varchar(20)', 'char(10)', 'numeric', 'numeric(10,2)', 'numeric(12,2)', 'numeric(12,3)',
  'timestamp', 'timestamptz', 'timestamp(3)', 'timestamptz(3)', 'time', 'time(3)', 'bit(4)', 'varbit', 'varbit(4)', 'cidr', 'inet', 'json', 'xml', 'float8', 'text[]', 'int4[]',
]; // prettier-ignore

describe.each(testMajors())('effects of DDL on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
  });

  afterAll(async () => server?.stop());

  it('locks, reads and writes anew what is claimed', { timeout: 300_000 }, async ({ skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const options = { major: server.major, oneTransaction: false };
    await withMigrationBench(server, SETUP, async (bench) => {
      const { session, catalog } = bench;
      const differing: unknown[] = [];
      let ran = 0;
      for (const sql of STATEMENTS) {
        const [statement] = safely(() => effectsOf(sql, { ...options, catalog: asIfLarge(catalog) })) ?? [];
        if (!statement) continue;
        const claim = await claimed(session, statement.effects);
        const seen = await bench.observe([sql], true, { undo: true }).catch(() => null);
        if (!seen) continue;
        ran += 1;
        // Which rows a WHERE reads is the planner's choice.
        const chosen = /\bWHERE id = 1$/.test(sql);
        const read = (seen.read ?? []).filter((name) => name in claim.locks && !chosen).toSorted();
        const [is, says] = [
          { locks: seen.locks, rewritten: seen.rewritten.toSorted(), read },
          { locks: claim.locks, rewritten: claim.rewritten.toSorted(), read: claim.read.toSorted() },
        ];
        if (JSON.stringify(sorted(is)) !== JSON.stringify(sorted(says)))
          differing.push({ sql, seen: is, claimed: says });
      }
      expect(differing).toEqual([]);
      expect(ran).toBeGreaterThan(80);
    });
  });

  it('knows which changes of a type write rows anew', { timeout: 300_000 }, async ({ skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    await withMigrationBench(server, '', async ({ session }) => {
      await session.run(RETYPE);
      const wrong: string[] = [];
      let pairs = 0;
      for (const zone of ['UTC', 'Europe/Berlin']) {
        await session.run(`SET TimeZone = '${zone}'`);
        const rows = await session.query<{ a: string; b: string; said: string; rewrites: boolean | null }>(
          'SELECT a, b, a_said AS said, retype(a, b) AS rewrites FROM unnest($1::text[]) AS a CROSS JOIN unnest($1::text[]) AS b CROSS JOIN LATERAL (SELECT said(a) AS a_said) AS s',
          [zone === 'UTC' ? TYPES : TYPES.filter((type) => type.startsWith('timestamp'))],
        );
        for (const { a, b, said, rewrites } of rows) {
          if (rewrites === null) continue;
          pairs += 1;
          const [to] = await session.query<{ said: string }>('SELECT said($1)', [b]);
          const claim = typeChange(typePartsOfText(said), typePartsOfText(to?.said ?? ''));
          const expected = claim === 'rewrite' || (claim === 'by-time-zone' && zone !== 'UTC');
          if (expected !== rewrites) wrong.push(`${zone}: ${a} -> ${b}: ${claim}, ${rewrites ? 'rewritten' : 'not'}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(pairs).toBeGreaterThan(200);
    });
  });
});

/** Whether the change gives the table another file; null where there is no cast. The work of a subtransaction that is undone. */
const RETYPE = `
  CREATE FUNCTION retype(a text, b text) RETURNS bool LANGUAGE plpgsql AS $$
  DECLARE before oid; after oid;
  BEGIN
    BEGIN
      EXECUTE format('CREATE TABLE tried (c %s)', a);
      before := pg_relation_filenode('tried');
      EXECUTE format('ALTER TABLE tried ALTER COLUMN c TYPE %s USING c::%s', b, b);
      after := pg_relation_filenode('tried');
      RAISE EXCEPTION USING errcode = 'P0999';
    EXCEPTION WHEN sqlstate 'P0999' THEN RETURN before <> after; WHEN others THEN RETURN NULL;
    END;
  END $$;
  CREATE FUNCTION said(a text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE answer text;
  BEGIN
    BEGIN
      EXECUTE format('CREATE TABLE tried (c %s)', a);
      SELECT format_type(atttypid, atttypmod) INTO answer FROM pg_attribute WHERE attrelid = 'tried'::regclass AND attname = 'c';
      RAISE EXCEPTION USING errcode = 'P0999';
    EXCEPTION WHEN sqlstate 'P0999' THEN RETURN answer;
    END;
  END $$;`;

function sorted(value: { locks: object; rewritten: readonly string[]; read: readonly string[] }): unknown {
  return { ...value, locks: Object.entries(value.locks).toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

function safely<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
