import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { describeChanges } from '../../src/plans/difference.js';
import { planOne } from '../../src/lab/whatif/on-major.js';
import type { PlannedForm } from '../../src/lab/whatif/on-major.js';
import { upgradeReportSchema } from '../../src/report/upgrade/upgrade-report.js';
import type { UpgradeReport } from '../../src/report/upgrade/upgrade-report.js';
import { startQuietServer } from '../support/majors.js';
import { fillDatabase, sumsOf, within } from '../support/cli-target.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';

/** Every table is smaller than ANALYZE's sample, so that two servers know the same of it. */
const SETUP = `
  CREATE TABLE "Größe" (region int NOT NULL, number int NOT NULL, note text);
  INSERT INTO "Größe" SELECT g % 3, g, 'x' FROM generate_series(1, 20000) g;
  CREATE INDEX by_region ON "Größe" (region, number);
  CREATE TABLE wide AS SELECT region, number, repeat('x', 60) AS note FROM "Größe";
  CREATE INDEX wide_by_region ON wide (region, number);
  CREATE TABLE "order" (id int PRIMARY KEY, customer int NOT NULL, note text);
  INSERT INTO "order" SELECT g, g % 500, repeat('y', 60) FROM generate_series(1, 20000) g;
  CREATE INDEX by_customer ON "order" (customer);
`;
const WITH_A_VIEW = `${SETUP}
  CREATE VIEW written AS SELECT buffers_backend FROM pg_stat_bgwriter;
`;
const WORKLOAD = `
-- name: second column
SELECT note FROM "Größe" WHERE number = 77;
-- name: joined with itself
SELECT a.note FROM "order" a JOIN "order" b ON a.id = b.id WHERE a.customer = 3;
-- name: second column, wide
SELECT note FROM wide WHERE number = 77;
-- name: by key
SELECT note FROM "order" WHERE id = 7;
-- name: by customer
SELECT count(*) FROM "order" WHERE customer = 42;
-- name: monitoring
SELECT * FROM written;
`;

const NEEDS = 'this needs PostgreSQL 16 and 18 on this machine';

describe('upgrade from PostgreSQL 16', () => {
  let server: LabServer | null = null;
  let newest: LabServer | null = null;
  let place: Workplace;
  let url = '';
  let workload = '';

  beforeAll(async () => {
    place = makeWorkplace();
    workload = place.path('workload.sql');
    writeFileSync(workload, WORKLOAD);
    server = await startQuietServer(16, { old_snapshot_threshold: '60min' });
    newest = await startQuietServer(18);
    if (!server || !newest) return;
    await fillDatabase(server, 'Shop "1"', WITH_A_VIEW);
    await fillDatabase(newest, 'shop', SETUP);
    url = urlOf(server.connection, { database: 'Shop "1"' });
  });

  afterAll(async () => {
    await server?.stop();
    await newest?.stop();
    place.remove();
  });

  const rowOf = (report: UpgradeReport, name: string): UpgradeReport['statements'][number] => {
    const found = report.statements.find((one) => one.name === name);
    if (!found) throw new Error(`no statement ${name}`);
    return found;
  };

  it('lists the plans that change, as a server of that version with the same rows plans them', async ({ skip }) => {
    if (!server || !newest) return skip(NEEDS);
    const before = await sumsOf(server, 'Shop "1"');
    const { code, stdout, stderr } = await place.run(['upgrade', url, '--workload', workload, '--json']);
    expect(code, stderr).toBe(0);
    const report = upgradeReportSchema.parse(JSON.parse(stdout));
    const outcomes = report.statements.map((row) => [row.name, row.versions.map((one) => one.outcome)]);
    expect(Object.fromEntries(outcomes)).toEqual({
      'by customer': ['same', 'same'],
      'by key': ['same', 'same'],
      'joined with itself': ['same', 'changed'],
      monitoring: ['refused', 'refused'],
      'second column': ['same', 'changed'],
      'second column, wide': ['same', 'recosted'],
    });
    expect(report.statements.map(({ likeTarget }) => likeTarget)).not.toContain(false);
    expect(rowOf(report, 'second column').versions[1]?.words).toEqual([
      'Größe is read by an index scan by by_region instead of a seq scan.',
    ]);
    expect(rowOf(report, 'joined with itself').versions[1]?.words.join(' ')).toMatch(/^[ab] is not read any more/);
    const plans = async (which: LabServer, database: string, sql: string): Promise<PlannedForm> =>
      within(which, database, (session) => planOne(session, sql));
    for (const [name, sql] of [...WORKLOAD.matchAll(/-- name: (.*)\n(.*);/g)]
      .slice(0, 5)
      .map(([, ...parts]) => parts)) {
      const [old, now] = [await plans(server, 'Shop "1"', sql ?? ''), await plans(newest, 'shop', sql ?? '')];
      if (!('view' in old) || !('view' in now)) throw new Error(`${name} was not planned`);
      expect(describeChanges(old.view, now.view), name).toEqual(rowOf(report, name ?? '').versions[1]?.words);
    }
    expect(await sumsOf(server, 'Shop "1"')).toEqual(before);
    expect(place.labFolders()).toEqual([]);
  });

  it('says for people what a version could not load, which settings go and which defaults change', async ({ skip }) => {
    if (!server || !newest) return skip(NEEDS);
    const { code, stdout, stderr } = await place.run(['upgrade', url, '--workload', workload, '--to', '18', '--check']);
    expect(code, stderr).toBe(1);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('PostgreSQL 17, 18: monitoring');
    expect(text).toMatch(/PostgreSQL 17, 18: view "public"\."written": .*buffers_backend/);
    expect(text).toContain('old_snapshot_threshold: set on the target and unknown to 18');
    expect(text).toContain('effective_io_concurrency: default 1 -> 16');
    expect(text).toContain('whether a changed plan is faster or slower is unknown');
    expect(text).not.toMatch(/shared_buffers/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stdout).not.toContain('\u001b');
  });

  it('refuses what is no newer version, and a target without a workload, with a hint', async ({ skip }) => {
    if (!server || !newest) return skip(NEEDS);
    for (const [args, code, message] of [
      [[url, '--workload', workload, '--to', '16'], 2, /17 to 18/],
      [[url, '--workload', workload, '--to', '99'], 2, /17 to 18/],
      [[url, '--to', 'newest'], 2, /no major version/],
      [[urlOf(newest.connection), '--workload', workload], 2, /nothing to preview/],
      [[urlOf(server.connection)], 2, /workload/],
      [['postgres://localhost:1/x', '--workload', workload], 3, /ECONNREFUSED/],
    ] as const) {
      const found = await place.run(['upgrade', ...args]);
      expect(found.code, found.stderr).toBe(code);
      expect(found.stderr).toMatch(message);
    }
  });

  it('leaves nothing behind when it is stopped', async ({ skip }) => {
    if (!server || !newest) return skip(NEEDS);
    const run = place.start(['upgrade', url, '--workload', workload, '--json']);
    await run.line(/planning the workload on PostgreSQL 17/);
    run.child.kill('SIGINT');
    expect((await run.done).code).toBe(130);
    expect(place.labFolders()).toEqual([]);
    expect(place.labProcesses()).toEqual([]);
  });
});
