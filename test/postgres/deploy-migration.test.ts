import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/app/commands/migrate.js';
import { deployPlan, type DeployOptions } from '../../src/app/deployment/deploy.js';
import type { JournalEntry } from '../../src/deploy/journal.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';
import type { DeployReport } from '../../src/report/deploy/deploy-report.js';
import { UNWATCHED } from '../support/deploy-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SETUP = `
  CREATE SCHEMA "Lager"; CREATE TABLE "order" (id int PRIMARY KEY, "Größe" int, note text, pad text); ALTER TABLE "order" ALTER pad SET STORAGE PLAIN;
  INSERT INTO "order" SELECT n, n, 'n' || n, repeat('x', 5000) FROM generate_series(1, 3000) AS n;
  CREATE TABLE "Lager".stock (id int, n int); INSERT INTO "Lager".stock SELECT n, n FROM generate_series(1, 100) AS n;
  CREATE TABLE log (at int NOT NULL, what text) PARTITION BY RANGE (at); CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10); CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20);
  INSERT INTO log SELECT n, 'w' FROM generate_series(0, 19) AS n`;

/** Waits until the deployment has come so far. Throws where it ended before. */
async function reached(deployment: Promise<DeployReport>, holds: () => boolean | Promise<boolean>): Promise<void> {
  const ends: string[] = [];
  deployment.then(
    ({ outcome }) => ends.push(outcome),
    (thrown: unknown) => ends.push(String(thrown)),
  );
  while (!(await holds())) {
    if (ends.length > 0) throw new Error(`The deployment ended before: ${ends.join()}`);
    await delay(25);
  }
}

/** A type with a default, a column that is filled, an index, a constraint, and a table of its own. */
const MIGRATION = `
  ALTER TABLE "order" ALTER COLUMN "Größe" TYPE bigint;
  ALTER TABLE "order" ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
  CREATE INDEX "nach Größe" ON "order" ("Größe");
  ALTER TABLE "order" ADD CONSTRAINT "groß" CHECK (id > 0);
  CREATE TABLE line (id int PRIMARY KEY, "order" int REFERENCES "order" (id));
  SET search_path = "Lager";
  ALTER TABLE stock ADD COLUMN at text DEFAULT current_schema();`;

describe.each(testMajors())('a planned migration on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let databases = 0;
  const folders: string[] = [];

  beforeAll(async () => {
    server = await startQuietServer(major);
  });

  beforeEach(({ skip }) => skip(server === null, 'no server of this major is installed'));

  afterAll(async () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });

  interface Bench {
    readonly folder: string;
    readonly session: Session;
    readonly told: string[];
    deploy(options?: Partial<DeployOptions> & { readonly signal?: AbortSignal }): Promise<DeployReport>;
    /** Plans the file anew. */
    plan(sql: string): Promise<void>;
    journal(): readonly JournalEntry[];
    dump(): Promise<unknown>;
  }

  async function within(sql: string, work: (bench: Bench) => Promise<void>, setup = SETUP): Promise<void> {
    const { connection } = server as LabServer;
    const database = `deployed_${(databases += 1)}`;
    const admin = await connect(connection);
    await createDatabase(admin, database);
    await admin.close();
    const target: ConnectionSettings = { ...connection, database };
    const session = await connect(target);
    const folder = mkdtempSync(join(tmpdir(), 'deploy-migration-'));
    folders.push(folder);
    const told: string[] = [];
    const context = {
      watch: (progress: object) => void ('text' in progress && told.push(String(progress.text))),
      signal: new AbortController().signal,
      env: {},
    };
    const url = `postgres://${target.user}:${target.password}@/${database}?host=${encodeURIComponent(target.host)}&port=${target.port}`;
    const out = join(folder, 'steps');
    const plan = async (text: string): Promise<void> => {
      mkdirSync(out, { recursive: true });
      writeFileSync(join(folder, 'm.sql'), text);
      await migrate.run(migrate.input.parse({ action: 'plan', files: [join(folder, 'm.sql')], to: url, out }), context);
    };
    try {
      await session.run(setup);
      await plan(sql);
      await work({
        folder: out,
        session,
        told,
        plan,
        deploy: ({ signal, ...options } = {}) =>
          deployPlan(
            {
              plan: out,
              target,
              approve: null,
              revert: false,
              limits: { patienceMs: 4000, longTransactionMs: 30_000, lagMs: 10_000 },
              staging: UNWATCHED,
              ...options,
            },
            signal ? { ...context, signal } : context,
          ),
        journal: () =>
          readFileSync(join(out, 'deploy', 'entries.jsonl'), 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as JournalEntry),
        dump: () => session.query(STATE),
      });
    } finally {
      await session.close();
    }
  }

  /** What a type change takes back leaves its column the last. */
  const STATE = `
    SELECT (SELECT array_agg(attrelid::regclass || ' ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull ORDER BY attrelid::regclass::text, attname COLLATE "C")
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace IN ('public'::regnamespace, '"Lager"'::regnamespace) AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')) AS columns,
      (SELECT array_agg(pg_get_indexdef(indexrelid) || ' ' || indisvalid ORDER BY pg_get_indexdef(indexrelid)) FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'public'::regnamespace) AS indexes,
      (SELECT array_agg(conname || ' ' || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n') AS constraints,
      (SELECT array_agg(proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS functions,
      (SELECT md5(string_agg(id || ' ' || "Größe" || ' ' || note, ',' ORDER BY id)) FROM "order") AS rows`;

  const approved = async (bench: Bench, options: Partial<DeployOptions> = {}): Promise<DeployReport> =>
    bench.deploy({ ...options, approve: (await bench.deploy(options)).hash });

  test('goes up and down under one hash, in steps that the journal tells', async () => {
    await within(MIGRATION, async (bench) => {
      const before = await bench.dump();
      const dry = await bench.deploy();
      expect(dry.outcome).toBe('dry-run');
      expect(dry.drift).toEqual([]);
      expect(dry.steps.find(({ title }) => title === 'fill in batches')?.expected.durationMs).toBeNull();
      expect(await bench.dump()).toEqual(before);
      const done = await bench.deploy({ approve: dry.hash });
      expect(done.outcome).toBe('deployed');
      expect(done.steps.every(({ status }) => status === 'applied')).toBe(true);
      const [after] = await bench.session.query<{ columns: string[]; indexes: string[]; rows: string }>(STATE);
      expect(after?.columns).toContain('"order" Größe bigint false');
      expect(after?.columns).toContain('"order" token uuid true');
      expect(after?.indexes).toContain('CREATE INDEX "nach Größe" ON public."order" USING btree ("Größe") true');
      expect(await bench.session.query('SELECT count(DISTINCT token)::int AS n FROM "order"')).toEqual([{ n: 3000 }]);
      // The path that the file set held for the step after it.
      expect(await bench.session.query('SELECT DISTINCT at FROM "Lager".stock')).toEqual([{ at: 'Lager' }]);
      const kinds = bench.journal().map(({ type }) => type);
      expect(kinds.filter((type) => type === 'started')).toHaveLength(dry.steps.length);
      expect(kinds.filter((type) => type === 'settled')).toHaveLength(dry.steps.length);
      expect((await bench.deploy()).outcome).toBe('nothing-to-do');
      expect((await approved(bench, { revert: true })).outcome).toBe('reverted');
      expect(await bench.dump()).toEqual(before);
      // The column came back as the last one: that is another table than the one that was approved, and is said.
      expect(bench.told).toContainEqual(expect.stringMatching(/^not as before: column public\.order\.Größe: position/));
      await expect(bench.deploy({ approve: dry.hash })).rejects.toMatchObject({ code: 'deploy/approval' });
      await bench.plan(MIGRATION);
      expect((await approved(bench)).outcome).toBe('deployed');
      expect(await bench.session.query(STATE)).toEqual([after]);
    });
  });

  test('what goes along with a step before it is taken back with that', async () => {
    const sql = `ALTER TABLE "order" ADD COLUMN token uuid DEFAULT gen_random_uuid(); ALTER TABLE "order" ADD CONSTRAINT "groß" CHECK (id > 0);
      ALTER TABLE "order" ALTER note SET NOT NULL; CREATE INDEX "nach id" ON "order" (id, note); ALTER TABLE "Lager".stock ADD PRIMARY KEY (id)`;
    await within(sql, async (bench) => {
      const before = await bench.dump();
      expect((await approved(bench)).outcome).toBe('deployed');
      const dry = await bench.deploy({ revert: true });
      expect(dry.steps.filter(({ rollback }) => rollback.length === 0).length).toBeGreaterThan(1);
      expect((await bench.deploy({ revert: true, approve: dry.hash })).outcome).toBe('reverted');
      expect(await bench.dump()).toEqual(before);
      expect(bench.told.filter((text) => text.startsWith('not as before'))).toEqual([]);
      expect((await approved(bench)).outcome).toBe('deployed');
    });
  });

  test('the settings of the file end with the step that they are for', async () => {
    const sql = `CREATE TABLE one (id int); SET search_path = "Lager"; CREATE TABLE two (id int); RESET search_path; CREATE TABLE three (id int)`;
    await within(sql, async (bench) => {
      await approved(bench);
      const rows = await bench.session.query(
        `SELECT relnamespace::regnamespace::text AS schema, relname AS name FROM pg_class WHERE relname IN ('one', 'two', 'three') ORDER BY 2`,
      );
      expect(rows).toEqual([
        { schema: 'public', name: 'one' },
        { schema: 'public', name: 'three' },
        { schema: '"Lager"', name: 'two' },
      ]);
    });
  });

  test('a step that fails is taken back whole, the steps before it stay, and the next start goes on', async () => {
    await within('CREATE TABLE made (id int); CREATE UNIQUE INDEX note_once ON "order" (note)', async (bench) => {
      await bench.session.run(`INSERT INTO "order" VALUES (9001, 1, 'n1')`);
      const { hash } = await bench.deploy();
      await expect(bench.deploy({ approve: hash })).rejects.toMatchObject({ code: 'deploy/failed' });
      expect(
        await bench.session.query(`SELECT to_regclass('made')::text AS made, to_regclass('note_once') AS index`),
      ).toEqual([{ made: 'made', index: null }]);
      await bench.session.run('DELETE FROM "order" WHERE id = 9001');
      expect((await bench.deploy({ approve: hash })).outcome).toBe('deployed');
      expect(
        await bench.session.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'note_once'::regclass`),
      ).toEqual([{ indisvalid: true }]);
    });
  });

  test('a fill whose server process is ended goes on where it was', async () => {
    const slow = `CREATE SEQUENCE drawn; CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN nextval('drawn'); END $$`;
    await within(
      'ALTER TABLE "order" ADD COLUMN number int DEFAULT slow()',
      async (bench) => {
        const { hash } = await bench.deploy();
        const done = bench.deploy({ approve: hash });
        await reached(done, async () => {
          const there = await bench.session.query(
            `SELECT FROM pg_attribute WHERE attrelid = '"order"'::regclass AND attname = 'number' AND NOT attisdropped`,
          );
          const filled = 'SELECT FROM "order" WHERE number IS NOT NULL LIMIT 1';
          return there.length > 0 && (await bench.session.query(filled)).length > 0;
        });
        await bench.session.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'backfill' AND pid <> pg_backend_pid()`,
        );
        expect((await done).outcome).toBe('deployed');
        expect(bench.told).toContainEqual(expect.stringContaining('the connection was lost'));
        expect(bench.journal()).toContainEqual(
          expect.objectContaining({
            type: 'settled',
            applied: false,
            note: expect.stringContaining('it is run again'),
          }),
        );
        const [rows] = await bench.session.query(
          'SELECT count(*)::int AS n, count(number)::int AS filled, count(DISTINCT number)::int AS different FROM "order"',
        );
        expect(rows).toEqual({ n: 3000, filled: 3000, different: 3000 });
      },
      `${SETUP}; ${slow}`,
    );
  });

  test('DETACH CONCURRENTLY that was cut off is ended, not begun again', async () => {
    await within('ALTER TABLE log DETACH PARTITION log_1', async (bench) => {
      const { hash } = await bench.deploy();
      // It is not begun behind whom it finds with the table in use for longer than a second. Of the others it waits after its first transaction: the partition is half detached.
      const before = await connect(bench.session.settings);
      await before.run('BEGIN; SELECT count(*) FROM log; SELECT pg_sleep(1.1)');
      const done = bench.deploy({
        approve: hash,
        limits: { patienceMs: 60_000, longTransactionMs: 60_000, lagMs: 10_000 },
      });
      await reached(done, () => bench.told.some((text) => text.includes('uses its table')));
      const since = await connect(bench.session.settings);
      await since.run('BEGIN; SELECT count(*) FROM log');
      await before.close();
      await reached(
        done,
        async () => (await bench.session.query('SELECT FROM pg_inherits WHERE inhdetachpending')).length > 0,
      );
      await bench.session.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'DETACH' AND pid <> pg_backend_pid()`,
      );
      await since.close();
      expect((await done).outcome).toBe('deployed');
      expect(
        await bench.session.query(
          "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'log'::regclass",
        ),
      ).toEqual([{ name: 'log_2' }]);
      expect((await approved(bench, { revert: true })).outcome).toBe('reverted');
      expect(await bench.session.query('SELECT count(*)::int AS n FROM log')).toEqual([{ n: 20 }]);
    });
  });

  test('a way back that ends after the switch is ended before anything goes up again', async () => {
    await within('ALTER TABLE "order" ALTER COLUMN "Größe" TYPE bigint', async (bench) => {
      const before = await bench.dump();
      await approved(bench);
      const abort = new AbortController();
      const { hash, steps } = await bench.deploy({ revert: true });
      const reverting = bench
        .deploy({ revert: true, approve: hash, signal: abort.signal })
        .catch((thrown: unknown) => thrown);
      while (!bench.told.some((text) => text.startsWith(`taking back step ${steps.length - 1} `)))
        await new Promise((resolve) => setTimeout(resolve, 5));
      abort.abort(new Error('stopped'));
      expect(await reverting).toBeInstanceOf(Error);
      // The switch is taken back, and so is what the steps before it began, which the journal has as applied.
      expect((await bench.deploy()).steps.map(({ status }) => status)).toContain('applied');
      const again = await bench.deploy();
      expect((await bench.deploy({ approve: again.hash })).outcome).toBe('deployed');
      expect(await bench.session.query(`SELECT pg_typeof("Größe")::text AS type FROM "order" LIMIT 1`)).toEqual([
        { type: 'bigint' },
      ]);
      expect((await approved(bench, { revert: true })).outcome).toBe('reverted');
      expect(await bench.dump()).toEqual(before);
    });
  });

  test('the indexes of a table are rebuilt', async () => {
    await within('REINDEX TABLE "order"', async (bench) => {
      const oid = `SELECT 'order_pkey'::regclass::oid::int8 AS oid`;
      const before = await bench.session.query(oid);
      expect((await approved(bench)).outcome).toBe('deployed');
      expect(await bench.session.query(oid)).not.toEqual(before);
      expect(await bench.session.query('SELECT FROM pg_index WHERE NOT indisvalid')).toEqual([]);
    });
  });

  test('what can not be taken back stops the way back there', async () => {
    const sql = 'CREATE TABLE made (id int); DELETE FROM "order" WHERE id = 1; CREATE TABLE later (id int)';
    await within(sql, async (bench) => {
      await approved(bench);
      const dry = await bench.deploy({ revert: true });
      expect(dry.steps.map(({ noWayBack }) => noWayBack)).toEqual([null, expect.any(String), null]);
      await expect(bench.deploy({ revert: true, approve: dry.hash })).rejects.toMatchObject({
        code: 'deploy/no-way-back',
        message: expect.stringMatching(/^Step 2, .* can not be taken back/),
      });
      expect(
        await bench.session.query(`SELECT to_regclass('made')::text AS made, to_regclass('later') AS later`),
      ).toEqual([{ made: 'made', later: null }]);
    });
  });

  test('refuses what changed since it was planned, and what could be left half done', async () => {
    await within('ALTER TABLE "order" ADD COLUMN b int', async (bench) => {
      await bench.session.run('ALTER TABLE "order" DROP COLUMN note');
      const dry = await bench.deploy();
      expect(dry.drift).toEqual([expect.stringContaining('note')]);
      await expect(bench.deploy({ approve: dry.hash })).rejects.toMatchObject({ code: 'deploy/drift' });
      await bench.session.run('CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$');
      await bench.plan('CALL work()');
      await expect(bench.deploy()).rejects.toMatchObject({
        code: 'deploy/plan',
        hint: expect.stringContaining('psql'),
      });
      writeFileSync(join(bench.folder, 'migration.json'), '{"from": "m.sql", "major": 18, "steps": 3}');
      await expect(bench.deploy()).rejects.toMatchObject({
        code: 'deploy/plan',
        message: expect.stringMatching(/can not be read as a plan: steps$/),
      });
    });
  });
});
