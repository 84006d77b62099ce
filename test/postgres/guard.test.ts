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
    // What the text of a function writes is the server's to refuse.
    await owner.run(
      `CREATE FUNCTION app.liar() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN DELETE FROM app.t; RETURN 1; END'`,
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

async function fingerprintOf(session: Session): Promise<unknown> {
  return session.query(`
    SELECT (SELECT md5(string_agg(t::text, ',' ORDER BY t.id)) FROM app.t) AS t,
      (SELECT count(*) FROM app.log) AS log, (SELECT last_value FROM app.seq) AS seq,
      (SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = 'app'::regnamespace) AS relations,
      (SELECT md5(string_agg(o::text, ',')) FROM app."order" AS o) AS odd,
      (SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory') AS locks,
      (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS objects`);
}
