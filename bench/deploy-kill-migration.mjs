// Kills a planned migration that psql runs file by file, at random moments, and looks whether running on, or the down files, bring all right. Used by deploy-kills.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../dist/postgres/connect.js';
import { AGAIN, catalogFaults, endServerProcess, lookAt, MAIN, urlOf } from './deploy-kill-loop.mjs';

// Rows so wide that a few thousand are too much for a lock.
const PAD = 'p'.repeat(500);

const SCHEMA = [
  `CREATE TABLE "Ledger" (id int PRIMARY KEY, "Amount" int NOT NULL CHECK ("Amount" >= 0), note text NOT NULL)`,
  `CREATE INDEX "ledger Amount" ON "Ledger" ("Amount")`,
  'CREATE TABLE sale (id int PRIMARY KEY, day int NOT NULL, pad text NOT NULL)',
  'CREATE TABLE migration_state (step int PRIMARY KEY)',
];

/** A type change, two columns that are filled, an index, and a table that is partitioned in use. */
export const MIGRATION = `
ALTER TABLE "Ledger" ALTER COLUMN "Amount" TYPE bigint;
ALTER TABLE "Ledger" ADD COLUMN tag uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "Ledger" ADD COLUMN size int GENERATED ALWAYS AS (length(note) + id) STORED;
CREATE UNIQUE INDEX "ledger Tag" ON "Ledger" (tag);
ALTER TABLE sale ADD CONSTRAINT sale_days CHECK (day IS NOT NULL AND day >= 0 AND day < 100);
ALTER TABLE sale ADD CONSTRAINT sale_day_id UNIQUE (day, id);
BEGIN;
ALTER TABLE sale RENAME TO sale_first;
CREATE TABLE sale (id int NOT NULL, day int NOT NULL, pad text NOT NULL, UNIQUE (day, id)) PARTITION BY RANGE (day);
ALTER TABLE sale ATTACH PARTITION sale_first FOR VALUES FROM (0) TO (100);
COMMIT;
`;

/** What the writer is told of the migration's tables. */
export function migratedTables(rows) {
  const each = (values) => Array.from({ length: rows }, (_, at) => [at + 1, values(at + 1)]);
  return [
    {
      name: '"Ledger"',
      columns: ['"Amount"', 'note'],
      initial: each((id) => [(id * 7) % 1000, PAD + id]),
      make: (random, id) => [Math.floor(random() * 1e6), `${PAD.slice(Math.floor(random() * 300))}${id}`],
    },
    {
      name: 'sale',
      columns: ['day', 'pad'],
      initial: each((id) => [id % 100, PAD]),
      make: (random) => [Math.floor(random() * 100), PAD.slice(Math.floor(random() * 300))],
    },
  ];
}

export async function fillMigrated(session, rows) {
  for (const sql of SCHEMA) await session.run(sql);
  await session.run(`INSERT INTO "Ledger" SELECT g, g * 7 % 1000, '${PAD}' || g FROM generate_series(1, ${rows}) AS g`);
  await session.run(`INSERT INTO sale SELECT g, g % 100, '${PAD}' FROM generate_series(1, ${rows}) AS g`);
  await session.run('ANALYZE');
}

/** `kills` times: starts the up files, or the down files, kills psql at a random moment and one time in two something of the server with it, then goes on or back. One record a kill. */
export async function killMigration({ connection, server, folder, kills, random, untilMs = Infinity, writer, say }) {
  const runner = new Runner(connection, plannedIn(folder, connection));
  const before = await lookAt(connection);
  const startedMs = performance.now();
  await runner.run('up');
  const tookMs = performance.now() - startedMs;
  const deployed = await lookAt(connection);
  await runner.run('down');
  const records = [];
  let isUp = false;
  while (records.length < kills && Date.now() < untilMs) {
    let [direction, step, seen] = [isUp ? 'down' : 'up', null, null];
    for (let again = true; again;) {
      const kind = KINDS[Math.floor(random() * KINDS.length)];
      const running = runner.run(direction, step);
      await delay(random() * tookMs * (direction === 'down' ? 0.4 : 1));
      const at = runner.kill();
      await endServerProcess(connection, server, kind, `application_name = 'migration'`);
      await running;
      step = at;
      seen = await tagsOf(connection);
      const finishes = random() < 0.5;
      records.push({
        number: records.length + 1,
        kind,
        direction,
        step: at,
        finishes,
        again: false,
        filled: seen?.size ?? null,
        faults: [],
      });
      if (!finishes) direction = direction === 'up' ? 'down' : 'up';
      again = random() < AGAIN && records.length < kills && Date.now() < untilMs;
      records.at(-1).again = again;
      if (again) say?.(records.at(-1));
    }
    const { faults } = records.at(-1);
    try {
      await runner.run(direction, step);
    } catch (error) {
      faults.push(String(error.message));
    }
    isUp = direction === 'up';
    if (faults.length === 0) {
      faults.push(...catalogFaults(isUp ? deployed : before, await lookAt(connection)));
      faults.push(...(await writer.check()), ...(isUp ? await valueFaults(connection, seen) : []));
    }
    say?.(records.at(-1));
    if (faults.length > 0) break;
  }
  return records;
}

const KINDS = [
  'psql',
  'psql',
  'psql and its session',
  'psql and its session',
  'psql and its server process',
  'psql and the server',
];

/** The plan of the migration as `deploy` takes it. */
export function planMigration(folder, connection) {
  plannedIn(folder, connection);
}

function plannedIn(folder, connection) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'migration.sql');
  writeFileSync(file, MIGRATION);
  const args = ['migrate', 'plan', file, '--to', urlOf(connection), '--out', folder, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const { steps } = JSON.parse(stdout).files[0].plan;
  const text = (name) => readFileSync(join(folder, 'migrations', name), 'utf8');
  return steps.map(({ number, takesBackFrom, upFile, downFile }) => ({
    number,
    takesBackFrom,
    up: text(upFile),
    down: text(downFile),
  }));
}

/** What a migration tool does around files: one runs at a time, and which ran is written down, in the transaction of the file where it has one. */
class Runner {
  #child = null;
  #step = null;
  #killed = false;
  #unsure = null;
  #direction = null;

  constructor(connection, steps) {
    this.connection = connection;
    this.steps = steps;
  }

  /** `unsure`: the step in which the run before was killed. */
  async run(direction, unsure = null) {
    this.#killed = false;
    try {
      await this.#all(direction, unsure);
    } catch (error) {
      // A server that goes away takes the connection along.
      if (!this.#killed) throw error;
    }
  }

  async #all(direction, unsure) {
    // Until it is gone through: a run that is killed before it comes to that leaves it as it was.
    this.#step = unsure;
    this.#unsure = this.steps.find(({ number }) => number === unsure) ?? null;
    await this.#psql('SELECT 1;\n');
    if (this.#killed) return;
    let done = await this.#done();
    if (direction === 'up' && this.#direction === 'down') {
      // As the head of a down file says: what takes back the steps before it too is gone through to its first.
      for (const { number, takesBackFrom } of this.steps.filter((one) => one.takesBackFrom !== null))
        for (const step of done.has(number) ? [] : this.steps.slice(takesBackFrom - 1, number - 1).toReversed())
          if (done.has(step.number)) await this.#psql(booked(step, 'down'));
      if (this.#killed) return;
      done = await this.#done();
    }
    this.#direction = direction;
    const again = this.#unsure;
    // As the head of such a file says: where it was interrupted, the down file first.
    if (again && !isTransactional(again.up) && /CONCURRENTLY/.test(again.up)) await this.#psql(booked(again, 'down'));
    const due =
      direction === 'up'
        ? this.steps.filter((step) => (step === again && !isTransactional(step.up) ? true : !done.has(step.number)))
        : this.steps.toReversed().filter(({ number }) => done.has(number));
    for (const step of due) {
      this.#step = step.number;
      await this.#psql(booked(step, direction));
      if (this.#killed) return;
    }
    this.#step = null;
  }

  /** The step that it was in; null for none. */
  kill() {
    this.#killed = true;
    this.#child?.kill('SIGKILL');
    return this.#step;
  }

  async #done() {
    const session = await connect(this.connection);
    try {
      return new Set((await session.query('SELECT step FROM migration_state')).map(({ step }) => Number(step)));
    } finally {
      await session.close();
    }
  }

  /** Again as long as a lock is not to be had. */
  async #psql(text) {
    const { host, port, user, password, database } = this.connection;
    const env = {
      ...process.env,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
      PGAPPNAME: 'migration',
    };
    for (let attempt = 1; ; attempt += 1) {
      const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-o', '/dev/null', '-f', '-'];
      const child = spawn('psql', args, { env, stdio: ['pipe', 'ignore', 'pipe'] });
      this.#child = child;
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (part) => (stderr += part));
      child.stdin.on('error', () => undefined);
      child.stdin.end(`SELECT pg_advisory_lock(4711);\n${text}`);
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (this.#killed || code === 0) return;
      if (attempt > 300 || !/ERROR: {2}(?:55P03|40P01)/.test(stderr))
        throw new Error(`psql ended with ${code}: ${stderr}`);
      await delay(50);
    }
  }
}

const isTransactional = (text) => /^COMMIT;$/m.test(text);

/** A file with the line that says that it ran. */
function booked(step, direction) {
  const { number, [direction]: text } = step;
  const line =
    direction === 'up'
      ? `INSERT INTO migration_state VALUES (${number}) ON CONFLICT DO NOTHING;`
      : `DELETE FROM migration_state WHERE step = ${number};`;
  return isTransactional(text) ? text.replace(/^COMMIT;$/m, `${line}\nCOMMIT;`) : `${text}\n${line}\n`;
}

/** What rows were filled with, once what psql left running has ended; null where there is no such column. */
export async function tagsOf(connection) {
  const session = await connect(connection);
  try {
    await session.query('SELECT pg_advisory_lock(4711)::text');
    const [column] = await session.query(
      `SELECT 1 FROM pg_attribute WHERE attrelid = '"Ledger"'::regclass AND attname = 'tag' AND NOT attisdropped`,
    );
    if (!column) return null;
    const rows = await session.query('SELECT id, tag::text AS tag FROM "Ledger" WHERE tag IS NOT NULL');
    return new Map(rows.map(({ id, tag }) => [Number(id), tag]));
  } finally {
    await session.close();
  }
}

/** Each row was filled, with its own value, and once: a value that was drawn is the same for good. */
export async function valueFaults(connection, seen) {
  const session = await connect(connection);
  try {
    const [found] = await session.query(
      `SELECT count(*)::int AS rows, count(DISTINCT tag)::int AS tags, count(*) FILTER (WHERE size IS DISTINCT FROM length(note) + id)::int AS wrong,
         (SELECT count(*)::int FROM ONLY sale_first) AS first, (SELECT count(*)::int FROM sale) AS sales FROM "Ledger"`,
    );
    const sums = Object.fromEntries(Object.entries(found).map(([name, count]) => [name, Number(count)]));
    const rows = await session.query('SELECT id, tag::text AS tag FROM "Ledger"');
    const changed = rows.filter(({ id, tag }) => seen?.has(Number(id)) && seen.get(Number(id)) !== tag).length;
    return [
      ...(sums.tags === sums.rows ? [] : [`${sums.rows} rows have ${sums.tags} tags`]),
      ...(sums.wrong === 0 ? [] : [`${sums.wrong} rows have a wrong size`]),
      ...(sums.first === sums.sales ? [] : [`the partition holds ${sums.first} of ${sums.sales} rows`]),
      ...(changed === 0 ? [] : [`${changed} rows were filled twice`]),
    ];
  } finally {
    await session.close();
  }
}
