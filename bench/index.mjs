// npm run bench:index: index selection on TPC-H at scale 1 (a statistics clone; nothing is executed), beside our own
// implementations of two published algorithms over the same planner, and on generated workloads of 94 to 10,000 statements.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tableUses } from '../dist/indexes/candidates/candidates.js';
import { permutationCandidates } from '../dist/indexes/candidates/permutations.js';
import { reasonedCandidates } from '../dist/indexes/candidates/reasoned.js';
import { startLabServer } from '../dist/lab/server.js';
import { loadParser } from '../dist/sql/parse.js';
import { generatedClone } from './generated-workload.mjs';
import { hypopgPages } from './hypopg-size.mjs';
import { channelsPart } from './index-channels.mjs';
import { digest, facts, geo, listing, percent, publishedSearches, select, statement } from './index-search.mjs';
import { columnWidths, dataFolder, tpchClone, tpchQueries } from './tpch.mjs';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'narrow,full,large,compression' },
    budgets: { type: 'string', default: '50,100,250,500,1000,1500' },
    // cpu: limits and figures of time are of the CPU time of this process and the server's backend together, which wait for each other.
    clock: { type: 'string', default: 'wall' },
    // Of the part "channels": budgets in % of the tables' size, and the most that one search takes.
    shares: { type: 'string', default: '10,25,50,100' },
    seconds: { type: 'string', default: '120' },
  },
});
const { clock } = values;
const BUDGETS = values.budgets.split(',').map(Number);
const parts = values.part.split(',');
/** % of the base cost after Extend, DB2Advis, relaxation and AutoAdmin (w2) as published. AutoAdmin's sets have sizes of their own. */
const PUBLISHED = {
  50: ['97.7', '99.4', '98.4', '-'],
  100: ['96.1', '99.0', '98.1', '-'],
  250: ['53.7', '97.3', '54.9', '-'],
  259: ['-', '-', '-', '52.9'],
  416: ['-', '-', '-', '50.4'],
  500: ['48.7', '50.4', '48.6', '-'],
  907: ['-', '-', '-', '43.3'],
  1000: ['42.2', '43.6', '43.5', '-'],
  1500: ['41.5', '41.0', '40.2', '-'],
  1714: ['-', '-', '-', '40.8'],
};
const NOT_PUBLISHED = ['-', '-', '-', '-'];
const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};
await loadParser();
const folder = dataFolder();
say('# Index selection');
say();
say(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}. Command: \`npm run bench:index -- --part ${values.part} ${parts.includes('channels') ? `--shares ${values.shares} --seconds ${values.seconds}` : `--budgets ${values.budgets}`}${clock === 'cpu' ? ' --clock cpu' : ''}\`.`,
);
say(
  `All costs are the planner's (\`estimated\`). ${
    clock === 'cpu'
      ? "Seconds are CPU time of this process and the server's backend together, which wait for each other: what a machine without other work takes, less its waiting for files."
      : 'Seconds are of a machine with other work: they order, they do not measure.'
  }`,
);
if (folder === null && parts.some((one) => one === 'narrow' || one === 'full'))
  say('SKIPPED: the TPC-H statistics are not there (DATABASE_WIZARD_DATA or ../shared/data).');
else {
  if (parts.includes('narrow')) await narrowClass();
  if (parts.includes('full')) await fullClass();
}
if (parts.includes('large')) await largeWorkloads();
if (parts.includes('compression')) await compressedWorkloads();
if (parts.includes('channels'))
  await channelsPart({
    say,
    clock,
    shares: values.shares.split(',').map(Number),
    timeMs: Number(values.seconds) * 1000,
  });
const results = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(
  `${results}index-${new Date().toISOString().slice(0, 10)}${values.part === 'narrow,full,large,compression' ? '' : `-${parts.join('-')}`}.md`,
  `${lines.join('\n')}\n`,
);

/** Runs a part on a server of its own. */
async function onClone(knownSize, without, work) {
  const server = await startLabServer({ major: 15 });
  try {
    const { clone, source } = await tpchClone(server, folder, knownSize);
    const statements = [...tpchQueries(folder)]
      .filter(([name]) => !without.includes(name))
      .map(([name, sql]) => statement(name, sql));
    await work(clone, await facts(clone, statements));
    await clone.close();
    await source.close();
  } finally {
    await server.stop();
  }
}

async function narrowClass() {
  const { widths, rows } = columnWidths(folder);
  const pages = ({ table, keys }) =>
    hypopgPages(
      rows.get(table.name),
      keys.map((key) => widths.get(`${table.name}.${key.slice(1, -1)}`)),
    );
  // HypoPG sets the height to -1, which takes the cost of the descent to nothing (hypopg_index.c, hypo_estimate_index).
  const known = (spec) => ({ pages: pages(spec), rows: rows.get(spec.table.name), level: -1 });
  for (const without of [['q20'], []]) {
    await onClone(known, without, async (clone, all) => {
      say();
      say(
        `## TPC-H SF 1, ${all.snapshot.workload.statements.length} queries, plain btrees of two keys at most, sizes and cost model as HypoPG has them (MB = 10^6)`,
      );
      say();
      say(
        `In % of the base cost. "published" are the figures of the evaluation framework's runs on a server with HypoPG; "our Extend", "our DB2Advis" and "our relaxation" are our implementations over the same statistics clone as ours. "ours" may choose what a primary key gives, as they do; "guarded" may not, which is the default. "CPU s" is of Node and the server's backend together; "passed" is when ours had a set in hand that is as good as the one that our Extend ends with: its EXPLAINs and seconds.`,
      );
      say();
      say(
        '| MB | ours | geo | bound | EXPLAINs | s | CPU s | passed | n | used MB | same again | guarded | our Extend | geo | EXPLAINs | s | CPU s | our DB2Advis | geo | our relaxation | geo | published Extend | DB2Advis | relaxation | AutoAdmin |',
      );
      say(`|${'---|'.repeat(25)}`);
      const candidates = permutationCandidates(all.snapshot.catalog, all.uses, 2);
      await clone.sizes(candidates.map((one) => one.spec));
      const sets = [];
      for (const mb of BUDGETS) {
        const budget = { candidates, storageBytes: mb * 1e6, sizeBytes: (spec) => pages(spec) * 8192 };
        const { selection, seconds, cpu } = await select(clone, all, { ...budget, clock, allowRedundant: true });
        const again = await select(clone, all, { ...budget, clock, allowRedundant: true });
        const guarded = (await select(clone, all, { ...budget, clock })).selection;
        const others = await (
          await publishedSearches(clone, all, { sizeBytes: budget.sizeBytes, withRelaxation: true })
        )(mb * 1e6);
        say(
          `| ${mb} | **${percent(selection.objective)}** | ${percent(geo(selection))} | ${percent(selection.bound)} | ${selection.plannerCalls} | ${seconds.toFixed(1)} | ${cpu.toFixed(1)} | ${passed(selection, others)} | ${selection.chosen.length} | ${Math.round(selection.usedBytes / 1e6)} | ${digest(selection) === digest(again.selection) ? 'yes' : 'NO'} | ${percent(guarded.objective)} | ${others.extend} | ${others.extendGeo} | ${others.extendCalls} | ${others.seconds} | ${others.cpu} | ${others.db2advis} | ${others.db2advisGeo} | ${others.relaxation} | ${others.relaxationGeo} | ${((without.length > 0 ? PUBLISHED[mb] : null) ?? NOT_PUBLISHED).join(' | ')} |`,
        );
        sets.push(`- ${mb} MB: ${listing(selection.chosen.map((one) => one.spec))}`);
      }
      say();
      say('Chosen:');
      for (const set of sets) say(set);
    });
  }
}

/** When the search had what Extend ends with. */
function passed({ progress }, { extend: theirs }) {
  const first = progress.find((one) => one.objective * 100 <= Number(theirs) + 0.005);
  return first === undefined ? 'never' : `${first.plannerCalls}, ${(first.elapsedMs / 1000).toFixed(1)} s`;
}

async function fullClass() {
  for (const objective of ['sum', 'robust']) {
    const without = objective === 'sum' ? ['q20'] : [];
    await onClone(undefined, without, async (clone, all) => {
      const candidates = reasonedCandidates(all.snapshot, all.uses, {});
      say();
      say(
        `## TPC-H SF 1, ${all.snapshot.workload.statements.length} queries, the full class (${candidates.length} candidates), our size model, objective \`${objective}\``,
      );
      say();
      say('| MB | objective % | cost % | geo % | bound % | EXPLAINs | s | n | used MB |');
      say('|---|---|---|---|---|---|---|---|---|');
      await clone.sizes(candidates.map((one) => one.spec));
      const sets = [];
      for (const mb of BUDGETS) {
        const { selection, seconds } = await select(clone, all, {
          clock,
          candidates,
          storageBytes: mb * 1e6,
          objective,
        });
        const cost =
          selection.statements.reduce((sum, one) => sum + one.after, 0) /
          selection.statements.reduce((sum, one) => sum + one.before, 0);
        say(
          `| ${mb} | ${percent(selection.objective)} | ${percent(cost)} | ${percent(geo(selection))} | ${percent(selection.bound)} | ${selection.plannerCalls} | ${seconds.toFixed(1)} | ${selection.chosen.length} | ${Math.round(selection.usedBytes / 1e6)} |`,
        );
        sets.push(`- ${mb} MB: ${listing(selection.chosen.map((one) => one.spec))}`);
      }
      say();
      for (const set of sets) say(set);
    });
  }
}

async function largeWorkloads() {
  say();
  say('## Generated workloads');
  say();
  say(
    '| statements | tables | candidates | MB | objective % | bound % | EXPLAINs | search s | memory MB | complete | quality over time (s: %) |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const [statements, tables, plannerCalls, timeMs] of [
    [94, 24, 2000, null],
    [1000, 500, null, 60_000],
  ]) {
    const server = await startLabServer({ major: 'newest' });
    try {
      const { clone, source, queries } = await generatedClone(server, { statements, tables });
      const all = await facts(
        clone,
        queries.map(([name, sql]) => statement(name, sql)),
      );
      const candidates = reasonedCandidates(all.snapshot, all.uses, {});
      const mb = tables * 20;
      const { selection, seconds } = await select(clone, all, {
        clock,
        candidates,
        storageBytes: mb * 1e6,
        allowance: { timeMs, plannerCalls, turns: 1 },
      });
      const curve = selection.progress.map((one) => `${(one.elapsedMs / 1000).toFixed(1)}: ${percent(one.objective)}`);
      say(
        `| ${statements} | ${tables} | ${candidates.length} | ${mb} | ${percent(selection.objective)} | ${percent(selection.bound)} | ${selection.plannerCalls} | ${seconds.toFixed(1)} | ${Math.round(process.memoryUsage.rss() / 2 ** 20)} | ${selection.complete ? 'yes' : 'no'} | ${curve.join(', ')} |`,
      );
      await clone.close();
      await source.close();
    } finally {
      await server.stop();
    }
  }
}

async function compressedWorkloads() {
  say();
  say('## Compressed workloads');
  say();
  say(
    '"flat": every statement is called once. "skewed": the n-th is called 100,000 / n times. "whole %" is the objective over all statements, each of them asked under the set chosen; "uncompressed %" the same for the set that a search over all statements chooses.',
  );
  say();
  say(
    '| statements | tables | calls | kept | merged | left out | bound on the loss (points) | objective % as reported | whole % | uncompressed % | really lost (points) | EXPLAINs | search s | complete |',
  );
  say(`|${'---|'.repeat(14)}`);
  for (const [statements, tables, most, isCompared] of [
    [2000, 100, 200, true],
    // As many as there is time to ask about.
    [10_000, 500, undefined, false],
  ]) {
    const server = await startLabServer({ major: 'newest' });
    try {
      const { clone, source, queries } = await generatedClone(server, { statements, tables });
      // Read once: afterwards the clone's catalog holds the candidates of the search before.
      const { catalog, statistics } = (await facts(clone, [])).snapshot;
      for (const calls of ['flat', 'skewed']) {
        const called = queries.map(([name, sql], at) => ({
          ...statement(name, sql),
          calls: calls === 'flat' ? 1 : Math.ceil(100_000 / (at + 1)),
        }));
        const snapshot = { catalog, statistics, workload: { statements: called } };
        const uses = tableUses(snapshot, { minRows: 0, minPages: 0 });
        await compressedRow(clone, { snapshot, uses }, { tables, calls, most, isCompared });
      }
      await clone.close();
      await source.close();
    } finally {
      await server.stop();
    }
  }
}

async function compressedRow(clone, all, { tables, calls, most, isCompared }) {
  const { statements } = all.snapshot.workload;
  const candidates = reasonedCandidates(all.snapshot, all.uses, {});
  const search = {
    clock,
    candidates,
    storageBytes: tables * 20e6,
    allowance: { timeMs: 120_000, plannerCalls: null, turns: 1 },
  };
  const { selection, seconds } = await select(clone, all, { ...search, mostStatements: most });
  const uncut = { kept: statements.length, merged: 0, leftOut: 0, boundShare: 0 };
  const { kept, merged, leftOut, boundShare } = selection.compression ?? uncut;
  const whole = await wholeCost(clone, statements, selection);
  let compared = '- | -';
  if (isCompared) {
    const other = await select(clone, all, { ...search, mostStatements: null });
    const best = await wholeCost(clone, statements, other.selection);
    compared = `${percent(best)} | ${((whole - best) * 100).toFixed(2)}`;
  }
  say(
    `| ${statements.length} | ${tables} | ${calls} | ${kept} | ${merged} | ${leftOut} | ${boundShare === null ? 'unknown' : percent(boundShare)} | ${percent(selection.objective)} | ${percent(whole)} | ${compared} | ${selection.plannerCalls} | ${seconds.toFixed(1)} | ${selection.complete ? 'yes' : 'no'} |`,
  );
}

/** Of all statements under the set chosen, as a share of their cost at present. */
async function wholeCost(clone, statements, { chosen, drop }) {
  const sum = async (change) => {
    const answers = await clone.cost(
      statements.map((one) => one.fingerprint),
      change,
    );
    return answers.reduce((total, answer, at) => total + statements[at].calls * answer.cost, 0);
  };
  const change = { add: chosen.map((one) => one.spec), drop: drop.map((one) => one.index) };
  return (await sum(change)) / (await sum({ add: [], drop: [] }));
}
