// npm run bench:deploy-kills [-- --kills 60 --deployed-kills 60 --migration-kills 60 --rows 50000 --major 18 --seed 1 --minutes 75]: kill -9 of a deployment and of a planned migration at random points, while somebody writes and keeps
// the account of it. The migration's files are run by psql.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '../dist/postgres/connect.js';
import { startLabServer } from '../dist/lab/server.js';
import { seededRandom } from '../dist/stats/random.js';
import { deployedTables, fill, killLoop, STEPS } from './deploy-kill-loop.mjs';
import {
  fillMigrated,
  killMigration,
  migratedTables,
  MIGRATION,
  planMigration,
  tagsOf,
  valueFaults,
} from './deploy-kill-migration.mjs';
import { startWriter, WRITER_SCHEMA } from './deploy-kill-writer.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '60' },
    'deployed-kills': { type: 'string', default: '60' },
    'migration-kills': { type: 'string', default: '60' },
    rows: { type: 'string', default: '50000' },
    major: { type: 'string', default: 'newest' },
    seed: { type: 'string', default: '1' },
    // How many of the deployment's steps.
    steps: { type: 'string', default: String(STEPS.length) },
    // No further kill after that long, about a third of it for each: on a busy machine one takes a minute.
    minutes: { type: 'string', default: '600' },
  },
});
const rows = Number(values.rows);
// The last one writes the table anew.
const steps = [...STEPS.slice(0, Number(values.steps) - 1), ...STEPS.slice(-1)];
const random = seededRandom(Number(values.seed));
const startedMs = Date.now();
const untilMs = (share) => startedMs + Number(values.minutes) * 60_000 * share;
const server = await startLabServer({ major: values.major === 'newest' ? 'newest' : Number(values.major) });
const folder = mkdtempSync(join(tmpdir(), 'deploy-kills-'));
const reports = [];
try {
  await withWriter('kills', fill, deployedTables(rows), async (connection, writer) => {
    const records = await killLoop({
      connection,
      server,
      folder: join(folder, 'deploy'),
      kills: Number(values.kills),
      random,
      steps,
      untilMs: untilMs(0.3),
      writer,
      say: sayKill,
    });
    reports.push({ ofDeployment: true, records, writer: { ...writer.state } });
  });
  await withWriter('deployed', fillMigrated, migratedTables(rows), async (connection, writer) => {
    const migration = join(folder, 'deployed');
    const records = await killLoop({
      connection,
      server,
      folder: migration,
      kills: Number(values['deployed-kills']),
      random,
      plan: () => planMigration(migration, connection),
      look: tagsOf,
      check: valueFaults,
      untilMs: untilMs(0.65),
      writer,
      say: sayKill,
    });
    reports.push({ ofDeployment: true, isMigration: true, records, writer: { ...writer.state } });
  });
  await withWriter('migrated', fillMigrated, migratedTables(rows), async (connection, writer) => {
    const records = await killMigration({
      connection,
      server,
      folder: join(folder, 'migration'),
      kills: Number(values['migration-kills']),
      random,
      untilMs: untilMs(1),
      writer,
      say: ({ number, kind, direction, step, finishes, again, filled, faults }) =>
        console.log(
          `${number}: ${kind}, going ${direction}, in step ${step ?? 'none'}${filled === null ? '' : ` with ${filled} rows filled`}; then ${again ? 'another kill ' : ''}${finishes ? 'going on' : 'the other way'}${faultWords(faults)}`,
        ),
    });
    reports.push({ ofDeployment: false, records, writer: { ...writer.state } });
  });
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const all = reports.flatMap(({ records }) => records);
const faulty = all.filter(({ faults }) => faults.length > 0);
const report = [
  `# kill -9 of a deployment and of a migration, rows counted, ${new Date().toISOString().slice(0, 10)}`,
  '',
  `\`npm run bench:deploy-kills -- ${Object.entries(values)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ')}\`, PostgreSQL ${server.major}: ${all.length} kills, ${faulty.length} with a fault.`,
  '',
  'Somebody inserts, changes and deletes rows all the time, and keeps the account of what was committed. After each kill, or a row of kills, the next start finished or took back; then the catalog was held against that before or after, invalid indexes were looked for, and the number of rows and an order-free checksum of the columns that the writer writes were held against its account.',
  '',
  ...reports.flatMap((one) => (one.ofDeployment ? deploymentLines(one) : migrationLines(one))),
].join('\n');
const results = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(results, { recursive: true });
if (faulty.length === 0) writeFileSync(freeName(), report);
console.log(report);
process.exitCode = faulty.length === 0 ? 0 : 1;

async function withWriter(database, prepare, tables, work) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const connection = { ...server.connection, database };
  const session = await connect(connection);
  for (const sql of WRITER_SCHEMA) await session.run(sql);
  await prepare(session, rows);
  await session.close();
  const writer = await startWriter({ connection, tables, random: seededRandom(Number(values.seed) + 1) });
  try {
    await work(connection, writer);
  } finally {
    await writer.stop();
  }
}

function sayKill({ number, at, step, soaks, kind, finishes, again, found, faults }) {
  console.log(
    `${number}: ${soaks ? 'with soaks, ' : ''}${kind} after "${at}"${step === null ? '' : ` of step ${step}`}; then ${again ? 'another kill ' : ''}${finishes ? 'going on' : 'the other way'}; ${found.join('; ')}${faultWords(faults)}`,
  );
}

function faultWords(faults) {
  return faults.length > 0 ? `; FAULT ${faults.join('; ')}` : '';
}

function freeName() {
  const base = join(results, `deploy-kills-rows-${new Date().toISOString().slice(0, 10)}-${server.major}`);
  for (let number = 1; ; number += 1) {
    const name = `${base}${number === 1 ? '' : `-${number}`}.md`;
    if (!existsSync(name)) return name;
  }
}

function table(lines) {
  return ['| | |', '|---|---:|', ...lines.map(([what, count]) => `| ${what} | ${count} |`), ''];
}

function kindLines(records) {
  const kinds = [...new Set(records.map(({ kind }) => kind))].toSorted((a, b) => (a < b ? -1 : 1));
  return kinds.map((kind) => [`killed: ${kind}`, records.filter((one) => one.kind === kind).length]);
}

function writerLines({ committed, rows: written, undone, lost, worstMs }) {
  return [
    ['transactions that the writer committed / rows it wrote', `${committed} / ${written}`],
    [
      'undone by a deadlock or with the server / of which it had to look whether they were committed',
      `${undone} / ${lost}`,
    ],
    ['longest that one of its transactions took, a server that was down included', `${Math.round(worstMs)} ms`],
  ];
}

function deploymentLines({ records, writer, isMigration = false }) {
  const count = (test) => records.filter(test).length;
  return [
    isMigration
      ? '## `deploy` of a planned migration'
      : `## \`deploy\`, ${steps.length} steps: ${steps.map(({ title }) => title.toLowerCase()).join(', ')}`,
    '',
    ...(isMigration
      ? ['The migration is that below; its rows are held against what was seen after the kill as there.', '']
      : []),
    ...table([
      ['kills', records.length],
      ...kindLines(records),
      ['the wizard had ended by itself before', count(({ code }) => code !== null)],
      [
        'a run with soaks after its steps / in a soak or before it was decided',
        `${count(({ soaks }) => soaks)} / ${count(({ at }) => at === 'soaking')}`,
      ],
      [
        'the next start went on / the other way; was killed too',
        `${count(({ finishes }) => finishes)} / ${count(({ finishes }) => !finishes)}; ${count(({ again }) => again)}`,
      ],
      ['a step was open', count(({ found }) => found.length > 0)],
      [
        'an invalid index was found and removed',
        count(({ found }) => found.some((text) => text.includes('left invalid'))),
      ],
      ...writerLines(writer),
      [
        'invalid index left, catalog not as it must be, a hole in the journal, a row lost, doubled or changed',
        count(({ faults }) => faults.length > 0),
      ],
    ]),
    'Last journal line before the kill: ' +
      [...new Set(records.map(({ at }) => at))].map((at) => `${at} ${count((one) => one.at === at)}`).join(', ') +
      '.',
    '',
  ];
}

function migrationLines({ records, writer }) {
  const count = (test) => records.filter(test).length;
  const steps = new Set(records.map(({ step }) => step));
  return [
    '## The files of `migrate plan`, run by psql',
    '',
    'Beside the above each row must hold the value that its columns give, and a value that was drawn for a row (`gen_random_uuid()`) must be the one that it had when psql was killed: a row that is filled twice would have another.',
    '',
    '```sql',
    MIGRATION.trim(),
    '```',
    '',
    ...table([
      ['kills', records.length],
      ...kindLines(records),
      [
        'going up / down',
        `${count(({ direction }) => direction === 'up')} / ${count(({ direction }) => direction === 'down')}`,
      ],
      ['different steps in which it was killed', steps.size],
      ['with some rows filled', count(({ filled }) => filled !== null && filled > 0)],
      [
        'the next run went on / the other way; was killed too',
        `${count(({ finishes }) => finishes)} / ${count(({ finishes }) => !finishes)}; ${count(({ again }) => again)}`,
      ],
      ...writerLines(writer),
      [
        'invalid index left, catalog not as it must be, a row lost, doubled, changed or filled wrongly',
        count(({ faults }) => faults.length > 0),
      ],
    ]),
  ];
}
