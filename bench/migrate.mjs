// The worst stall that clients of a table see while a migration runs: as it was written, and as `migrate plan` writes it. Four clients read and write single rows all the time; one
// other transaction has read the table and stays open for OPEN_MS in front of each migration, as a report or a forgotten session does. A planned step that runs into its lock_timeout is
// run again after a pause. Both forms of a migration run on the same server, one after the other; the figure to look at is the ratio. `npm run bench:migrate [rows]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startLabServer } from '../dist/lab/server.js';
import { planScript } from '../dist/migrations/plan.js';
import { readScript } from '../dist/migrations/script.js';
import { connect } from '../dist/postgres/connect.js';
import { readCatalog } from '../dist/postgres/read/catalog.js';
import { loadParser } from '../dist/sql/parse.js';

const ROWS = Number(process.argv[2] ?? 400_000);
const OPEN_MS = 5000;
const CLIENTS = 4;
const LOCK_TIMEOUT_MS = 100;
const PAUSE_MS = 200;

const SETUP = `
  CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 1000) AS n;
  CREATE TABLE book (id int PRIMARY KEY, author_id int NOT NULL, pages int, title text NOT NULL, sold int NOT NULL DEFAULT 0);
  INSERT INTO book SELECT n, 1 + n % 1000, n % 900 + 1, repeat('t', 40), 0 FROM generate_series(1, ${ROWS}) AS n;
  CREATE INDEX book_author ON book (author_id);
  ANALYZE;`;

const MIGRATIONS = [
  ['add a column', 'ALTER TABLE book ADD COLUMN isbn text'],
  ['create an index', 'CREATE INDEX ON book (pages)'],
  ['SET NOT NULL', 'ALTER TABLE book ALTER COLUMN pages SET NOT NULL'],
  ['ADD CHECK', 'ALTER TABLE book ADD CHECK (pages > 0)'],
  ['ADD FOREIGN KEY', 'ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id)'],
  ['ADD UNIQUE', 'ALTER TABLE book ADD UNIQUE (id, title)'],
  ['add a column, volatile default', 'ALTER TABLE book ADD COLUMN code uuid NOT NULL DEFAULT gen_random_uuid()'],
  ['int to bigint', 'ALTER TABLE book ALTER COLUMN pages TYPE bigint'],
];

await loadParser();
const server = await startLabServer({ major: 'newest', settings: { max_wal_size: '4GB', log_lock_waits: 'off' } });
try {
  const rows = [];
  for (const [name, sql] of MIGRATIONS) {
    const naive = await measure(sql, false);
    const planned = await measure(sql, true);
    rows.push({ name, sql, naive, planned });
    console.log(
      `${name.padEnd(32)} as written ${show(naive)}   planned ${show(planned)}   stall ${(naive.worstMs / planned.worstMs).toFixed(1)}x shorter`,
    );
  }
  const worst = Math.max(...rows.map(({ planned }) => planned.worstMs));
  console.log(`worst stall of a planned migration: ${worst.toFixed(0)} ms`);
  mkdirSync(new URL('results/', import.meta.url), { recursive: true });
  const result = {
    major: server.major,
    rows: ROWS,
    openTransactionMs: OPEN_MS,
    clients: CLIENTS,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    migrations: rows,
  };
  writeFileSync(new URL('results/migrate.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} catch (error) {
  // Before the server goes, and the clients with it.
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.stop();
}

function show({ worstMs, baselineMs, steps, retries, totalMs }) {
  return `${worstMs.toFixed(0).padStart(6)} ms (${baselineMs.toFixed(0)} before, ${steps} steps, ${retries} retries, ${(totalMs / 1000).toFixed(1)} s)`;
}

/** One form of a migration on a fresh database under load: the longest that any client waited for one statement. */
async function measure(sql, planned) {
  const admin = await connect(server.connection);
  await admin.run('DROP DATABASE IF EXISTS bench WITH (FORCE)');
  await admin.run('CREATE DATABASE bench');
  const at = { ...server.connection, database: 'bench' };
  const session = await connect(at);
  await session.run(SETUP);
  await session.run('CHECKPOINT');
  const { catalog } = await readCatalog(session);
  const options = { major: server.major, catalog, oneTransaction: false };
  const steps = planned ? planScript(readScript(sql, 'bench'), options).steps : [{ up: [sql], transactional: true }];
  const load = await startLoad(at);
  const front = await connect(at);
  await front.run('BEGIN; SELECT count(*) FROM book WHERE id < 10');
  const released = delay(OPEN_MS).then(() => front.run('COMMIT'));
  const startedMs = performance.now();
  let retries = 0;
  for (const step of steps) retries += planned ? await guarded(session, step) : await session.run(sql).then(() => 0);
  const totalMs = performance.now() - startedMs;
  await released;
  const { worstMs, baselineMs, statements } = await load.stop();
  for (const one of [session, front]) await one.close();
  await admin.close();
  return { worstMs, baselineMs, statements, steps: steps.length, retries, totalMs };
}

/** Runs a planned step as its file does, again and again while the lock is not to be had. */
async function guarded(session, { up, transactional }) {
  for (let retries = 0; ; retries += 1) {
    try {
      if (transactional) {
        await session.run('BEGIN');
        await session.run(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
        for (const sql of up) await session.run(sql);
        await session.run('COMMIT');
      } else for (const sql of up) await session.run(sql);
      return retries;
    } catch (error) {
      if (error.sqlstate !== '55P03') throw error;
      await session.run('ROLLBACK');
      await delay(PAUSE_MS);
    }
  }
}

/** Clients that read and write single rows; the first second, before the migration, says what a stall is without one. */
async function startLoad(at) {
  const state = { on: true, worstMs: 0, statements: 0 };
  const sessions = await Promise.all(Array.from({ length: CLIENTS }, () => connect(at)));
  const clients = sessions.map(async (session, client) => {
    for (let turn = 0; state.on; turn += 1) {
      const id = 1 + ((turn * 7919 + client * 104_729) % ROWS);
      const startedMs = performance.now();
      if (turn % 2 === 0) await session.query('SELECT title FROM book WHERE id = $1', [id]);
      else await session.query('UPDATE book SET sold = sold + 1 WHERE id = $1', [id]);
      state.worstMs = Math.max(state.worstMs, performance.now() - startedMs);
      state.statements += 1;
      await delay(5);
    }
  });
  const running = Promise.all(clients);
  running.catch(() => undefined);
  await delay(1000);
  const baselineMs = state.worstMs;
  state.worstMs = 0;
  return {
    async stop() {
      state.on = false;
      await running;
      for (const session of sessions) await session.close();
      return { worstMs: state.worstMs, baselineMs, statements: state.statements };
    },
  };
}
