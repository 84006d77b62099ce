import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('diff', () => {
  const place = makeWorkplace();
  let server: LabServer;
  let [first, second] = ['', ''];

  beforeAll(async () => {
    server = await startLabServer({ major: 'newest' });
    const admin = await connect(server.connection);
    for (const name of ['first', 'second']) await admin.run(`CREATE DATABASE ${name}`);
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
});
