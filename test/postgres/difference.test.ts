import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { differenceOf, type Script } from '../../src/migrations/difference/difference.js';
import type { Schema } from '../../src/model/schema.js';
import { connect } from '../../src/postgres/connect.js';
import { extractEntries } from '../../src/postgres/extract/extract.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';
import { CATALOGS, dumpSchema, findPgDump } from '../support/catalogs.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const EVERY_OBJECT = fixture('every-object.sql');
const BEFORE = fixture('difference.sql');
const AFTER = fixture('difference-after.sql');

describe.each(testMajors())('the difference of two schemas on PostgreSQL %s', (major) => {
  let server: LabServer | null;
  beforeAll(async () => {
    server = await startQuietServer(major);
  });
  afterAll(() => server?.stop());

  test.for([
    ['nothing and every object', [], [EVERY_OBJECT]],
    ['every object and a change of every kind', [EVERY_OBJECT, BEFORE], [AFTER]],
  ] as const)('leads from one to the other and back: %s', async ([, first, more], { skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const a = await makeDatabase(server, 'a', first);
    const copy = await makeDatabase(server, 'copy', [], 'a');
    const b = await makeDatabase(server, 'b', more, 'a');
    const [schemaA, schemaB] = [await read(a), await read(b)];
    const difference = differenceOf(schemaA, schemaB);
    expect(difference.changes.length).toBeGreaterThan(20);
    expect(differenceOf(schemaA, await read(copy)).changes).toEqual([]);

    await run(copy, difference.up);
    expect(differenceOf(await read(copy), schemaB).changes).toEqual([]);
    await expectAlike(server, copy, b);

    await run(copy, difference.down);
    expect(differenceOf(await read(copy), schemaA).changes).toEqual([]);
    await expectAlike(server, copy, a);
  });
});

async function expectAlike(server: LabServer, copy: ConnectionSettings, other: ConnectionSettings): Promise<void> {
  for (const [what, sql] of Object.entries(CATALOGS)) {
    // Numbers of columns change when one goes; so does the order of parents' columns.
    if (what === 'statistics') continue;
    expect(await rowsOf(copy, sql), what).toEqual(await rowsOf(other, sql));
  }
  const pgDump = await findPgDump(server.major);
  if (pgDump !== null) expect(await dumpSchema(pgDump, copy)).toBe(await dumpSchema(pgDump, other));
}

async function run(settings: ConnectionSettings, { before, statements }: Script): Promise<void> {
  await withSession(settings, async (session) => {
    for (const { sql } of before) await runOne(session, sql);
    await session.run(`BEGIN; SET LOCAL check_function_bodies = off; SET LOCAL search_path = ''`);
    for (const { sql } of statements) await runOne(session, sql);
    await session.run('COMMIT');
  });
}

async function runOne(session: Session, sql: string): Promise<void> {
  await session.run(sql).catch((error: unknown) => {
    throw new Error(`${sql}\n${String(error)}`, { cause: error });
  });
}

async function read(settings: ConnectionSettings): Promise<Schema> {
  return withSession(settings, extractEntries);
}

function rowsOf(settings: ConnectionSettings, sql: string): Promise<unknown[]> {
  return withSession(settings, (session) => session.query(sql));
}

async function makeDatabase(
  server: LabServer,
  name: string,
  parts: readonly string[],
  template = 'template0',
): Promise<ConnectionSettings> {
  await withSession(server.connection, async (admin) => {
    await admin.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await createDatabase(admin, name, `TEMPLATE ${template}`);
  });
  const settings = { ...server.connection, database: name };
  await withSession(settings, async (session) => {
    for (const part of parts) await session.run(part);
  });
  return settings;
}

async function withSession<T>(settings: ConnectionSettings, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}
