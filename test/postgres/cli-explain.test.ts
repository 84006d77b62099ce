import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { planReportSchema } from '../../src/report/plan/plan-report.js';
import type { PlanReport } from '../../src/report/plan/plan-report.js';
import { renderPlan } from '../../src/report/plan/plan-terminal.js';
import { connect } from '../../src/postgres/connect.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { fillDatabase, sumsOf, within } from '../support/cli-target.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { CliResult, Workplace } from '../support/cli.js';

const SETUP = `
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO customer SELECT g, 'náme ' || g FROM generate_series(1, 3000) g;
  CREATE TABLE "order" (id int PRIMARY KEY, "Customer Id" int NOT NULL, placed timestamptz NOT NULL, note text);
  INSERT INTO "order" SELECT g, 1 + (g * 7919::bigint) % 3000, timestamptz '2024-01-01' + g * interval '1 minute', repeat('x', 40) FROM generate_series(1, 60000) g;
  CREATE TABLE blocked (customer_id int NOT NULL);
  INSERT INTO blocked SELECT g * 3 FROM generate_series(1, 500) g;
`;
const QUERY = `SELECT count(note) FROM "order" WHERE "Customer Id" = 77`;

describe.each(testMajors())('explain on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let place: Workplace;
  let url = '';
  let plan = '';

  beforeAll(async () => {
    place = makeWorkplace();
    server = await startQuietServer(major);
    if (!server) return;
    await fillDatabase(server, 'Shop "1"', SETUP);
    url = urlOf(server.connection, { database: 'Shop "1"' });
    plan = await within(server, 'Shop "1"', async (session) => {
      const { rows } = await session.queryText(`EXPLAIN (ANALYZE, BUFFERS) ${QUERY}`);
      return rows.map(([line]) => line ?? '').join('\n');
    });
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  const run = async (...args: readonly string[]): Promise<CliResult> => place.run(['explain', ...args]);
  const json = async (...args: readonly string[]): Promise<PlanReport> => {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect(code, stderr).toBe(0);
    return planReportSchema.parse(JSON.parse(stdout));
  };

  it('reads a pasted plan without a database, and says what it can not know', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const file = place.path('plan.txt');
    writeFileSync(file, plan);
    const html = place.path('plan.html');
    const { code, stdout, stderr } = await run(file, '--html', html);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('scan/rows-discarded');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('no database was given');
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(readFileSync(html, 'utf8')).toContain('Seq Scan');
    expect((await run(file, '--check')).code).toBe(
      (await json(file)).findings.some((one) => one.severity !== 'info') ? 1 : 0,
    );
    const same = await json(file, '--against', file);
    expect(same.difference?.words.at(-1)).toContain('Both do the same work');
  });

  it('plans a query on the target without running or changing anything there, with what would help', async ({
    skip,
  }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const before = await sumsOf(server, 'Shop "1"');
    const report = await json(url, QUERY);
    expect(report.plan).toMatchObject({ source: 'target', ran: false, executionMs: null });
    const index = report.advice.find(({ kind }) => kind === 'create-index');
    expect(index?.title).toContain('"Customer Id"');
    expect(index?.cost?.after ?? Infinity).toBeLessThan((index?.cost?.before ?? 0) / 2);
    expect(index?.untried).toContain('--lab auto');
    expect(await sumsOf(server, 'Shop "1"')).toEqual(before);
    expect(place.labFolders()).toEqual([]);
  });

  it('plans a write, and offers a rewrite with its proof', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const before = await sumsOf(server, 'Shop "1"');
    const write = await json(url, `DELETE FROM "order" WHERE "Customer Id" = 77`);
    expect(write.plan.nodes[0]?.label).toContain('Delete');
    const rewrite = await json(
      url,
      'SELECT id FROM customer WHERE (SELECT count(*) FROM blocked WHERE customer_id = customer.id) = 0',
    );
    expect(rewrite.advice.map(({ kind, missing }) => [kind, missing])).toContainEqual(['rewrite', []]);
    expect(await sumsOf(server, 'Shop "1"')).toEqual(before);
    expect(place.labFolders()).toEqual([]);
  });

  it('runs it on a lab copy and tries the advice there', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const before = await sumsOf(server, 'Shop "1"');
    const report = await json(url, QUERY, '--lab', 'auto');
    expect(report.plan).toMatchObject({ source: 'lab', ran: true, timed: true });
    expect(report.findings.map(({ id }) => id)).toContain('scan/rows-discarded');
    const index = report.advice.find(({ kind }) => kind === 'create-index');
    expect(index).toMatchObject({ untried: null, trial: { verdict: 'improved' } });
    const workers = report.coverage.skipped.find(({ what }) => what === 'parallel workers');
    expect(report.parallel === null ? workers?.reason : 'too short').toContain('too short');
    expect(await sumsOf(server, 'Shop "1"')).toEqual(before);
    expect(place.labFolders()).toEqual([]);
  });

  it('tries a rewrite on the copy, says how the plan changes, where the query stands in a program, and how to change it', async ({
    skip,
  }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const query = 'SELECT id FROM customer WHERE (SELECT count(*) FROM blocked WHERE customer_id = customer.id) = 0';
    const program = place.path('program');
    mkdirSync(program, { recursive: true });
    writeFileSync(join(program, 'mail.ts'), `const key = "s3cret-s3cret";\n\nawait db.query(\n  '${query}',\n);\n`);
    const report = await json(url, query, '--lab', 'auto', '--source', program);
    expect(report.foundIn).toMatchObject([{ file: 'mail.ts', line: 4, how: 'text' }]);
    const rewrite = report.advice.find(({ kind }) => kind === 'rewrite');
    expect(rewrite).toMatchObject({ untried: null, trial: { reason: expect.any(String) as string } });
    expect(rewrite?.rewrite).toMatchObject({ holdsFor: 'PostgreSQL 14 and later' });
    expect(rewrite?.rewrite?.planDifference.join(' ')).toMatch(/Execution time: .* before, .* after/);
    expect(rewrite?.rewrite?.difference.filter((line) => /^[-+]/.test(line))).not.toEqual([]);
    const shown = renderPlan(report, { columns: 80, colour: false });
    expect(shown).toContain('mail.ts:4: the statement stands there');
    expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(`${shown}${JSON.stringify(report)}`).not.toContain('s3cret');
    const patch = join(program, 'mail.patch');
    writeFileSync(patch, rewrite?.rewrite?.patch?.text ?? '');
    execFileSync('git', ['init', '-q'], { cwd: program });
    execFileSync('git', ['apply', patch], { cwd: program });
    expect(readFileSync(join(program, 'mail.ts'), 'utf8')).toMatch(/NOT \(EXISTS/);
    expect(place.labFolders()).toEqual([]);
  }, 300_000);

  it('refuses what can not be explained, with a hint', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    for (const [args, code, message] of [
      [[], 2, /Nothing was given/],
      [[QUERY], 2, /without a database/],
      [[url, "SELECT 'secret' FROM WHERE"], 2, /line 1, column/],
      [[url, 'SELECT * FROM nowhere'], 3, /nowhere/],
      [['postgres://localhost:1/x', 'SELECT 1'], 3, /ECONNREFUSED/],
    ] as const) {
      const found = await run(...args);
      expect(found.code, found.stderr).toBe(code);
      expect(found.stderr).toMatch(message);
      expect(found.stdout + found.stderr).not.toMatch(/secret|Plan /);
    }
  });

  it('works for a role that may read nothing but one table', async ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    await within(server, 'Shop "1"', async (session) => {
      await session.run(`CREATE ROLE little LOGIN PASSWORD 'little'`);
      await session.run(`GRANT SELECT ON customer TO little`);
    });
    const little = urlOf(server.connection, { database: 'Shop "1"', user: 'little', password: 'little' });
    const report = await json(little, 'SELECT * FROM customer WHERE id = 7');
    expect(report.plan.nodes.map(({ type }) => type)).toContain('Index Scan');
    expect(report.coverage.skipped.map(({ remedy }) => remedy).join()).toContain('pg_monitor');
    const empty = { ...server.connection, database: 'postgres' };
    await (await connect(empty)).close();
    expect((await json(urlOf(empty), 'SELECT 1')).plan.nodes).toHaveLength(1);
  });
});
