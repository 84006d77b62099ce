// npm run bench:deploy-kills [-- --kills 100 --rows 200000 --major 18 --seed 1 --minutes 75]: kill -9 of a deployment at random points.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '../dist/postgres/connect.js';
import { startLabServer } from '../dist/lab/server.js';
import { seededRandom } from '../dist/stats/random.js';
import { fill, killLoop, STEPS } from './deploy-kill-loop.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    rows: { type: 'string', default: '200000' },
    major: { type: 'string', default: 'newest' },
    seed: { type: 'string', default: '1' },
    // No further kill after that long: on a busy machine one takes a minute.
    minutes: { type: 'string', default: '600' },
  },
});
const server = await startLabServer({ major: values.major === 'newest' ? 'newest' : Number(values.major) });
const folder = mkdtempSync(join(tmpdir(), 'deploy-kills-'));
let records = [];
try {
  const admin = await connect(server.connection);
  await admin.run('CREATE DATABASE kills');
  await admin.close();
  const connection = { ...server.connection, database: 'kills' };
  const session = await connect(connection);
  await fill(session, Number(values.rows));
  await session.close();
  records = await killLoop({
    connection,
    folder,
    kills: Number(values.kills),
    random: seededRandom(Number(values.seed)),
    untilMs: Date.now() + Number(values.minutes) * 60_000,
    say: ({ number, at, step, soaks, alsoServer, finishes, found, faults }) =>
      console.log(
        `${number}: ${soaks ? 'with soaks, ' : ''}killed after "${at}"${step === null ? '' : ` of step ${step}`}${alsoServer ? ', its server process too' : ''}; ${finishes ? 'finished' : 'undone'}; ${found.join('; ') || 'nothing was open'}${faults.length > 0 ? `; FAULT ${faults.join('; ')}` : ''}`,
      ),
  });
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const count = (test) => records.filter(test).length;
const faulty = records.filter(({ faults }) => faults.length > 0);
const report = [
  `# kill -9 of a deployment, ${new Date().toISOString().slice(0, 10)}`,
  '',
  `\`npm run bench:deploy-kills -- --kills ${values.kills} --minutes ${values.minutes} --rows ${values.rows} --major ${values.major} --seed ${values.seed}\`, PostgreSQL ${server.major}, ${STEPS.length} steps: ${STEPS.map(({ title }) => title.toLowerCase()).join(', ')}.`,
  '',
  'After each kill the next start finished the deployment or took it back; then the catalog was held against that before or after the whole deployment, invalid indexes were looked for, and the journal was read.',
  '',
  '| | |',
  '|---|---:|',
  `| kills | ${records.length} |`,
  `| of which the wizard had ended by itself before | ${count(({ code }) => code !== null)} |`,
  `| of a run with soaks after its steps / in a soak or before it was decided | ${count(({ soaks }) => soaks)} / ${count(({ at }) => at === 'soaking')} |`,
  `| its server process was ended too | ${count(({ alsoServer }) => alsoServer)} |`,
  `| the next start finished / took back | ${count(({ finishes }) => finishes)} / ${count(({ finishes }) => !finishes)} |`,
  `| a step was open | ${count(({ found }) => found.length > 0)} |`,
  `| an invalid index was found and removed | ${count(({ found }) => found.some((text) => text.includes('left invalid')))} |`,
  `| an index that was being dropped was gone by then, or was dropped to the end | ${count(({ found }) => found.some((text) => text.includes('is gone')))} |`,
  `| invalid index left, catalog not as it must be, or a hole in the journal | ${faulty.length} |`,
  '',
  'Last journal line before the kill: ' +
    [...new Set(records.map(({ at }) => at))].map((at) => `${at} ${count((one) => one.at === at)}`).join(', ') +
    '.',
  '',
].join('\n');
const results = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(results, { recursive: true });
if (faulty.length === 0)
  writeFileSync(join(results, `deploy-kills-${new Date().toISOString().slice(0, 10)}.md`), report);
console.log(report);
process.exitCode = faulty.length === 0 ? 0 : 1;
