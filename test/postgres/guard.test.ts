import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WizardError } from '../../src/base/errors.js';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import { connect, type ReadOnlySession } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';

/** Objects that would do something when they are merely read. */
const SCHEMA = `
  CREATE SCHEMA app;
  CREATE TABLE app.t (id serial PRIMARY KEY, a int, b text);
  INSERT INTO app.t (a, b) SELECT i, 'row ' || i FROM generate_series(1, 100) AS i;
  CREATE TABLE app."order" ("Größe" int, "select" text, "quo""te" text);
  INSERT INTO app."order" VALUES (1, 'x', 'y');
  CREATE TABLE app.log (at timestamptz DEFAULT now());
  CREATE FUNCTION app.sneaky() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO app.log DEFAULT VALUES RETURNING 1';
  CREATE FUNCTION app.sneaky(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT pg_advisory_lock(1)::text::int';
  CREATE FUNCTION public.whisper(app.t) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_notify(''x'', ''y''); RETURN 1; END';
  CREATE FUNCTION app.doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
  CREATE VIEW app.plain AS SELECT a, b FROM app.t;
  CREATE VIEW app.trap AS SELECT a, app.sneaky() AS s FROM app.t;
  CREATE VIEW app.over_trap AS SELECT a FROM app.trap;
  CREATE VIEW app.sleeper AS SELECT pg_sleep(1)::text AS s;
  CREATE VIEW app.locker AS SELECT a FROM app.t FOR UPDATE;
  CREATE FUNCTION app.add_loudly(int, int) RETURNS int LANGUAGE plpgsql VOLATILE
    AS 'BEGIN PERFORM pg_notify(''x'', ''y''); RETURN $1 + $2; END';
  CREATE OPERATOR app.|+| (LEFTARG = int, RIGHTARG = int, FUNCTION = app.add_loudly);
  CREATE TYPE app.pair AS (x int, y int);
  CREATE FUNCTION app.to_pair(int) RETURNS app.pair LANGUAGE sql VOLATILE AS 'SELECT ROW($1, app.sneaky())::app.pair';
  CREATE CAST (int AS app.pair) WITH FUNCTION app.to_pair(int);
  CREATE DOMAIN app.checked AS int CHECK (app.sneaky(VALUE) > 0);
  CREATE AGGREGATE app.noisy (int) (SFUNC = app.add_loudly, STYPE = int);
  CREATE TABLE app.guarded (a int);
  ALTER TABLE app.guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON app.guarded USING (app.sneaky() > 0);
  CREATE SEQUENCE app.seq;
  SELECT nextval('app.seq');
  CREATE EXTENSION dblink; CREATE EXTENSION file_fdw;
  CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE app.shell (line text) SERVER files OPTIONS (program 'touch /tmp/never');
  ANALYZE;`;

const BYPASSES = [
  `INSERT INTO app.t (a) VALUES (1)`,
  `UPDATE app.t SET a = 0`,
  `DELETE FROM app.t`,
  `MERGE INTO app.t USING app.t AS s ON false WHEN NOT MATCHED THEN INSERT (a) VALUES (1)`,
  `TRUNCATE app.t`,
  `DROP TABLE app.t`,
  `CREATE TABLE app.new (a int)`,
  `CREATE TEMP TABLE new (a int)`,
  `CREATE INDEX ON app.t (a)`,
  `ALTER TABLE app.t ADD c int`,
  `SELECT * INTO app.copy FROM app.t`,
  `SELECT 1 UNION SELECT 2 FROM (SELECT 1) x FOR UPDATE`,
  `CREATE TABLE app.new AS SELECT 1`,
  `WITH d AS (DELETE FROM app.t RETURNING *) SELECT * FROM d`,
  `WITH a AS (WITH b AS (UPDATE app.t SET a = 1 RETURNING 1) SELECT * FROM b) SELECT * FROM a`,
  `SELECT * FROM app.t FOR UPDATE`,
  `SELECT * FROM app.t FOR NO KEY UPDATE SKIP LOCKED`,
  `SELECT * FROM (SELECT * FROM app.t FOR SHARE) x`,
  `SELECT 1 WHERE EXISTS (SELECT 1 FROM app.t FOR KEY SHARE)`,
  `EXPLAIN ANALYZE SELECT 1`,
  `EXPLAIN (ANALYZE) DELETE FROM app.t`,
  `EXPLAIN (ANALYZE true, BUFFERS) SELECT 1`,
  `EXPLAIN (ANALYZE 1) SELECT 1`,
  `EXPLAIN (ANALYZE off, ANALYZE on) SELECT 1`,
  `EXPLAIN CREATE TABLE x AS SELECT 1`,
  `EXPLAIN EXECUTE p`,
  `SELECT 1; DELETE FROM app.t`,
  `SELECT 1; COMMIT; DELETE FROM app.t; BEGIN`,
  `COMMIT`,
  `ROLLBACK`,
  `BEGIN`,
  `SET TRANSACTION READ WRITE`,
  `SET transaction_read_only = off`,
  `SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE`,
  `SET statement_timeout = 0`,
  `RESET ALL`,
  `SELECT set_config('transaction_read_only', 'off', false)`,
  `SELECT pg_catalog.set_config('statement_timeout', '0', false)`,
  `SELECT nextval('app.seq')`,
  `SELECT setval('app.seq', 100)`,
  `SELECT pg_sleep(10)`,
  `SELECT "pg_sleep"(10)`,
  `SELECT "pg_catalog"."pg_sleep"(10)`,
  `SELECT U&"pg\\005fsleep"(10)`,
  `SELECT/**/pg_sleep/**/(10)`,
  `SELECT pg_sleep_for('10 s')`,
  `SELECT * FROM pg_sleep(10)`,
  `SELECT * FROM ROWS FROM (generate_series(1, 2), pg_sleep(10)) AS x`,
  `SELECT * FROM app.t, LATERAL pg_sleep(a) AS s`,
  `SELECT (10.0::float8).pg_sleep`,
  `SELECT x.pg_sleep FROM unnest(ARRAY[10.0::float8]) AS x`,
  `SELECT 1 ORDER BY pg_sleep(10)`,
  `SELECT 1 LIMIT (SELECT 1 FROM pg_sleep(10))`,
  `SELECT count(*) FILTER (WHERE pg_sleep(a) IS NULL) FROM app.t`,
  `SELECT sum(a) OVER (ORDER BY pg_sleep(1)) FROM app.t`,
  `SELECT CASE WHEN true THEN pg_sleep(10) END`,
  `VALUES (pg_sleep(10))`,
  `SELECT 1 FROM app.t TABLESAMPLE bernoulli (length(pg_sleep(10)::text))`,
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity`,
  `SELECT pg_cancel_backend(1)`,
  `SELECT pg_reload_conf()`,
  `SELECT pg_switch_wal()`,
  `SELECT pg_stat_reset()`,
  `SELECT pg_notify('x', 'y')`,
  `SELECT pg_advisory_lock(1)`,
  `SELECT pg_try_advisory_xact_lock_shared(1)`,
  `SELECT pg_read_file('/etc/passwd')`,
  `SELECT pg_ls_dir('/')`,
  `SELECT lo_create(1)`,
  `SELECT lo_export(1, '/tmp/never')`,
  `SELECT query_to_xml('DELETE FROM app.t', true, true, '')`,
  `SELECT database_to_xml(true, true, '')`,
  `SELECT ts_stat('SELECT pg_sleep(1)')`,
  `SELECT txid_current()`,
  `SELECT pg_current_xact_id()`,
  `SELECT pg_export_snapshot()`,
  `SELECT pg_logical_emit_message(false, 'a', 'b')`,
  `SELECT * FROM pg_logical_slot_get_changes('s', NULL, NULL)`,
  `SELECT pg_create_physical_replication_slot('s')`,
  `SELECT dblink_exec('', 'DELETE FROM app.t')`,
  `SELECT * FROM dblink('', 'SELECT 1') AS x (a int)`,
  `SELECT public.dblink_connect('')`,
  `SELECT app.sneaky()`,
  `SELECT * FROM app.sneaky()`,
  `SELECT app.sneaky(a) FROM app.t`,
  `SELECT t.whisper FROM app.t AS t`,
  `SELECT (t).whisper FROM app.t AS t`,
  `SELECT 1 OPERATOR(app.|+|) 2`,
  `SELECT 1::app.pair`,
  `SELECT CAST(1 AS app.pair)`,
  `SELECT 1::app.checked`,
  `SELECT app.noisy(a) FROM app.t`,
  `SELECT * FROM app.trap`,
  `SELECT * FROM app.over_trap`,
  `SELECT * FROM app.sleeper`,
  `SELECT * FROM app.locker`,
  `TABLE app.trap`,
  `SELECT * FROM app.guarded`,
  `SELECT * FROM app.shell`,
  `DO $$ BEGIN DELETE FROM app.t; END $$`,
  `CALL app.nothing()`,
  `PREPARE p AS DELETE FROM app.t`,
  `EXECUTE p`,
  `DECLARE c CURSOR FOR SELECT 1`,
  `LISTEN x`,
  `NOTIFY x`,
  `LOCK TABLE app.t`,
  `VACUUM app.t`,
  `ANALYZE app.t`,
  `REFRESH MATERIALIZED VIEW app.m`,
  `COPY app.t FROM STDIN`,
  `COPY app.t TO '/tmp/never'`,
  `COPY (SELECT 1) TO PROGRAM 'cat'`,
  `GRANT ALL ON app.t TO public`,
  `CHECKPOINT`,
  `LOAD 'auto_explain'`,
  `DISCARD ALL`,
  `COMMENT ON TABLE app.t IS 'x'`,
];

const LEGITIMATE = [
  `SELECT 1`,
  `VALUES (1), (2)`,
  `TABLE app.t`,
  `SHOW work_mem`,
  `SHOW ALL`,
  `SELECT * FROM app.t WHERE a = 1`,
  `SELECT "Größe", "select", "quo""te" FROM app."order"`,
  `SELECT a, count(*), sum(id) FROM app.t GROUP BY ROLLUP (a) HAVING count(*) > 0`,
  `SELECT DISTINCT ON (a) a, b FROM app.t ORDER BY a, b DESC NULLS LAST`,
  `SELECT row_number() OVER w, lag(a) OVER w FROM app.t WINDOW w AS (ORDER BY id)`,
  `WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r`,
  `WITH x AS MATERIALIZED (SELECT * FROM app.t) SELECT * FROM x JOIN app.plain USING (a)`,
  `SELECT * FROM app.plain`,
  `SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2`,
  `SELECT * FROM app.t LIMIT 1 OFFSET 2`,
  `SELECT * FROM app.t ORDER BY a FETCH FIRST 3 ROWS WITH TIES`,
  `SELECT * FROM app.t TABLESAMPLE bernoulli (50)`,
  `SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g (v, n)`,
  `SELECT * FROM app.t CROSS JOIN LATERAL (SELECT t.a) AS x`,
  `SELECT ARRAY(SELECT a FROM app.t ORDER BY a), ROW(1, 2), (ARRAY[1, 2])[1]`,
  `SELECT now(), clock_timestamp(), random() < 2, gen_random_uuid() IS NOT NULL`,
  `SELECT '2024-01-01'::date + interval '1 day', CURRENT_DATE, LOCALTIMESTAMP(0)`,
  `SELECT now() AT TIME ZONE 'UTC', EXTRACT(year FROM now()), date_trunc('day', now())`,
  `SELECT upper(b) || 'x', substring(b FROM 1 FOR 2), trim(both ' ' FROM b), position('r' IN b) FROM app.t`,
  `SELECT b LIKE 'r%', b ILIKE 'R%', b ~ '^r', b SIMILAR TO 'r%', a BETWEEN 1 AND 2, a IN (1, 2) FROM app.t`,
  `SELECT '{"a": [1, 2]}'::jsonb -> 'a' ->> 0, jsonb_path_query('{"a": 1}', '$.a')`,
  `SELECT coalesce(NULLIF(1, 1), 2), greatest(1, 2)`,
  `SELECT app.doubled(a) FROM app.t`,
  `SELECT (t).a, t.b, (t.*).id FROM app.t AS t`,
  `SELECT 'delete from app.t; select pg_sleep(10)'`,
  `SELECT $$pg_terminate_backend(1)$$`,
  `SELECT 1 -- ; DELETE FROM app.t`,
  `SELECT /* FOR UPDATE */ 1`,
  `SELECT a AS "pg_sleep" FROM app.t`,
  `SELECT pg_relation_size('app.t'), pg_total_relation_size('app.t'), pg_size_pretty(1::bigint)`,
  `SELECT * FROM pg_stat_activity`,
  `SELECT * FROM pg_locks`,
  `SELECT * FROM pg_stat_user_tables`,
  `SELECT * FROM pg_stats`,
  `SELECT * FROM pg_settings`,
  `SELECT * FROM information_schema.columns`,
  `SELECT pg_get_viewdef('app.plain'), pg_get_constraintdef(oid) FROM pg_constraint LIMIT 1`,
  `SELECT currval('app.seq') FROM app.t WHERE false`,
  `EXPLAIN SELECT * FROM app.t`,
  `EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) SELECT * FROM app.t`,
  `EXPLAIN (ANALYZE off, BUFFERS off) SELECT 1`,
  `EXPLAIN UPDATE app.t SET a = 0`,
  `EXPLAIN DELETE FROM app.t`,
  `EXPLAIN INSERT INTO app.t (a) VALUES (1)`,
  `EXPLAIN INSERT INTO app.t SELECT nextval('app.seq'), 1, 'x'`,
  `EXPLAIN SELECT * FROM app.t FOR UPDATE`,
  `EXPLAIN SELECT app.sneaky() FROM app.trap`,
];

describe.each([14, 18])('PostgreSQL %i', (major) => {
  let server: LabServer;
  let owner: Session;
  let reader: ReadOnlySession;
  let before: unknown;

  beforeAll(async () => {
    server = await startLabServer({ major });
    owner = await connect(server.connection);
    await owner.run(SCHEMA);
    before = await fingerprintOf(owner);
    reader = await connect(server.connection, { readOnly: true });
  });
  afterAll(async () => {
    await reader?.close();
    await owner?.close();
    await server?.stop();
  });

  test.each(BYPASSES.map((sql) => [sql]))('refuses %s', async (sql) => {
    const startedMs = performance.now();
    await expect(reader.query(sql), sql).rejects.toBeInstanceOf(WizardError);
    expect(await fault(reader.query(sql))).toBe('guard/refused');
    expect(await fault(reader.queryText(sql))).toBe('guard/refused');
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  test.each(LEGITIMATE.map((sql) => [sql]))('lets %s through', async (sql) => {
    if (/nextval|currval/.test(sql)) await reader.query(sql).catch(notDefinedYet);
    else await expect(reader.query(sql)).resolves.toBeInstanceOf(Array);
  });

  test('has no way to run a script or to copy in', async () => {
    expect(await fault(reader.run('SELECT 1'))).toBe('guard/refused');
    expect(() => reader.copyIn('COPY app.t FROM STDIN')).toThrow(WizardError);
    for (const sql of [
      `COPY (SELECT app.sneaky()) TO STDOUT`,
      `COPY app.t TO PROGRAM 'cat'`,
      'COPY app.t FROM STDIN',
      'COPY app.guarded TO STDOUT',
    ]) {
      expect(await fault(text(reader.copyOut(sql)))).toBe('guard/refused');
    }
    expect(await text(reader.copyOut('COPY (SELECT a FROM app.t ORDER BY a LIMIT 2) TO STDOUT'))).toBe('1\n2\n');
    expect((await text(reader.copyOut('COPY app.t (a) TO STDOUT'))).split('\n')).toHaveLength(101);
  });

  test('stays read-only in the server when the text of a statement hides what it does', async () => {
    // A function of an honest name and dishonest volatility: the guard lets it pass, the transaction does not.
    await owner.run(
      `CREATE FUNCTION app.liar() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN EXECUTE ''DELETE FROM app.t''; RETURN 1; END'`,
    );
    await expect(reader.query('SELECT app.liar()')).rejects.toMatchObject({ code: 'target/statement' });
    await owner.run('DROP FUNCTION app.liar()');
  });

  test('reads strings as the guard does, whatever the role is set to', async () => {
    await owner.run(
      `ALTER ROLE postgres SET standard_conforming_strings = off; ALTER ROLE postgres SET default_transaction_read_only = off`,
    );
    const options = '-c standard_conforming_strings=off -c statement_timeout=0 -c transaction_read_only=off';
    const session = await connect({ ...server.connection, options }, { readOnly: true, statementTimeoutMs: 1234 });
    const sql = `SELECT 'a\\' AS a, current_setting('statement_timeout') AS t, current_setting('transaction_read_only') AS r`;
    expect(await session.query(sql)).toEqual([{ a: 'a\\', t: '1234ms', r: 'on' }]);
    await session.close();
    await owner.run('ALTER ROLE postgres RESET ALL');
  });

  test('limits time and locks, and counts what it cost', async () => {
    const session = await connect(server.connection, { readOnly: true, statementTimeoutMs: 200 });
    const slow = 'SELECT count(*) FROM generate_series(1, 1000000000)';
    await expect(session.query(slow)).rejects.toMatchObject({ sqlstate: '57014' });
    await owner.run('BEGIN; LOCK TABLE app.t IN ACCESS EXCLUSIVE MODE');
    const patient = await connect(server.connection, { readOnly: true });
    await expect(patient.query('SELECT count(*) FROM app.t')).rejects.toMatchObject({ sqlstate: '55P03' });
    await owner.run('ROLLBACK');
    expect(await patient.query('SELECT count(*) AS n FROM app.t')).toEqual([{ n: '100' }]);
    expect(session.overhead().totalMs).toBeGreaterThan(190);
    expect(session.overhead().statements).toBeGreaterThanOrEqual(3);
    await Promise.all([session.close(), patient.close()]);
  });

  test('nothing was changed', async () => {
    expect(await fingerprintOf(owner)).toEqual(before);
  });
});

async function fault(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof WizardError ? error.code : String(error)),
  );
}

/** `currval` before `nextval` is an error of the session, not of the guard. */
function notDefinedYet(error: unknown): void {
  if (!(error instanceof WizardError) || error.sqlstate !== '55000') throw error;
}

async function fingerprintOf(session: Session): Promise<unknown> {
  return session.query(`
    SELECT (SELECT md5(string_agg(t::text, ',' ORDER BY t.id)) FROM app.t) AS t,
      (SELECT count(*) FROM app.log) AS log, (SELECT last_value FROM app.seq) AS seq,
      (SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = 'app'::regnamespace) AS relations,
      (SELECT md5(string_agg(o::text, ',')) FROM app."order" AS o) AS odd,
      (SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory') AS locks,
      (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS objects`);
}
