import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyStatements } from '../../src/lab/copy/apply.js';
import { createLike } from '../../src/lab/copy/locale.js';
import { copyDatabase, type CopyOptions } from '../../src/lab/copy/copy.js';
import { createDatabase, createFromTemplate, dropDatabase, resetFromTemplate } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect, exportSnapshot } from '../../src/postgres/connect.js';
import type { Kind, SchemaStatement } from '../../src/postgres/extract/script.js';
import type { ConnectionSettings, Row, Session } from '../../src/postgres/session.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const EVERY_OBJECT = readFileSync(new URL('./fixtures/every-object.sql', import.meta.url), 'utf8');
/** Restarts of a lane, errors and cancels need a table that takes a moment. */
const ORDERS = `
  CREATE TABLE item (id integer PRIMARY KEY, name text);
  CREATE TABLE orders (id integer PRIMARY KEY, item_id integer REFERENCES item, note text);
  INSERT INTO item SELECT g, 'item ' || g FROM generate_series(1, 1000) g;
  INSERT INTO orders SELECT g, 1 + g % 1000, repeat('x', 200) FROM generate_series(1, 200000) g;`;

describe.each(testMajors())('copyDatabase from PostgreSQL %s', (major) => {
  let source: LabServer | null;
  let lab: LabServer | null;

  beforeAll(async () => {
    source = await startQuietServer(major);
    lab = await startQuietServer(major);
  });
  afterAll(async () => {
    await source?.stop();
    await lab?.stop();
  });

  test('copies every object with its rows', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(source, 'every_object', EVERY_OBJECT);
    const report = await copyDatabase({ source: from, lab: lab.connection, database: 'copied', mode: 'data' });
    expect(report.skipped.map(({ what }) => what)).toEqual(['rows of 2 materialised view(s)']);
    const to = { ...lab.connection, database: 'copied' };
    const contents = await contentsOf(from, EXCEPT_STALE);
    expect(await contentsOf(to, EXCEPT_STALE)).toEqual(contents);
    expect(contents['app.customer']).toMatch(/^300 /);
    expect(await queryOn(to, SEQUENCES)).toEqual(await queryOn(from, SEQUENCES));
    expect(await queryOn(to, FOREIGN_KEYS)).toEqual(await queryOn(from, FOREIGN_KEYS));
    expect(await queryOn(to, `SELECT srvoptions FROM pg_foreign_server`)).toEqual([{ srvoptions: null }]);
    await onServer(to, (session) => session.run('CREATE EXTENSION pg_visibility'));
    const hidden = await queryOn(
      to,
      `SELECT c.oid::regclass::text FROM pg_class c, pg_visibility_map_summary(c.oid) v
       WHERE c.relkind = 'r' AND v.all_visible * 8192 <> pg_relation_size(c.oid) AND c.relname <> 'only_generated' AND c.relname <> 'no_columns'
       AND c.relnamespace = 'app'::regnamespace`,
    );
    expect(hidden).toEqual([]);
  });

  test('makes statistics say what the source has them say', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(
      source,
      'stale',
      `CREATE TABLE stale (i integer PRIMARY KEY); INSERT INTO stale SELECT generate_series(1, 10000); ANALYZE stale;
       INSERT INTO stale SELECT generate_series(10001, 20000); CREATE TABLE never (i integer); INSERT INTO never VALUES (1);
       CREATE TABLE filled (i integer); ANALYZE filled; INSERT INTO filled SELECT generate_series(1, 20000)`,
    );
    let seen: Row[] = [];
    const afterData = async (session: Session): Promise<void> => {
      seen = await session.query(
        `SELECT relname::text, reltuples FROM pg_class WHERE relname IN ('stale', 'never') ORDER BY 1`,
      );
    };
    await copyDatabase({ source: from, lab: lab.connection, database: 'stale_copy', mode: 'data', afterData });
    for (const table of ['stale', 'filled']) {
      const planned = await queryOn(from, `EXPLAIN SELECT * FROM ${table}`);
      const copied = { ...lab.connection, database: 'stale_copy' };
      expect(await queryOn(copied, `EXPLAIN SELECT * FROM ${table}`)).toEqual(planned);
    }
    expect(seen[0]).toEqual({ relname: 'never', reltuples: -1 });
  });

  test('leaves out with the reason what the role may not read', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(
      source,
      'guarded',
      `CREATE TABLE open (i integer); CREATE TABLE closed (i integer); CREATE TABLE partly (i integer, secret text);
       CREATE TABLE by_row (i integer); ALTER TABLE by_row ENABLE ROW LEVEL SECURITY; CREATE SEQUENCE hidden; SELECT nextval('hidden');
       CREATE SCHEMA shut; CREATE TABLE shut.inside (i integer);
       INSERT INTO open VALUES (1); INSERT INTO closed VALUES (1); INSERT INTO partly VALUES (1); INSERT INTO by_row VALUES (1);
       DROP ROLE IF EXISTS little; CREATE ROLE little LOGIN PASSWORD 'little';
       GRANT SELECT ON open, by_row TO little; GRANT SELECT (i) ON partly TO little`,
    );
    const little = { ...from, user: 'little', password: 'little' };
    const report = await copyDatabase({ source: little, lab: lab.connection, database: 'guarded_copy', mode: 'data' });
    expect(report.skipped.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      expect.stringMatching(/^owners and privileges/),
      'rows of "public"."by_row": Row-level security would hide rows from the role; a part is not a copy.',
      'rows of "public"."closed": The role may not read the table.',
      'rows of "public"."partly": The role may not read the table.',
      'rows of "shut"."inside": The role may not read the table.',
      'position of sequence "public"."hidden": The role may not read it; the lab starts it anew.',
    ]);
    const contents = await contentsOf({ ...lab.connection, database: 'guarded_copy' });
    expect(contents).toMatchObject({ open: expect.stringMatching(/^1 /), closed: expect.stringMatching(/^0 /) });
  });

  test('a row that the lab refuses costs its table and nothing else', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(
      source,
      'refused',
      `${inLabOnly('refused', '23514')}; ${ORDERS}
      CREATE TABLE small (i integer); INSERT INTO small VALUES (1);
      ALTER TABLE orders ADD CHECK (fails_in_lab(id))`,
    );
    const report = await copyDatabase({
      source: from,
      lab: lab.connection,
      database: 'refused_copy',
      mode: 'data',
      maxConnections: 1,
    });
    expect(report.skipped).toEqual([expect.objectContaining({ what: 'rows of "public"."orders"' })]);
    expect(report.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['item', 1000],
      ['small', 1],
    ]);
  });

  test('a full disk in the lab ends the copy, and nothing half-made stays', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(
      source,
      'full_disk',
      `${inLabOnly('full_disk', '53100')}; ${ORDERS} ALTER TABLE orders ADD CHECK (fails_in_lab(id))`,
    );
    const copy = copyDatabase({ source: from, lab: lab.connection, database: 'full_copy', mode: 'data' });
    await expect(copy).rejects.toMatchObject({ code: 'lab/disk-full', sqlstate: '53100' });
    expect(await databaseExists(lab, 'full_copy')).toBe(false);
  });

  test.for([
    ['an abort', 'run/interrupted'],
    ['a lost connection to the source', 'target/connection-lost'],
    ['a lab that dies', 'lab/died'],
  ] as const)('%s ends the copy, and nothing half-made stays', async ([what, code], { skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(source, 'interrupted', ORDERS);
    const database = 'interrupted_copy';
    const stop = new AbortController();
    const victim = what === 'a lab that dies' ? lab.connection : source.connection;
    const killed = what === 'a lab that dies' ? database : 'interrupted';
    let isBegun = false;
    const onProgress: CopyOptions['onProgress'] = () => {
      if (isBegun) return;
      isBegun = true;
      if (what === 'an abort') stop.abort();
      else void queryOn(victim, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${killed}'`);
    };
    const copy = copyDatabase({
      source: from,
      lab: lab.connection,
      database,
      mode: 'data',
      maxConnections: 1,
      onProgress,
      signal: stop.signal,
    });
    await expect(copy).rejects.toMatchObject({ code });
    expect(isBegun).toBe(true);
    expect(await databaseExists(lab, database)).toBe(false);
    const left = await queryOn(
      source.connection,
      `SELECT pid FROM pg_stat_activity WHERE datname = 'interrupted' AND query LIKE '%COPY%' AND state = 'active'`,
    );
    expect(left).toEqual([]);
  });

  test('statistics mode has the schema and no rows; a budget is kept', async ({ skip }) => {
    if (source === null || lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(source, 'budget', ORDERS);
    const options = { source: from, lab: lab.connection, database: 'budget_copy', budgetBytes: 1_000_000 } as const;
    await expect(copyDatabase({ ...options, mode: 'data' })).rejects.toMatchObject({ code: 'lab/disk-full' });
    expect(await databaseExists(lab, 'budget_copy')).toBe(false);
    const report = await copyDatabase({ ...options, mode: 'statistics' });
    expect(report.tables).toEqual([]);
    const contents = await contentsOf({ ...lab.connection, database: 'budget_copy' });
    expect(contents['orders']).toMatch(/^0 /);
    expect(await queryOn({ ...lab.connection, database: 'budget_copy' }, FOREIGN_KEYS)).toEqual(
      await queryOn(from, FOREIGN_KEYS),
    );
  });

  test('what the lab can not create is left out, with all that needs it, and the rest is made', async ({ skip }) => {
    if (lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const settings = await createSource(
      lab,
      'apply',
      'CREATE TABLE k (i integer PRIMARY KEY); INSERT INTO k VALUES (1)',
    );
    const statements: SchemaStatement[] = [
      statement('extension', 'nowhere', 'CREATE EXTENSION nowhere'),
      statement('table', 'a', 'CREATE TABLE a (x nowhere)'),
      statement('table', 'b', 'CREATE TABLE b (i integer)'),
      statement('table', 'c', 'CREATE TABLE c (t text COLLATE pg_catalog."xx_XX.utf8")'),
      statement('collation', 'd', `CREATE COLLATION d (PROVIDER = libc, LOCALE = 'xx_XX.utf8')`),
      {
        ...statement('foreign key', 'b fk', 'ALTER TABLE b ADD FOREIGN KEY (i) REFERENCES k'),
        inLab: 'SELECT only_a_superuser()',
      },
    ];
    const skipped = await onServer(settings, (session) =>
      applyStatements(session, statements, new AbortController().signal),
    );
    expect(skipped.map(({ what }) => what)).toEqual([
      'extension nowhere',
      'table a',
      'sort order of table c',
      'sort order of collation d',
    ]);
    const made = await queryOn(
      settings,
      `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    );
    expect(made.map((row) => row['relname'])).toEqual(['b', 'c', 'k']);
    expect(await queryOn(settings, FOREIGN_KEYS)).toEqual([{ conname: 'b_i_fkey', convalidated: true }]);
  });

  test('a session that holds a snapshot holds no lock on what it has read', async ({ skip }) => {
    if (source === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const from = await createSource(source, 'locks', 'CREATE TABLE t (i integer); CREATE SEQUENCE s');
    const reader = await connect(from, { readOnly: true });
    await exportSnapshot(reader);
    await reader.query('SELECT i, last_value FROM t, s');
    reader.copyOut('COPY t TO STDOUT').resume();
    await reader.query('SELECT 1 AS one');
    const held = await queryOn(
      from,
      `SELECT relation::regclass::text FROM pg_locks WHERE pid = ${reader.processId} AND relation IN ('t'::regclass, 's'::regclass)`,
    );
    expect(held).toEqual([]);
    await reader.close();
  });

  test('a template that somebody is connected to can be copied, reset and dropped', async ({ skip }) => {
    if (source === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const template = await createSource(source, 'accepted', 'CREATE TABLE t (i integer); INSERT INTO t VALUES (1)');
    const guest = await connect(template);
    await onServer(source.connection, async (admin) => {
      await createFromTemplate(admin, 'Trial "B"', 'accepted');
      const trial = { ...template, database: 'Trial "B"' };
      await queryOn(trial, 'INSERT INTO t VALUES (2) RETURNING i');
      expect(await queryOn(trial, 'SELECT count(*)::int4 FROM t')).toEqual([{ count: 2 }]);
      await resetFromTemplate(admin, 'Trial "B"', 'accepted');
      expect(await queryOn(trial, 'SELECT count(*)::int4 FROM t')).toEqual([{ count: 1 }]);
      await dropDatabase(admin, 'Trial "B"');
      await dropDatabase(admin, 'Trial "B"');
    });
    expect(await databaseExists(source, 'Trial "B"')).toBe(false);
    await guest.close();
  });

  test('a sort order that the lab lacks is stood in for, and said', async ({ skip }) => {
    if (lab === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const answers: Row[][] = [
      [
        {
          encoding: 'UTF8',
          datcollate: 'xx_XX.UTF-8',
          datctype: 'xx_XX.UTF-8',
          provider: 'c',
          locale: null,
          rules: null,
        },
      ],
      [],
    ];
    const source = { query: async () => answers.shift() ?? [] } as unknown as Session;
    const skipped = await onServer(lab.connection, (admin) => createLike(source, admin, 'stand_in', () => {}));
    expect(skipped).toEqual([expect.objectContaining({ what: 'sort order xx_XX.UTF-8' })]);
    expect(await databaseExists(lab, 'stand_in')).toBe(true);
  });
});

test('copies between majors, both ways', async ({ skip }) => {
  const [older, newer] = [await startQuietServer(15), await startQuietServer('newest')];
  try {
    if (older === null || newer === null || older.major === newer.major) {
      skip('It takes two majors');
      return;
    }
    for (const [from, to] of [
      [older, newer],
      [newer, older],
    ] as const) {
      const source = await createSource(from, 'every_object', EVERY_OBJECT);
      const report = await copyDatabase({ source, lab: to.connection, database: 'copied', mode: 'data' });
      expect(report.skipped.map(({ what }) => what)).toEqual(['rows of 2 materialised view(s)']);
      expect(await contentsOf({ ...to.connection, database: 'copied' }, EXCEPT_STALE)).toEqual(
        await contentsOf(source, EXCEPT_STALE),
      );
    }
  } finally {
    await older?.stop();
    await newer?.stop();
  }
});

/** Was filled before what it reads was refreshed. */
const EXCEPT_STALE = 'app.a_second';

const SEQUENCES =
  'SELECT schemaname::text, sequencename::text, last_value, start_value FROM pg_sequences ORDER BY 1, 2';
const FOREIGN_KEYS = `SELECT conname::text, convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2`;

function statement(kind: Kind, identity: string, sql: string): SchemaStatement {
  return { kind, identity, sql };
}

/** A function that is true in the source and fails in every other database. */
function inLabOnly(database: string, sqlstate: string): string {
  return `CREATE FUNCTION fails_in_lab(n integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF current_database() <> '${database}' AND n > 1000 THEN RAISE EXCEPTION 'refused' USING ERRCODE = '${sqlstate}'; END IF; RETURN true; END $$`;
}

async function createSource(server: LabServer, name: string, sql: string): Promise<ConnectionSettings> {
  const settings = { ...server.connection, database: name };
  await onServer(server.connection, async (admin) => {
    await dropDatabase(admin, name);
    await createDatabase(admin, name, 'TEMPLATE template0');
  });
  await onServer(settings, (session) => session.run(sql));
  return settings;
}

async function onServer<T>(settings: ConnectionSettings, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function queryOn<T extends Row>(settings: ConnectionSettings, sql: string): Promise<T[]> {
  return onServer(settings, (session) => session.query<T>(sql));
}

async function databaseExists(server: LabServer, name: string): Promise<boolean> {
  const rows = await queryOn<{ datname: string }>(server.connection, 'SELECT datname::text FROM pg_database');
  return rows.some(({ datname }) => datname === name);
}

/** Number and hash of the rows of every table and filled materialised view, by name. */
async function contentsOf(settings: ConnectionSettings, except = ''): Promise<Record<string, string>> {
  return onServer(settings, async (session) => {
    const tables = await session.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'm') AND relispopulated
       AND relnamespace::regnamespace::text !~ '^pg_|^information_schema' ORDER BY 1`,
    );
    const contents: Record<string, string> = {};
    for (const { name } of tables) {
      if (name === except) continue;
      const [row] = await session.query<{ text: string }>(
        `SELECT count(*) || ' ' || COALESCE(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS text FROM ONLY ${name} t`,
      );
      contents[name] = row?.text ?? '';
    }
    return contents;
  });
}
