import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import { extractSchema, type SchemaScript } from '../../src/postgres/extract/extract.js';
import { withTextSettings } from '../../src/postgres/extract/texts.js';
import type { ConnectionSettings, Row, Session } from '../../src/postgres/session.js';
import { CATALOGS, dumpSchema, findPgDump } from '../support/catalogs.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const EVERY_OBJECT = fixture('./fixtures/every-object.sql');
const WEBSHOP = fixture('../../examples/webshop/schema.sql');
const TPCH = fixture('../../../shared/data/tpch-sf0.1/schema.sql');

/** What only newer majors can hold. */
const SINCE: readonly { readonly major: number; readonly sql: string }[] = [
  {
    major: 15,
    sql: `
      CREATE UNLOGGED SEQUENCE app.unlogged;
      CREATE UNIQUE INDEX nulls_alike ON app.self (id) NULLS NOT DISTINCT;
      ALTER TABLE app.self ADD CONSTRAINT nulls_alike_too UNIQUE NULLS NOT DISTINCT (m);
      CREATE TABLE app.set_null (a integer, b integer, FOREIGN KEY (a) REFERENCES app.customer ON DELETE SET NULL (a));
      CREATE VIEW app.invoker WITH (security_invoker = true) AS SELECT 1 AS x;`,
  },
  { major: 16, sql: `CREATE COLLATION app.ruled (provider = icu, locale = 'und', rules = '& a < g');` },
  {
    major: 17,
    sql: `
      CREATE TABLE app.identity_parent (id bigint GENERATED ALWAYS AS IDENTITY, d date) PARTITION BY RANGE (d);
      CREATE TABLE app.identity_child PARTITION OF app.identity_parent DEFAULT;
      CREATE DOMAIN app.named_not_null AS integer CONSTRAINT "it must" NOT NULL;
      CREATE COLLATION app.builtin (provider = builtin, locale = 'C.UTF-8');`,
  },
  {
    major: 18,
    sql: `
      CREATE TABLE app.virtual (a integer CONSTRAINT "must be" NOT NULL, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL, c integer,
        CONSTRAINT only_here NOT NULL c NO INHERIT, d integer, CONSTRAINT loose CHECK (d > 0) NOT ENFORCED);
      ALTER TABLE app.virtual ADD CONSTRAINT later NOT NULL d NOT VALID;
      CREATE TABLE app.virtual_child (CONSTRAINT child_c NOT NULL c) INHERITS (app.virtual);
      CREATE TABLE app.stay (room integer, during tstzrange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
      CREATE TABLE app.stay_part (room integer, during tstzrange, FOREIGN KEY (room, PERIOD during) REFERENCES app.stay (room, PERIOD during));
      ALTER TABLE app.self ADD CONSTRAINT not_enforced FOREIGN KEY (m) REFERENCES app.customer NOT ENFORCED;`,
  },
];

/** What no copy takes over, made and dropped again. */
const LEFT_OUT = `
  CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 's3cr3t');
  CREATE PUBLICATION pub FOR TABLE app.customer;
  CREATE SUBSCRIPTION sub CONNECTION 'host=192.0.2.1 password=s3cr3t' PUBLICATION pub WITH (connect = false);
  SELECT pg_catalog.lo_create(0);
  GRANT SELECT ON app.customer TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC`;
const LEFT_OUT_REASONS = [
  '1 user mapping(s) of server "elsewhere"',
  'default privileges (1)',
  'large objects (1)',
  'owners and privileges (1)',
  'publications (1)',
  'subscriptions (1)',
];

describe.each(testMajors())('extractSchema on PostgreSQL %s', (major) => {
  let server: LabServer | null;

  beforeAll(async () => {
    server = await startQuietServer(major);
  });
  afterAll(() => server?.stop());

  test.for([
    ['every object', EVERY_OBJECT],
    ['the web shop', WEBSHOP],
    ['TPC-H', TPCH],
  ] as const)('%s survives the round trip', async ([name, sql], { skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    if (sql === null) {
      skip(`${name} is not on this machine`);
      return;
    }
    const settings = await createDatabases(server, 'source', 'copy');
    const newer = name === 'every object' ? SINCE.filter((entry) => entry.major <= (server?.major ?? 0)) : [];
    const source = await withSession(settings.source, async (session) => {
      for (const part of [sql, ...newer.map((entry) => entry.sql)]) await session.run(part);
      return extractSchema(session);
    });
    const copy = await withSession(settings.copy, async (session) => {
      await session.run('SET check_function_bodies = off');
      for (const statement of [...source.preData, ...source.postData]) await runOne(session, statement);
      return extractSchema(session);
    });
    expect(textOf(copy)).toEqual(textOf(source));
    for (const [what, sql] of Object.entries(CATALOGS)) {
      expect(await rowsOf(settings.copy, sql), what).toEqual(await rowsOf(settings.source, sql));
    }
    expect(copy.tables).toEqual(source.tables);
    if (name === 'every object') expect(await skippedOf(settings.source)).toEqual(LEFT_OUT_REASONS);
    const pgDump = await findPgDump(server.major);
    if (pgDump !== null)
      expect(await dumpSchema(pgDump, settings.copy)).toBe(await dumpSchema(pgDump, settings.source));
  });

  test('a role without rights reads the same', async ({ skip }) => {
    if (server === null || EVERY_OBJECT === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const { source } = await createDatabases(server, 'source', 'copy');
    const asOwner = await withSession(source, async (session) => {
      await session.run(EVERY_OBJECT);
      await session.run(
        `DROP ROLE IF EXISTS nobody; CREATE ROLE nobody LOGIN PASSWORD 'nobody'; REVOKE ALL ON SCHEMA public FROM PUBLIC`,
      );
      return extractSchema(session);
    });
    const session = await connect({ ...source, user: 'nobody', password: 'nobody' }, { readOnly: true });
    const asNobody = await extractSchema(session);
    await session.close();
    expect(textOf(asNobody)).toEqual(textOf(asOwner));
  });

  test('asks as often for many tables as for one', async ({ skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const { source, copy } = await createDatabases(server, 'source', 'copy');
    const counts: number[] = [];
    for (const [settings, tables] of [
      [source, 1],
      [copy, 40],
    ] as const) {
      await withSession(settings, async (session) => {
        for (let n = 1; n <= tables; n += 1) {
          await session.run(
            `CREATE TABLE t${n} (id serial PRIMARY KEY, n integer REFERENCES t1, CHECK (n > 0)); CREATE INDEX ON t${n} (n)`,
          );
        }
      });
      const session = await connect(withTextSettings(settings, false), { readOnly: true });
      const script = await extractSchema(session);
      expect(script.tables).toHaveLength(tables);
      counts.push(session.overhead().statements);
      await session.close();
    }
    expect(counts[1]).toBe(counts[0]);
  });
});

function rowsOf(settings: ConnectionSettings, sql: string): Promise<Row[]> {
  return withSession(settings, (session) => session.query(sql));
}

async function skippedOf(settings: ConnectionSettings): Promise<string[]> {
  return withSession(settings, async (session) => {
    for (const statement of LEFT_OUT.split(';')) await session.run(statement);
    const { skipped } = await extractSchema(session);
    expect(JSON.stringify(skipped)).not.toContain('s3cr3t');
    await session.run(`DROP USER MAPPING FOR PUBLIC SERVER elsewhere; DROP PUBLICATION pub;
      ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub`);
    return skipped.map(({ what }) => what).toSorted();
  });
}

async function runOne(session: Session, statement: { readonly sql: string }): Promise<void> {
  await session.run(statement.sql).catch((error: unknown) => {
    throw new Error(`${statement.sql}\n${String(error)}`, { cause: error });
  });
}

function textOf(script: SchemaScript): string[] {
  return [...script.preData, { kind: '', identity: '', sql: '-- rows' }, ...script.postData].map(({ sql }) => sql);
}

async function createDatabases(
  server: LabServer,
  ...names: readonly ['source', 'copy']
): Promise<Record<'source' | 'copy', ConnectionSettings>> {
  await withSession(server.connection, async (admin) => {
    for (const name of names) {
      await admin.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await createDatabase(admin, name, 'TEMPLATE template0');
    }
  });
  return { source: { ...server.connection, database: 'source' }, copy: { ...server.connection, database: 'copy' } };
}

async function withSession<T>(settings: ConnectionSettings, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function fixture(path: string): string | null {
  const url = new URL(path, import.meta.url);
  return existsSync(url) ? readFileSync(url, 'utf8') : null;
}
