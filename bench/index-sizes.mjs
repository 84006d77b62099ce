// npm run bench:index-sizes [-- --major 18 --only graph]: sizes of indexes as foreseen from statistics and samples, against the same indexes really built.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createIndexSql } from '../dist/model/action.js';
import { quoteQualified } from '../dist/base/quote.js';
import { connect } from '../dist/postgres/connect.js';
import { explain } from '../dist/postgres/explain.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { startLabServer } from '../dist/lab/server.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';
import { off, pagesOf, percent, spread, workload } from './comparison.mjs';
import { events } from './sizes/events.mjs';
import { fitted } from './sizes/fitted.mjs';
import { graph } from './sizes/graph.mjs';
import { ledger } from './sizes/ledger.mjs';
import { series } from './sizes/series.mjs';
import { tpch } from './sizes/tpch.mjs';
import { webshop } from './sizes/webshop.mjs';

const { values } = parseArgs({
  options: { major: { type: 'string', default: 'newest' }, only: { type: 'string', default: '' } },
});
const sets = [tpch, webshop, events, graph, ledger, series, fitted];
const chosen = values.only === '' ? sets : sets.filter((set) => set.name.includes(values.only));
const NEAR = 0.1;
const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};

const major = values.major === 'newest' ? 'newest' : Number(values.major);
const servers = [await startLabServer({ major }), await startLabServer({ major })];
const rows = [];
try {
  say('# Sizes of indexes: foreseen, and really built');
  say();
  const admin = await connect(servers[0].connection);
  const [version] = await admin.query(`SELECT current_setting('server_version') AS number`);
  const command = `npm run bench:index-sizes -- --major ${values.major}${values.only === '' ? '' : ` --only '${values.only}'`}`;
  say(`${new Date().toISOString().slice(0, 10)}, PostgreSQL ${String(version.number)}. Command: \`${command}\`.`);
  say(
    'Every size and cost was asked before the index was built. Pages of 8 kB; the cost is the planner’s for one statement that the index is for.',
  );
  say('"Statistics" is what the model says without a database to draw samples from.');
  for (const [number, set] of chosen.entries()) {
    say();
    say(`## ${set.name}${set.fitted ? ' (the model was made on it)' : ''}`);
    say();
    if (set.missing) {
      say(`Skipped: ${set.missing}.`);
      continue;
    }
    await admin.run(`CREATE DATABASE sizes_${number}`);
    const session = await connect({ ...servers[0].connection, database: `sizes_${number}` });
    await set.load(session);
    for (const table of set.analyze) await session.run(`VACUUM ANALYZE ${table}`);
    rows.push(...(await compare(session, set)));
    await session.close();
    await admin.run(`DROP DATABASE sizes_${number}`);
  }
  await admin.close();
  summarise();
} finally {
  for (const server of servers) await server.stop();
}
if (values.only === '') {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const suffix = values.major === 'newest' ? '' : `-on-${values.major}`;
  writeFileSync(`${folder}index-sizes-${new Date().toISOString().slice(0, 10)}${suffix}.md`, `${lines.join('\n')}\n`);
}

async function compare(source, set) {
  const schema = await extractSchema(source);
  const sampled = await createStatisticsClone({ server: servers[1], source, schema, sampler: source });
  const blind = await createStatisticsClone({ server: servers[1], source, schema });
  const entries = Object.entries(set.indexes).map(([name, [spec, sql]]) => [name, { ...spec, name }, sql]);
  sampled.setWorkload(workload(entries.map(([name, , sql]) => [name, sql])));
  const start = performance.now();
  // All at once, as a search asks.
  await sampled.cost([], { add: entries.map(([, spec]) => spec), drop: [] });
  const askedMs = performance.now() - start;
  say('| index | method | built | model | off | statistics | off | cost really | model | off |');
  say('|---|---|---:|---:|---:|---:|---:|---:|---:|---:|');
  const compared = [];
  for (const [name, spec, sql] of entries) {
    const size = await sampled.size(spec);
    const [answer] = await sampled.cost([name], { add: [spec], drop: [] });
    const unsampled = await blind.size(spec);
    const real = await build(source, spec, sql);
    const row = {
      method: spec.method,
      fitted: set.fitted,
      size: off(size.pages, real.pages),
      statistics: off(unsampled.pages, real.pages),
      cost: off(answer.cost, real.cost),
    };
    compared.push(row);
    say(
      `| ${name} | ${spec.method} | ${real.pages} | ${size.pages} | ${mark(row.size, NEAR)} | ${unsampled.pages} | ${percent(row.statistics)} | ${real.cost} | ${answer.cost} | ${mark(row.cost, 0.01)} |`,
    );
  }
  say();
  say(`${entries.length} candidates sampled, created and sized in ${Math.round(askedMs)} ms.`);
  await sampled.close();
  await blind.close();
  return compared;
}

function mark(error, limit) {
  return Math.abs(error) <= limit ? percent(error) : `**${percent(error)}**`;
}

/** Builds it, with the statistics of its expressions and no other column's drawn anew, plans, and undoes it. */
async function build(session, spec, sql) {
  const table = quoteQualified(spec.table.schema, spec.table.name);
  await session.run('BEGIN');
  try {
    await session.run(createIndexSql(spec, { concurrently: false }));
    if (spec.keys.some((key) => key.startsWith('('))) {
      const columns = await session.query(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`,
      );
      const keep = columns.map(({ name }) => `ALTER COLUMN "${name}" SET STATISTICS 0`);
      await session.run(`ALTER TABLE ${table} ${keep.join(', ')}; ANALYZE ${table}`);
    }
    const plan = await explain(session, sql);
    return { pages: await pagesOf(session, spec.name), cost: plan.root['Total Cost'] };
  } finally {
    await session.run('ROLLBACK');
  }
}

function summarise() {
  say();
  say('## Together');
  say();
  say('| indexes | how many | size within 10 % | off | from statistics alone | cost within 1 % | off |');
  say('|---|---:|---:|---|---:|---:|---|');
  const groups = [
    ['btree, not made on', rows.filter((row) => row.method === 'btree' && !row.fitted)],
    ['btree, made on', rows.filter((row) => row.method === 'btree' && row.fitted)],
    ...['hash', 'brin', 'gin', 'gist', 'spgist'].map((method) => [
      `${method}, not made on`,
      rows.filter((row) => row.method === method && !row.fitted),
    ]),
    ['other methods, made on', rows.filter((row) => row.method !== 'btree' && row.fitted)],
  ];
  for (const [name, group] of groups) {
    if (group.length === 0) continue;
    const near = (pick, limit) => {
      const count = group.filter((row) => Math.abs(pick(row)) <= limit).length;
      return `${count} (${((count / group.length) * 100).toFixed(1)} %)`;
    };
    say(
      `| ${String(name)} | ${group.length} | ${near((row) => row.size, NEAR)} | ${spread(group.map((row) => row.size))} | ${near((row) => row.statistics, NEAR)} | ${near((row) => row.cost, 0.01)} | ${spread(group.map((row) => row.cost))} |`,
    );
  }
}
