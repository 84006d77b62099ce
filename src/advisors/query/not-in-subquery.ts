import { z } from 'zod';
import { parseBytes } from '../../base/units.js';
import { lookupTable, type Catalog, type Table } from '../../model/catalog.js';
import type { Plan } from '../../model/plan.js';
import { planNodes } from '../../model/plan.js';
import { settingValue } from '../../model/settings.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { calledFunctions } from '../../sql/functions.js';
import { findNotIn, toNotExists, type NotInSite, type PlainSource } from '../../sql/not-in.js';
import { loadParser, tryParseStatement, type ParsedStatement } from '../../sql/parse.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured, placeOf } from '../evidence.js';
import { estimatedRows } from '../../indexes/facts.js';
import { columnStatistics } from '../../indexes/candidates/selectivity.js';

export default defineAdvisor({
  id: 'query/not-in-subquery',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'NOT IN over a subquery that is too large to be hashed, where both columns are NOT NULL and the statement can be written with NOT EXISTS.',
    why: 'PostgreSQL can not turn NOT IN into a join, because of NULL. A subquery that does not fit work_mem is read from beginning to end for each row; NOT EXISTS becomes an anti join.',
    limits:
      'Speaks only where NULL is ruled out by NOT NULL constraints on both columns, which are plain columns of tables joined by inner joins; where the subquery does not group, limit or combine rows; and where it calls no volatile function. ' +
      'Silent when the plan shows the subquery hashed (the rewrite is then no faster), or, without a plan, when it should fit `work_mem` times `hash_mem_multiplier`; and below `minRows` rows in the subquery.',
    sources: ['PostgreSQL manual, "Subquery Expressions"', 'PostgreSQL source, `subplan_is_hashable` in subselect.c'],
    bad: `
      CREATE TABLE visitor (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE TABLE unwanted (email text NOT NULL, why text NOT NULL);
      INSERT INTO visitor SELECT n, repeat('v', 400) || n FROM generate_series(1, 40) AS n;
      INSERT INTO unwanted SELECT repeat('v', 400) || n * 7, 'spam' FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''64MB''', current_database()); END $$;`,
    workload: ['SELECT id FROM visitor WHERE id < 20 AND email NOT IN (SELECT email FROM unwanted)'],
  },
  options: z.object({ minRows: z.number().int().nonnegative().default(5000) }),
  async examine(snapshot, { minRows }) {
    await loadParser();
    return snapshot.workload.statements.flatMap((statement) => {
      const parsed = tryParseStatement(statement.sql);
      if (!parsed || callsVolatile(parsed, snapshot.catalog)) return [];
      const sites = findNotIn(parsed).flatMap((found) => ('sublink' in found ? [found] : []));
      for (const site of sites) {
        const proved = prove(snapshot.catalog, site);
        if (!proved || !isLarge(snapshot, statement, proved, minRows)) continue;
        const to = rewritten(parsed, site, proved);
        if (to !== null) return [describe(snapshot, statement, proved, to)];
      }
      return [];
    });
  },
});

/** A column with the table that has it, and the name by which the statement calls that table. */
interface Proved {
  readonly outer: Resolved;
  readonly inner: Resolved;
}

interface Resolved {
  readonly table: Table;
  readonly column: string;
  readonly source: PlainSource;
}

/** Both columns found in one table each, and NOT NULL there; null when that can not be shown. */
function prove(catalog: Catalog, site: NotInSite): Proved | null {
  const inner = resolve(catalog, site.inner, site.innerColumn);
  const outer = resolve(catalog, site.outer, site.outerColumn);
  return inner && outer && isNotNull(inner) && isNotNull(outer) ? { inner, outer } : null;
}

function resolve(catalog: Catalog, sources: readonly PlainSource[], path: readonly string[]): Resolved | null {
  const column = path.at(-1) ?? '';
  const named = path.length > 1 ? sources.filter((source) => source.alias === path[0]) : sources;
  const tables = named.map((source) => ({ source, table: lookupTable(catalog, source.schema, source.name) }));
  if (tables.some((one) => one.table === undefined)) return null;
  const having = tables.filter((one) => one.table?.columns.some((each) => each.name === column));
  const [only, ...others] = having;
  return only?.table && others.length === 0 ? { table: only.table, column, source: only.source } : null;
}

function isNotNull({ table, column }: Resolved): boolean {
  return (table.kind === 'r' || table.kind === 'p') && table.columns.some((one) => one.name === column && one.notNull);
}

/** Null when an alias means one table outside and another inside, or the statement can not be written back. */
function rewritten(parsed: ParsedStatement, site: NotInSite, { outer, inner }: Proved): string | null {
  if (site.inner.some((source) => source.alias === outer.source.alias)) return null;
  try {
    return toNotExists(parsed, site, outer.source.alias, inner.source.alias);
  } catch {
    return null;
  }
}

/** Functions that a rewrite may move: those of the catalog that are not volatile, and built-in ones that are known not to be. */
const CALM = new Set([
  'lower',
  'upper',
  'coalesce',
  'date_trunc',
  'date_part',
  'extract',
  'now',
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'length',
  'abs',
  'round',
  'btrim',
  'timezone',
  'concat',
  'left',
  'right',
  'substring',
  'to_char',
  'row_number',
  'rank',
]);

function callsVolatile(parsed: ParsedStatement, catalog: Catalog): boolean {
  return calledFunctions(parsed).some((called) => {
    const own = catalog.functions.filter(
      (one) => one.name === called.name && (called.schema === null || one.schema === called.schema),
    );
    return own.length > 0 ? own.some((one) => one.volatility === 'v') : !CALM.has(called.name);
  });
}

/** A plan knows; without one the size that the planner would guess is compared with what it may hash. */
function isLarge(snapshot: Snapshot, statement: WorkloadStatement, { inner }: Proved, minRows: number): boolean {
  const { rows } = estimatedRows(snapshot.catalog, inner.table);
  if (rows < minRows) return false;
  const plan = snapshot.plans.get(statement.fingerprint);
  const filters = plan ? subplanFilters(plan) : [];
  if (filters.length > 0) return filters.some((filter) => !filter.includes('hashed SubPlan'));
  return hashBytes(snapshot, inner, rows) > hashLimitBytes(snapshot);
}

function subplanFilters(plan: Plan): readonly string[] {
  return [...planNodes(plan.root)]
    .flatMap((node) => node.Filter ?? [])
    .filter((filter) => /NOT \(.*SubPlan|ALL \(.*SubPlan/.test(filter));
}

/** `subplan_is_hashable`: rows times (aligned width + tuple header). */
function hashBytes({ statistics }: Snapshot, { table, column }: Resolved, rows: number): number {
  const width = columnStatistics(statistics, table, column)?.widthBytes ?? 32;
  return rows * (Math.ceil(width / 8) * 8 + 24);
}

/** `get_hash_memory_limit`: the multiplier is 1 by default on 14 and 2 since 15. */
function hashLimitBytes({ settings, target }: Snapshot): number {
  const bytes = parseBytes(settingValue(settings, 'work_mem') ?? '4MB') ?? 4 * 1024 * 1024;
  const multiplier = Number(settingValue(settings, 'hash_mem_multiplier') ?? (target.major >= 15 ? 2 : 1));
  return bytes * (Number.isFinite(multiplier) ? multiplier : 1);
}

function describe(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  { outer, inner }: Proved,
  to: string,
): AdvisorFinding {
  const rows = estimatedRows(snapshot.catalog, inner.table);
  const named = `${placeOf(inner.table)}.${inner.column}`;
  const bytes = hashBytes(snapshot, inner, rows.rows);
  return {
    title: `"${statement.name}" searches ${placeOf(inner.table)} with NOT IN once per row: the subquery is too large to be hashed.`,
    place: `statement ${statement.fingerprint}`,
    evidence: [
      estimated(`rows of ${placeOf(inner.table)}`, rows.rows, 'rows', rows.source),
      estimated('size of the hash it would need', bytes, 'bytes', 'rows and pg_stats.avg_width'),
      measured('size it may have', hashLimitBytes(snapshot), 'bytes', 'work_mem times hash_mem_multiplier'),
      measured(`calls of ${statement.name}`, statement.calls, 'calls', `statement ${statement.fingerprint}`),
      measured(`mean time of ${statement.name}`, statement.meanMs, 'ms', `statement ${statement.fingerprint}`),
    ],
    statements: [statement.fingerprint],
    actions: [
      {
        kind: 'rewrite',
        title: `Write "${statement.name}" with NOT EXISTS`,
        up: [],
        down: [],
        lock: 'takes no lock: the application sends another text',
        transactional: true,
        tables: [outer.table, inner.table].map(({ schema, name }) => ({ schema, name })),
        index: null,
        rewrite: {
          fingerprint: statement.fingerprint,
          rule: 'not-in-to-not-exists',
          from: statement.sql,
          to,
          proof: [
            `${placeOf(outer.table)}.${outer.column} is NOT NULL (pg_attribute.attnotnull), so no row is left out for a NULL on the left`,
            `${named} is NOT NULL (pg_attribute.attnotnull), so the subquery never gives a NULL, which would leave out every row`,
            'both sides are plain columns of tables joined by inner joins, and the subquery neither groups nor limits rows',
            'the statement calls no volatile function, so it does not matter how often the subquery runs',
          ],
        },
      },
    ],
  };
}
