import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { connect } from '../../src/postgres/connect.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import type { Session } from '../../src/postgres/session.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import { runScript } from '../support/rewrite-bench.js';

const SETUP = `
  CREATE SCHEMA "My App";
  CREATE TABLE "My App"."order" (id int PRIMARY KEY, "Größe ""x""" int, pages int NOT NULL, first int);
  INSERT INTO "My App"."order" SELECT n, n, n, n FROM generate_series(1, 30000) AS n;
  CREATE TABLE tiny (id int PRIMARY KEY, note text); INSERT INTO tiny VALUES (1, 'x');
  ANALYZE;`;

const MIGRATION = `\\set ON_ERROR_STOP on
-- names that need quotes
SET search_path = "My App", public;
BEGIN;
ALTER TABLE "order" ALTER COLUMN "Größe ""x""" SET NOT NULL, ADD CONSTRAINT "größer" CHECK (first > 0);
ALTER TABLE "order" ADD COLUMN "neu é" uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE tiny ALTER COLUMN note SET NOT NULL;
COMMIT;
CREATE UNIQUE INDEX ON "order" ("Größe ""x""");
ALTER TABLE "order" ADD UNIQUE (first);
`;

describe('migrate', () => {
  const place = makeWorkplace();
  let server: LabServer;
  let session: Session;
  const file = (name: string, text: string): string => {
    writeFileSync(place.path(name), text);
    return place.path(name);
  };

  beforeAll(async () => {
    server = await startLabServer({ major: 'newest' });
    session = await connect(server.connection);
    await runScript(session, SETUP);
  });

  afterAll(async () => {
    await session?.close();
    await server?.stop();
    place.remove();
  });

  it('check: exits with 1, says what it did not look at, and no line is wider than the terminal', async () => {
    const { code, stdout, stderr } = await place.run(['migrate', 'check', file('a.sql', MIGRATION)]);
    expect(stderr).toBe('');
    expect(code).toBe(1);
    expect(stdout).toContain('not looked at: line 1, \\set');
    expect(stdout).toContain('error: line 5: SET NOT NULL of Größe "x" reads all of "order" under its lock');
    expect(stdout).toContain('line 5: ACCESS EXCLUSIVE on "order" is waited for without end');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('check --to: looks sizes and keys up, and says less of a small table', async () => {
    const run = await place.run([
      'migrate',
      'check',
      file('b.sql', MIGRATION),
      '--to',
      urlOf(server.connection),
      '--json',
    ]);
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ majorFrom: 'target', major: server.major });
    const of = (line: number, rule: string) =>
      report.files[0].findings.find((one: { line: number; rule: string }) => one.line === line && one.rule === rule);
    expect(of(7, 'column/set-not-null')).toMatchObject({
      severity: 'info',
      lowered: expect.stringContaining('estimated'),
    });
    expect(of(5, 'transaction/missing-lock-timeout')).toMatchObject({ severity: 'warning' });
    expect(of(9, 'index/create-index').estimate.bytes).toBeGreaterThan(1_000_000);
  });

  it('plan: the files run one after the other, do what was asked, and their way back restores the schema', async () => {
    const before = (await readCatalog(session)).catalog;
    const out = place.path('steps');
    const run = await place.run(['migrate', 'plan', file('c.sql', MIGRATION), '--out', out]);
    expect(run.code, run.stderr).toBe(0);
    const names = readdirSync(join(out, 'migrations')).toSorted();
    const up = names.filter((name) => name.endsWith('.up.sql'));
    expect(up.length).toBeGreaterThan(10);
    const other = await connect(server.connection);
    for (const name of up) await runScript(other, readFileSync(join(out, 'migrations', name), 'utf8'));
    const [filled] = await session.query<{ n: string }>('SELECT count(DISTINCT "neu é") AS n FROM "My App"."order"');
    expect(Number(filled?.n)).toBe(30_000);
    const after = (await readCatalog(session)).catalog;
    expect(structureDifferences(before, after).join('\n')).toMatch(/größer[\s\S]*order_first_key/);
    for (const name of names.filter((one) => one.endsWith('.down.sql')).toReversed())
      await runScript(other, readFileSync(join(out, 'migrations', name), 'utf8'));
    await other.close();
    expect(structureDifferences(before, (await readCatalog(session)).catalog)).toEqual([]);
  });

  it('check --sarif: one log with every rule and a place for each result', async () => {
    const { code, stdout } = await place.run(['migrate', 'check', file('d.sql', MIGRATION), '--sarif']);
    const log = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    expect(run.results.length).toBeGreaterThan(4);
    for (const result of run.results) {
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result.locations[0].physicalLocation.region.startLine).toBeGreaterThan(1);
      expect(['error', 'warning', 'note']).toContain(result.level);
    }
  });

  it.each([
    ["SELECT 1;\n\nALTER TABLE t\n ADD CHECK (a = 'secret' b);", /line 4: syntax error/],
    ["SELECT 'secret", /does not end/],
    ['COPY t FROM stdin;\nsecret\t2\n', /line 2: syntax error[\s\S]*COPY/],
    ['ALTER TABLE ${secret}.t ADD COLUMN a int;', /Placeholders/],
    ['ALTER TABLE :secret ADD COLUMN a int;', /psql/],
  ])('bad SQL %j: exit code 2, the line, no literal', async (sql, message) => {
    const { code, stderr } = await place.run(['migrate', 'check', file('bad.sql', sql)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.replace(/near "secret"/, '')).not.toContain("'secret");
  });

  it.each([
    ['an empty file', ''],
    ['comments only', '-- nothing\n/* at all */'],
    [
      'tables of its own',
      'CREATE TABLE a (id int); CREATE INDEX ON a (id); ALTER TABLE a ADD CHECK (id > 0), ADD PRIMARY KEY (id);',
    ],
    ['a timeout and a short lock', "SET lock_timeout = '1s'; ALTER TABLE tiny ADD COLUMN x int;"],
    [
      'a safe pair',
      "SET lock_timeout = '1s'; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;",
    ],
  ])('nothing to warn of in %s', async (_, sql) => {
    const { code, stdout } = await place.run(['migrate', 'check', file('fine.sql', sql)]);
    expect(stdout).toContain('0 errors, 0 warnings');
    expect(code).toBe(0);
  });

  it.each([
    [['migrate', 'check', '/no/such/file.sql'], /can not be read/],
    [['migrate', 'look', 'x.sql'], /action/],
    [['migrate', 'check', 'x.sql', '--major', '9'], /--major/],
    [['migrate', 'check', 'x.sql', '--out', 'y'], /can not be read|--out/],
  ])('%j is bad input', async (args, message) => {
    const { code, stderr } = await place.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
