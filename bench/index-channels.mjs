// The part "channels" of npm run bench:index: a workload as wide as the standard one of decision support, over real rows' catalog and statistics.
import { permutationCandidates } from '../dist/indexes/candidates/permutations.js';
import { reasonedCandidates } from '../dist/indexes/candidates/reasoned.js';
import { specKey } from '../dist/indexes/candidates/candidates.js';
import { startLabServer } from '../dist/lab/server.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';
import { connect } from '../dist/postgres/connect.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { loadRows, queriesOf } from './made-rows.mjs';
import { digest, facts, geo, LIMITS, listing, percent, publishedSearches, select, statement } from './index-search.mjs';

/** Where the rows are. */
const DATABASE = 'rows';
/** What the search may ask for one budget, over the whole workload. */
const MOST_EXPLAINS = 2000;
/** Extend asks far more: it may take so many times as long. */
const EXTEND_TIMES = 3;
const SETTINGS = { work_mem: '64MB', effective_cache_size: '8GB', random_page_cost: '4', jit: 'off' };

/** Ours and the published algorithms under the same sizes; `shares` are budgets in % of the tables' size, `timeMs` the most for one search. */
export async function channelsPart({ say, clock, shares, timeMs }) {
  const server = await startLabServer({ major: 'newest', settings: SETTINGS });
  try {
    await loadRows('channels', server, DATABASE);
    const source = await connect({ ...server.connection, database: DATABASE });
    const [{ bytes }] = await source.query(
      "SELECT sum(pg_table_size(oid))::float8 AS bytes FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    const clone = await createStatisticsClone({ server, source, schema: await extractSchema(source) });
    const all = await facts(clone, statements());
    await compare({ say, clock, timeMs, clone, all, bytes, shares });
    await clone.close();
    await source.close();
  } finally {
    await server.stop();
  }
}

function statements() {
  return queriesOf('channels')
    .split(/^-- name: /m)
    .filter((text) => text.trim() !== '' && !text.startsWith('--'))
    .map((text) => {
      const end = text.indexOf('\n');
      return statement(text.slice(0, end), text.slice(end).trim().replace(/;$/, ''));
    });
}

async function compare({ say, clock, timeMs, clone, all, bytes, shares }) {
  const classes = [
    { name: 'plain btrees of two keys', candidates: permutationCandidates(all.snapshot.catalog, all.uses, 2) },
    { name: 'full class', candidates: reasonedCandidates(all.snapshot, all.uses, {}) },
  ];
  const [{ candidates: narrow }] = classes;
  const started = performance.now();
  const known = new Map();
  const sized = async (specs) => {
    const sizes = await clone.sizes(specs);
    for (const [at, spec] of specs.entries()) known.set(specKey(spec), sizes[at].sizeBytes);
  };
  await sized(narrow.map((one) => one.spec));
  const sizeBytes = async (spec) => {
    if (!known.has(specKey(spec))) await sized([spec]);
    return known.get(specKey(spec));
  };
  const explaining = timedCosts(clone);
  say();
  say(
    `## A retailer of three channels (bench/channels): ${all.snapshot.workload.statements.length} statements, 24 tables`,
  );
  say();
  say(
    `Tables take ${Math.round(bytes / 1e6)} MB (MB = 10^6). In % of the base cost. Ours at most ${MOST_EXPLAINS} EXPLAINs and ${timeMs / 1000} s for a search, Extend ${EXTEND_TIMES} times as long, with ${classes.map(({ name, candidates }) => `${candidates.length} candidates (${name})`).join(' and ')}; ` +
      `Extend and DB2Advis are our implementations over the same what-if engine and sizes, plain btrees of two keys at most: what Extend was told for a smaller budget it knows, so its seconds are those that this budget adds; its EXPLAINs are the different questions that it asks, those really sent in brackets. ` +
      `Ours chooses nothing that a primary key gives. "passed" is when ours had a set as good as Extend's last: its EXPLAINs and seconds. The ${narrow.length} candidates of two keys were sized in ${((performance.now() - started) / 1000).toFixed(0)} s before.`,
  );
  say();
  say(
    '| budget | MB | search | % | geo | bound | EXPLAINs | s | in EXPLAIN s | CPU s | passed | n | used MB | ended | same again |',
  );
  say(`|${'---|'.repeat(15)}`);
  const choose = await publishedSearches(clone, all, { sizeBytes });
  const sets = [];
  for (const share of shares) {
    const storageBytes = Math.round((bytes * share) / 100);
    const place = `${share} % | ${(storageBytes / 1e6).toFixed(1)}`;
    const others = await choose(storageBytes, timeMs * EXTEND_TIMES);
    say(
      `| ${place} | our Extend | ${others.extend} | ${others.extendGeo} | - | ${others.extendCalls} | ${others.seconds} | - | ${others.cpu} | - | ${others.chosen.extend.length} | ${usedMb(others.chosen.extend, known)} | ${others.isCut ? 'by time' : 'yes'} | - |`,
    );
    say(
      `| ${place} | our DB2Advis | ${others.db2advis} | - | - | - | - | - | - | - | ${others.chosen.db2advis.length} | ${usedMb(others.chosen.db2advis, known)} | yes | - |`,
    );
    sets.push([`${share} %, our Extend`, others.chosen.extend]);
    for (const { name, candidates } of classes) {
      const search = { clock, candidates, storageBytes, allowance: { ...LIMITS, timeMs, plannerCalls: MOST_EXPLAINS } };
      const before = explaining();
      const { selection, seconds, cpu } = await select(clone, all, search);
      const explained = ((explaining() - before) / 1000).toFixed(1);
      const isCut = seconds * 1000 >= timeMs;
      const again = isCut ? null : (await select(clone, all, search)).selection;
      const same = again === null ? '-' : digest(selection) === digest(again) ? 'yes' : 'NO';
      say(
        `| ${place} | **ours**, ${name} | **${percent(selection.objective)}** | ${percent(geo(selection))} | ${percent(selection.bound)} | ${selection.plannerCalls} | ${seconds.toFixed(1)} | ${explained} | ${cpu.toFixed(1)} | ${passed(selection, others.extend)} | ${selection.chosen.length} | ${(selection.usedBytes / 1e6).toFixed(1)} | ${ended(selection, isCut)} | ${same} |`,
      );
      sets.push([`${share} %, ours, ${name}`, selection.chosen.map((one) => one.spec)]);
    }
  }
  say();
  say('Chosen:');
  say();
  for (const [name, specs] of sets) say(`- ${name}: ${listing(specs)}`);
}

/** Milliseconds spent in waiting for EXPLAINs and sizes so far. */
function timedCosts(clone) {
  let spent = 0;
  for (const name of ['cost', 'sizes']) {
    const asked = clone[name].bind(clone);
    clone[name] = async (...given) => {
      const start = performance.now();
      try {
        return await asked(...given);
      } finally {
        spent += performance.now() - start;
      }
    };
  }
  return () => spent;
}

function ended({ complete, plannerCalls, unsized }, isCut) {
  if (complete) return 'yes';
  const why = isCut ? 'by time' : plannerCalls >= MOST_EXPLAINS ? 'by EXPLAINs' : 'early';
  return unsized > 0 ? `${why}, ${unsized} not sized` : why;
}

function passed({ progress }, theirs) {
  const first = progress.find((one) => one.objective * 100 <= Number(theirs) + 0.005);
  return first === undefined ? 'never' : `${first.plannerCalls}, ${(first.elapsedMs / 1000).toFixed(1)} s`;
}

function usedMb(specs, known) {
  return (specs.reduce((sum, spec) => sum + known.get(specKey(spec)), 0) / 1e6).toFixed(1);
}
