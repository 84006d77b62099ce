// npm run bench:index-decoys [-- --budget 40 --objective buffers]: which of a set of indexes measurement keeps, on TPC-H at scale factor 0.1.
// The data is not part of the project: DATABASE_WIZARD_DATA names its folder, else ../shared/data is looked for. Not a TPC result.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writtenStatement } from '../dist/app/written-statement.js';
import { formatBytes, formatCount, formatMs } from '../dist/base/units.js';
import { measureIndexSet } from '../dist/lab/indexes/measured-set.js';
import { startLabServer } from '../dist/lab/server.js';
import { loadParser, parseStatement } from '../dist/sql/parse.js';
import { indexSpec } from './comparison.mjs';
import { loadTpch, rowsFolder } from './tpch.mjs';

const { values } = parseArgs({
  options: {
    major: { type: 'string', default: 'newest' },
    budget: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '240' },
    timeout: { type: 'string', default: '10' },
    objective: { type: 'string', default: 'time' },
  },
});
const folder = rowsFolder();

/** What a search by estimates likes at this scale, with two decoys: a beginning of a primary key, and an index on a column that is updated. */
const INDEXES = [
  ['lineitem', ['l_partkey']],
  ['lineitem', ['l_suppkey', 'l_partkey']],
  ['lineitem', ['l_suppkey']],
  ['lineitem', ['l_shipdate']],
  ['lineitem', ['l_orderkey']],
  ['lineitem', ['l_partkey', 'l_quantity', 'l_extendedprice']],
  ['orders', ['o_custkey', 'o_orderdate']],
  ['orders', ['o_orderdate']],
  ['orders', ['o_totalprice']],
  ['part', ['p_brand', 'p_size']],
  ['part', ['p_type', 'p_size']],
  ['partsupp', ['ps_suppkey']],
  ['customer', ['c_nationkey']],
  ['customer', ['c_mktsegment']],
];
/** Beside the 22 queries, so that indexes cost something. */
const WRITES = [
  ['pay order', 'UPDATE orders SET o_totalprice = o_totalprice + 1 WHERE o_orderkey = 7', 2000],
  [
    'new line',
    'INSERT INTO lineitem SELECT 7, l_partkey, l_suppkey, 8, l_quantity, l_extendedprice, l_discount, l_tax, l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct, l_shipmode, l_comment FROM lineitem WHERE l_orderkey = 7 AND l_linenumber = 1',
    2000,
  ],
];

const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};
const specs = INDEXES.map(([table, keys]) =>
  indexSpec(
    table,
    keys.map((key) => `"${key}"`),
    { name: `${keys.join('_')}_idx` },
  ),
);
await loadParser();
const statements = [
  ...readdirSync(join(folder, 'queries'))
    .toSorted()
    .map((file) => [
      file.replace('.sql', ''),
      readFileSync(join(folder, 'queries', file), 'utf8').replace(/;\s*$/, ''),
      1,
    ]),
  ...WRITES,
].map(([name, sql, calls]) => writtenStatement(parseStatement(sql), { fingerprint: name, name, calls }));

const settings = {
  work_mem: '64MB',
  effective_cache_size: '8GB',
  random_page_cost: '4',
  jit: 'off',
  shared_buffers: '512MB',
};
const server = await startLabServer({ major: values.major === 'newest' ? 'newest' : Number(values.major), settings });
try {
  await loadTpch(server, folder, 'tpch');
  let phase = '';
  const found = await measureIndexSet({
    connection: server.connection,
    server,
    template: 'tpch',
    target: null,
    specs,
    workload: { source: 'file', origin: 'tpch', statements, unusable: [], since: null },
    objective: values.objective,
    budgetBytes: Number(values.budget) * 2 ** 20,
    timeBudgetMs: Number(values.seconds) * 1000,
    statementTimeoutMs: Number(values.timeout) * 1000,
    note: (text) => console.error(`note: ${text}`),
    progress: (now, done, total) => {
      if (now !== phase) console.error(`${(performance.now() / 1000).toFixed(0)} s: ${now} ${done}/${total}`);
      phase = now;
    },
  });
  report(found);
  const results = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(
    `${results}index-decoys-${values.objective}-${new Date().toISOString().slice(0, 10)}.md`,
    `${lines.join('\n')}\n`,
  );
} finally {
  await server.stop();
}

function report(found) {
  const pair = (before, after) => `${formatMs(before)} -> ${formatMs(after)}`;
  say('# The measured outer loop on TPC-H data, scale factor 0.1');
  say();
  say(
    `${new Date().toISOString().slice(0, 10)}, PostgreSQL ${server.major}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}.`,
  );
  say(
    `Command: \`npm run bench:index-decoys -- --budget ${values.budget} --seconds ${values.seconds} --timeout ${values.timeout} --objective ${values.objective}\`. ${specs.length} indexes built beside the primary and foreign keys' own; 22 queries once, two writes 2,000 times. Not a TPC result.`,
  );
  say();
  say(
    `${formatMs(found.before.ms)} -> ${formatMs(found.after.ms)}, ${formatCount(found.before.buffers)} -> ${formatCount(found.after.buffers)} blocks (affected statements, calls times figures; a statement that was cut off counts its timeout and no blocks). ` +
      `Kept ${found.kept.length} of ${specs.length}, ${formatBytes(found.sizeBytes)} of ${formatBytes(found.budgetBytes)}. ` +
      `${found.executions} executions, ${found.plannerCalls} planner calls, ${formatMs(found.durationMs)}; proved ${found.proved}, complete ${found.complete}, assumed plans ${found.assumedPlans}.`,
  );
  say();
  say('| index | size | build | kept | time with it | blocks with it | for, or why not |');
  say('|---|---:|---:|---|---:|---:|---|');
  for (const { spec, sizeBytes, buildMs, worth, effects } of found.kept)
    say(
      `| ${spec.name} | ${formatBytes(sizeBytes)} | ${formatMs(buildMs)} | yes | ${formatMs(-worth.ms)} | ${formatCount(-worth.buffers)} | ${effects.map((one) => one.statement).join(', ')} |`,
    );
  for (const { spec, why, reason, built, change } of found.dropped)
    say(
      `| ${spec.name} | ${formatBytes(built?.sizeBytes ?? null)} | ${formatMs(built?.buildMs ?? null)} | no: ${why} | ${formatMs(change?.ms ?? null)} | ${formatCount(change?.buffers ?? null)} | ${reason} |`,
    );
  say();
  say('| statement | ms | blocks | cut off |');
  say('|---|---:|---:|---|');
  for (const one of found.perStatement)
    say(
      `| ${one.name} | ${pair(one.beforeMs, one.afterMs)} | ${formatCount(one.beforeBuffers)} -> ${formatCount(one.afterBuffers)} | ${one.cutOff} |`,
    );
  say();
  say(
    `Unaffected: ${found.unaffected.join(', ') || 'none'}. Failed: ${found.failed.map((one) => `${one.name} (${one.reason})`).join(', ') || 'none'}.`,
  );
  say();
  say('| index | inserted row: WAL bytes, ms | updated row | HOT | added over the period |');
  say('|---|---|---|---|---|');
  for (const { spec, writeCost, writes } of [
    ...found.kept,
    ...found.dropped.flatMap((one) => (one.built ? [one.built] : [])),
  ]) {
    if (writeCost === null) continue;
    const row = (cost) =>
      cost
        ? `${cost.without.walBytes.toFixed(0)} -> ${cost.with.walBytes.toFixed(0)}, ${cost.without.ms.toFixed(4)} -> ${cost.with.ms.toFixed(4)}`
        : 'none';
    const update = writeCost.updated[0] ?? null;
    say(
      `| ${spec.name} | ${row(writeCost.inserted)} | ${row(update)} | ${update ? `${update.hotWithout} -> ${update.hotWith} of ${update.rows}` : ''} | ${formatMs(writes?.ms ?? null)}, ${formatBytes(writes?.walBytes ?? null)} |`,
    );
  }
  for (const text of found.notes) say(`- ${text}`);
}
