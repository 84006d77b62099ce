// npm run bench:deploy-load [-- --scale 10 --rate 150 --clients 4 --report 2000 --major newest]: what pgbench's clients feel of every step of a deployment. A plan of several steps is applied by
// `deploy`, then a migration is planned by `migrate plan` and its files run by psql, each again while its lock is not to be had. pgbench reads and writes at a fixed rate all the time, and a report
// holds a transaction open on the same tables again and again. pgbench logs each transaction, counted from when it was due; a window's figures are of all that overlap it. Takes PostgreSQL's pgbench and psql.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLabServer } from '../dist/lab/server.js';
import { connect } from '../dist/postgres/connect.js';
import { journalOf, setting, startDeploy, writePlan } from './deploy-kill-loop.mjs';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '10' },
    rate: { type: 'string', default: '150' },
    clients: { type: 'string', default: '4' },
    // How long the report's transaction is open each time, in ms; 0: no report.
    report: { type: 'string', default: '2000' },
    major: { type: 'string', default: 'newest' },
    // Before the first step and after the last, in seconds.
    calm: { type: 'string', default: '15' },
  },
});
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const CALM_MS = Number(values.calm) * 1000;
const MOST_STALL_MS = 250;
const ACCOUNTS = 'ALTER TABLE "public"."pgbench_accounts"';

const STEPS = [
  {
    title: 'Create an index',
    up: ['CREATE INDEX CONCURRENTLY "accounts_bid" ON "public"."pgbench_accounts" USING btree ("bid", "abalance")'],
    down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."accounts_bid"'],
  },
  {
    title: 'Drop an index',
    up: ['DROP INDEX CONCURRENTLY "public"."accounts_unused"'],
    down: ['CREATE INDEX CONCURRENTLY accounts_unused ON public.pgbench_accounts USING btree (bid)'],
  },
  {
    title: 'Set work_mem for this database',
    up: [setting('SET work_mem = %L', ", '32MB'")],
    down: [setting('RESET work_mem')],
  },
  { title: 'Rebuild the key', up: ['REINDEX INDEX CONCURRENTLY "public"."pgbench_accounts_pkey"'], down: [] },
  {
    title: 'A CHECK that is not valid yet',
    up: [`${ACCOUNTS} ADD CONSTRAINT "known" CHECK (bid IS NOT NULL) NOT VALID`],
    down: [`${ACCOUNTS} DROP CONSTRAINT "known"`],
  },
  { title: 'Validate the CHECK', up: [`${ACCOUNTS} VALIDATE CONSTRAINT "known"`], down: [] },
  {
    title: 'SET NOT NULL',
    up: [`${ACCOUNTS} ALTER COLUMN "bid" SET NOT NULL`],
    down: [`${ACCOUNTS} ALTER COLUMN "bid" DROP NOT NULL`],
  },
];

const MIGRATION = `
ALTER TABLE pgbench_accounts ADD COLUMN code uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE pgbench_accounts ADD FOREIGN KEY (bid) REFERENCES pgbench_branches (bid);
ALTER TABLE pgbench_accounts ALTER COLUMN abalance TYPE bigint;
ALTER TABLE pgbench_accounts RENAME COLUMN abalance TO balance;
`;

const server = await startLabServer({
  major: values.major === 'newest' ? 'newest' : Number(values.major),
  settings: { max_wal_size: '4GB', log_lock_waits: 'off' },
});
const folder = mkdtempSync(join(tmpdir(), 'deploy-load-'));
const connection = { ...server.connection, database: 'load' };
const env = {
  ...process.env,
  PGHOST: connection.host,
  PGPORT: String(connection.port),
  PGUSER: connection.user,
  PGPASSWORD: connection.password,
  PGDATABASE: 'load',
};
const windows = [];
let pgbench = null;
try {
  const admin = await connect(server.connection);
  await admin.run('CREATE DATABASE load');
  await admin.close();
  must(spawnSync('pgbench', ['-i', '-q', '-s', values.scale], { env, encoding: 'utf8' }));
  const session = await connect(connection);
  await session.run('CREATE INDEX accounts_unused ON pgbench_accounts (bid); ANALYZE; CHECKPOINT');
  await session.close();
  pgbench = startPgbench();
  const report = startReport();
  await delay(3000);
  await during('before', 'nothing', () => delay(CALM_MS));
  await deployAll();
  await migrateAll();
  await during('after', 'nothing', () => delay(CALM_MS));
  await report.stop();
  const ended = await pgbench.stop();
  writeResult(figuresOf(ended), ended);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  pgbench?.child.kill();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function must({ status, stderr, error }) {
  if (error) throw error;
  if (status !== 0) throw new Error(stderr);
}

async function during(name, by, work) {
  const fromMs = Date.now();
  const more = await work();
  windows.push({ name, by, fromMs, toMs: Date.now(), ...more });
}

function startPgbench() {
  const scripts = ['-b', 'simple-update@1', '-b', 'select-only@1'];
  const logs = ['-l', `--log-prefix=${join(folder, 'log')}`];
  const child = spawn(
    'pgbench',
    ['-n', '-T', '36000', '-c', values.clients, '-j', '1', '-R', values.rate, ...scripts, ...logs],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    child,
    async stop() {
      if (child.exitCode !== null) throw new Error(`pgbench ended by itself: ${stderr}`);
      child.kill('SIGTERM');
      await closed;
      return { stderr };
    },
  };
}

/** Somebody who reads the tables in a transaction that stays open. */
function startReport() {
  const state = { on: Number(values.report) > 0 };
  const running = (async () => {
    const session = await connect(connection);
    while (state.on) {
      await session.run('BEGIN; SELECT count(*) FROM pgbench_accounts WHERE aid < 100');
      await delay(Number(values.report));
      await session.run('COMMIT');
      await delay(1000);
    }
    await session.close();
  })();
  return {
    stop: () => {
      state.on = false;
      return running;
    },
  };
}

async function deployAll() {
  const plan = join(folder, 'plan');
  writePlan(plan, STEPS);
  const dry = await startDeploy(plan, connection, []).done;
  const { hash } = JSON.parse(dry.stdout);
  const { code, stderr, stdout } = await startDeploy(plan, connection, ['--approve', hash]).done;
  if (code !== 0) throw new Error(`deploy ended with ${code}: ${stderr}${stdout}`);
  const entries = journalOf(plan);
  for (const [at, { title }] of STEPS.entries()) {
    const of = (type) => entries.filter((entry) => entry.type === type && entry.step === at + 1);
    const [started, settled] = [of('started'), of('settled')];
    if (settled.at(-1)?.applied !== true) throw new Error(`${title} was not applied`);
    windows.push({
      name: title,
      by: 'deploy',
      fromMs: Date.parse(started[0].at),
      toMs: Date.parse(settled.at(-1).at),
      attempts: Math.max(...started.map(({ attempt }) => attempt)),
    });
  }
}

async function migrateAll() {
  const out = join(folder, 'steps');
  const file = join(folder, 'migration.sql');
  writeFileSync(file, MIGRATION);
  const part = encodeURIComponent;
  const url = `postgresql://${part(connection.user)}:${part(connection.password)}@/load?host=${part(connection.host)}&port=${connection.port}`;
  must(
    spawnSync(process.execPath, [MAIN, 'migrate', 'plan', file, '--to', url, '--out', out, '--json'], {
      encoding: 'utf8',
      maxBuffer: 1e9,
    }),
  );
  const files = readdirSync(join(out, 'migrations')).filter((name) => name.endsWith('.up.sql'));
  for (const name of files.toSorted())
    await during(name.replace(/\.up\.sql$/, ''), 'psql', () => runFile(join(out, 'migrations', name)));
}

async function runFile(path) {
  for (let attempts = 1; attempts <= 600; attempts += 1) {
    const child = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', path], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code === 0) return { attempts };
    if (!/lock timeout/.test(stderr)) throw new Error(`${path}: ${stderr}`);
    await delay(300);
  }
  throw new Error(`${path}: its lock was never to be had`);
}

function figuresOf() {
  const transactions = readdirSync(folder)
    .filter((name) => name.startsWith('log.'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .map((line) => line.split(' '))
    .filter((parts) => parts.length >= 6 && /^\d+$/.test(parts[2]))
    .map(([, , time, , seconds, micros]) => {
      const toMs = Number(seconds) * 1000 + Number(micros) / 1000;
      return { ms: Number(time) / 1000, fromMs: toMs - Number(time) / 1000, toMs };
    });
  return windows.map((window) => {
    const ms = transactions
      .filter(({ fromMs, toMs }) => toMs >= window.fromMs && fromMs <= window.toMs)
      .map((one) => one.ms)
      .toSorted((a, b) => a - b);
    const at = (share) => ms[Math.min(ms.length - 1, Math.floor(share * ms.length))] ?? 0;
    return { ...window, transactions: ms.length, p50: at(0.5), p99: at(0.99), worst: ms.at(-1) ?? 0 };
  });
}

function writeResult(rows, { stderr }) {
  const lost = stderr.split('\n').filter((line) => /aborted|ERROR/.test(line));
  const steps = rows.filter(({ by }) => by !== 'nothing');
  const worst = steps.toSorted((a, b) => b.worst - a.worst)[0];
  const options = Object.entries(values).map(([name, value]) => `--${name} ${value}`);
  const line = ({ name, by, fromMs, toMs, attempts, transactions, p50, p99, worst: most }) =>
    `| ${name} | ${by} | ${attempts ?? ''} | ${((toMs - fromMs) / 1000).toFixed(1)} | ${transactions} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${most.toFixed(0)} |`;
  const text = [
    `# What clients feel of a deployment, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `\`npm run bench:deploy-load -- ${options.join(' ')}\`, PostgreSQL ${server.major}, pgbench scale ${values.scale} (${Number(values.scale) * 100_000} accounts), ${values.rate} transactions a second asked for, half of them updates; a report holds a transaction of ${values.report} ms open, closes it for 1 s, and begins again. ${cpus().length} cores, load average ${loadavg()[0].toFixed(1)} at the end.`,
    '',
    'Latency in ms, from when a transaction was due to its end; those that overlap the step.',
    '',
    '| step | by | attempts | s | transactions | p50 | p99 | worst |',
    '|---|---|---:|---:|---:|---:|---:|---:|',
    ...rows.map(line),
    '',
    `Worst stall of a step: ${worst.worst.toFixed(0)} ms (${worst.name}); asked for: at most ${MOST_STALL_MS} ms. Transactions of clients that failed: ${lost.length}.`,
    '',
  ].join('\n');
  console.log(text);
  for (const one of lost.slice(0, 5)) console.log(one);
  const results = new URL('results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL(`deploy-load-${new Date().toISOString().slice(0, 10)}.md`, results), text);
}
