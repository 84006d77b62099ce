import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diff } from '../../src/app/commands/diff.js';
import { createDatabase } from '../../src/lab/databases.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { DifferenceReport } from '../../src/report/difference/difference-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import { runScript } from '../support/rewrite-bench.js';

const FIRST = `
  CREATE SCHEMA "My App";
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE "My App"."order" (id int PRIMARY KEY, status text, "Größe ""x""" int, m mood DEFAULT 'ok', old_name date);
  CREATE INDEX by_status ON "My App"."order" (status);
  CREATE TABLE gone (id int PRIMARY KEY, "a;b" text);
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
  INSERT INTO "My App"."order" VALUES (1, 'new', 1, 'sad', '2024-01-01');
  INSERT INTO gone VALUES (1, 'x');`;

const SECOND = `
  CREATE SCHEMA "My App";
  CREATE TYPE mood AS ENUM ('sad', 'fine', 'ok');
  CREATE TABLE "My App"."order" (id int PRIMARY KEY, status varchar(20) NOT NULL, "Größe ""x""" bigint, m mood DEFAULT 'fine', new_name date);
  CREATE INDEX by_stati ON "My App"."order" (status);
  CREATE TABLE fresh (id int PRIMARY KEY, o int REFERENCES "My App"."order", CHECK (id > 0));
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n';
  GRANT SELECT ON fresh TO PUBLIC;`;

describe('the command diff', () => {
  const place = makeWorkplace();
  let server: LabServer;
  let [first, second] = ['', ''];

  beforeAll(async () => {
    server = await startLabServer({ major: 'newest' });
    const admin = await connect(server.connection);
    for (const name of ['first', 'second']) await createDatabase(admin, name);
    await admin.close();
    for (const [database, sql] of [
      ['first', FIRST],
      ['second', SECOND],
    ] as const) {
      const session = await connect({ ...server.connection, database });
      await runScript(session, sql);
      await session.close();
    }
    first = urlOf(server.connection, { database: 'first' });
    second = urlOf(server.connection, { database: 'second' });
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  it('says what differs, in words and as SQL', async () => {
    const { code, stdout, stderr } = await place.run(['diff', first, second]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\S+\/(first|second)/g, '$1')).toMatchSnapshot();
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  const run = (first: string, more: { second?: string; save?: string } = {}): Promise<DifferenceReport> =>
    diff.run({ first, ...more }, { watch: () => undefined, signal: new AbortController().signal, env: {} });

  it('a saved schema says the same as its database; --check fails where something differs', async () => {
    const saved = place.path('first schema.json');
    await run(first, { save: saved });
    const same = await run(saved, { second: first });
    expect(same.changes).toEqual([]);
    expect(diff.failsCheck(same)).toBe(false);
    const [live, file] = [await run(first, { second }), await run(saved, { second })];
    expect(diff.failsCheck(live)).toBe(true);
    expect(file).toEqual({ ...live, first: { ...live.first, name: saved } });
  });

  it('writes both ways as files that psql runs, and says in them what they destroy', async () => {
    const out = place.path('out "x"');
    const written = await place.run(['diff', first, second, '--out', out]);
    expect(written).toMatchObject({ code: 0, stderr: '' });
    const [up, down] = ['up', 'down'].map((way) => readFileSync(`${out}/difference.${way}.sql`, 'utf8'));
    expect(up).toContain('-- DESTROYS: all rows of public.gone\nDROP TABLE "public"."gone";');
    const apply = async (sql: string | undefined): Promise<void> => {
      const session = await connect({ ...server.connection, database: 'first' });
      await runScript(session, sql ?? '');
      await session.close();
    };
    const original = place.path('original.json');
    await run(first, { save: original });
    await apply(up);
    expect((await run(first, { second })).changes).toEqual([]);
    await apply(down);
    expect((await run(first, { second: original })).changes).toEqual([]);
  });

  it('says what it can not take', async () => {
    writeFileSync(place.path('other.json'), '{"format":"database-wizard schema 1","schema":{}}');
    writeFileSync(place.path('broken.json'), '{');
    const cases: readonly [string, string | undefined, RegExp][] = [
      [first, undefined, /second database/],
      [place.path('none.json'), first, /none\.json can not be read \(ENOENT\)/],
      [place.path('other.json'), first, /is not a saved schema: of/],
      [place.path('broken.json'), first, /can not be read as JSON/],
      [place.root, first, /is not a file/],
    ];
    for (const [one, other, message] of cases) {
      const asked = run(one, other === undefined ? {} : { second: other });
      await expect(asked).rejects.toMatchObject({ code: 'input/invalid', message: expect.stringMatching(message) });
    }
  });
});
