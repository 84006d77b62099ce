import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill, killLoop, STEPS } from '../../bench/deploy-kill-loop.mjs';
import { WizardError } from '../../src/base/errors.js';
import { readTouched } from '../../src/deploy/state.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { seededRandom } from '../../src/stats/random.js';
import { makeWorkplace, until, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { makeDeployBench, writePlan } from '../support/deploy-bench.js';
import type { DeployBench, GivenChange } from '../support/deploy-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SCHEMA = `
  CREATE TABLE one (id int PRIMARY KEY, a int, b int);
  INSERT INTO one SELECT g, g % 100, g FROM generate_series(1, 2000) AS g;
  CREATE TABLE two (id int PRIMARY KEY, a int);
  INSERT INTO two SELECT g, g % 100 FROM generate_series(1, 2000) AS g;`;

const create = (table: string, column: string): GivenChange => ({
  title: `Create an index on ${table} (${column})`,
  up: [`CREATE INDEX CONCURRENTLY "${table}_${column}" ON "public"."${table}" USING btree ("${column}")`],
  down: [`DROP INDEX CONCURRENTLY IF EXISTS "public"."${table}_${column}"`],
});
const BOTH = [create('one', 'a'), create('two', 'a')];
const PATIENT = { patienceMs: 60_000, longTransactionMs: 30_000, lagMs: 10_000 };

describe.each(testMajors())('PostgreSQL %s', (major) => {
  let server: LabServer;
  let place: Workplace;
  let isThere = false;
  let number = 0;
  const benches: DeployBench[] = [];
  const bench = async (changes: readonly GivenChange[], schema = SCHEMA): Promise<DeployBench> => {
    const made = await makeDeployBench(server, `trouble_${(number += 1)}`, schema, changes);
    benches.push(made);
    return made;
  };

  beforeAll(async () => {
    place = makeWorkplace();
    const started = await startQuietServer(major, { max_prepared_transactions: '2' });
    isThere = started !== null;
    if (started) server = started;
  });
  afterAll(async () => {
    await Promise.all(benches.map((one) => one.remove()));
    if (isThere) await server.stop();
    place.remove();
  });

  /** A transaction that a concurrent build has to wait for, begun too late to be waited for before it. */
  async function late(made: DeployBench, sql: string): Promise<Session> {
    const session = await made.session();
    await session.run('BEGIN');
    await session.run(sql);
    return session;
  }

  /** Resolves when a deployment's session waits for somebody. */
  async function waiting(made: DeployBench): Promise<number> {
    const watcher = await made.session();
    const pid = await until(async () => {
      const [row] = await watcher.query<{ pid: number }>(
        `SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
         WHERE a.datname = current_database() AND a.application_name = 'database-wizard' AND a.query ~ 'INDEX CONCURRENTLY'`,
      );
      return row?.pid ?? null;
    });
    return pid;
  }

  /** Starts a deployment whose build waits for a transaction of ours on its table. */
  async function stuck(made: DeployBench): Promise<{
    readonly blocker: Session;
    readonly pid: number;
    readonly done: Promise<unknown>;
    readonly abort: AbortController;
  }> {
    const hash = await made.hash();
    const abort = new AbortController();
    // Two in turn, as clients come and go: never older than a second until the build waits for one, and never none of them, or the build might slip through.
    const begin = async (id: number): Promise<Session> => late(made, `UPDATE one SET b = b WHERE id = ${id}`);
    let blocker = await begin(1);
    const watcher = await made.session();
    const done = made
      .deploy({ approve: hash, limits: PATIENT, signal: abort.signal })
      .catch((thrown: unknown) => thrown);
    let isOver = false;
    void done.then(() => (isOver = true));
    for (let turn = 0; ; turn += 1) {
      await delay(150);
      const rows = await watcher.query(
        `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.application_name = 'database-wizard' AND a.query ~ 'INDEX CONCURRENTLY'`,
      );
      if (rows.length > 0) break;
      if (isOver) throw new Error(`The deployment did not wait: ${JSON.stringify(await done)}`);
      const before = blocker;
      blocker = await begin(turn % 2 === 0 ? 2 : 1);
      await before.run('COMMIT');
      await before.close();
    }
    return { blocker, pid: await waiting(made), done, abort };
  }

  test('a lock that somebody holds: tries again, gives up cleanly, and works when it is free', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const hash = await made.hash();
    for (const mode of ['SHARE UPDATE EXCLUSIVE', 'ACCESS EXCLUSIVE']) {
      const holder = await late(made, `LOCK TABLE two IN ${mode} MODE`);
      await expect(made.deploy({ approve: hash })).rejects.toMatchObject({
        code: 'deploy/blocked',
        message: expect.stringMatching(/^Step 2.* was given up after/),
      });
      expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_pkey']);
      expect(made.journal().some((entry) => entry.type === 'waited')).toBe(true);
      await holder.run('ROLLBACK');
    }
    expect((await made.deploy({ approve: hash })).outcome).toBe('deployed');
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_a', 'two_pkey']);
  });

  test('a blocking statement queues for a moment only: a client behind it is not held up', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench([
      {
        title: 'Widen',
        up: ['ALTER TABLE "public"."one" ALTER COLUMN "a" TYPE bigint'],
        down: ['ALTER TABLE "public"."one" ALTER COLUMN "a" TYPE integer'],
      },
    ]);
    const hash = await made.hash();
    const reader = await late(made, 'SELECT count(*) FROM one');
    const client = await made.session();
    const deploying = made.deploy({ approve: hash, limits: PATIENT });
    let attempts = 0;
    let passed = 0;
    // A client that would wait longer than the lock timeout of one attempt fails here.
    await client.run(`SET lock_timeout = '2s'`);
    while (attempts < 3) {
      await client.query('SELECT count(*) FROM one');
      passed += 1;
      attempts = made.journal().filter((entry) => entry.type === 'started').length;
      await delay(20);
    }
    await reader.run('COMMIT');
    expect((await deploying).outcome).toBe('deployed');
    expect(passed).toBeGreaterThan(3);
  });

  test('long and prepared transactions are named, without their text', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const limits = { patienceMs: 300, longTransactionMs: 200, lagMs: 10_000 };
    const holder = await late(made, `SELECT 'S3cret', count(*) FROM two`);
    await delay(300);
    const dry = await made.deploy({ limits });
    expect(dry.obstacles).toEqual([
      expect.stringMatching(/^process \d+ \(somebody, .*idle in transaction\) has had a transaction/),
    ]);
    await expect(made.deploy({ approve: dry.hash, limits })).rejects.toSatisfy(
      (thrown) =>
        thrown instanceof WizardError && thrown.code === 'deploy/blocked' && !thrown.message.includes('S3cret'),
    );
    await holder.run(`PREPARE TRANSACTION 'left over'`);
    // A younger one is no obstacle yet, and the index of the other table would be built.
    await delay(limits.longTransactionMs + 100);
    await expect(made.deploy({ approve: dry.hash, limits })).rejects.toMatchObject({
      message: expect.stringContaining('prepared transaction left over'),
    });
    await holder.run(`ROLLBACK PREPARED 'left over'`);
    expect(await made.indexes()).toEqual(['one_pkey', 'two_pkey']);
    expect((await made.deploy({ approve: dry.hash })).outcome).toBe('deployed');
  });

  test('a connection that is cut during a build: the invalid index goes, and it is built again', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const { blocker, pid, done } = await stuck(made);
    expect(await made.indexes()).toContain('!one_a');
    await blocker.query('SELECT pg_terminate_backend($1)', [pid]);
    await delay(300);
    await blocker.run('COMMIT');
    expect(await done).toMatchObject({ outcome: 'deployed' });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_a', 'two_pkey']);
    expect(made.journal().map(({ type }) => type)).toContain('removing');
    expect(made.told.join('\n')).toContain('the connection was lost');
  });

  test('an interrupted build is cancelled, and leaves nothing behind', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const { blocker, done, abort } = await stuck(made);
    abort.abort(new WizardError('run/interrupted', 'Stopped by a signal'));
    await delay(200);
    await blocker.run('COMMIT');
    expect(await done).toMatchObject({ code: 'run/interrupted' });
    expect(await made.indexes()).toEqual(['one_pkey', 'two_pkey']);
    expect((await made.deploy({ approve: await made.hash() })).outcome).toBe('deployed');
  });

  test('two wizards at once: one wins, the other says so', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const other = place.path(`other-${number}`);
    writePlan(other, [create('two', 'a')]);
    const { blocker, done } = await stuck(made);
    const dry = await made.deploy({ plan: other });
    await expect(made.deploy({ plan: other, approve: dry.hash })).rejects.toMatchObject({
      code: 'deploy/locked',
      message: expect.stringMatching(/Another wizard deploys to this database: process \d+/),
    });
    await expect(made.deploy()).rejects.toMatchObject({ code: 'ledger/locked' });
    await blocker.run('COMMIT');
    expect(await done).toMatchObject({ outcome: 'deployed' });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_a', 'two_pkey']);
  });

  test('a name that somebody took: the step fails as a whole, and the one before stays', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const hash = await made.hash();
    await made.run('CREATE TABLE two_a (id int)');
    await expect(made.deploy({ approve: hash })).rejects.toMatchObject({ code: 'deploy/failed', sqlstate: '42P07' });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_pkey']);
    expect((await made.deploy()).steps.map(({ status }) => status)).toEqual(['applied', 'pending']);
    await made.deploy({ approve: hash, revert: true });
    expect(await made.indexes()).toEqual(['one_pkey', 'two_pkey']);
  });

  test('a unique index that the rows do not allow is taken away again', async ({ skip }) => {
    if (!isThere) skip();
    const unique = create('one', 'a');
    const made = await bench([{ ...unique, up: unique.up.map((sql) => sql.replace('INDEX', 'UNIQUE INDEX')) }]);
    await expect(made.deploy({ approve: await made.hash() })).rejects.toMatchObject({
      code: 'deploy/failed',
      sqlstate: '23505',
    });
    expect(await made.indexes()).toEqual(['one_pkey', 'two_pkey']);
  });

  test('DDL of somebody else between two steps is drift', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const hash = await made.hash();
    const other = await late(made, 'LOCK TABLE two IN SHARE UPDATE EXCLUSIVE MODE');
    const deploying = made.deploy({ approve: hash, limits: PATIENT }).catch((thrown: unknown) => thrown);
    await until(() => made.journal().some((entry) => entry.type === 'settled' && entry.step === 1));
    await other.run('ALTER TABLE two ADD COLUMN sudden int; COMMIT');
    expect(await deploying).toMatchObject({ code: 'deploy/drift', message: expect.stringContaining('sudden') });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_pkey']);
    // Back is open all the same: what the first step made was not touched.
    await made.deploy({ approve: hash, revert: true });
    expect(await made.indexes()).toEqual(['one_pkey', 'two_pkey']);
  });

  test('a lock that hid what it was on is told, though it is gone when the reading ends', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const [reader, other] = [await made.session(), await made.session()];
    let looks = 0;
    const briefly: Session = Object.create(reader, {
      query: {
        async value(sql: string, params?: readonly unknown[]) {
          const first = sql.includes('pg_locks') && (looks += 1) === 1;
          if (first) await other.run('BEGIN; LOCK TABLE two IN ACCESS EXCLUSIVE MODE');
          const rows = await reader.query(sql, params);
          if (first) await other.run('ROLLBACK');
          return rows;
        },
      },
    });
    const state = await readTouched(briefly, [], [{ schema: 'public', name: 'two' }]);
    expect(looks).toBeGreaterThan(0);
    expect(state).toMatchObject({ indexes: [], locked: 'public.two' });
    expect(await readTouched(reader, [], [{ schema: 'public', name: 'two' }])).toMatchObject({ locked: null });
  });

  test('an index that somebody else left invalid, or changed, is not touched', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const hash = await made.hash();
    await made.deploy({ approve: hash });
    await made.run('DROP INDEX one_a; CREATE INDEX one_a ON one (b)');
    await expect(made.deploy({ approve: hash, revert: true })).rejects.toMatchObject({ code: 'deploy/drift' });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_pkey']);
  });

  test('kill -9 during a build: a dry run says what was found, the next start finishes it', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const url = urlOf(made.connection);
    const hash = await made.hash();
    const blocker = await made.session();
    const run = place.start(['deploy', made.folder, '--to', url, '--approve', hash]);
    for (let waits = false; !waits;) {
      await blocker.run('BEGIN; UPDATE one SET b = b WHERE id = 1');
      await delay(150);
      waits =
        (
          await blocker.query(
            `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.query ~ 'CREATE INDEX CONCURRENTLY' AND a.application_name = 'database-wizard'`,
          )
        ).length > 0;
      if (!waits) await blocker.run('COMMIT');
    }
    run.child.kill('SIGKILL');
    await run.done;
    expect((await made.deploy()).found).toEqual([expect.stringContaining('the server still works on it')]);
    const pid = await waiting(made);
    await blocker.query('SELECT pg_terminate_backend($1)', [pid]);
    await delay(300);
    expect((await made.deploy()).found).toEqual([expect.stringContaining('was left invalid')]);
    expect(await made.indexes()).toContain('!one_a');
    await blocker.run('COMMIT');
    const result = await place.run(['deploy', made.folder, '--to', url, '--approve', hash, '--json']);
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toMatchObject({
      outcome: 'deployed',
      found: [expect.stringContaining('left invalid')],
    });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_a', 'two_pkey']);
  });

  test('a few kills at random points', async ({ skip }) => {
    if (!isThere) skip();
    const connection = { ...server.connection, database: 'kills' };
    await (await connect(server.connection)).run('CREATE DATABASE kills');
    const session = await connect(connection);
    await fill(session, 20_000);
    await session.close();
    const records = await killLoop({
      connection,
      folder: place.path(`kills-${String(major)}`),
      kills: 3,
      steps: STEPS.slice(0, 3),
      random: seededRandom(7),
    });
    expect(records.map(({ faults }) => faults)).toEqual([[], [], []]);
  }, 600_000);

  test('a server that crashes during a build and comes back', async ({ skip }) => {
    if (!isThere) skip();
    const made = await bench(BOTH);
    const { done } = await stuck(made);
    server.kill();
    await server.exited;
    await server.restart();
    expect(await done).toMatchObject({ outcome: 'deployed' });
    expect(await made.indexes()).toEqual(['one_a', 'one_pkey', 'two_a', 'two_pkey']);
  });
});
