import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import {
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { innerItems } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import { bothWays, callsAggregate, hasBareStar, holdsSubquery, mayGiveRows } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import type { SortKey } from '../../top-rows.js';
import { originOf, originsIn, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  /** One row of it is one group. */
  readonly of: ColumnOrigin;
  readonly from: Source;
  /** Of LEFT JOIN the rows of `of` that have none stay. */
  readonly left: boolean;
  /** The sort keys after the group's: those of `from`. */
  readonly order: readonly SortKey[];
  /** Columns of `from` which the join holds at one value. */
  readonly held: readonly string[];
  readonly inside: readonly TreeNode[];
  readonly outside: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'grouping/distinct-on-join-to-lateral',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT ON (a.id) ... FROM a JOIN b ON b.a_id = a.id ORDER BY a.id, b.at DESC`, the latest row of each a, takes the first row of b for each a by LATERAL.',
    why: 'DISTINCT ON joins and sorts every row of b; by an index on (a_id, at) the first row of each a is one descent.',
    limits:
      'Two tables in an inner or LEFT JOIN; the column of DISTINCT ON is a key of a; the columns that the join holds and the sort keys together are a key of b, so that it is certain which row is the first, or nothing is shown of b but sort keys. Where a has most of its rows asked for and b has few for each, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"', 'PostgreSQL manual, "SELECT", section "DISTINCT Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const [on, more] = list(body, 'distinctClause');
      const [first, ...order] = orderOf(list(body, 'sortClause'), (key) => sortOriginOf(query, key)) ?? [];
      const key = on !== undefined && !more ? sortOriginOf(query, on) : null;
      const of = key && keyOfGroup(view, query, key);
      const from = query.sources.find((source) => source !== of?.source);
      if (query.type !== 'SelectStmt' || query.sources.length !== 2 || !of?.source.table || !from?.table) return [];
      if (OTHER.some((name) => body[name] !== undefined) || hasBareStar(body) || !first || order.length === 0)
        return [];
      if (bodyOf(from.item, 'RangeVar')?.['inh'] !== true || of.query !== query) return [];
      if (first.origin.source !== key?.source || first.origin.name !== key.name) return [];
      const targets = list(body, 'targetList');
      if (targets.some(callsAggregate) || mayGiveRows(view.catalog, targets)) return [];
      const joined = joinOf(body, of.source, from);
      if (!joined || order.some(({ origin }) => origin.source !== from)) return [];
      if (originsIn(view, query, targets) === null) return [];
      const names = (condition: TreeNode, source: Source): boolean =>
        originsIn(view, query, condition)?.some((origin) => origin.source === source) !== false;
      const where = conjuncts(body['whereClause']);
      if (holdsSubquery([where, joined.on])) return [];
      if (joined.left && where.some((one) => names(one, from))) return [];
      const all = [...joined.on, ...where];
      const inside = joined.left ? joined.on : all.filter((one) => names(one, from));
      const outside = joined.left ? where : all.filter((one) => !names(one, from));
      const held = inside.flatMap((one) =>
        bothWays(one).flatMap(({ operator, left, right }) => {
          const [own, other] = [originOf(query, left), originsIn(view, query, right)];
          const isHeld = operator === '=' && own?.source === from && other?.every(({ source }) => source !== from);
          return isHeld === true ? [own?.name ?? ''] : [];
        }),
      );
      return [{ query, of, from, left: joined.left, order, held, inside, outside }];
    }),
  requires: ({ query, of, from, order, held }, facts, view) => [
    of.source.table
      ? facts.unique(of.source.table, [of.name])
      : missing(`${of.source.alias} is not a table with a key`),
    showsKeysAlone(view, { query, from, order })
      ? seen(
          `of ${from.alias} only columns are shown by which its rows are sorted, so that it does not matter which of equal ones is the first`,
        )
      : from.table
        ? facts.unique(from.table, [...held, ...order.map(({ origin }) => origin.name)])
        : missing(`${from.alias} is not a table with a key`),
  ],
  rewrite: ({ query, of, from, left, order, inside, outside }, view) => {
    const shape = selectOf('SELECT 1 FROM _1 LIMIT 1', [from.item]);
    const first = {
      ...withWhere(shape, inside),
      targetList: (from.columns ?? []).map((name) => output(columnOf(from.alias, name), name)),
      sortClause: order.map(({ item }) => ({ SortBy: item })),
    };
    const lateral = derived(first, from.alias, true);
    const join = { jointype: 'JOIN_LEFT', larg: of.source.item, rarg: lateral, quals: expression('true') };
    const { distinctClause: _, ...body } = query.body;
    const fromClause = left ? [{ JoinExpr: join }] : [of.source.item, lateral];
    return replace(view.statement.tree, query.body, {
      SelectStmt: withWhere({ ...body, fromClause }, outside),
    });
  },
  example: {
    schema: `
      CREATE TABLE device (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE report (device_id int NOT NULL REFERENCES device, at timestamptz NOT NULL, value int, PRIMARY KEY (device_id, at));`,
    data: `
      INSERT INTO device SELECT n, 'device ' || n FROM generate_series(1, 20) AS n;
      INSERT INTO report SELECT 1 + n % 20, timestamptz '2024-01-01' + n * interval '1 minute', n % 77 FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT DISTINCT ON (d.id) d.id, d.name, r.at, r.value FROM device AS d LEFT JOIN report AS r ON r.device_id = d.id ORDER BY d.id, r.at DESC',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'rows of several parents with the same value are one group',
    schema: `
      CREATE TABLE device (id int NOT NULL, name text NOT NULL);
      CREATE TABLE report (device_id int NOT NULL, at timestamptz NOT NULL, value int, PRIMARY KEY (device_id, at));`,
  },
});

const OTHER = ['groupClause', 'havingClause', 'withClause', 'windowClause', 'lockingClause'];

/** Whether all that is shown of the rows that are sorted are their sort keys, of types of which equal values are the same value. */
function showsKeysAlone(view: StatementView, { query, from, order }: Pick<Site, 'query' | 'from' | 'order'>): boolean {
  const shown = originsIn(view, query, query.body['targetList']) ?? [];
  const isKey = (one: ColumnOrigin): boolean =>
    EXACT.has(one.column?.baseType ?? '') && order.some(({ origin }) => origin.name === one.name);
  return shown.filter(({ source }) => source === from).every(isKey);
}

/** The column that tells the groups apart, or one that an inner join makes equal to it and that is a key of its table. */
function keyOfGroup({ catalog }: StatementView, query: Query, column: ColumnOrigin): ColumnOrigin {
  const facts = factsOf(catalog);
  const inner = innerItems(query.body);
  if (!inner || (column.source.table && facts.unique(column.source.table, [column.name]).holds)) return column;
  const equals = inner.on.flatMap(conjuncts).flatMap(bothWays);
  for (const { operator, left, right } of equals) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    const isEqual = operator === '=' && own?.source === column.source && own.name === column.name;
    const fits = isEqual && other?.source.table && other.column?.type === column.column?.type;
    if (fits && ALIKE.has(other.column?.baseType ?? '') && facts.unique(other.source.table, [other.name]).holds)
      return other;
  }
  return column;
}

/** Types of which equal values are the same value. */
const ALIKE = new Set(['int2', 'int4', 'int8', 'uuid', 'date']);
const EXACT = new Set([...ALIKE, 'timestamp', 'timestamptz', 'bool']);

/** How the two tables are joined; null for any other way. */
function joinOf(
  body: TreeNode,
  of: Source,
  from: Source,
): { readonly left: boolean; readonly on: readonly TreeNode[] } | null {
  const inner = innerItems(body);
  if (inner) return { left: false, on: inner.on.flatMap(conjuncts) };
  const [item, more] = list(body, 'fromClause');
  const join = bodyOf(item, 'JoinExpr');
  const plain = join?.['jointype'] === 'JOIN_LEFT' && join['larg'] === of.item && join['rarg'] === from.item;
  return join && !more && plain && isNode(join['quals']) ? { left: true, on: conjuncts(join['quals']) } : null;
}
