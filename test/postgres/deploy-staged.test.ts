import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyDeployment } from '../../src/app/deployment/verify.js';
import type { Staging } from '../../src/deploy/live/stages.js';
import type { LabServer } from '../../src/lab/server.js';
import { deployReportSchema, type DeployReport } from '../../src/report/deploy/deploy-report.js';
import { renderDeploy } from '../../src/report/deploy/deploy-terminal.js';
import { verifyReportSchema, type VerifyReport } from '../../src/report/deploy/verify-report.js';
import { renderVerify } from '../../src/report/deploy/verify-terminal.js';
import { sumsOf } from '../support/cli-target.js';
import { makeWorkplace, until, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { makeDeployBench, UNWATCHED, type DeployBench, type GivenChange } from '../support/deploy-bench.js';
import { startLoad, type Load } from '../support/load.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SCHEMA = `
  CREATE EXTENSION pg_stat_statements;
  CREATE TABLE "Bestellung" (id int PRIMARY KEY, "Kunde" int, note text);
  INSERT INTO "Bestellung" SELECT g, g % 5000, repeat('x', 60) FROM generate_series(1, 30000) AS g;
  CREATE INDEX note ON "Bestellung" (note);
  ANALYZE;`;

/** Slow without the index, and fast with it. */
const BY_CUSTOMER = 'SELECT count(note) FROM "Bestellung" WHERE "Kunde" = 77';
/** Takes the same time whatever else the machine does. */
const STEADY = 'SELECT id, pg_sleep(0.01) FROM "Bestellung" WHERE id = 5';

const byCustomer: GivenChange = {
  title: 'Create an index on "Kunde"',
  up: ['CREATE INDEX CONCURRENTLY "Für ""Kunde""" ON "public"."Bestellung" USING btree ("Kunde")'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."Für ""Kunde"""'],
  promised: [{ sql: BY_CUSTOMER, ratio: 0.05 }],
};
const dropByCustomer: GivenChange = {
  title: 'Drop an index that is used',
  up: ['DROP INDEX CONCURRENTLY "public"."used"'],
  down: ['CREATE INDEX CONCURRENTLY used ON public."Bestellung" USING btree ("Kunde")'],
};
const analyse: GivenChange = { title: 'Analyse', up: ['ANALYZE "public"."Bestellung"'], down: [] };

/** Wide: what the statements gain and lose is tenfold, and other work on the machine must not look like it. */
const WATCHED: Staging = {
  ...UNWATCHED,
  soakMs: 1500,
  baselineMs: 1500,
  limits: { ...UNWATCHED.limits, readTolerance: 4, writeTolerance: 4, minimalGain: 0.5, minimalCalls: 10 },
};

describe.each(testMajors())('PostgreSQL %s', (major) => {
  let server: LabServer | null;
  let place: Workplace;
  let number = 0;
  const benches: DeployBench[] = [];
  const loads: Load[] = [];
  const bench = async (changes: readonly GivenChange[], schema = SCHEMA): Promise<DeployBench> => {
    const made = await makeDeployBench(server as LabServer, `staged "${(number += 1)}"`, schema, changes);
    benches.push(made);
    return made;
  };
  /** Deploys under a load; the load ends with it. */
  const under = async (
    made: DeployBench,
    statements: readonly string[],
    staging: Staging = WATCHED,
  ): Promise<DeployReport> => {
    const hash = await made.hash();
    const load = await startLoad(made.connection, statements);
    loads.push(load);
    try {
      return await made.deploy({ approve: hash, staging });
    } finally {
      await load.stop();
    }
  };
  const verify = (made: DeployBench): Promise<VerifyReport> =>
    verifyDeployment(
      { plan: made.folder, target: made.connection, limits: WATCHED.limits },
      { watch: () => undefined, signal: new AbortController().signal, env: {} },
    );
  const types = (made: DeployBench): readonly string[] => made.journal().map(({ type }) => type);

  beforeAll(async () => {
    place = makeWorkplace();
    server = await startQuietServer(major, { shared_preload_libraries: 'pg_stat_statements' });
  });
  afterAll(async () => {
    await Promise.all(loads.map((load) => load.stop().catch(() => undefined)));
    await Promise.all(benches.map((one) => one.remove()));
    await server?.stop();
    place.remove();
  });

  test('goes on where the figures allow it, and verify closes the validation', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([byCustomer, analyse]);
    const dry = await made.deploy({ staging: WATCHED });
    expect(dry.command).toContain('--soak 1500ms --baseline 1500ms --approve');
    const load = await startLoad(made.connection, [BY_CUSTOMER, STEADY]);
    loads.push(load);
    const done = await made.deploy({ approve: dry.hash, staging: { ...WATCHED, validationMs: 1500 } });
    expect(done).toMatchObject({ outcome: 'deployed', validation: { verdict: null, windowMs: 1500 } });
    expect(deployReportSchema.strict().parse(JSON.parse(JSON.stringify(done)))).toEqual(done);
    const [first, second] = done.steps.map(({ decision }) => decision);
    expect(first).toMatchObject({ choice: 'go', verdict: 'fine', assessment: { gain: { state: 'gained', seen: 1 } } });
    expect(first?.assessment.gain?.ratio?.ciHigh).toBeLessThan(0.8);
    expect(first?.assessment.rollbacks).toMatchObject({ risen: false });
    // The wizard's own looks all roll back: they are not counted as errors.
    expect(first?.assessment.rollbacks?.after.count).toBeLessThanOrEqual(3);
    expect(second?.choice).toBe('go');
    expect(types(made).filter((type) => ['before', 'soaking', 'decided', 'validating'].includes(type))).toEqual([
      'before',
      'soaking',
      'decided',
      'soaking',
      'decided',
      'validating',
    ]);
    // Texts of statements stay out of the journal's samples.
    expect(JSON.stringify(made.journal().filter(({ type }) => type === 'soaking'))).not.toContain('Kunde');
    await delay(1600);
    await load.stop();
    const verified = await verify(made);
    expect(verified).toMatchObject({
      verdict: 'validated',
      state: 'closed',
      drift: [],
      objects: [{ name: expect.stringContaining('Kunde'), state: 'as deployed' }],
      assessment: { gain: { state: 'gained' } },
    });
    expect(verifyReportSchema.strict().parse(JSON.parse(JSON.stringify(verified)))).toEqual(verified);
    expect((await made.deploy()).validation).toMatchObject({ verdict: 'validated' });
    const sums = await sumsOf(server as LabServer, made.connection.database);
    await verify(made);
    expect(await sumsOf(server as LabServer, made.connection.database)).toEqual(sums);
    for (const columns of [50, 80]) {
      const text = renderDeploy(done, { columns, colour: false }) + renderVerify(verified, { columns, colour: false });
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
    await made.run('DROP INDEX "Für ""Kunde"""');
    expect(await verify(made)).toMatchObject({
      objects: [{ state: 'gone' }],
      drift: [expect.stringContaining('is gone')],
      command: null,
    });
  });

  // What is decided does not depend on the server's major.
  if (major !== testMajors()[0]) return;

  test('takes a step back on its own that makes a statement slower, and leaves the one before', async ({ skip }) => {
    if (!server) skip();
    const made = await bench(
      [analyse, dropByCustomer, byCustomer],
      `${SCHEMA} CREATE INDEX used ON "Bestellung" ("Kunde")`,
    );
    const before = await made.indexes();
    const done = await under(made, [BY_CUSTOMER, STEADY]);
    expect(done.outcome).toBe('withdrawn');
    expect(done.steps.map(({ status }) => status)).toEqual(['applied', 'withdrawn', 'pending']);
    expect(done.steps[1]?.decision).toMatchObject({
      choice: 'revert',
      verdict: 'slower',
      reason: expect.stringMatching(/slower beyond tolerance: "SELECT count\(note\).* x[\d.,]+ \(99 %: /),
    });
    expect(await made.indexes()).toEqual(before);
    expect(made.journal().at(-1)).toMatchObject({ type: 'ended', outcome: 'withdrawn' });
    // The same approval does not bring it back, and taking all back makes a new one necessary.
    const { hash } = done;
    const on = await made.deploy({ approve: hash });
    expect(on.steps.map(({ status }) => status)).toEqual(['applied', 'withdrawn', 'applied']);
    await made.deploy({ approve: hash, revert: true });
    expect(await made.indexes()).toEqual(before);
    await expect(made.deploy({ approve: hash })).rejects.toMatchObject({ code: 'deploy/approval' });
  });

  test('takes a step back that brings no gain where the lab had one', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([{ ...byCustomer, promised: [{ sql: STEADY, ratio: 0.1 }] }]);
    const done = await under(made, [STEADY]);
    expect(done).toMatchObject({
      outcome: 'withdrawn',
      steps: [{ decision: { verdict: 'no-gain', reason: expect.stringContaining('x0.10 in the lab') } }],
    });
    expect(done.validation).toBeNull();
    expect(await made.indexes()).toEqual(['Bestellung_pkey', 'note']);
    await expect(verify(made)).rejects.toMatchObject({ code: 'deploy/plan' });
  });

  test('takes a step back after which errors rise', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([
      {
        title: 'Forbid a note',
        up: [`ALTER TABLE "public"."Bestellung" ADD CONSTRAINT short CHECK (note <> 'y') NOT VALID`],
        down: ['ALTER TABLE "public"."Bestellung" DROP CONSTRAINT short'],
      },
    ]);
    expect((await made.deploy()).steps[0]?.approvals).toEqual([
      expect.objectContaining({ protocol: 'schema-change', decidedBy: 'DBA and data governance', timeLimitHours: 24 }),
      expect.objectContaining({ protocol: 'downtime', decidedBy: 'change management' }),
    ]);
    const done = await under(made, [STEADY, `UPDATE "Bestellung" SET note = 'y' WHERE id = 7`]);
    expect(loads.at(-1)?.failed()).toBeGreaterThan(5);
    expect(done).toMatchObject({ outcome: 'withdrawn', steps: [{ decision: { verdict: 'errors' } }] });
  });

  test('few calls are said to be few: it stops, and the same command goes on', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([byCustomer, analyse]);
    const hash = await made.hash();
    const stopped = await made.deploy({ approve: hash, staging: WATCHED });
    expect(stopped).toMatchObject({
      outcome: 'stopped',
      steps: [{ status: 'applied', decision: { choice: 'stop', verdict: 'insufficient' } }, { status: 'pending' }],
    });
    expect(await verify(made)).toMatchObject({ verdict: 'insufficient', state: 'open', drift: [] });
    const other = await made.session();
    await other.run('BEGIN; LOCK TABLE "Bestellung" IN ACCESS EXCLUSIVE MODE');
    // What is locked can not be looked at: that is no drift.
    await expect(verify(made)).rejects.toMatchObject({ code: 'deploy/blocked' });
    await other.run('ROLLBACK');
    const done = await made.deploy({ approve: hash, staging: { ...WATCHED, withoutFigures: 'go' } });
    expect(done).toMatchObject({
      outcome: 'deployed',
      steps: [{}, { decision: { choice: 'go', verdict: 'insufficient' } }],
    });
  });

  test('counters that are reset while a step is watched count from there', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([byCustomer]);
    const hash = await made.hash();
    const load = await startLoad(made.connection, [BY_CUSTOMER, STEADY]);
    loads.push(load);
    const deploying = made.deploy({ approve: hash, staging: WATCHED });
    await until(() => made.journal().some(({ type }) => type === 'soaking'));
    await made.run('SELECT pg_stat_statements_reset()');
    const done = await deploying;
    await load.stop();
    expect(done.steps[0]?.decision).toMatchObject({ choice: 'go', assessment: { gain: { state: 'gained' } } });
    expect(done.steps[0]?.decision?.window?.incomplete).toBeGreaterThan(0);
  });

  test('without the extension it refuses, asks or goes on, as it is told', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([byCustomer, analyse], SCHEMA.replace('CREATE EXTENSION pg_stat_statements;', ''));
    const dry = await made.deploy({ staging: WATCHED });
    expect(dry.staging.unknown).toContain('not installed');
    const deploy = (withoutFigures: Staging['withoutFigures']): Promise<DeployReport> =>
      made.deploy({ approve: dry.hash, staging: { ...WATCHED, soakMs: 200, baselineMs: 200, withoutFigures } });
    await expect(deploy('refuse')).rejects.toMatchObject({ code: 'deploy/no-figures' });
    expect(await made.indexes()).toEqual(['Bestellung_pkey', 'note']);
    const unknown = { verdict: 'unknown', reason: expect.stringContaining('not installed') };
    const asking = await deploy('ask');
    expect(asking).toMatchObject({ outcome: 'stopped', steps: [{ decision: unknown }, { status: 'pending' }] });
    const gone = await deploy('go');
    expect(gone).toMatchObject({ outcome: 'deployed', steps: [{}, { decision: { choice: 'go', ...unknown } }] });
    expect(await verify(made)).toMatchObject({ verdict: 'unknown' });
  });

  test('kill -9 while a step is watched: the next start goes on watching, or takes it back', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([byCustomer, analyse]);
    const hash = await made.hash();
    const args = ['deploy', made.folder, '--to', urlOf(made.connection), '--approve', hash, '--baseline', '1s'];
    const load = await startLoad(made.connection, [BY_CUSTOMER]);
    loads.push(load);
    const first = place.start([...args, '--soak', '60s']);
    await until(() => types(made).includes('soaking'));
    first.child.kill('SIGKILL');
    await first.done;
    expect((await made.deploy()).found).toEqual([
      expect.stringContaining('was being watched when an earlier start ended'),
    ]);
    // It is watched as long as it was to be: that would be a minute here.
    const run = place.start([...args, '--soak', '1s', '--json']);
    await run.line(/watching after step 1 for 1.00 min/);
    run.child.kill('SIGINT');
    expect(await run.done).toMatchObject({ code: 130 });
    expect(made.journal().at(-1)).toMatchObject({ type: 'ended', outcome: 'stopped' });
    await load.stop();
    await made.deploy({ approve: hash, revert: true });
    expect(await made.indexes()).toEqual(['Bestellung_pkey', 'note']);
  });
});
