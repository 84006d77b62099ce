import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBlockers } from '../../src/lab/parallel/blockers.js';
import { bestOf, measureWorkers } from '../../src/lab/parallel/workers.js';
import type { WithWorkers } from '../../src/lab/parallel/workers.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import { planReportSchema } from '../../src/report/plan/plan-report.js';
import { fillDatabase, sumsOf, within } from '../support/cli-target.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { startQuietServer } from '../support/majors.js';

const DATABASE = 'Läden "1"';
const SETUP = `
  CREATE TABLE "Order" (id int PRIMARY KEY, note text NOT NULL);
  INSERT INTO "Order" SELECT g, md5(g::text) FROM generate_series(1, 250000) g;
  CREATE TABLE little AS SELECT * FROM "Order" WHERE id <= 2000;
  CREATE FUNCTION public."is Odd"(text) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN md5($1) < '1'; END $$;
  CREATE FUNCTION innocent(text) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN md5($1) < '1'; END $$;
  CREATE SEQUENCE numbers;
`;
const SLOW = `SELECT count(*) FROM "Order" WHERE md5(md5(note)) < '1'`;

describe('parallel workers', () => {
  let server: LabServer | null = null;
  let place: Workplace;
  let sums: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    place = makeWorkplace();
    server = await startQuietServer('newest');
    if (!server) return;
    await fillDatabase(server, DATABASE, SETUP);
    sums = await sumsOf(server, DATABASE);
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  const blockers = async (sql: string, ...settings: readonly string[]): Promise<readonly string[] | null> =>
    within(server as LabServer, DATABASE, async (session) => {
      for (const setting of settings) await session.run(`SET ${setting}`);
      const found = await findBlockers(session, sql);
      return found && found.map(({ what, how }) => `${what}: ${how}`);
    });
  const shown = 'shown by a plan without it';
  const byRule = 'by the rules of PostgreSQL';

  it.for([
    ['nothing', SLOW, [], null],
    ['a setting', SLOW, ['max_parallel_workers_per_gather = 0'], [`max_parallel_workers_per_gather: ${shown}`]],
    [
      'a pool without workers',
      SLOW,
      ['max_parallel_workers_per_gather = 0', 'max_parallel_workers = 0'],
      ['max_parallel_workers is 0: read from the settings'],
    ],
    [
      'a small table',
      `SELECT count(*) FROM little WHERE md5(note) < '1'`,
      ['parallel_setup_cost = 0', 'parallel_tuple_cost = 0'],
      [`tables and indexes below min_parallel_table_scan_size and min_parallel_index_scan_size: ${shown}`],
    ],
    [
      'the cost of starting them',
      SLOW,
      ['parallel_setup_cost = 100000000'],
      [`parallel_setup_cost and parallel_tuple_cost: the planner takes workers for dearer than they save: ${shown}`],
    ],
    [
      'a function that is not parallel safe, and not one that is',
      `SELECT count(*) FROM "Order" WHERE "is Odd"(note) AND innocent(note)`,
      [],
      [`function "is Odd"(text) is PARALLEL UNSAFE: ${shown}`],
    ],
    [
      "a function of PostgreSQL's own",
      `SELECT count(*) FROM "Order" WHERE id < nextval('numbers')`,
      [],
      [`function nextval(regclass) is PARALLEL UNSAFE: ${byRule}`],
    ],
    [
      'a write',
      `UPDATE "Order" SET note = note WHERE md5(note) < '1'`,
      [],
      [`it writes, itself or in a WITH: ${byRule}`],
    ],
    [
      'a write in a WITH',
      `WITH gone AS (DELETE FROM little RETURNING id) SELECT count(*) FROM "Order", gone WHERE md5(note) < '1'`,
      [],
      [`it writes, itself or in a WITH: ${byRule}`],
    ],
    [
      'row locks',
      `SELECT * FROM "Order" WHERE md5(note) < '1' FOR UPDATE`,
      [],
      [`it locks rows (FOR UPDATE, FOR SHARE): ${byRule}`],
    ],
    ['nothing that is known', 'SELECT 1', [], []],
  ] as const)('are kept away by %s', async ([, sql, settings, expected], { skip }) => {
    if (!server) return skip('no PostgreSQL on this machine');
    expect(await blockers(sql, ...settings)).toEqual(expected);
  });

  it('are measured at 0, 1, 2 and 4, each with what was launched', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL on this machine');
    const { connection } = server;
    const measured = await measureWorkers({
      open: () => connect({ ...connection, database: DATABASE }),
      sql: SLOW,
      budgetMs: 100,
      check: () => undefined,
    });
    expect(measured.alone.map(({ workers }) => workers)).toEqual([0, 1, 2, 4]);
    expect(measured.alone[0]).toMatchObject({ planned: 0, launched: 0, ratio: null });
    expect(measured.alone[1]).toMatchObject({ planned: 1, launched: 1 });
    expect(measured.alone.every(({ medianMs, rounds }) => medianMs > 0 && rounds >= 3)).toBe(true);
    const best = bestOf(measured.alone);
    expect(measured.together.map(({ workers }) => workers)).toEqual(best === null ? [] : [0, best, 0, best]);
    expect(measured.together.every(({ executions, clients }) => executions >= clients)).toBe(true);
  });

  it('count as a gain only where the interval says so and workers came', () => {
    const one = (workers: number, medianMs: number, ciHigh: number, launched = workers): WithWorkers => ({
      workers,
      planned: workers,
      launched,
      medianMs,
      ratio: workers === 0 ? null : { ratio: medianMs / 100, ciLow: medianMs / 110, ciHigh },
      rounds: 5,
    });
    expect(bestOf([one(0, 100, 1), one(1, 60, 0.65), one(2, 40, 0.5), one(4, 45, 0.5)])).toBe(2);
    expect(bestOf([one(0, 100, 1), one(1, 60, 1.2), one(2, 90, 0.97)])).toBeNull();
    expect(bestOf([one(0, 100, 1), one(1, 60, 0.65, 0)])).toBeNull();
  });

  it('show in explain with a lab, with the cores of the machine', async ({ skip }) => {
    if (!server) return skip('no PostgreSQL on this machine');
    const url = urlOf(server.connection, { database: DATABASE });
    // Functions were marked parallel safe to find out, and nothing of that stayed.
    expect(await sumsOf(server, DATABASE)).toEqual(sums);
    const sql = `SELECT count(*) FROM "Order" WHERE "is Odd"(note)`;
    const json = await place.run(['explain', url, sql, '--lab', 'auto', '--json']);
    expect(json.code, json.stderr).toBe(0);
    const { parallel } = planReportSchema.parse(JSON.parse(json.stdout));
    expect(parallel?.alone).toHaveLength(4);
    expect(parallel?.cores).toBeGreaterThan(0);
    expect(parallel?.blockers?.map(({ what }) => what)).toEqual(['function "is Odd"(text) is PARALLEL UNSAFE']);
    expect(place.labFolders()).toEqual([]);
  });
});
