import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import { openDeploymentSession } from '../../src/postgres/deployment/session.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { structureText } from '../../src/model/catalog-equality.js';
import { deployReportSchema } from '../../src/report/deploy/deploy-report.js';
import { renderDeploy } from '../../src/report/deploy/deploy-terminal.js';
import { sumsOf } from '../support/cli-target.js';
import { makeDeployBench, writePlan } from '../support/deploy-bench.js';
import type { DeployBench, GivenChange } from '../support/deploy-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SCHEMA = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Kunde Nr" int, placed timestamptz, note text);
  INSERT INTO "order" SELECT g, g % 100, now(), 'x' FROM generate_series(1, 3000) AS g;
  CREATE INDEX order_note ON "order" (note);
  CREATE TABLE part (id int, v int) PARTITION BY RANGE (id);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
  CREATE TABLE other (id int PRIMARY KEY);`;

const createOdd: GivenChange = {
  title: 'Create an index with an odd name',
  up: ['CREATE INDEX CONCURRENTLY "we""ird Ünï" ON "public"."order" USING btree ("Kunde Nr")'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."we""ird Ünï"'],
};
const createPlaced: GivenChange = {
  title: 'Create an index on placed',
  up: ['CREATE INDEX CONCURRENTLY "order_placed" ON "public"."order" USING btree ("placed")'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."order_placed"'],
};
const dropNote: GivenChange = {
  title: 'Drop index public.order_note',
  up: ['DROP INDEX CONCURRENTLY "public"."order_note"'],
  down: ['CREATE INDEX CONCURRENTLY order_note ON public."order" USING btree (note)'],
};
const setting = (change: string, argument = ''): string =>
  `DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()${argument}); END $wizard$`;

const EVERYTHING: readonly GivenChange[] = [
  createOdd,
  dropNote,
  {
    title: 'Create an index on a partitioned table',
    up: ['CREATE INDEX "part_v" ON "public"."part" USING btree ("v")'],
    down: ['DROP INDEX IF EXISTS "public"."part_v"'],
  },
  {
    title: 'Set work_mem',
    up: [setting('SET work_mem = %L', ", '32MB'")],
    down: [setting('RESET work_mem')],
  },
  { title: 'Rebuild an index', up: ['REINDEX INDEX CONCURRENTLY "public"."order_pkey"'], down: [] },
  { title: 'Analyse', up: ['ANALYZE "public"."order"'], down: [] },
  {
    title: 'Create statistics, and analyse',
    up: [
      `CREATE STATISTICS "public"."Ünï_stat" (dependencies, mcv) ON "Kunde Nr", (lower(note)) FROM "public"."order"`,
      'ANALYZE "public"."order"',
    ],
    down: ['DROP STATISTICS IF EXISTS "public"."Ünï_stat"'],
  },
  {
    title: 'Widen a type',
    up: ['ALTER TABLE "public"."other" ALTER COLUMN "id" TYPE bigint'],
    down: ['ALTER TABLE "public"."other" ALTER COLUMN "id" TYPE integer'],
  },
];

describe.each(testMajors())('PostgreSQL %s', (major) => {
  let server: LabServer | null;
  let number = 0;
  const benches: DeployBench[] = [];
  const bench = async (changes: readonly GivenChange[], schema = SCHEMA): Promise<DeployBench> => {
    const made = await makeDeployBench(server as LabServer, `Deploy "${(number += 1)}"`, schema, changes);
    benches.push(made);
    return made;
  };

  beforeAll(async () => {
    server = await startQuietServer(major, { max_prepared_transactions: '2' });
  });
  afterAll(async () => {
    await Promise.all(benches.map((one) => one.remove()));
    await server?.stop();
  });

  test('shows, applies and takes back a step of every form, and leaves the catalog as it was', async ({ skip }) => {
    if (!server) skip();
    const made = await bench(EVERYTHING);
    const structure = async (): Promise<string> => {
      const session = await made.session();
      const { catalog } = await readCatalog(session);
      const [mem] = await session.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()`,
      );
      return `${structureText(catalog)}\nsettings ${mem?.n}`;
    };
    const before = await structure();
    const sums = await sumsOf(server as LabServer, made.connection.database);
    const dry = await made.deploy();
    expect(await sumsOf(server as LabServer, made.connection.database)).toEqual(sums);
    expect(dry).toMatchObject({ outcome: 'dry-run', hash: expect.stringMatching(/^[0-9a-f]{16}$/), obstacles: [] });
    expect(deployReportSchema.strict().parse(JSON.parse(JSON.stringify(dry)))).toEqual(dry);
    expect(dry.steps.map((step) => step.statements.map((one) => [one.lock, one.blocksClients]))).toMatchInlineSnapshot(`
      [
        [
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes; it waits for the transactions that were open when it began",
            false,
          ],
        ],
        [
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes; it waits for the transactions that may use the index",
            false,
          ],
        ],
        [
          [
            "takes SHARE on public.part, which blocks writes until the index is built",
            true,
          ],
        ],
        [
          [
            "takes no lock on any table; sessions that begin afterwards use it",
            false,
          ],
        ],
        [
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes; it waits for the transactions that may use the index",
            false,
          ],
        ],
        [
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes",
            false,
          ],
        ],
        [
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes for a moment",
            false,
          ],
          [
            "takes SHARE UPDATE EXCLUSIVE on public.order, which blocks DDL, VACUUM and other index builds but neither reads nor writes",
            false,
          ],
        ],
        [
          [
            "takes ACCESS EXCLUSIVE on public.other, which blocks reads and writes while the table and its indexes are written anew",
            true,
          ],
        ],
      ]
    `);
    const done = await made.deploy({ approve: dry.hash });
    expect(done.outcome).toBe('deployed');
    expect(done.steps.map(({ status }) => status)).toEqual(EVERYTHING.map(() => 'applied'));
    expect(await made.indexes()).toEqual(['order_pkey', 'other_pkey', 'part_1_v_idx', 'part_v', 'we"ird Ünï']);
    expect(await made.deploy()).toMatchObject({ outcome: 'nothing-to-do', hash: dry.hash });
    const back = await made.deploy({ revert: true });
    expect(back.outcome).toBe('dry-run');
    for (const columns of [40, 100]) {
      const text = renderDeploy(back, { columns, colour: false });
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
    await made.deploy({ revert: true, approve: dry.hash });
    expect(await structure()).toBe(before);
    expect(await made.deploy({ revert: true })).toMatchObject({ outcome: 'nothing-to-do' });
    // What was taken back can be deployed again, under the same hash: all is as it was.
    expect((await made.deploy({ approve: dry.hash })).outcome).toBe('deployed');
  });

  test('refuses a wrong hash, and a stale one with what changed', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([createPlaced]);
    await expect(made.deploy({ approve: '0123456789abcdef' })).rejects.toMatchObject({ code: 'deploy/approval' });
    const hash = await made.hash();
    await made.run('ALTER TABLE "order" ADD COLUMN more int; CREATE INDEX order_more ON "order" (more)');
    await expect(made.deploy({ approve: hash })).rejects.toMatchObject({
      code: 'deploy/approval',
      message: expect.stringContaining('order_more'),
    });
    expect(await made.hash()).not.toBe(hash);
    expect(await made.indexes()).not.toContain('order_placed');
    // Other objects are none of its business.
    const now = await made.hash();
    await made.run('ALTER TABLE other ADD COLUMN more int');
    expect(await made.hash()).toBe(now);
  });

  test('an approval for one database is none for another', async ({ skip }) => {
    if (!server) skip();
    const [one, two] = [await bench([createPlaced]), await bench([createPlaced])];
    const hash = await one.hash();
    await expect(two.deploy({ plan: one.folder, approve: hash })).rejects.toMatchObject({ code: 'deploy/approval' });
    expect(await two.indexes()).not.toContain('order_placed');
  });

  test('refuses what changed since the plan was made', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([createPlaced]);
    const { structure } = await plannedStructure(made);
    const file = { examinedAt: '2026-11-25T00:00:00Z', structure, tables: { '["public","order"]': 100_000 } };
    writeFileSync(join(made.folder, 'report.catalog.json'), JSON.stringify(file));
    const [step] = (await made.deploy()).steps;
    expect(step?.expected).toMatchObject({ durationMs: expect.any(Number), diskBytes: expect.any(Number) });
    await made.run('ALTER TABLE "order" DROP COLUMN note');
    const dry = await made.deploy();
    expect(dry.drift).toEqual(expect.arrayContaining([expect.stringContaining('order_note')]));
    await expect(made.deploy({ approve: dry.hash })).rejects.toMatchObject({ code: 'deploy/drift' });
    expect(await made.indexes()).not.toContain('order_placed');
  });

  test('runs nothing that was not approved', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([createPlaced]);
    const session = await openDeploymentSession(
      made.connection,
      { hash: 'x', statements: new Set(createPlaced.up) },
      () => undefined,
    );
    const limits = { lockTimeoutMs: 100, statementTimeoutMs: 1000 };
    const running = { limits, settings: [] };
    await expect(session.alone('DROP TABLE "order"', running)).rejects.toMatchObject({ code: 'guard/refused' });
    await expect(
      session.together([...createPlaced.up, 'DROP TABLE "order"'], running, async () => undefined),
    ).rejects.toMatchObject({ code: 'guard/refused' });
    const role = { limits, settings: ['SET ROLE somebody'] };
    await expect(session.alone(createPlaced.up[0] ?? '', role)).rejects.toMatchObject({ code: 'guard/refused' });
    // A valid index is not one to be removed.
    const index = { schema: 'public', name: 'order_note', oid: 0 };
    expect(await session.removeInvalidIndex(index, limits)).toBe(false);
    await session.close();
    expect(await made.indexes()).toContain('order_note');
  });

  test.each([
    ['a table dropped', ['DROP TABLE "public"."order"'], 'Drop'],
    ['CASCADE', ['DROP INDEX "public"."order_note" CASCADE'], 'Drop'],
    ['rows deleted', ['DELETE FROM "public"."order"'], 'Delete'],
    ['two statements in one text', ['ANALYZE "public"."order"; DROP TABLE "public"."order"'], 'not one statement'],
    ['a name without schema', ['CREATE INDEX CONCURRENTLY x ON "order" (id)'], 'without its schema'],
    ['another DO block', ['DO $wizard$ BEGIN DROP TABLE "order"; END $wizard$'], 'Do'],
    ['concurrent and not in one step', [...createPlaced.up, 'ANALYZE "public"."order"'], 'neither whole'],
  ])('refuses a plan with %s before it connects', async (_what, up, words) => {
    const nowhere = { ...(server?.connection ?? ({} as LabServer['connection'])), host: '/nowhere' };
    const made = await bench([createPlaced]);
    writePlan(made.folder, [{ title: 'Odd', up, down: [] }]);
    await expect(made.deploy({ target: nowhere })).rejects.toMatchObject({
      code: 'deploy/plan',
      message: expect.stringContaining(words),
    });
  });

  test('refuses what is no plan', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([]);
    await expect(made.deploy()).rejects.toMatchObject({
      code: 'deploy/plan',
      message: expect.stringContaining('no change'),
    });
    await expect(made.deploy({ plan: '/nowhere' })).rejects.toMatchObject({ code: 'deploy/plan' });
    writeFileSync(join(made.folder, 'report.json'), '{"iterations": 5}');
    await expect(made.deploy()).rejects.toMatchObject({ code: 'deploy/plan' });
    writeFileSync(join(made.folder, 'report.json'), 'no json');
    await expect(made.deploy()).rejects.toMatchObject({ code: 'deploy/plan' });
    writeFileSync(join(made.folder, 'indexes.json'), '{}');
    await expect(made.deploy()).rejects.toMatchObject({
      code: 'deploy/plan',
      hint: expect.stringContaining('indexes.json'),
    });
  });

  test('a role that does not own the table is told so before anything runs', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([createPlaced]);
    await made.run(`CREATE ROLE "lesser ${number}" LOGIN PASSWORD 'p4ss-w0rd'`);
    const target = { ...made.connection, user: `lesser ${number}`, password: 'p4ss-w0rd' };
    const dry = await made.deploy({ target });
    expect(dry.obstacles).toEqual([expect.stringContaining('does not own public."order"')]);
    await expect(made.deploy({ target, approve: dry.hash })).rejects.toMatchObject({ code: 'deploy/blocked' });
    expect(await made.indexes()).not.toContain('order_placed');
  });

  test('knows the free disk of a server on this machine', async ({ skip }) => {
    if (!server) skip();
    const made = await bench([createPlaced]);
    expect((await made.deploy()).freeDiskBytes).toBeGreaterThan(0);
  });

  test.each(LOCKS)('%s takes the lock that it is said to take', async (sql, relation, words) => {
    const made = await bench([{ title: 'One', up: [sql], down: [] }]);
    const lock = (await made.deploy()).steps[0]?.statements[0]?.lock ?? '';
    const session = await connect(made.connection);
    await session.run(`BEGIN; ${sql}`);
    const rows = await session.query<{ mode: string }>(
      `SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = $1::regclass`,
      [relation],
    );
    await session.close();
    const strongest = rows.map((row) => STRENGTH.indexOf(row.mode)).reduce((most, each) => Math.max(most, each), -1);
    expect(words).toBe(strongest < 0 ? 'no lock' : WORDS[strongest]);
    expect(lock).toContain(words);
  });
});

const STRENGTH = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];
const WORDS = STRENGTH.map((mode) =>
  mode
    .replace(/Lock$/, '')
    .replaceAll(/(?!^)([A-Z])/g, ' $1')
    .toUpperCase(),
);
const LOCKS: readonly (readonly [sql: string, relation: string, words: string])[] = [
  ['CREATE INDEX x ON "public"."order" (placed)', '"order"', 'SHARE'],
  ['DROP INDEX "public"."order_note"', '"order"', 'ACCESS EXCLUSIVE'],
  ['REINDEX INDEX "public"."order_note"', '"order"', 'SHARE'],
  ['ANALYZE "public"."order"', '"order"', 'SHARE UPDATE EXCLUSIVE'],
  ['CREATE STATISTICS "public"."s" ON placed, note FROM "public"."order"', '"order"', 'SHARE UPDATE EXCLUSIVE'],
  ['ALTER TABLE "public"."order" ALTER COLUMN "placed" SET STATISTICS 1000', '"order"', 'SHARE UPDATE EXCLUSIVE'],
  ['ALTER TABLE "public"."order" ALTER COLUMN "placed" SET (n_distinct = 500)', '"order"', 'SHARE UPDATE EXCLUSIVE'],
  ['ALTER TABLE "public"."order" ALTER COLUMN "placed" RESET (n_distinct)', '"order"', 'SHARE UPDATE EXCLUSIVE'],
  ['ALTER TABLE "public"."other" ALTER COLUMN "id" TYPE bigint', 'other', 'ACCESS EXCLUSIVE'],
  ['ALTER TABLE "public"."other" ADD CONSTRAINT c CHECK (id > 0) NOT VALID', 'other', 'ACCESS EXCLUSIVE'],
];

/** What a dry run wrote down of the objects. */
async function plannedStructure(made: DeployBench): Promise<{ readonly structure: Readonly<Record<string, string>> }> {
  await made.deploy();
  const planned = made.journal().find((entry) => entry.type === 'planned');
  return { structure: planned?.type === 'planned' ? planned.structure : {} };
}
