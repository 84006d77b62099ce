// npm run bench:rewrites [-- --major 18 --timeout 120]: what rewrites alone win on TPC-H at scale factor 0.1, with no index but those of the keys.
// The data is not part of the project: DATABASE_WIZARD_DATA names its folder, else ../shared/data is looked for. Not a TPC result.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatCount, formatMs } from '../dist/base/units.js';
import { verifyEquivalence } from '../dist/lab/equivalence/verify.js';
import { startLabServer } from '../dist/lab/server.js';
import { connect } from '../dist/postgres/connect.js';
import { explain } from '../dist/postgres/explain.js';
import { readCatalog } from '../dist/postgres/read/catalog.js';
import { catalogue } from '../dist/rewrites/catalogue.js';
import { isFor } from '../dist/rewrites/define.js';
import { shows } from '../dist/rewrites/plan-signs.js';
import { loadParser, parseStatement } from '../dist/sql/parse.js';
import { loadTpch, rowsFolder } from './tpch.mjs';

const { values } = parseArgs({
  options: { major: { type: 'string', default: 'newest' }, timeout: { type: 'string', default: '120' } },
});
const folder = rowsFolder();
const lines = [];
const say = (line = '') => {
  lines.push(line);
  console.log(line);
};

await loadParser();
const server = await startLabServer({
  major: values.major === 'newest' ? 'newest' : Number(values.major),
  settings: { autovacuum: 'off', jit: 'off' },
});
try {
  await loadTpch(server, folder, 'tpch');
  const admin = await connect(server.connection);
  await admin.run('CREATE DATABASE empty');
  await admin.close();
  const session = await connect({ ...server.connection, database: 'tpch' });
  const empty = await connect({ ...server.connection, database: 'empty' });
  for (const part of readFileSync(join(folder, 'schema.sql'), 'utf8').split(/;\s*\n/))
    if (part.trim()) await empty.run(part);
  const { catalog } = await readCatalog(session);
  const queries = readdirSync(join(folder, 'queries')).toSorted();
  say('# What rewrites alone win on TPC-H data, scale factor 0.1');
  say();
  say(
    `${new Date().toISOString().slice(0, 10)}, PostgreSQL ${server.major}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}. ` +
      `Command: \`npm run bench:rewrites -- --major ${values.major} --timeout ${values.timeout}\`. ` +
      `No index but those of primary and foreign keys' own; buffers of one execution each, times of a machine shared with other work. Not a TPC result.`,
  );
  say();
  say('| statement | rule | verified on | buffers | ms |');
  say('|---|---|---:|---:|---:|');
  let examinedMs = 0;
  const silent = [];
  for (const file of queries) {
    const name = file.replace('.sql', '');
    const sql = readFileSync(join(folder, 'queries', file), 'utf8').replace(/;\s*$/, '');
    const started = performance.now();
    const plan = await explain(session, sql);
    const offers = catalogue
      .filter((rule) => isFor(rule, server.major) && shows(plan, rule.triggers))
      .flatMap((rule) => rule.propose(parseStatement(sql), catalog))
      .filter(({ missing }) => missing.length === 0);
    examinedMs += performance.now() - started;
    if (offers.length === 0) {
      silent.push(name);
      continue;
    }
    const before = await run(session, sql);
    for (const { rule, to } of offers) {
      const found = await verifyEquivalence(empty, catalog, { before: sql, after: to, parameterSets: [] });
      const after = found.kind === 'refuted' ? null : await run(session, to);
      const on =
        found.kind === 'held'
          ? `${found.databases} (${found.withRows} with rows)`
          : `${found.kind}: ${found.reason ?? found.difference}`;
      say(
        `| ${name} | ${rule} | ${on} | ${shown(before, 'buffers')} -> ${shown(after, 'buffers')} | ${shown(before, 'ms')} -> ${shown(after, 'ms')} |`,
      );
    }
  }
  say();
  say(
    `Nothing is offered for ${silent.join(', ')}. All ${queries.length} were examined in ${formatMs(examinedMs)} (plan, rules and facts, without verifying and measuring).`,
  );
  await session.close();
  await empty.close();
  const place = new URL('results/', import.meta.url);
  mkdirSync(place, { recursive: true });
  const result = new URL(`rewrites-tpch-${server.major}-${new Date().toISOString().slice(0, 10)}.md`, place);
  writeFileSync(result, `${lines.join('\n')}\n`);
  console.log(`\nwritten to ${fileURLToPath(result)}`);
} finally {
  await server.stop();
}

/** Buffers and time of one execution; null where it did not end in time. */
async function run(session, sql) {
  await session.run(`SET statement_timeout = '${Number(values.timeout)}s'`);
  try {
    const { root, executionMs } = await explain(session, sql, { analyze: true });
    return {
      buffers: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0),
      ms: executionMs ?? root['Actual Total Time'],
    };
  } catch (thrown) {
    if (/57014/.test(String(thrown.message))) return null;
    throw thrown;
  } finally {
    await session.run('RESET statement_timeout');
  }
}

function shown(figures, what) {
  if (figures === null) return `not in ${values.timeout} s`;
  return what === 'ms' ? formatMs(figures.ms) : formatCount(figures.buffers);
}
