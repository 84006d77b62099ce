import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/app/commands/migrate.js';
import { deployPlan } from '../../src/app/deployment/deploy.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { DeployReport } from '../../src/report/deploy/deploy-report.js';
import type { MigrateReport } from '../../src/report/migrate/migrate-report.js';
import { UNWATCHED } from '../support/deploy-bench.js';
import { startQuietServer } from '../support/majors.js';

const SETUP = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Größe" int, note text, pad text); ALTER TABLE "order" ALTER pad SET STORAGE PLAIN;
  INSERT INTO "order" SELECT n, n, 'n' || n % 100, repeat('x', 5000) FROM generate_series(1, 2000) AS n; ANALYZE`;

describe('a planned migration that is tried on a copy', () => {
  let server: LabServer | null = null;
  const folder = mkdtempSync(join(tmpdir(), 'migration-trial-'));
  const out = join(folder, 'steps');

  beforeAll(async () => {
    server = await startQuietServer('newest');
    if (!server) return;
    const session = await connect(server.connection);
    await session.run(SETUP);
    await session.close();
  });

  beforeEach(({ skip }) => skip(server === null, 'no server is installed'));

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });

  const context = { watch: () => undefined, signal: new AbortController().signal, env: {} };
  const url = (): string => {
    const { user, password, database, host, port } = (server as LabServer).connection;
    return `postgres://${user}:${password}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  };
  const planned = async (sql: string, lab: string): Promise<MigrateReport> => {
    writeFileSync(join(folder, 'm.sql'), sql);
    const input = { action: 'plan', files: [join(folder, 'm.sql')], to: url(), out, lab };
    return migrate.run(migrate.input.parse(input), context);
  };
  const shownDry = (): Promise<DeployReport> =>
    deployPlan(
      {
        plan: out,
        target: (server as LabServer).connection,
        approve: null,
        revert: false,
        limits: { patienceMs: 1000, longTransactionMs: 30_000, lagMs: 10_000 },
        staging: UNWATCHED,
      },
      context,
    );
  const onTarget = async (sql: string): Promise<unknown> => {
    const session = await connect((server as LabServer).connection);
    try {
      return await session.query(sql);
    } finally {
      await session.close();
    }
  };
  const STATE = `SELECT (SELECT count(*)::int FROM pg_database) AS databases, (SELECT count(*)::int FROM pg_attribute WHERE attrelid = '"order"'::regclass) AS columns`;

  test(
    'gets figures, runs each way back, and tells what a switch leaves; the target stays as it is',
    { timeout: 120_000 },
    async () => {
      const before = await onTarget(STATE);
      const sql = `CREATE TABLE line (id int PRIMARY KEY); CREATE INDEX "nach id" ON "order" (id, note); ALTER TABLE "order" ADD COLUMN token uuid DEFAULT gen_random_uuid(); ALTER TABLE "order" ALTER "Größe" TYPE bigint`;
      const report = await planned(sql, 'auto');
      const plan = report.files[0]?.plan;
      const steps = plan?.steps ?? [];
      expect(plan?.labFailure).toBeNull();
      expect(steps.every(({ lab }) => lab !== null && lab.applyMs > 0 && lab.walBytes > 0)).toBe(true);
      expect(steps[0]?.lab?.revert).toEqual({ outcome: 'as-before', note: '' });
      const last = steps.at(-1)?.lab?.revert;
      expect(last?.outcome).toBe('not-as-before');
      expect(last?.note).toMatch(/^column public\.order\.Größe: position 2 -> \d+$/);
      // What the switch leaves is not laid to the steps before it.
      const index = steps.find(({ up }) => up[0]?.includes('nach'));
      expect(index?.lab?.revert.outcome).toBe('as-before');
      const fill = steps.find(({ transactional, up }) => !transactional && up[0]?.startsWith('DO'));
      // 2,000 rows of 5 kB are written anew.
      expect(fill?.lab?.walBytes).toBeGreaterThan(10e6);
      expect(fill?.lab?.revert.outcome).toBe('along');
      expect(await onTarget(STATE)).toEqual(before);
      const dry = await shownDry();
      expect(dry.steps[0]).toMatchObject({
        rollbackRun: true,
        effect: expect.stringMatching(/^ran on a copy .* \(measured\)$/),
      });
      expect(dry.steps.at(-1)?.rollbackRun).toBe(false);
      expect(dry.steps.every(({ expected }) => expected.durationMs !== null)).toBe(true);
    },
  );

  test('a step that fails on the copy is told, and there is nothing to deploy', { timeout: 60_000 }, async () => {
    const report = await planned(
      'CREATE TABLE line (id int); CREATE UNIQUE INDEX once ON "order" (note); CREATE TABLE later (id int)',
      'auto',
    );
    const plan = report.files[0]?.plan;
    expect(plan?.labFailure).toMatch(/could not create unique index/);
    expect(plan?.steps.map(({ lab }) => lab?.revert.outcome ?? null)).toEqual(['as-before', null, null]);
    expect(report.files[0]?.deployable).toBeNull();
    expect(migrate.failsCheck?.(report)).toBe(true);
    await expect(shownDry()).rejects.toMatchObject({ code: 'deploy/plan' });
  });

  test('never on the server of the target', async () => {
    await expect(planned('CREATE TABLE line (id int)', url())).rejects.toMatchObject({ code: 'kernel/forbidden' });
  });
});
