// Kills a deployment at random points, and looks what the next start makes of it. Used by `npm run bench:deploy-kills` and by a test.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { structureDifferences } from '../dist/model/catalog-equality.js';
import { connect } from '../dist/postgres/connect.js';
import { readCatalog } from '../dist/postgres/read/catalog.js';
import { readDatabaseSettings } from '../dist/postgres/read/deployments.js';

export const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const SCHEMA = (rows) => [
  `CREATE TABLE "order" (id int PRIMARY KEY, "Customer" int, placed timestamptz, note text, qty int)`,
  `INSERT INTO "order" SELECT g, g % 1000, now() - g * interval '1 minute', repeat('x', 40), g % 10 FROM generate_series(1, ${rows}) AS g`,
  `CREATE INDEX order_note ON "order" (note)`,
  `CREATE INDEX order_placed ON "order" (placed)`,
  `CREATE TABLE item (id int, order_id int, qty int) PARTITION BY RANGE (id)`,
  `CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (${Math.floor(rows / 2)})`,
  `CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (${Math.floor(rows / 2)}) TO (${rows + 1})`,
  `INSERT INTO item SELECT g, g % 777, g % 10 FROM generate_series(1, ${rows}) AS g`,
  'ANALYZE',
];

export const setting = (change, argument = '') =>
  `DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()${argument}); END $wizard$`;

/** One step of every way in which a change is applied. */
export const STEPS = [
  {
    title: 'Create an index',
    up: ['CREATE INDEX CONCURRENTLY "order_Customer" ON "public"."order" USING btree ("Customer", id)'],
    down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."order_Customer"'],
  },
  {
    title: 'Drop an index',
    up: ['DROP INDEX CONCURRENTLY "public"."order_note"'],
    down: ['CREATE INDEX CONCURRENTLY order_note ON public."order" USING btree (note)'],
  },
  {
    title: 'Create an index on a partitioned table',
    up: ['CREATE INDEX "item_order" ON "public"."item" USING btree ("order_id")'],
    down: ['DROP INDEX IF EXISTS "public"."item_order"'],
  },
  {
    title: 'Set work_mem for this database',
    up: [setting('SET work_mem = %L', ", '32MB'")],
    down: [setting('RESET work_mem')],
  },
  { title: 'Rebuild an index', up: ['REINDEX INDEX CONCURRENTLY "public"."order_placed"'], down: [] },
  {
    title: 'Create another index',
    up: ['CREATE INDEX CONCURRENTLY "order_placed_id" ON "public"."order" USING btree ("placed", "id")'],
    down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."order_placed_id"'],
  },
  {
    title: 'Widen a type, which writes the table anew',
    up: ['ALTER TABLE "public"."order" ALTER COLUMN "qty" TYPE bigint'],
    down: ['ALTER TABLE "public"."order" ALTER COLUMN "qty" TYPE integer'],
  },
];

/** What the writer is told of the deployment's table. */
export function deployedTables(rows) {
  return [
    {
      name: '"order"',
      columns: ['"Customer"', 'note', 'qty'],
      initial: Array.from({ length: rows }, (_, at) => [at + 1, [(at + 1) % 1000, 'x'.repeat(40), (at + 1) % 10]]),
      make: (random) => [Math.floor(random() * 1000), 'y'.repeat(random() * 60), Math.floor(random() * 1e9)],
    },
  ];
}

/** Short soaks: a kill falls into one as often as into a step. The database has no pg_stat_statements, so that each ends in going on. */
const SOAK = ['--soak', '300ms', '--baseline', '300ms', '--without-figures', 'go'];

/** Writes those steps as `optimize` would have. */
export function writePlan(folder, steps) {
  mkdirSync(folder, { recursive: true });
  const iterations = steps.map((step) => ({
    hypothesis: {
      title: step.title,
      action: { kind: 'create-index', title: step.title, up: step.up, down: step.down },
    },
    decision: 'accept',
    effect: null,
    effects: [],
    revertVerified: true,
    applyMs: 100,
  }));
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ iterations }));
}

/** Makes and fills the database. */
export async function fill(session, rows) {
  for (const sql of SCHEMA(rows)) await session.run(sql);
}

/** The catalog, the settings, and which indexes are invalid. */
export async function lookAt(connection) {
  const session = await connect(connection, { readOnly: true });
  try {
    const { catalog } = await readCatalog(session);
    const settings = JSON.stringify(await readDatabaseSettings(session, ['work_mem']));
    return { catalog, settings, invalid: catalog.indexes.filter((index) => !index.valid).map(({ name }) => name) };
  } finally {
    await session.close();
  }
}

/** What is not as it must be. A column that went and came again stands further behind. */
export function catalogFaults(wanted, found) {
  const differences = structureDifferences(wanted.catalog, found.catalog).filter(
    (one) => !/: position \d+ ->/.test(one),
  );
  return [
    ...found.invalid.map((name) => `invalid: ${name}`),
    ...differences.slice(0, 3).map((one) => `the catalog is not as it must be: ${one}`),
    ...(wanted.settings === found.settings ? [] : [`settings: ${found.settings}`]),
  ];
}

export function urlOf({ user, password, database, host, port }) {
  const part = encodeURIComponent;
  return `postgresql://${part(user)}:${part(password)}@/${part(database)}?host=${part(host)}&port=${port}`;
}

/** Starts the command line; `done` gives its exit code and output. */
export function startDeploy(folder, connection, args) {
  const child = spawn(process.execPath, [MAIN, 'deploy', folder, '--to', urlOf(connection), '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const done = new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return { child, done };
}

/** The journal's whole lines. */
export function journalOf(folder) {
  const file = join(folder, 'deploy', 'entries.jsonl');
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/**
 * `kills` times: starts the deployment, with soaks after its steps or without, or taking it back, kills the wizard after a random number of journal lines and a random moment, often something of the server too, or the
 * server alone, then, unless that is killed too, lets the next start finish or undo. `server` is needed for ends of the whole server, `writer` for the rows. `plan` writes what is deployed; `look` sees the rows after a kill, and `check` holds
 * those of the end of a deployment against it. Gives one record a kill; `faults` is empty when all was as it must be.
 */
export async function killLoop({
  connection,
  server = null,
  folder,
  kills,
  random,
  untilMs = Infinity,
  steps = STEPS,
  plan = null,
  look = async () => null,
  check = async () => [],
  writer,
  say,
}) {
  if (plan) plan();
  else writePlan(folder, steps);
  let approve = await approvalOf(folder, connection, plan);
  const before = await lookAt(connection);
  const startedAt = journalOf(folder).length;
  await mustEnd(startDeploy(folder, connection, approve));
  const deployed = await lookAt(connection);
  const linesOfOne = journalOf(folder).length - startedAt;
  await mustEnd(startDeploy(folder, connection, ['--revert', ...approve]));
  const linesBefore = journalOf(folder).length;
  if (plan) approve = await approvalOf(folder, connection, plan);
  await mustEnd(startDeploy(folder, connection, [...SOAK, ...approve]));
  const linesOfSoaked = journalOf(folder).length - linesBefore - 1;
  await mustEnd(startDeploy(folder, connection, ['--revert', ...approve]));
  const records = [];
  const kinds = server ? [...KINDS, ...KINDS, ...WITH_SERVER] : KINDS;
  let isUp = false;
  while (records.length < kills && Date.now() < untilMs) {
    let [direction, seenLast] = [isUp ? ['--revert'] : [], null];
    for (let again = true; again;) {
      const soaks = direction.length === 0 && random() < 0.5;
      const kind = kinds[Math.floor(random() * kinds.length)];
      if (plan) approve = await approvalOf(folder, connection, plan);
      const killed = startDeploy(folder, connection, [...(soaks ? SOAK : direction), ...approve]);
      const lines = journalOf(folder).length;
      // Before its last lines, or the wizard has ended when it is killed.
      const wanted = lines + Math.floor(random() * Math.max(1, (soaks ? linesOfSoaked : linesOfOne) - 3));
      while (killed.child.exitCode === null && journalOf(folder).length < wanted) await delay(5);
      await delay(random() * 60);
      if (kind !== ALONE) killed.child.kill('SIGKILL');
      const pid = journalOf(folder).findLast((entry) => entry.type === 'begun')?.backend.processId ?? 0;
      await endServerProcess(connection, server, kind, `pid = ${pid} AND application_name = 'database-wizard'`);
      const { code } = await killed.done;
      const last = journalOf(folder).at(-1);
      const seen = await look(connection);
      const finishes = random() < 0.5;
      if (!finishes) direction = direction.length === 0 ? ['--revert'] : [];
      records.push({
        number: records.length + 1,
        code,
        at: last?.type ?? 'nothing',
        step: last?.step ?? null,
        soaks,
        kind,
        finishes,
        again: false,
        found: [],
        faults: [],
      });
      seenLast = seen;
      again = random() < AGAIN && records.length < kills && Date.now() < untilMs;
      records.at(-1).again = again;
      if (again) say?.(records.at(-1));
    }
    if (plan) approve = await approvalOf(folder, connection, plan);
    // What was watched goes on being watched: as the command that began it says what to do without figures.
    const rest = direction.length === 0 ? ['--without-figures', 'go'] : [];
    const result = await startDeploy(folder, connection, [...direction, ...rest, ...approve]).done;
    const now = await lookAt(connection);
    isUp = direction.length === 0;
    const { faults, found } = records.at(-1);
    // A kill before the lock was taken leaves nothing that `--revert` could take back: it says so, and that is right.
    if (result.code !== 0)
      faults.push(`the next start ended with ${result.code}: ${result.stderr.split('\n').slice(-4).join(' ')}`);
    else found.push(...JSON.parse(result.stdout).found);
    faults.push(...catalogFaults(isUp ? deployed : before, now));
    faults.push(...storyFaults(journalOf(folder)), ...((await writer?.check()) ?? []));
    if (isUp && faults.length === 0) faults.push(...(await check(connection, seenLast)));
    say?.(records.at(-1));
    if (faults.length > 0) break;
  }
  return records;
}

/** How often the start after a kill is killed as well. */
export const AGAIN = 0.6;

/** What is ended; the last two take the whole server down, which starts again by itself or is started. */
const KINDS = ['the wizard', 'the wizard and its session'];
const ALONE = 'the server alone';
const WITH_SERVER = ['the wizard and its server process', 'the wizard and the server', ALONE];

/** Ends what a kind of kill names beside the client: its session, its server process with SIGKILL, or the postmaster. `which` is a condition on pg_stat_activity. */
export async function endServerProcess(connection, server, kind, which) {
  if (/server$|alone$/.test(kind)) {
    server.kill();
    await server.exited;
    await server.restart();
    return;
  }
  const [, what] = /and its (session|server process)$/.exec(kind) ?? [];
  if (what === undefined) return;
  const admin = await connect(connection);
  try {
    const rows = await admin.query(
      `SELECT pid, ${what === 'session' ? 'pg_terminate_backend(pid)' : 'NULL'} AS ended FROM pg_stat_activity WHERE ${which}`,
    );
    if (what === 'session' || rows.length === 0) return;
    for (const { pid } of rows) process.kill(Number(pid), 'SIGKILL');
  } finally {
    await admin.close().catch(() => undefined);
  }
  // The server ends all sessions, recovers, and answers again.
  for (let left = 600; left > 0; left -= 1) {
    await delay(50);
    const again = await connect(connection).catch(() => null);
    if (again) {
      const ok = await again.run('SELECT 1').then(
        () => true,
        () => false,
      );
      await again.close().catch(() => undefined);
      if (ok) return;
    }
  }
  throw new Error('the server did not come back');
}

/** Every step that was started was settled, in order. */
function storyFaults(entries) {
  let open = null;
  const faults = [];
  for (const entry of entries) {
    if (entry.type === 'started') {
      if (open) faults.push(`step ${entry.step} was started while step ${open.step} was open`);
      open = entry;
    }
    if (entry.type === 'settled') {
      if (!open || open.step !== entry.step || open.direction !== entry.direction)
        faults.push(`step ${entry.step} was settled and not started`);
      open = null;
    }
  }
  if (open) faults.push(`step ${open.step} was never settled`);
  return faults;
}

/** The approval of what would be done now. What was taken back over a switch has another order of columns: that is planned, and approved, anew. */
async function approvalOf(folder, connection, plan) {
  const show = async () => {
    const { stdout, stderr } = await startDeploy(folder, connection, []).done;
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const { drift, hash } = await show();
  if (drift.length === 0 || !plan) return ['--approve', hash];
  plan();
  return ['--approve', (await show()).hash];
}

async function mustEnd({ done }) {
  const { code, stderr } = await done;
  if (code !== 0) throw new Error(`the deployment itself failed: ${stderr}`);
}
