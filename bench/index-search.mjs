// What the parts of bench/index.mjs share: a search that is timed, the published algorithms over the same planner, and their results in short.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { indexSpec, tableUses } from '../dist/indexes/candidates/candidates.js';
import { permutationCandidates } from '../dist/indexes/candidates/permutations.js';
import { selectIndexes } from '../dist/indexes/selection/selection.js';
import { readCatalog } from '../dist/postgres/read/catalog.js';
import { readStatistics } from '../dist/postgres/read/statistics.js';
import { Costs, db2advis, extend, relaxation } from './published.mjs';

/** For one budget. */
export const LIMITS = { timeMs: null, plannerCalls: 500, turns: 5, gap: 0.001 };

export const percent = (share) => (share * 100).toFixed(2);
const geometricMean = (ratios) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
export const geo = ({ statements }) => geometricMean(statements.map((one) => one.after / one.before));
export const digest = (selection) =>
  createHash('sha256')
    .update(JSON.stringify([selection.chosen, selection.statements, selection.bound]))
    .digest('hex')
    .slice(0, 8);
export const listing = (specs) =>
  specs
    .map((spec) => `${spec.table.name}${describe(spec)}`)
    .toSorted()
    .join(', ');
const describe = ({ method, keys, include, where }) =>
  `${method === 'btree' ? '' : ` ${method}`}(${keys.join(', ').replaceAll('"', '')})${include.length > 0 ? ` include (${include.join(', ').replaceAll('"', '')})` : ''}${where === null ? '' : ` where ${where}`}`;

export function statement(fingerprint, sql) {
  return { fingerprint, name: fingerprint, sql, kind: 'select', calls: 1, meanMs: null, parameterSets: [] };
}

export async function facts(clone, statements) {
  const { catalog } = await readCatalog(clone.session);
  const { statistics } = await readStatistics(clone.session);
  const snapshot = { catalog, statistics, workload: { statements } };
  return { snapshot, uses: tableUses(snapshot, { minRows: 0, minPages: 0 }) };
}

/** From a planner that remembers nothing; `clock` 'cpu' for limits and seconds of CPU time. */
export async function select(clone, { snapshot }, { clock = 'wall', ...more }) {
  clone.setWorkload(snapshot.workload.statements.map(({ fingerprint, sql }) => ({ fingerprint, queries: [sql] })));
  const cpu = await cpuClock(clone);
  const now = clock === 'cpu' ? cpu : () => performance.now();
  const [start, used] = [now(), cpu()];
  const selection = await selectIndexes({
    snapshot,
    whatIf: clone,
    objective: 'sum',
    allowance: LIMITS,
    now,
    ...more,
  });
  return { selection, seconds: (now() - start) / 1000, cpu: (cpu() - used) / 1000 };
}

/** Milliseconds of this process and of the clone's backend together, which other work on the machine does not add to; not a number where the system does not say. */
export async function cpuClock(clone) {
  const [{ pid }] = await clone.session.query('SELECT pg_backend_pid() AS pid');
  const file = `/proc/${pid}/schedstat`;
  if (!existsSync(file)) return () => Number.NaN;
  return () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3 + Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;
  };
}

/**
 * Extend and DB2Advis, and where asked for the relaxation, over one planner, plain btrees of two keys at most. What they learn of
 * costs for one budget they know for the next; `sizeBytes(spec)` is what an index takes, or a promise of it.
 */
export async function publishedSearches(clone, { snapshot, uses }, { sizeBytes, withRelaxation = false }) {
  const made = new Map();
  const makeIndex = async (table, columns) => {
    const key = `${table}(${columns.join(',')})`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const spec = columnsSpec(snapshot.catalog, table, columns);
    const index = { table, columns, key, spec, bytes: await sizeBytes(spec) };
    made.set(key, index);
    return index;
  };
  const columns = usedColumns(uses);
  const statements = snapshot.workload.statements.map((one) => ({
    fingerprint: one.fingerprint,
    columns: new Set(
      uses
        .filter((use) => use.statement === one)
        .flatMap(({ table, use }) => use.needed.map((column) => `${table.name}.${column}`)),
    ),
    candidates: permutationCandidates(
      snapshot.catalog,
      uses.filter((use) => use.statement === one),
      2,
    ),
  }));
  const candidatesOf = (one) =>
    Promise.all(
      one.candidates.map(({ spec }) =>
        makeIndex(
          spec.table.name,
          spec.keys.map((key) => key.slice(1, -1)),
        ),
      ),
    );
  clone.setWorkload(snapshot.workload.statements.map(({ fingerprint, sql }) => ({ fingerprint, queries: [sql] })));
  const costs = new Costs(clone, statements);
  const base = await costs.of([]);
  return async (budgetBytes, timeMs = null) => {
    costs.begin();
    const start = performance.now();
    const clock = await cpuClock(clone);
    const used = clock();
    const before = clone.explainCalls;
    const isOver = () => timeMs !== null && performance.now() - start > timeMs;
    const widest = await extend({ costs, columns, makeIndex, budgetBytes, mostKeys: 2, isOver });
    const extendCalls = costs.questions;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const cpu = ((clock() - used) / 1000).toFixed(1);
    const explained = clone.explainCalls - before;
    const geoOf = async (chosen) => {
      const ratios = [];
      for (const one of statements)
        ratios.push((await costs.statement(one, chosen)) / (await costs.statement(one, [])));
      return percent(geometricMean(ratios));
    };
    const extendGeo = await geoOf(widest.chosen);
    const advised = await db2advis({ whatIf: clone, costs, statements, budgetBytes, candidatesOf });
    const relaxed = withRelaxation
      ? await relaxation({ whatIf: clone, costs, statements, budgetBytes, candidatesOf, makeIndex, mostKeys: 2 })
      : null;
    return {
      extend: percent(widest.cost / base),
      extendGeo,
      extendCalls: `${extendCalls} (${explained})`,
      isCut: widest.isCut,
      seconds,
      cpu,
      db2advis: percent(advised.cost / base),
      db2advisGeo: await geoOf(advised.chosen),
      relaxation: relaxed && percent(relaxed.cost / base),
      relaxationGeo: relaxed && (await geoOf(relaxed.chosen)),
      chosen: { extend: widest.chosen.map((one) => one.spec), db2advis: advised.chosen.map((one) => one.spec) },
    };
  };
}

function usedColumns(uses) {
  const all = uses.flatMap(({ table, use }) =>
    use.needed.map((column) => [`${table.name}.${column}`, [table.name, column]]),
  );
  return [...new Map(all).values()];
}

function columnsSpec(catalog, table, columns) {
  return indexSpec(
    catalog,
    catalog.tables.find((one) => one.name === table),
    { keys: columns.map((column) => `"${column}"`) },
  );
}
