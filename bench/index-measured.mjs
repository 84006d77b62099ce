// npm run bench:index-measured [-- --data star|channels|films] [--scale 6] [--budgets 5,10,25,50,100,150]: sets of indexes really built and run, ours as the product hands
// them over beside those of our own implementations of two published algorithms. On TPC-H at scale factor 0.1, whose data is not part of the
// project (DATABASE_WIZARD_DATA names its folder, else ../shared/data is looked for; not a TPC result), or on the rows of bench/star, bench/channels or bench/films.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { examineTarget, givenWorkload } from '../dist/app/examination.js';
import { measureInRounds } from '../dist/app/index-rounds.js';
import { searchIndexSet } from '../dist/app/index-search.js';
import { createLabExaminer } from '../dist/app/lab-examiner.js';
import { formatCount, formatMs } from '../dist/base/units.js';
import { indexSpec, tableUses } from '../dist/indexes/candidates/candidates.js';
import { permutationCandidates } from '../dist/indexes/candidates/permutations.js';
import { EarlierRuns } from '../dist/lab/indexes/earlier-runs.js';
import { measureIndexSet } from '../dist/lab/indexes/measured-set.js';
import { openLab } from '../dist/lab/lab.js';
import { startLabServer } from '../dist/lab/server.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';
import { connect } from '../dist/postgres/connect.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { boundTexts } from '../dist/sql/parameters.js';
import { loadRows, queriesOf } from './made-rows.mjs';
import { measureSets } from './measured-sets.mjs';
import { Costs, db2advis, extend } from './published.mjs';
import { loadTpch, rowsFolder } from './tpch.mjs';

/** The data by name: its database, what is said of it, and statements whose base cost dwarfs the others', without which the published algorithms are run too. */
const DATA = {
  // The published budgets for scale 1, divided by 10 as the data is; q20 is left out in the framework's runs.
  tpch: {
    title: 'TPC-H data, scale factor 0.1',
    budgets: '5,10,25,50,100,150',
    dwarfing: 'q20',
    note: ' Not a TPC result.',
  },
  star: {
    title: "a retailer's star (bench/star)",
    budgets: '5,10,20,40',
    dwarfing: 'growing_shoppers',
    note: '',
  },
  // 10, 25, 50 and 100 % of the tables' size.
  channels: {
    title: 'a retailer of three channels (bench/channels)',
    budgets: '15.5,39,78,155',
    dwarfing: 'c06',
    note: '',
  },
  // 10, 25 and 50 % of the tables' size.
  films: {
    title: 'a film database (bench/films)',
    budgets: '12,30,60',
    dwarfing: 'f89',
    note: '',
  },
};

const { values } = parseArgs({
  options: {
    major: { type: 'string', default: '15' },
    data: { type: 'string', default: 'tpch' },
    scale: { type: 'string', default: '1' },
    budgets: { type: 'string' },
    search: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '240' },
    timeout: { type: 'string', default: '10' },
    turns: { type: 'string', default: '3' },
  },
});
const data = DATA[values.data];
if (data === undefined) throw new Error(`--data takes one of ${Object.keys(DATA).join(', ')}`);
const folder = values.data === 'tpch' ? rowsFolder() : null;
const budgets = values.budgets ?? data.budgets;
const BUDGETS = budgets.split(',').map(Number);
const timeoutMs = Number(values.timeout) * 1000;
/** As published it is 15. */
const onMajor = values.major === '15' ? '' : ` --major ${values.major}`;
const { scale } = values;
const atScale = scale === '1' ? '' : ` --scale ${scale}`;
/** Where the rows are. */
const DATABASE = 'rows';

const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};
const progress = (text) => console.error(`${(performance.now() / 1000).toFixed(0)} s: ${text}`);
const settings = {
  work_mem: '64MB',
  effective_cache_size: '8GB',
  random_page_cost: '4',
  max_parallel_workers_per_gather: '2',
  jit: 'off',
  shared_buffers: '512MB',
};
const place = { major: Number(values.major), settings };
const server = await startLabServer(place);
const whatIfServer = await startLabServer({ ...place, settings: { ...settings, shared_buffers: '32MB' } });
try {
  if (folder === null) await loadRows(values.data, server, DATABASE, Number(scale));
  else await loadTpch(server, folder, DATABASE);
  progress('loaded');
  const lab = await openLab({
    connection: server.connection,
    server,
    database: DATABASE,
    target: null,
    statementTimeoutMs: timeoutMs,
  });
  const { snapshot, noise } = await examined(lab);
  const clone = await whatIf(lab, snapshot);
  const entries = [{ name: 'no index', mb: null, specs: [] }];
  const advisors = [];
  for (const without of [[], [data.dwarfing]]) advisors.push(await published({ clone, snapshot, without }));
  for (const mb of BUDGETS) entries.push(...(await setsFor(mb, { lab, clone, snapshot, noise, advisors })));
  await clone.close();
  const workload = snapshot.workload;
  const sets = entries.map((one) => one.specs);
  const turns = Number(values.turns);
  const measured = await measureSets({ server, template: DATABASE, workload, sets, timeoutMs, turns, progress });
  report(entries.map((one, at) => ({ ...one, ...measured[at] })));
  const results = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(results, { recursive: true });
  const part = `${onMajor.length > 0 ? `-${values.major}` : ''}${values.data === 'tpch' ? '' : `-${values.data}`}${scale === '1' ? '' : `-x${scale}`}${budgets === data.budgets ? '' : `-${budgets.replaceAll(',', '-')}`}`;
  writeFileSync(`${results}index-measured-${new Date().toISOString().slice(0, 10)}${part}.md`, `${lines.join('\n')}\n`);
} finally {
  await whatIfServer.stop();
  await server.stop();
}

/** As the product examines: the target, then the lab with the workload as measured there. */
async function examined(lab) {
  const place = mkdtempSync(join(tmpdir(), 'measured-'));
  const file = join(place, 'workload.sql');
  writeFileSync(file, folder === null ? queriesOf(values.data) : tpchTexts(join(folder, 'queries')));
  const given = await givenWorkload(file, { watch: () => undefined, signal: new AbortController().signal });
  rmSync(place, { recursive: true });
  const session = await connect({ ...server.connection, database: DATABASE }, { readOnly: true });
  const beyond = { replicas: [], exactBloat: false, signal: new AbortController().signal };
  const { snapshot: origin } = await examineTarget(session, given, beyond);
  await session.close();
  const { summary, noise } = await lab.baseline(origin.workload);
  progress(`baseline: ${formatMs(summary.totalMs)}, noise x${Math.exp(noise.timeLogRatio).toFixed(2)}`);
  const onAccepted = (work) => lab.withAccepted(work);
  const examiner = createLabExaminer({
    origin,
    onAccepted,
    plans: () => lab.plans(),
    planModes: async () => [],
    accepted: () => [],
  });
  return { snapshot: await examiner.examine(origin.workload, summary), noise };
}

function tpchTexts(queries) {
  return readdirSync(queries)
    .toSorted()
    .map((name) => `-- name: ${name.replace('.sql', '')}\n${readFileSync(join(queries, name), 'utf8').trim()}`)
    .join('\n\n');
}

async function whatIf(lab, { workload }) {
  const clone = await lab.withAccepted(async (source) =>
    createStatisticsClone({
      server: whatIfServer,
      source,
      schema: await extractSchema(source),
      sampler: (work) => lab.withAccepted(work),
    }),
  );
  clone.setWorkload(
    workload.statements.map((one) => ({
      fingerprint: one.fingerprint,
      queries: boundTexts(one.sql, one.parameterSets),
    })),
  );
  return clone;
}

/** All that is to be measured for one budget. */
async function setsFor(mb, { lab, clone, snapshot, noise, advisors }) {
  const budgetBytes = mb * 1e6;
  const entries = [];
  for (const { note, choose } of advisors) {
    const others = await choose(budgetBytes);
    entries.push({ name: `our implementation of Extend${note}`, mb, specs: others.extend });
    entries.push({ name: `our implementation of DB2Advis${note}`, mb, specs: others.db2advis });
  }
  progress(`${mb} MB: the published algorithms have chosen`);
  const searchMs = Number(values.search) * 1000;
  const within = {
    snapshot,
    whatIf: clone,
    lab,
    workloadMs: snapshot.workload.statements.reduce((sum, one) => sum + (one.totalMs ?? 0), 0),
    // What the product leaves the measuring to choose from.
    storageBytes: budgetBytes * 1.3,
    shownBytes: budgetBytes,
    writeWeight: 1,
    timeMs: searchMs * 0.75,
    signal: new AbortController().signal,
    note: progress,
  };
  const search = await searchIndexSet(within);
  const searched = search.selection.curve.find((point) => point.storageBytes === budgetBytes);
  const earlier = new EarlierRuns(lab.planned());
  const { measured: found } = await measureInRounds(search, {
    search: within,
    budgetBytes,
    timeMs: Number(values.seconds) * 1000,
    searchMs: searchMs * 0.25,
    measure: (specs, timeBudgetMs, more) => {
      progress(`${mb} MB: ${specs.length} indexes to measure in ${formatMs(timeBudgetMs)}`);
      let last = '';
      return measureIndexSet({
        progress: (phase, done) => {
          const step = phase === 'verify' ? `verifying set ${done}` : phase;
          if (step !== last) progress(`${mb} MB: ${step}`);
          last = step;
        },
        connection: server.connection,
        server,
        template: DATABASE,
        target: null,
        specs,
        workload: snapshot.workload,
        budgetBytes,
        timeBudgetMs,
        ...more,
        statementTimeoutMs: timeoutMs,
        earlier,
        noise,
        note: progress,
      });
    },
  });
  progress(
    `${mb} MB: kept ${found.kept.length} in ${formatMs(found.durationMs)}; proved ${found.proved}, complete ${found.complete}`,
  );
  for (const one of found.dropped) progress(`  not ${one.spec.name}: ${one.why}: ${one.reason}`);
  entries.push({ name: 'ours by estimates alone', mb, specs: searched?.indexes ?? [] });
  entries.push({ name: '**ours**', mb, specs: found.kept.map((one) => one.spec) });
  return entries;
}

/** The published algorithms over one workload; what they learn of costs for one budget they know for the next. */
async function published({ clone, snapshot, without }) {
  const kept = snapshot.workload.statements.filter((one) => !without.includes(one.name));
  const uses = tableUses({ ...snapshot, workload: { statements: kept } }, { minRows: 0, minPages: 0 });
  const columns = new Map(
    uses.flatMap(({ table, use }) => use.needed.map((column) => [`${table.name}.${column}`, [table.name, column]])),
  );
  const specOf = (table, keys) =>
    indexSpec(
      snapshot.catalog,
      snapshot.catalog.tables.find((one) => one.name === table),
      { keys: keys.map((key) => `"${key}"`) },
    );
  const wanted = [...columns.values()].flatMap(([table, column]) => [
    { table, columns: [column] },
    ...[...columns.values()].flatMap(([other, second]) =>
      other === table && second !== column ? [{ table, columns: [column, second] }] : [],
    ),
  ]);
  const sizes = await clone.sizes(wanted.map((one) => specOf(one.table, one.columns)));
  const made = new Map(
    wanted.map((one, at) => {
      const key = `${one.table}(${one.columns.join(',')})`;
      return [key, { ...one, key, spec: specOf(one.table, one.columns), bytes: sizes[at].sizeBytes }];
    }),
  );
  progress(`${made.size} indexes sized for the published algorithms`);
  const makeIndex = (table, keys) => made.get(`${table}(${keys.join(',')})`);
  const statements = kept.map((one) => {
    const own = uses.filter((use) => use.statement === one);
    return {
      fingerprint: one.fingerprint,
      columns: new Set(own.flatMap(({ table, use }) => use.needed.map((column) => `${table.name}.${column}`))),
      candidates: permutationCandidates(snapshot.catalog, own, 2),
    };
  });
  const costs = new Costs(clone, statements);
  const candidatesOf = (one) =>
    one.candidates.map(({ spec }) =>
      makeIndex(
        spec.table.name,
        spec.keys.map((key) => key.slice(1, -1)),
      ),
    );
  const choose = async (budgetBytes) => {
    const widest = await extend({ costs, columns: [...columns.values()], makeIndex, budgetBytes, mostKeys: 2 });
    const advised = await db2advis({ whatIf: clone, costs, statements, budgetBytes, candidatesOf });
    return { extend: widest.chosen.map((one) => one.spec), db2advis: advised.chosen.map((one) => one.spec) };
  };
  return { note: without.length > 0 ? ` chosen without ${without.join(', ')}` : '', choose };
}

/** Without statements that no set let end. */
function totals(statements, hopeless) {
  const counted = [...statements].filter(([name]) => !hopeless.has(name));
  const all = counted.map(([, one]) => one);
  const cut = counted.filter(([, one]) => one.cutOff).map(([name]) => name);
  const sum = (what) => all.reduce((total, one) => total + one[what], 0);
  return { ms: sum('ms'), buffers: sum('buffers'), cut };
}

function report(rows) {
  const names = [...rows[0].statements.keys()];
  const count = names.length;
  const hopeless = new Set(names.filter((name) => rows.every((row) => row.statements.get(name).cutOff)));
  say(
    `# Sets of indexes, really built and run: ${data.title}${scale === '1' ? '' : `, ${scale} times the rows of the facts`}`,
  );
  say();
  say(
    `${new Date().toISOString().slice(0, 10)}, PostgreSQL ${server.major}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}.${data.note}`,
  );
  say(
    `Command: \`npm run bench:index-measured --${onMajor}${values.data === 'tpch' ? '' : ` --data ${values.data}`}${atScale} --budgets ${budgets} --search ${values.search} --seconds ${values.seconds} --timeout ${values.timeout} --turns ${values.turns}\`.`,
  );
  say();
  say(
    `The ${count} statements once each, all sets with the same parameters, in one run: the different plans of a statement turn by turn, ${values.turns} times; median time, least blocks (shared and temporary). ` +
      `A statement that did not end in ${values.timeout} s counts ${values.timeout} s and the blocks that it had touched by then, without those of parallel workers: lower bounds, marked \`>=\`. ` +
      'Times are of a machine with other work; blocks are not. "ours" is what the `index` command hands over: searched by estimates with 1.3 times the budget, then chosen by measurement. ' +
      `Extend and DB2Advis are our implementations, over the same what-if engine and size model, plain btrees of two keys at most, as published; they too were run for all of them and for those without ${data.dwarfing}. MB = 10^6.`,
  );
  say();
  if (hopeless.size > 0) {
    say(`Left out of the totals, since they did not end under any of the sets: ${[...hopeless].join(', ')}.`);
    say();
  }
  say('| budget MB | set | indexes | really MB | blocks | time | cut off |');
  say('|---|---|---:|---:|---:|---:|---|');
  for (const row of rows) {
    const { ms, buffers, cut } = totals(row.statements, hopeless);
    const mark = cut.length > 0 ? '>= ' : '';
    say(
      `| ${row.mb ?? ''} | ${row.name} | ${row.specs.length} | ${(row.sizeBytes / 1e6).toFixed(1)} | ${mark}${formatCount(buffers)} | ${mark}${formatMs(ms)} | ${cut.join(', ')} |`,
    );
  }
  say();
  for (const mb of BUDGETS) {
    const of = rows.filter((row) => row.mb === mb && row.name !== 'ours by estimates alone');
    const ours = of.find((row) => row.name === '**ours**');
    const mine = totals(ours.statements, hopeless);
    const least = Math.min(...of.filter((row) => row !== ours).map((row) => totals(row.statements, hopeless).buffers));
    const isLowest = mine.cut.length === 0 && mine.buffers <= least;
    say(
      `- ${mb} MB: ours is ${isLowest ? 'lowest' : 'NOT shown to be lowest'} in blocks: ${mine.cut.length > 0 ? 'at least ' : ''}${formatCount(mine.buffers)}, the others' least ${formatCount(least)}.`,
    );
  }
  say();
  say('The sets:');
  for (const row of rows.filter((one) => one.mb !== null))
    say(`- ${row.mb} MB, ${row.name}: ${row.specs.map(describe).toSorted().join(', ') || 'none'}`);
  say();
  say('Blocks by statement:');
  say();
  const last = rows.filter((row) => row.mb === null || !row.name.includes('estimates'));
  say(
    `| statement | ${last.map((row) => `${row.mb ?? ''} ${row.name}`.replace('our implementation of ', '')).join(' | ')} |`,
  );
  say(`|---|${last.map(() => '---:').join('|')}|`);
  for (const name of last[0].statements.keys()) {
    const cells = last
      .map((row) => row.statements.get(name))
      .map((one) => `${one.cutOff ? '>= ' : ''}${formatCount(one.buffers)}`);
    say(`| ${name} | ${cells.join(' | ')} |`);
  }
  say();
}

function describe({ table, method, keys, include, where }) {
  return `${table.name}${method === 'btree' ? '' : ` ${method}`}(${keys.join(', ').replaceAll('"', '')})${include.length > 0 ? ` include (${include.join(', ').replaceAll('"', '')})` : ''}${where === null ? '' : ` where ${where}`}`;
}
