// npm run bench:whatif [-- --major 18 --scale 3]: how near the statistics clone comes to a real database, and how fast it answers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createIndexSql } from '../dist/model/action.js';
import { planShape } from '../dist/model/plan.js';
import { connect } from '../dist/postgres/connect.js';
import { explain } from '../dist/postgres/explain.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { startLabServer } from '../dist/lab/server.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';
import { off, pagesOf, percent, spread, workload } from './comparison.mjs';
import { ANALYZE, CANDIDATES, LATER, QUERIES, SCHEMA, data } from './whatif-data.mjs';

const { values } = parseArgs({
  options: { major: { type: 'string', default: 'newest' }, scale: { type: 'string', default: '3' } },
});
const scale = Number(values.scale);
const major = values.major === 'newest' ? 'newest' : Number(values.major);
const NO_CHANGE = { add: [], drop: [] };
const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};
const timed = async (work) => {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
};

const servers = [await startLabServer({ major }), await startLabServer({ major })];
try {
  const source = await connect(servers[0].connection);
  const loading = await timed(async () => {
    await source.run(SCHEMA);
    await source.run(data(scale));
    for (const table of ANALYZE) await source.run(`VACUUM ANALYZE ${table}`);
    await source.run(LATER);
  });
  const [facts] = await source.query(
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database())::float8 AS bytes`,
  );
  const schema = await extractSchema(source);
  const cloning = await timed(() => createStatisticsClone({ server: servers[1], source, schema, sampler: source }));
  const clone = cloning.result;
  say(`# What-if engine: statistics clone against a real database`);
  say();
  say(
    `${new Date().toISOString().slice(0, 10)}, PostgreSQL ${String(facts.version)}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}.`,
  );
  say(
    `Command: \`npm run bench:whatif -- --major ${values.major} --scale ${scale}\`. Data: bench/whatif-data.mjs, ${Math.round(facts.bytes / 2 ** 20)} MB, loaded in ${(loading.ms / 1000).toFixed(1)} s; cloned in ${(cloning.ms / 1000).toFixed(2)} s.`,
  );
  for (const skip of clone.skipped) say(`Skipped: ${skip.what}: ${skip.reason}`);
  await compareQueries(source, clone);
  await measureSpeed(clone);
  await compareCandidates(source, clone);
  await clone.close();
  await source.close();
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}whatif-${new Date().toISOString().slice(0, 10)}.md`, `${lines.join('\n')}\n`);
} finally {
  for (const server of servers) await server.stop();
}

async function compareQueries(source, clone) {
  say();
  say(`## ${Object.keys(QUERIES).length} statements, planned on both`);
  say();
  say('| statement | cost really | on the clone | off | same plan |');
  say('|---|---:|---:|---:|---|');
  clone.setWorkload(workload(Object.entries(QUERIES)));
  const errors = [];
  let same = 0;
  for (const [name, sql] of Object.entries(QUERIES)) {
    const real = (await explain(source, sql)).root;
    const [answer] = await clone.cost([name], NO_CHANGE);
    const error = off(answer.cost, real['Total Cost']);
    const equal = answer.planShape === planShape(real);
    errors.push(error);
    same += equal ? 1 : 0;
    say(`| ${name} | ${real['Total Cost']} | ${answer.cost} | ${percent(error)} | ${equal ? 'yes' : 'no'} |`);
  }
  say();
  say(`Same plan: ${same} of ${errors.length}. Cost off: ${spread(errors)}.`);
}

/** Sets of candidates on the same tables, every question a new one. */
async function measureSpeed(clone) {
  const columns = ['person_id', 'state', 'placed', 'total', 'id'];
  const specs = columns.flatMap((a) =>
    columns
      .filter((b) => b !== a)
      .map((b) => ({
        table: { schema: 'public', name: 'purchase' },
        method: 'btree',
        unique: false,
        keys: [`"${a}"`, `"${b}"`],
        include: [],
        where: null,
        with: null,
        name: `speed_${a}_${b}`,
      })),
  );
  clone.setWorkload(workload(Object.entries(QUERIES)));
  await clone.cost(['four_tables', 'by_person'], NO_CHANGE);
  const shelving = await timed(() => clone.cost(['by_person'], { add: specs, drop: [] }));
  say();
  say('## Speed');
  say();
  say(`${specs.length} candidates of two columns sampled, created and sized in ${Math.round(shelving.ms)} ms.`);
  for (const [name, size] of [
    ['by_person', 1],
    ['four_tables', 1],
    ['four_tables', 5],
  ]) {
    let ms = 0;
    let explains = 0;
    let questions = 0;
    while (explains < 300) {
      // Forgets what was answered; the statement as it is now is not counted.
      clone.setWorkload(workload(Object.entries(QUERIES)));
      await clone.cost([name], NO_CHANGE);
      const before = clone.explainCalls;
      const round = await timed(async () => {
        for (let trial = 0; trial < 60; trial += 1) {
          const chosen = Array.from(
            { length: size },
            (_, index) => (trial + index * (1 + Math.floor(trial / 20))) % specs.length,
          );
          await clone.cost([name], { add: [...new Set(chosen)].map((one) => specs[one]), drop: [] });
        }
      });
      ms += round.ms;
      questions += 60;
      explains += clone.explainCalls - before;
    }
    say(
      `${name}, sets of ${size}: ${explains} trials and ${questions - explains} answers from memory in ${Math.round(ms)} ms, ${Math.round((explains / ms) * 1000)} trials a second.`,
    );
  }
}

async function compareCandidates(source, clone) {
  const entries = Object.entries(CANDIDATES);
  clone.setWorkload(workload(entries.map(([name, [, sql]]) => [name, sql])));
  const asked = new Map();
  for (const [name, [spec]] of entries) {
    const asking = await timed(async () => (await clone.cost([name], { add: [spec], drop: [] }))[0]);
    asked.set(name, { ...asking.result, ms: asking.ms, pages: (await clone.size(spec)).pages });
  }
  const built = new Map();
  for (const [name, [spec]] of entries) {
    const building = await timed(() => source.run(createIndexSql(spec, { concurrently: false })));
    built.set(name, { ms: building.ms, pages: await pagesOf(source, spec.name) });
  }
  for (const table of ['person', 'purchase']) await source.run(`ANALYZE ${table}`);
  for (const [, [spec]] of entries) await clone.adopt({ add: { spec, pages: 1, rows: 1, level: null } });
  // What the model said was asked before ANALYZE, so its truth is priced on what was known then: again from a fresh question.
  await clone.refresh();
  say();
  say(`## ${entries.length} candidate indexes, asked before they were built`);
  say();
  say(
    '| candidate | pages built | model | off | cost really | given size | off | model | off | asked in ms | built in ms |',
  );
  say('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
  const errors = { size: [], given: [], model: [] };
  for (const [name, [spec, sql]] of entries) {
    const others = entries.filter(([other]) => other !== name).map(([, [one]]) => one.name);
    const real = await explainWithout(source, sql, others);
    const drop = others.map((other) => `public.${other}`);
    const [given] = await clone.cost([name], { add: [], drop });
    const [model] = await clone.cost([name], {
      add: [{ ...spec, name: `again_${name}` }],
      drop: [...drop, `public.${spec.name}`],
    });
    const { pages, ms } = built.get(name);
    const before = asked.get(name);
    const row = { size: off(before.pages, pages), given: off(given.cost, real), model: off(model.cost, real) };
    for (const key of Object.keys(errors)) errors[key].push(row[key]);
    say(
      `| ${name} | ${pages} | ${before.pages} | ${percent(row.size)} | ${real} | ${given.cost} | ${percent(row.given)} | ${model.cost} | ${percent(row.model)} | ${Math.round(before.ms)} | ${Math.round(ms)} |`,
    );
  }
  say();
  say(`Size model off: ${spread(errors.size)}.`);
  say(`Cost given the true size off: ${spread(errors.given)}.`);
  say(
    `Cost with the modelled size off: ${spread(errors.model)}; within 1 %: ${errors.model.filter((error) => Math.abs(error) <= 0.01).length} of ${entries.length}.`,
  );
}

async function explainWithout(session, sql, hidden) {
  await session.run('BEGIN');
  try {
    await session.query(
      `UPDATE pg_index SET indislive = false WHERE indexrelid IN (SELECT p.relid FROM unnest($1::text[]) AS n (name)
         CROSS JOIN LATERAL (SELECT to_regclass(n.name) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass(n.name))) AS p)`,
      [hidden],
    );
    await session.run(
      `UPDATE pg_class SET relhasindex = relhasindex WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
    );
    return (await explain(session, sql)).root['Total Cost'];
  } finally {
    await session.run('ROLLBACK');
  }
}
