// TPC-H: at scale 1 as a statistics clone (no data, only what a PostgreSQL 15 server with such a database knew of it), at scale 0.1 with its rows.
import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { connect } from '../dist/postgres/connect.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';

/** The folder with the data sets; null where it is missing. */
export function dataFolder() {
  const folder = anyFolder();
  return existsSync(join(folder, 'tpch-sf1-statistics', 'statistics.json')) ? folder : null;
}

/** The folder with the rows at scale 0.1; where it is missing, says so and ends the process. */
export function rowsFolder() {
  const folder = join(anyFolder(), 'tpch-sf0.1');
  if (existsSync(join(folder, 'schema.sql'))) return folder;
  console.log('Skipped: there is no TPC-H data in ../shared/data; DATABASE_WIZARD_DATA may name another place.');
  process.exit(0);
}

function anyFolder() {
  return process.env.DATABASE_WIZARD_DATA ?? resolve(fileURLToPath(new URL('../../shared/data', import.meta.url)));
}

/** Makes a database of the rows in a folder: tables, rows, then keys, vacuumed and analysed. */
export async function loadTpch(server, folder, database) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const session = await connect({ ...server.connection, database });
  const schema = readFileSync(join(folder, 'schema.sql'), 'utf8');
  const parts = schema.split(/;\s*\n/).filter((part) => part.trim() !== '');
  for (const part of parts.filter((text) => /CREATE TABLE/i.test(text))) await session.run(part);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tbl.gz'))) {
    const copy = session.copyIn(`COPY ${file.replace('.tbl.gz', '')} FROM STDIN WITH (DELIMITER '|')`);
    await pipeline(createReadStream(join(folder, file)), createGunzip(), copy);
  }
  for (const part of parts.filter((text) => !/CREATE TABLE/i.test(text))) await session.run(part);
  await session.run('VACUUM ANALYZE');
  await session.close();
}

/** The 22 statements by name, `q01` first. */
export function tpchQueries(folder) {
  const names = Array.from({ length: 22 }, (_, index) => `q${String(index + 1).padStart(2, '0')}`);
  return new Map(
    names.map((name) => [
      name,
      readFileSync(join(folder, 'tpch-sf1-statistics', 'queries', `${name}.sql`), 'utf8').replace(/;\s*$/, ''),
    ]),
  );
}

/** Makes the clone on a server of major 15. `knownSize` as in the clone's options. */
export async function tpchClone(server, folder, knownSize) {
  const source = await connect(server.connection);
  await source.run(readFileSync(join(folder, 'tpch-sf0.1', 'schema.sql'), 'utf8'));
  const schema = await extractSchema(source);
  const saved = JSON.parse(readFileSync(join(folder, 'tpch-sf1-statistics', 'statistics.json'), 'utf8'));
  const clone = await createStatisticsClone({
    server,
    source,
    schema,
    planner: plannerState(saved),
    ...(knownSize === undefined ? {} : { knownSize }),
  });
  return { clone, source };
}

/** `pg_stats` average widths of columns by `table.column`. */
export function columnWidths(folder) {
  const saved = JSON.parse(readFileSync(join(folder, 'tpch-sf1-statistics', 'statistics.json'), 'utf8'));
  return {
    widths: new Map(saved.stats.map((row) => [`${row.rel}.${row.attname}`, row.avg_width])),
    rows: new Map(saved.rels.filter((row) => row.kind === 'r').map((row) => [row.rel, row.reltuples])),
  };
}

function plannerState(saved) {
  const text = (value) => (value === null || value === undefined ? null : String(value));
  return {
    serverVersionNum: saved.ver,
    encoding: { encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'c', locale: null },
    relations: saved.rels.map((row) => ({
      schema: row.nsp,
      name: row.rel,
      kind: row.kind,
      method: row.kind === 'i' ? row.am : null,
      table: row.tab === null ? null : { schema: row.nsp, name: row.tab },
      blocks: row.blocks,
      pages: row.relpages,
      rows: row.reltuples,
      pagesAllVisible: row.relallvisible,
    })),
    columns: saved.stats.map((row) => ({
      schemaname: row.nsp,
      relname: row.rel,
      attname: row.attname,
      inherited: row.inherited,
      null_frac: text(row.null_frac),
      avg_width: row.avg_width,
      n_distinct: text(row.n_distinct),
      most_common_vals: row.mcv,
      most_common_freqs: row.mcf,
      histogram_bounds: row.hist,
      correlation: text(row.corr),
      most_common_elems: row.mce,
      most_common_elem_freqs: row.mcef,
      elem_count_histogram: row.ech,
      range_length_histogram: null,
      range_empty_frac: null,
      range_bounds_histogram: null,
    })),
    extended: [],
    metapages: null,
    endpoints: [],
    settings: saved.settings
      .filter((row) => SESSION_SETTINGS.has(row.name))
      .map((row) => ({ name: row.name, value: row.setting })),
    skipped: [],
  };
}

/** The others in the file describe the server, not the planner. */
const SESSION_SETTINGS = new Set([
  'effective_cache_size',
  'jit',
  'max_parallel_workers_per_gather',
  'random_page_cost',
  'seq_page_cost',
  'work_mem',
]);
