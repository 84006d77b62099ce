import { quoteIdent } from '../../base/quote.js';
import { placeOf, sameRelation } from '../../model/catalog.js';
import type { Catalog, Table } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import type { Snapshot } from '../../model/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import { createStatisticsAction } from '../actions.js';
import type { StatisticsSpec } from '../actions.js';
import { defineAdvisor } from '../define.js';
import type { AdvisorFinding } from '../define.js';
import { MISJUDGING, areAnalysed, estimateEvidence, misjudgedIn } from '../misjudged.js';
import type { Misjudged } from '../misjudged.js';

export default defineAdvisor({
  id: 'statistics/correlated-columns',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Plans whose first wrong estimate (by a factor of 10 or more) comes from conditions on several columns of a table, from a condition on an expression, or from grouping by several columns.',
    why: 'The planner takes columns for independent and guesses expressions: from a wrong row count on, join order, join method and memory are chosen for other data. Extended statistics tell it how the columns go together.',
    limits:
      'Needs plans that were run. Looks at the first wrong estimate of each plan only: what stands on it is a symptom. Silent where the columns have no statistics yet, where such an object is there, for wrong joins (there are no statistics over tables), for conditions in an OR, and on partitioned tables before PostgreSQL 15. ' +
      'It is kept only where the trial sees the plan change and the time fall by more than CREATE STATISTICS with its ANALYZE took. At most 8 columns.',
    sources: ['PostgreSQL manual, "Extended Statistics"', 'PostgreSQL manual, "CREATE STATISTICS"'],
    bad: `
      CREATE TABLE car (id integer PRIMARY KEY, maker integer NOT NULL, model integer NOT NULL);
      INSERT INTO car SELECT n, n % 100, n % 100 FROM generate_series(1, 100000) AS n;
      ANALYZE;`,
    good: 'CREATE STATISTICS car_maker_model (dependencies, mcv) ON maker, model FROM car; ANALYZE car;',
    workload: ['SELECT id FROM car WHERE maker = 7 AND model = 7'],
    contractOptions: { leastRows: 500 },
  },
  options: MISJUDGING,
  async examine(snapshot, { factor, leastRows }) {
    await loadParser();
    const found = new Map<string, Found>();
    for (const misjudged of misjudgedIn(snapshot, { factor, leastRows })) {
      const { statement } = misjudged;
      const cause = causeOf(misjudged, snapshot);
      if (!cause) continue;
      const place = placeOf(cause.spec.table, [cause.kinds, ...cause.names]);
      const known = found.get(place);
      const seen = estimateEvidence(misjudged);
      if (known)
        found.set(place, {
          ...known,
          evidence: [...known.evidence, ...seen],
          statements: [...known.statements, statement.fingerprint],
        });
      else found.set(place, { ...cause, place, evidence: seen, statements: [statement.fingerprint] });
    }
    return [...found.values()].map((one) => describe(one, snapshot.catalog));
  },
});

/** What of a statement the planner can not know without an object. */
interface Cause {
  readonly spec: StatisticsSpec;
  /** Columns and expressions as people read them. */
  readonly names: readonly string[];
  readonly kinds: string;
  readonly why: string;
}

interface Found extends Cause {
  readonly place: string;
  readonly evidence: readonly [Evidence, ...Evidence[]];
  readonly statements: readonly string[];
}

/** CREATE STATISTICS takes no more (STATS_MAX_DIMENSIONS, statistics.h). */
const MOST_COLUMNS = 8;

function causeOf({ table, items, grouped }: Misjudged, snapshot: Snapshot): Cause | null {
  const { catalog, target } = snapshot;
  if (!takesStatistics(table, target.major)) return null;
  const columns = items.filter(({ expression }) => expression === null).map(({ name }) => name);
  const expressions = items.flatMap(({ expression }) => expression ?? []);
  const alone = items.length === 1 && expressions.length === 1;
  if (items.length > MOST_COLUMNS || (items.length < 2 && !alone) || !areAnalysed(snapshot, table, columns))
    return null;
  const kinds = alone ? [] : grouped ? ['ndistinct'] : ['dependencies', 'mcv'];
  if (isThere(catalog, table, columns, kinds) && !alone) return null;
  const names = items.map(({ name }) => name);
  const why = alone
    ? 'an expression that is guessed'
    : grouped
      ? 'grouping by several columns'
      : 'conditions on several columns';
  return {
    spec: {
      table,
      kinds,
      items: items.map(({ name, expression }) => (expression === null ? quoteIdent(name) : `(${expression})`)),
      parts: columns,
    },
    names,
    kinds: kinds.join(' '),
    why,
  };
}

/** Before 15 a parent's rows together had no extended statistics. */
function takesStatistics({ kind }: Table, major: number): boolean {
  return kind === 'r' || kind === 'm' || (kind === 'p' && major >= 15);
}

/** `d` ndistinct, `f` dependencies, `m` mcv. */
const LETTERS: Readonly<Record<string, string>> = { ndistinct: 'd', dependencies: 'f', mcv: 'm' };

function isThere(catalog: Catalog, table: Table, columns: readonly string[], kinds: readonly string[]): boolean {
  return catalog.extendedStatistics.some(
    (one) =>
      sameRelation(one.table, table) &&
      columns.every((column) => one.columns.includes(column)) &&
      kinds.every((kind) => one.kinds.includes(LETTERS[kind] ?? '')),
  );
}

function describe({ spec, names, place, evidence, statements, why }: Found, catalog: Catalog): AdvisorFinding {
  return {
    title: `The planner misjudges ${placeOf(spec.table)} from ${why}: ${names.join(', ')}.`,
    place,
    evidence,
    statements,
    actions: [createStatisticsAction(spec, catalog)],
  };
}
